/* SPDX-License-Identifier: Apache-2.0 */
/* What a reporter keeps, in a SQLite file or PostgreSQL: envelopes, and the reports of them that
 * are open. */
#ifndef HASHVEIL_TOOLS_REPORT_STORE_H
#define HASHVEIL_TOOLS_REPORT_STORE_H

#include "sql.h"

#include <stdbool.h>
#include <stdint.h>

#include <hashveil/report.h>

/* What the reporter made of a report. The text stands in the file. */
#define REPORT_STATE_TABLE(X)                                                                      \
    X(UNCHECKED, "unchecked") /* there was no list to check against */                             \
    X(CONFIRMED, "confirmed") /* a digest is listed, or a hash within HASHVEIL_PDQ_MATCH_BITS */   \
    X(REJECTED, "rejected")

enum report_state {
#define X(name, text) REPORT_##name,
    REPORT_STATE_TABLE(X)
#undef X
};

/* Returns whether a text is one of the states. */
bool report_state_is_known(const char *text);

struct report_judgement {
    enum report_state state;
    hashveil_signal confirmed_by; /* NONE when it is not confirmed */
    bool has_distance;            /* of a picture, when it was checked */
    unsigned distance_bits;       /* to the nearest listed hash */
};

/* Used by one thread at a time; several processes may open the same. */
struct report_store;

extern const struct sqlite_file_kind report_store_kind;

/* Errors: those of sql_open. */
HASHVEIL_MUST_USE hashveil_status report_store_open(const char *address, enum sqlite_file_mode mode,
                                                    struct report_store **out);

/* Adds a report that was opened, in the transaction of report_intake.c. Errors: those of writing a
 * file. */
HASHVEIL_MUST_USE hashveil_status report_store_add(struct report_store *store,
                                                   const hashveil_envelope *envelope,
                                                   const hashveil_report *report,
                                                   const struct report_judgement *judgement);

/* Borrowed; for report_intake.c. */
struct sql *report_store_sql(const struct report_store *store);

/* What a reporter may know of a device before it can read any of its reports. */
struct stored_account {
    char name[2 * HASHVEIL_ACCOUNT_ID_BYTES + 1]; /* hexadecimal */
    uint64_t threshold;
    uint64_t records; /* that have matched, all different */
    uint64_t reports; /* in all */
    uint64_t opened;  /* of them */
    uint64_t last_s;  /* when the last one came, since 1970 */
};

typedef bool stored_account_fn(void *context, const struct stored_account *account);

/* Tells every account, the one with the newest report first, until the function returns false.
 * Errors: ERR_FORMAT, ERR_BUSY, ERR_IO, ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status report_store_accounts(struct report_store *store,
                                                        stored_account_fn *tell, void *context);

enum { REPORT_LABEL_SEPARATOR = '\n' }; /* no label holds one */

/* A stored report. The texts are borrowed for the call; none is NULL. */
struct stored_report {
    uint64_t time_s, received_s, epoch, lists;
    const char *id, *state, *record, *database; /* hexadecimal but state */
    const char *labels;                         /* parted by REPORT_LABEL_SEPARATOR */
    const char *matched_by, *confirmed_by;      /* as hashveil_signal_text; "none" */
    const char *hash;                           /* "" where it was no picture */
    const char *digests[HASHVEIL_DIGEST_KINDS]; /* by kind; "" where none was reported */
    const char *account;                        /* hexadecimal */
    uint64_t quality;
    bool has_distance;
    unsigned distance_bits;
};

typedef bool stored_report_fn(void *context, const struct stored_report *report);

/* Tells every report, in the order in which they came, until the function returns false.
 * Errors: ERR_FORMAT, ERR_BUSY, ERR_IO, ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status report_store_list(struct report_store *store,
                                                    stored_report_fn *tell, void *context);

/* Accepts NULL. */
void report_store_close(struct report_store *store);

#endif
