/* SPDX-License-Identifier: Apache-2.0 */
/* Submitted reports in a SQLite file, and what may be done to them: open, then finished or
 * retracted for good, or gone when nobody went on in time. */
#ifndef HASHVEIL_TOOLS_SUBMISSION_STORE_H
#define HASHVEIL_TOOLS_SUBMISSION_STORE_H

#include "submission_code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

enum { SUBMISSION_FILE_ID_BYTES = 16, SUBMISSION_MAX_FILES = 1000 };

/* What an unfinished report lives: until both are over. */
struct submission_limits {
    uint64_t open_s; /* since it was opened */
    uint64_t idle_s; /* since it was last added to */
};

/* Used by one thread at a time. */
struct submission_store;

/* Made when it does not exist. Errors: those of sqlite_file_open. */
HASHVEIL_MUST_USE hashveil_status submission_store_open(const char *path,
                                                        const struct submission_limits *limits,
                                                        struct submission_store **out);

/* Accepts NULL. */
void submission_store_close(struct submission_store *store);

/* Who asks for what, and when. Borrowed for a call. */
struct submission_call {
    const char *user;
    uint64_t now_s;
    int64_t report_id; /* not of submission_begin */
};

/* Each of these is on the disk when it returns OK, and else has changed nothing. */
enum submission_code submission_begin(struct submission_store *store,
                                      const struct submission_call *call, const char *report_xml,
                                      int64_t *id_out);
/* INVALID: more than SUBMISSION_MAX_FILES. */
enum submission_code submission_add_file(struct submission_store *store,
                                         const struct submission_call *call,
                                         const char *details_xml,
                                         char id_out[2 * SUBMISSION_FILE_ID_BYTES + 1]);
enum submission_code submission_retract(struct submission_store *store,
                                        const struct submission_call *call);

typedef void submission_file_fn(void *context, const char *file_id);

/* tell: given the id of each file, in the order they came in; also when it fails later. */
enum submission_code submission_finish(struct submission_store *store,
                                       const struct submission_call *call, submission_file_fn *tell,
                                       void *context);

#endif
