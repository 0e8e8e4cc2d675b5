/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/workspace/claims.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/sqlite_file.h"
#include "base/sqlite_status.h"

/* Where a claim ends and comes again within one change, its row is the same. */
static const char name_sql[] =
    "INSERT INTO claim (kind, value, source, added, removed, label, item)"
    " VALUES (?, ?, ?, ?, NULL, ?, ?)"
    " ON CONFLICT (kind, value, source, added) DO UPDATE"
    " SET removed = NULL, label = excluded.label, item = excluded.item";
static const char find_claim_sql[] =
    "SELECT added, label, item FROM claim"
    " WHERE kind = ? AND value = ? AND source = ? AND removed IS NULL";
static const char withdraw_sql[] =
    "UPDATE claim SET removed = ?4"
    " WHERE kind = ?1 AND value = ?2 AND (source = ?3 OR ?3 < 0) AND removed IS NULL";
static const char withdraw_item_sql[] =
    "UPDATE claim SET removed = ? WHERE source = ? AND item = ? AND item <> ''"
    " AND removed IS NULL";
static const char withdraw_unseen_sql[] =
    "UPDATE claim SET removed = ? WHERE removed IS NULL"
    " AND source IN (SELECT DISTINCT source FROM temp.seen)"
    " AND NOT EXISTS (SELECT 1 FROM temp.seen AS s WHERE s.kind = claim.kind"
    " AND s.value = claim.value AND s.source = claim.source)";

/* One row a statement; they live as long as the change. */
#define STATEMENT_TABLE(X)                                                                         \
    X(NEXT_CHANGE, "SELECT coalesce(max(number), 0) + 1 FROM change")                              \
    X(NOTE_CHANGE, "INSERT INTO change (number, time_s, who, action, detail) VALUES (?,?,?,?,?)")  \
    X(FIND_SOURCE, "SELECT number FROM source WHERE name = ?")                                     \
    X(NEXT_SOURCE, "SELECT coalesce(max(number) + 1, ?1) FROM source WHERE number / 64 = ?1 / 64") \
    X(ADD_SOURCE, "INSERT INTO source (number, name) VALUES (?, ?)")                               \
    X(ADD_ENTRY,                                                                                   \
      "INSERT INTO entry (kind, value, record) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")           \
    X(FIND_ENTRY, "SELECT record FROM entry WHERE kind = ? AND value = ?")                         \
    X(MOVE_ENTRY, "UPDATE entry SET record = ?3 WHERE kind = ?1 AND value = ?2")                   \
    X(FIND_CLAIM, find_claim_sql)                                                                  \
    X(NAME, name_sql)                                                                              \
    X(WITHDRAW, withdraw_sql)                                                                      \
    X(WITHDRAW_ITEM, withdraw_item_sql)                                                            \
    X(SEE, "INSERT INTO temp.seen (kind, value, source) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")  \
    X(WITHDRAW_UNSEEN, withdraw_unseen_sql)

enum statement {
#define X(name, sql) name,
    STATEMENT_TABLE(X)
#undef X
        STATEMENT_COUNT
};
_Static_assert((int)STATEMENT_COUNT <= (int)HV_CLAIM_STATEMENTS, "there is room for all");

static const char *const statement_texts[] = {
#define X(name, sql) sql,
    STATEMENT_TABLE(X)
#undef X
};

/* Runs a bound statement and makes it ready for the next time. number_out: the first column of a
 * row, untouched without one; may be NULL. */
