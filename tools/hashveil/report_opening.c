/* SPDX-License-Identifier: Apache-2.0 */
#include "report_opening.h"

#include "sqlite_status.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ENVELOPE_COLUMNS "id, account, threshold, point, share, content"

hashveil_status report_opening_init(struct report_store *store, report_judge_fn *judge,
                                    void *context, struct report_opening *out)
{
    *out = (struct report_opening){.store = store, .judge = judge, .context = context};
    const struct {
        sqlite3_stmt **statement;
        const char *sql;
    } rows[] = {
        {&out->of.begin, "BEGIN IMMEDIATE"},
        {&out->of.commit, "COMMIT"},
        {&out->of.roll_back, "ROLLBACK"},
        {&out->of.keep, "INSERT INTO envelopes (" ENVELOPE_COLUMNS ", received_s)"
                        " VALUES (?,?,?,?,?,?,?) ON CONFLICT (id) DO NOTHING"},
        {&out->of.mark_opened, "UPDATE envelopes SET content = NULL WHERE id = ?"},
        {&out->of.secret, "SELECT secret FROM accounts WHERE account = ?"},
        {&out->of.keep_secret, "INSERT INTO accounts (account, secret) VALUES (?,?)"},
        {&out->of.closed, "SELECT " ENVELOPE_COLUMNS " FROM envelopes"
                          " WHERE account = ? AND content IS NOT NULL ORDER BY rowid"},
        {&out->of.shares, "SELECT " ENVELOPE_COLUMNS ", min(rowid) FROM envelopes"
                          " WHERE account = ? GROUP BY point ORDER BY min(rowid) DESC LIMIT ?"},
    };
    int code = SQLITE_OK;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && code == SQLITE_OK; i++) {
        code = sqlite3_prepare_v3(report_store_database(store), rows[i].sql, -1,
                                  SQLITE_PREPARE_PERSISTENT, rows[i].statement, NULL);
    }
    return status_of_sqlite(code);
}

void report_opening_clear(struct report_opening *opening)
{
    sqlite3_finalize(opening->of.begin);
    sqlite3_finalize(opening->of.commit);
    sqlite3_finalize(opening->of.roll_back);
    sqlite3_finalize(opening->of.keep);
    sqlite3_finalize(opening->of.mark_opened);
    sqlite3_finalize(opening->of.secret);
    sqlite3_finalize(opening->of.keep_secret);
    sqlite3_finalize(opening->of.closed);
    sqlite3_finalize(opening->of.shares);
}

/* Runs a statement without rows. */
static hashveil_status run(sqlite3_stmt *statement)
{
    sqlite3_step(statement);
    const hashveil_status status = status_of_sqlite(sqlite3_reset(statement));
    sqlite3_clear_bindings(statement);
    return status;
}

hashveil_status report_opening_begin(struct report_opening *opening)
{
    return run(opening->of.begin);
}

hashveil_status report_opening_end(struct report_opening *opening, hashveil_status status)
{
    if (status == HASHVEIL_OK) {
        status = run(opening->of.commit);
    }
    if (status != HASHVEIL_OK) {
        (void)run(opening->of.roll_back);
    }
    return status;
}

static bool copy(sqlite3_stmt *row, int column, uint8_t *out, size_t len)
{
    const void *bytes = sqlite3_column_blob(row, column);
    if (!bytes || (size_t)sqlite3_column_bytes(row, column) != len) {
        return false;
    }
    memcpy(out, bytes, len);
    return true;
}

/* The content is all zero where it was opened. */
static bool read_envelope(sqlite3_stmt *row, hashveil_envelope *out)
{
    *out = (hashveil_envelope){.threshold = (unsigned)sqlite3_column_int(row, 2)};
    return copy(row, 0, out->id, sizeof out->id) &&
           copy(row, 1, out->account, sizeof out->account) &&
           copy(row, 3, out->point, sizeof out->point) &&
           copy(row, 4, out->share, sizeof out->share) &&
           (sqlite3_column_type(row, 5) == SQLITE_NULL ||
            copy(row, 5, out->content, sizeof out->content));
}

struct envelopes {
    hashveil_envelope *list; /* owned */
    size_t count;
};

/* Those of an account that a statement selects. Errors: ERR_FORMAT, ERR_NO_MEMORY, ERR_IO. */
static hashveil_status load(sqlite3_stmt *rows, const hashveil_envelope *of, struct envelopes *out)
{
    hashveil_status status = HASHVEIL_OK;
    int code = SQLITE_ROW;
    *out = (struct envelopes){0};
    sqlite3_bind_blob(rows, 1, of->account, sizeof of->account, SQLITE_STATIC);
    if (sqlite3_bind_parameter_count(rows) > 1) {
        sqlite3_bind_int64(rows, 2, of->threshold);
    }
    while (status == HASHVEIL_OK && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        hashveil_envelope *longer = reallocarray(out->list, out->count + 1, sizeof *out->list);
        if (!longer) {
            status = HASHVEIL_ERR_NO_MEMORY;
            break;
        }
        out->list = longer;
        status = read_envelope(rows, &out->list[out->count++]) ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
    }
    sqlite3_reset(rows);
    if (status == HASHVEIL_OK && code != SQLITE_DONE) {
        status = status_of_sqlite(code);
    }
    if (status != HASHVEIL_OK) {
        free(out->list);
        *out = (struct envelopes){0};
    }
    return status;
}

