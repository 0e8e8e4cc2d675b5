/* SPDX-License-Identifier: Apache-2.0 */
#include "report_review.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct report_reviews {
    struct sql *sql;
    struct sql_statement *find;
};

static const char *const state_texts[REVIEW_STATES] = {
#define X(name, text) text,
    REVIEW_STATE_TABLE(X)
#undef X
};

const char *review_state_text(enum review_state state)
{
    return state_texts[state];
}

bool review_state_of(const char *text, enum review_state *out)
{
    for (unsigned i = 0; i < REVIEW_STATES; i++) {
        if (strcmp(text, state_texts[i]) == 0) {
            *out = (enum review_state)i;
            return true;
        }
    }
    return false;
}

hashveil_status report_reviews_open(const char *address, enum sqlite_file_mode mode,
                                    struct report_reviews **out)
{
    struct report_reviews *reviews = calloc(1, sizeof *reviews);
    *out = NULL;
    if (!reviews) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hashveil_status status = sql_open(address, mode, &report_store_kind, &reviews->sql);
    if (status == HASHVEIL_OK) {
        status = sql_prepare(reviews->sql, "SELECT state, time_s FROM review WHERE report = $1",
                             &reviews->find);
    }
    if (status != HASHVEIL_OK) {
        report_reviews_close(reviews);
        return status;
    }
    *out = reviews;
    return HASHVEIL_OK;
}

hashveil_status report_reviews_find(struct report_reviews *reviews, const char *report_id,
                                    struct report_review *out)
{
    bool is_read = true;
    *out = (struct report_review){.state = REVIEW_NEW};
    sql_bind_text(reviews->find, 1, report_id);
    if (sql_step(reviews->find)) {
        out->time_s = sql_number(reviews->find, 1);
        is_read = review_state_of(sql_text(reviews->find, 0), &out->state);
    }
    const hashveil_status status = sql_reset(reviews->find);
    return status == HASHVEIL_OK && !is_read ? HASHVEIL_ERR_FORMAT : status;
}

/* added_out: whether there is a row more. */
static hashveil_status insert(struct sql *sql, const char *report_id, enum review_state state,
                              bool *added_out)
{
    struct sql_statement *statement = NULL;
    uint64_t changed = 0;
    hashveil_status status = sql_prepare(
        sql,
        "INSERT INTO review SELECT id, CAST($1 AS TEXT), CAST($2 AS BIGINT) FROM reports"
        " WHERE id = $3 ON CONFLICT (report) DO NOTHING",
        &statement);
    if (status == HASHVEIL_OK) {
        sql_bind_text(statement, 1, state_texts[state]);
        sql_bind_number(statement, 2, (uint64_t)time(NULL));
        sql_bind_text(statement, 3, report_id);
        status = sql_run(statement, &changed);
    }
    *added_out = changed > 0;
    sql_release(statement);
    return status;
}

hashveil_status report_reviews_decide(struct report_reviews *reviews, const char *report_id,
                                      enum review_state state)
{
    struct report_review review;
    bool added = false;
    assert(state != REVIEW_NEW);
    hashveil_status status = insert(reviews->sql, report_id, state, &added);
    if (status != HASHVEIL_OK || added) {
        return status;
    }
    status = report_reviews_find(reviews, report_id, &review);
    if (status != HASHVEIL_OK) {
        return status;
    }
    return review.state == REVIEW_NEW ? HASHVEIL_ERR_NOT_FOUND : HASHVEIL_ERR_EXISTS;
}

void report_reviews_close(struct report_reviews *reviews)
{
    if (reviews) {
        sql_release(reviews->find);
        sql_close(reviews->sql);
        free(reviews);
    }
}
