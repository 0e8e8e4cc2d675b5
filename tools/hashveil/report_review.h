/* SPDX-License-Identifier: Apache-2.0 */
/* What a person decided about a report: in the report store, in a table of its own. */
#ifndef HASHVEIL_TOOLS_REPORT_REVIEW_H
#define HASHVEIL_TOOLS_REPORT_REVIEW_H

#include "report_store.h"

/* A report starts as new and leaves that state once. The text stands in the file. */
#define REVIEW_STATE_TABLE(X)                                                                      \
    X(NEW, "new")                                                                                  \
    X(REVIEWED, "reviewed")                                                                        \
    X(RETRACTED, "retracted")

enum review_state {
#define X(name, text) REVIEW_##name,
    REVIEW_STATE_TABLE(X)
#undef X
};
enum { REVIEW_STATES = REVIEW_RETRACTED + 1 };

/* Static. */
const char *review_state_text(enum review_state state);

/* Finds the state of a text. Returns false when it is none. */
bool review_state_of(const char *text, enum review_state *out);

struct report_review {
    enum review_state state;
    uint64_t time_s; /* of the decision; 0 while new */
};

/* Used by one thread at a time; several processes may open the same file. */
struct report_reviews;

/* address: of a report store. Errors: those of sql_open. */
HASHVEIL_MUST_USE hashveil_status report_reviews_open(const char *address,
                                                      enum sqlite_file_mode mode,
                                                      struct report_reviews **out);

/* Errors: ERR_BUSY, ERR_IO, ERR_FORMAT. */
HASHVEIL_MUST_USE hashveil_status report_reviews_find(struct report_reviews *reviews,
                                                      const char *report_id,
                                                      struct report_review *out);

/* Decides about a new report; on success that is on the disk. state: not NEW.
 * Errors: ERR_NOT_FOUND (no such report), ERR_EXISTS (it is decided already), ERR_BUSY and those of
 * writing a file. */
HASHVEIL_MUST_USE hashveil_status report_reviews_decide(struct report_reviews *reviews,
                                                        const char *report_id,
                                                        enum review_state state);

/* Accepts NULL. */
void report_reviews_close(struct report_reviews *reviews);

#endif