static hashveil_status step(struct hv_claims *claims, enum statement which, int64_t *number_out)
{
    sqlite3_stmt *statement = claims->statements[which];
    const int result = sqlite3_step(statement);
    const hashveil_status status = hv_status_of_sqlite(claims->db, result);
    if (result == SQLITE_ROW && number_out) {
        *number_out = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_reset(statement); /* repeats the result */
    return status;
}

/* The statements on values have kind and value as their first two parameters. */
static sqlite3_stmt *bind_value(struct hv_claims *claims, enum statement which,
                                const struct hv_value *value)
{
    sqlite3_stmt *statement = claims->statements[which];
    sqlite3_bind_int(statement, 1, value->kind);
    sqlite3_bind_blob(statement, 2, value->bytes, (int)value->len, SQLITE_STATIC);
    return statement;
}

hashveil_status hv_claims_begin(sqlite3 *db, const char *action, const char *who,
                                const char *detail, struct hv_claims *out)
{
    uint8_t seed[HV_SEED_BYTES];
    *out = (struct hv_claims){.db = db, .action = action, .who = who, .detail = detail};
    if (getentropy(seed, sizeof seed) != 0) {
        return HASHVEIL_ERR_IO;
    }
    hv_random_stream_init(seed, "record ids", 0, &out->stream);
    hashveil_status status =
        hv_sqlite_run(db, "CREATE TEMP TABLE IF NOT EXISTS seen (kind INTEGER, value BLOB, source"
                          " INTEGER, PRIMARY KEY (kind, value, source)) WITHOUT ROWID;"
                          "DELETE FROM temp.seen");
    for (size_t i = 0; i < STATEMENT_COUNT && status == HASHVEIL_OK; i++) {
        const int result =
            sqlite3_prepare_v2(db, statement_texts[i], -1, &out->statements[i], NULL);
        status = hv_status_of_sqlite(db, result);
    }
    return status == HASHVEIL_OK ? step(out, NEXT_CHANGE, &out->change) : status;
}

void hv_claims_end(struct hv_claims *claims)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(claims->statements[i]);
    }
    *claims = (struct hv_claims){0};
}

