/* SPDX-License-Identifier: Apache-2.0 */
#include "report_review.h"

#include "sqlite_status.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct report_reviews {
    sqlite3 *db;
    sqlite3_stmt *find; /* NULL where nobody has decided anything yet */
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

static hashveil_status prepare(struct report_reviews *reviews, enum sqlite_file_mode mode)
{
    static const char table[] = "CREATE TABLE IF NOT EXISTS review ("
                                " report TEXT PRIMARY KEY NOT NULL,"
                                " state TEXT NOT NULL,"
                                " time_s INTEGER NOT NULL)";
    int code = SQLITE_OK;
    if (mode == SQLITE_FILE_WRITE) {
        code = sqlite3_exec(reviews->db, table, NULL, NULL, NULL);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_prepare_v2(reviews->db, "SELECT state, time_s FROM review WHERE report = ?",
                                  -1, &reviews->find, NULL);
    }
    /* What a reader has here is a file without the table. */
    return code == SQLITE_ERROR && mode == SQLITE_FILE_READ ? HASHVEIL_OK : status_of_sqlite(code);
}

hashveil_status report_reviews_open(const char *path, enum sqlite_file_mode mode,
                                    struct report_reviews **out)
{
    struct report_reviews *reviews = calloc(1, sizeof *reviews);
    *out = NULL;
    if (!reviews) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hashveil_status status = sqlite_file_open(path, mode, &report_store_kind, &reviews->db);
    if (status == HASHVEIL_OK) {
        status = prepare(reviews, mode);
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
    *out = (struct report_review){.state = REVIEW_NEW};
    if (!reviews->find) {
        return HASHVEIL_OK;
    }
    hashveil_status status = HASHVEIL_OK;
    sqlite3_bind_text(reviews->find, 1, report_id, -1, SQLITE_STATIC);
    const int code = sqlite3_step(reviews->find);
    if (code == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(reviews->find, 0);
        out->time_s = (uint64_t)sqlite3_column_int64(reviews->find, 1);
        status = text && review_state_of(text, &out->state) ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
    } else if (code != SQLITE_DONE) {
        status = status_of_sqlite(code);
    }
    sqlite3_reset(reviews->find);
    return status;
}

/* Runs an INSERT. added_out: whether there is a row more. */
static hashveil_status insert(sqlite3 *db, const char *report_id, enum review_state state,
                              bool *added_out)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db,
                                  "INSERT INTO review SELECT id, ?, ? FROM reports WHERE id = ?"
                                  " ON CONFLICT (report) DO NOTHING",
                                  -1, &statement, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, state_texts[state], -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 2, (sqlite3_int64)time(NULL));
        sqlite3_bind_text(statement, 3, report_id, -1, SQLITE_STATIC);
        code = sqlite3_step(statement);
    }
    *added_out = code == SQLITE_DONE && sqlite3_changes(db) > 0;
    sqlite3_finalize(statement);
    return status_of_sqlite(code);
}

hashveil_status report_reviews_decide(struct report_reviews *reviews, const char *report_id,
                                      enum review_state state)
{
    struct report_review review;
    bool added = false;
    assert(state != REVIEW_NEW);
    hashveil_status status = insert(reviews->db, report_id, state, &added);
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
        sqlite3_finalize(reviews->find);
        sqlite3_close(reviews->db);
        free(reviews);
    }
}
