/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes to reports: which are kept closed, and which an account's secret opens. Used by one
 * thread at a time. */
#ifndef HASHVEIL_TOOLS_REPORT_OPENING_H
#define HASHVEIL_TOOLS_REPORT_OPENING_H

#include "report_intake.h"

/* What is prepared once. */
struct report_statements {
    struct sql_statement *keep, *mark_opened;
    struct sql_statement *secret, *keep_secret;
    struct sql_statement *closed; /* of an account */
    struct sql_statement *shares; /* of an account, one a point, the last ones first */
};

struct report_opening {
    struct report_store *store; /* borrowed */
    report_judge_fn *judge;
    void *context; /* for judge */
    struct report_statements of;
};

/* Errors: those of reading a file; it is to be cleared then, too. */
HASHVEIL_MUST_USE hashveil_status report_opening_init(struct report_store *store,
                                                      report_judge_fn *judge, void *context,
                                                      struct report_opening *out);
void report_opening_clear(struct report_opening *opening);

HASHVEIL_MUST_USE hashveil_status report_opening_begin(struct report_opening *opening);

/* Keeps an envelope, and opens what can be opened with it. */
HASHVEIL_MUST_USE hashveil_status report_opening_take(struct report_opening *opening,
                                                      const hashveil_envelope *envelope);

/* Commits, or takes all back when status is a failure. Returns the status, or why it failed. */
hashveil_status report_opening_end(struct report_opening *opening, hashveil_status status);

#endif