static hashveil_status keep(struct report_opening *opening, const hashveil_envelope *envelope,
                            bool *is_new_out)
{
    sqlite3_stmt *statement = opening->of.keep;
    sqlite3_bind_blob(statement, 1, envelope->id, sizeof envelope->id, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 2, envelope->account, sizeof envelope->account, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, envelope->threshold);
    sqlite3_bind_blob(statement, 4, envelope->point, sizeof envelope->point, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 5, envelope->share, sizeof envelope->share, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 6, envelope->content, sizeof envelope->content, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 7, (sqlite3_int64)time(NULL));
    const hashveil_status status = run(statement);
    *is_new_out = sqlite3_changes(report_store_database(opening->store)) == 1;
    return status;
}

/* What cannot be opened stays closed: nobody but its own device is to blame. */
static hashveil_status open_one(struct report_opening *opening, const hashveil_envelope *envelope,
                                const uint8_t secret[HASHVEIL_SHARE_BYTES])
{
    hashveil_report report;
    if (hashveil_report_open(envelope, secret, &report) != HASHVEIL_OK) {
        return HASHVEIL_OK;
    }
    const struct report_judgement judgement = opening->judge(opening->context, &report);
    const hashveil_status status = report_store_add(opening->store, envelope, &report, &judgement);
    if (status != HASHVEIL_OK) {
        return status;
    }
    sqlite3_bind_blob(opening->of.mark_opened, 1, envelope->id, sizeof envelope->id, SQLITE_STATIC);
    return run(opening->of.mark_opened);
}

static hashveil_status find_secret(struct report_opening *opening,
                                   const hashveil_envelope *envelope,
                                   uint8_t out[HASHVEIL_SHARE_BYTES], bool *has_out)
{
    sqlite3_stmt *row = opening->of.secret;
    sqlite3_bind_blob(row, 1, envelope->account, sizeof envelope->account, SQLITE_STATIC);
    const int code = sqlite3_step(row);
    *has_out = code == SQLITE_ROW;
    const bool is_read = !*has_out || copy(row, 0, out, HASHVEIL_SHARE_BYTES);
    sqlite3_reset(row);
    if (!is_read) {
        return HASHVEIL_ERR_FORMAT;
    }
    return code == SQLITE_ROW || code == SQLITE_DONE ? HASHVEIL_OK : status_of_sqlite(code);
}

/* Of the shares that came last, for all before were tried when they came: one false share hides the
 * secret only until enough right ones have come behind it. Returns whether what they give opens one
 * of their own reports. */
static bool recover(const struct envelopes *shares, uint8_t out[HASHVEIL_SHARE_BYTES])
{
    const hashveil_envelope *used[HASHVEIL_MAX_THRESHOLD];
    hashveil_report report;
    for (size_t i = 0; i < shares->count; i++) {
        used[i] = &shares->list[i];
    }
    return hashveil_account_recover(used, shares->count, out) == HASHVEIL_OK &&
           hashveil_report_open(used[0], out, &report) == HASHVEIL_OK;
}

static hashveil_status open_all(struct report_opening *opening, const hashveil_envelope *of,
                                const uint8_t secret[HASHVEIL_SHARE_BYTES])
{
    struct envelopes closed;
    sqlite3_bind_blob(opening->of.keep_secret, 1, of->account, sizeof of->account, SQLITE_STATIC);
    sqlite3_bind_blob(opening->of.keep_secret, 2, secret, HASHVEIL_SHARE_BYTES, SQLITE_STATIC);
    hashveil_status status = run(opening->of.keep_secret);
    if (status == HASHVEIL_OK) {
        status = load(opening->of.closed, of, &closed);
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    for (size_t i = 0; i < closed.count && status == HASHVEIL_OK; i++) {
        status = open_one(opening, &closed.list[i], secret);
    }
    free(closed.list);
    return status;
}

hashveil_status report_opening_take(struct report_opening *opening,
                                    const hashveil_envelope *envelope)
{
    uint8_t secret[HASHVEIL_SHARE_BYTES];
    struct envelopes shares;
    bool is_new = false;
    bool has_secret = false;
    hashveil_status status = keep(opening, envelope, &is_new);
    if (status != HASHVEIL_OK || !is_new) {
        return status;
    }
    status = find_secret(opening, envelope, secret, &has_secret);
    if (status != HASHVEIL_OK || has_secret) {
        return status == HASHVEIL_OK ? open_one(opening, envelope, secret) : status;
    }
    status = load(opening->of.shares, envelope, &shares);
    if (status == HASHVEIL_OK && recover(&shares, secret)) {
        status = open_all(opening, envelope, secret);
    }
    free(shares.list);
    explicit_bzero(secret, sizeof secret);
    return status;
}