hashveil_status hv_claims_finish(sqlite3 *db, hashveil_status status)
{
    if (status == HASHVEIL_OK) {
        status = hv_sqlite_run(db, "COMMIT");
    }
    if (status != HASHVEIL_OK) {
        /* What SQLite has rolled back by itself, as on a full disk, it says so of; that is fine. */
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
    return status;
}

hashveil_status hv_claims_note(struct hv_claims *claims)
{
    sqlite3_stmt *statement = claims->statements[NOTE_CHANGE];
    if (claims->is_noted) {
        return HASHVEIL_OK;
    }
    sqlite3_bind_int64(statement, 1, claims->change);
    sqlite3_bind_int64(statement, 2,
                       claims->time_s ? (sqlite3_int64)claims->time_s : (sqlite3_int64)time(NULL));
    sqlite3_bind_text(statement, 3, claims->who, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, claims->action, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 5, claims->detail, -1, SQLITE_STATIC);
    claims->is_noted = true;
    return step(claims, NOTE_CHANGE, NULL);
}

hashveil_status hv_claims_source(struct hv_claims *claims, const char *name, bool is_allowing,
                                 int64_t *number_out)
{
    const int64_t first = is_allowing ? HASHVEIL_MAX_LISTS : 0;
    int64_t number = -1;
    sqlite3_bind_text(claims->statements[FIND_SOURCE], 1, name, -1, SQLITE_STATIC);
    hashveil_status status = step(claims, FIND_SOURCE, &number);
    *number_out = number;
    if (status != HASHVEIL_OK || number >= 0) {
        return number >= 0 && (number >= HASHVEIL_MAX_LISTS) != is_allowing ? HASHVEIL_ERR_ARGUMENT
                                                                            : status;
    }
    sqlite3_bind_int64(claims->statements[NEXT_SOURCE], 1, first);
    status = step(claims, NEXT_SOURCE, number_out);
    if (status == HASHVEIL_OK && *number_out >= first + HASHVEIL_MAX_LISTS) {
        status = HASHVEIL_ERR_LIMIT;
    }
    if (status == HASHVEIL_OK) {
        status = hv_claims_note(claims);
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    sqlite3_bind_int64(claims->statements[ADD_SOURCE], 1, *number_out);
    sqlite3_bind_text(claims->statements[ADD_SOURCE], 2, name, -1, SQLITE_STATIC);
    claims->has_linked = true;
    return step(claims, ADD_SOURCE, NULL);
}

static hashveil_status add_claim(struct hv_claims *claims, const struct hv_value *value,
                                 const struct hv_claim *claim)
{
    sqlite3_stmt *statement = bind_value(claims, NAME, value);
    sqlite3_bind_int64(statement, 3, claim->source);
    sqlite3_bind_int64(statement, 4, claims->change);
    sqlite3_bind_text(statement, 5, claim->label, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 6, claim->item, -1, SQLITE_STATIC);
    const hashveil_status status = hv_claims_note(claims);
    return status == HASHVEIL_OK ? step(claims, NAME, NULL) : status;
}

static bool is_text(sqlite3_stmt *row, int column, const char *text)
{
    const char *found = (const char *)sqlite3_column_text(row, column);
    return found && strcmp(found, text) == 0;
}

/* Where the source says the same already, nothing is written. */
static hashveil_status change_claim(struct hv_claims *claims, const struct hv_value *value,
                                    const struct hv_claim *claim)
{
    sqlite3_stmt *statement = bind_value(claims, FIND_CLAIM, value);
    uint64_t ended;
    sqlite3_bind_int64(statement, 3, claim->source);
    const int result = sqlite3_step(statement);
    hashveil_status status = hv_status_of_sqlite(claims->db, result);
    const bool is_there = result == SQLITE_ROW;
    const bool is_same =
        is_there && is_text(statement, 1, claim->label) && is_text(statement, 2, claim->item);
    (void)sqlite3_reset(statement); /* repeats the result */
    if (status != HASHVEIL_OK || is_same) {
        return status;
    }
    claims->has_renamed = true;
    if (is_there) {
        status = hv_claims_withdraw(claims, value, claim->source, &ended);
    }
    return status == HASHVEIL_OK ? add_claim(claims, value, claim) : status;
}

/* is_new_out: whether it was added. */
static hashveil_status add_entry(struct hv_claims *claims, const struct hv_value *value,
                                 const uint8_t record[HASHVEIL_RECORD_ID_BYTES], bool *is_new_out)
{
    sqlite3_bind_blob(bind_value(claims, ADD_ENTRY, value), 3, record, HASHVEIL_RECORD_ID_BYTES,
                      SQLITE_STATIC);
    const hashveil_status status = step(claims, ADD_ENTRY, NULL);
    *is_new_out = status == HASHVEIL_OK && sqlite3_changes(claims->db) > 0;
    return status;
}

hashveil_status hv_claims_find_record(struct hv_claims *claims, const struct hv_value *value,
                                      uint8_t record_out[HASHVEIL_RECORD_ID_BYTES],
                                      bool *is_there_out)
{
    sqlite3_stmt *statement = bind_value(claims, FIND_ENTRY, value);
    const int result = sqlite3_step(statement);
    hashveil_status status = hv_status_of_sqlite(claims->db, result);
    *is_there_out = result == SQLITE_ROW;
    if (*is_there_out) {
        const void *record = sqlite3_column_blob(statement, 0);
        if (record && sqlite3_column_bytes(statement, 0) == HASHVEIL_RECORD_ID_BYTES) {
            memcpy(record_out, record, HASHVEIL_RECORD_ID_BYTES);
        } else {
            status = HASHVEIL_ERR_FORMAT;
        }
    }
    (void)sqlite3_reset(statement); /* repeats the result */
    return status;
}

/* The record id that an item's values are to share. */
static hashveil_status choose_record(struct hv_claims *claims, const struct hv_value *values,
                                     size_t count, const struct hv_claim *claim,
                                     uint8_t record_out[HASHVEIL_RECORD_ID_BYTES])
{
    bool is_there = false;
    if (claim->record) {
        memcpy(record_out, claim->record, HASHVEIL_RECORD_ID_BYTES);
    } else {
        hv_random_stream_fill(&claims->stream, record_out, HASHVEIL_RECORD_ID_BYTES);
    }
    for (size_t i = 0; i < count && count > 1 && !is_there; i++) {
        const hashveil_status status =
            hv_claims_find_record(claims, &values[i], record_out, &is_there);
        if (status != HASHVEIL_OK) {
            return status;
        }
    }
    return HASHVEIL_OK;
}

hashveil_status hv_claims_move(struct hv_claims *claims, const struct hv_value *value,
                               const uint8_t record[HASHVEIL_RECORD_ID_BYTES])
{
    uint8_t own[HASHVEIL_RECORD_ID_BYTES];
    bool is_there;
    hashveil_status status = hv_claims_find_record(claims, value, own, &is_there);
    if (status != HASHVEIL_OK || memcmp(own, record, sizeof own) == 0) {
        return status;
    }
    status = hv_claims_note(claims);
    sqlite3_bind_blob(bind_value(claims, MOVE_ENTRY, value), 3, record, HASHVEIL_RECORD_ID_BYTES,
                      SQLITE_STATIC);
    claims->has_linked = true;
    return status == HASHVEIL_OK ? step(claims, MOVE_ENTRY, NULL) : status;
}

hashveil_status hv_claims_name(struct hv_claims *claims, const struct hv_value *values,
                               size_t count, const struct hv_claim *claim, bool *is_new_out)
{
    uint8_t record[HASHVEIL_RECORD_ID_BYTES];
    hashveil_status status = choose_record(claims, values, count, claim, record);
    for (size_t i = 0; i < count && status == HASHVEIL_OK; i++) {
        status = add_entry(claims, &values[i], record, &is_new_out[i]);
        if (status == HASHVEIL_OK && !is_new_out[i] && count > 1) {
            status = hv_claims_move(claims, &values[i], record);
        }
        if (status == HASHVEIL_OK) {
            status = is_new_out[i] ? add_claim(claims, &values[i], claim)
                                   : change_claim(claims, &values[i], claim);
        }
    }
    return status;
}

/* status: of the statement that ended them. */
static hashveil_status note_ended(struct hv_claims *claims, hashveil_status status,
                                  uint64_t *count_out)
{
    *count_out = status == HASHVEIL_OK ? (uint64_t)sqlite3_changes64(claims->db) : 0;
    claims->has_ended |= *count_out > 0;
    return *count_out > 0 ? hv_claims_note(claims) : status;
}

hashveil_status hv_claims_withdraw(struct hv_claims *claims, const struct hv_value *value,
                                   int64_t source, uint64_t *count_out)
{
    sqlite3_stmt *statement = bind_value(claims, WITHDRAW, value);
    sqlite3_bind_int64(statement, 3, source);
    sqlite3_bind_int64(statement, 4, claims->change);
    const hashveil_status status = step(claims, WITHDRAW, NULL);
    return note_ended(claims, status, count_out);
}

hashveil_status hv_claims_withdraw_item(struct hv_claims *claims, int64_t source, const char *item,
                                        uint64_t *count_out)
{
    sqlite3_stmt *statement = claims->statements[WITHDRAW_ITEM];
    sqlite3_bind_int64(statement, 1, claims->change);
    sqlite3_bind_int64(statement, 2, source);
    sqlite3_bind_text(statement, 3, item, -1, SQLITE_STATIC);
    const hashveil_status status = step(claims, WITHDRAW_ITEM, NULL);
    return note_ended(claims, status, count_out);
}

hashveil_status hv_claims_see(struct hv_claims *claims, const struct hv_value *value,
                              int64_t source)
{
    sqlite3_bind_int64(bind_value(claims, SEE, value), 3, source);
    return step(claims, SEE, NULL);
}

hashveil_status hv_claims_withdraw_unseen(struct hv_claims *claims, uint64_t *count_out)
{
    sqlite3_bind_int64(claims->statements[WITHDRAW_UNSEEN], 1, claims->change);
    const hashveil_status status = step(claims, WITHDRAW_UNSEEN, NULL);
    return note_ended(claims, status, count_out);
}
