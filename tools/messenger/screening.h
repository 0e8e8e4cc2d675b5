/* SPDX-License-Identifier: Apache-2.0 */
/* hashveil as a messenger embeds it: one attachment in, one outcome out. */
#ifndef MESSENGER_SCREENING_H
#define MESSENGER_SCREENING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/hashveil.h>

#include "attachment.h"

struct screening_options {
    const char *database_path;
    const char *evaluator;         /* address */
    const char *reporter;          /* address; NULL: reports wait in the spool */
    const char *reporter_key_path; /* public half */
    const char *spool_path;
    const char *decoder_path;                         /* NULL for the installed one */
    const char *curator_paths[HASHVEIL_MAX_CURATORS]; /* all of them must have signed */
    size_t curator_count;
    unsigned threshold;  /* how many records must match before the reporter can read anything */
    uint32_t timeout_ms; /* of each exchange, and of decoding */
};

/* name, text. */
#define SCREENING_TABLE(X)                                                                         \
    X(CLEAR, "no known match")                                                                     \
    X(TOO_PLAIN, "too plain to compare")                                                           \
    X(LISTED, "match")                                                                             \
    X(UNCHECKED, "unchecked")

enum screening_kind {
#define X(name, text) SCREENING_##name,
    SCREENING_TABLE(X)
#undef X
};

struct screening_outcome {
    enum screening_kind kind;
    hashveil_status status; /* UNCHECKED: why; LISTED: OK, or why there is no report */
    bool is_reported;       /* LISTED: the report is on disk in the spool */
};

/* Holds the database, the sandbox, the spool and the ways to the servers. */
struct screening;

const char *screening_text(enum screening_kind kind);

/* what_out: on failure the file or address that is the trouble. */
HASHVEIL_MUST_USE hashveil_status screening_open(const struct screening_options *options,
                                                 struct screening **out, const char **what_out);

/* Asks whether an attachment is listed; of a listed one a report is kept, and sent if it can be.
 * What goes wrong is an outcome, too: the caller's policy says what follows. */
struct screening_outcome screening_check(struct screening *screening,
                                         const struct attachment *attachment);

/* What the database's manifest says; borrowed until close. */
const hashveil_sealed_db_info *screening_database(const struct screening *screening);

/* Accepts NULL. */
void screening_close(struct screening *screening);

#endif
