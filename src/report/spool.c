/* SPDX-License-Identifier: Apache-2.0 */
/* Reports that wait: added once, read in order, removed when they were acknowledged. */
#include "report/spool.h"

#include "report/report.h"

#include "base/memory.h"
#include "base/sqlite_file.h"
#include "base/sqlite_status.h"

#include <stdlib.h>

static const struct hv_sqlite_kind kind = {
    .application_id = 0x48565350, /* "HVSP" */
    .version = 3,
    .schema = "CREATE TABLE account ("
              "  one INTEGER PRIMARY KEY CHECK (one = 1),"
              "  key BLOB NOT NULL CHECK (typeof(key) = 'blob' AND length(key) = 32)"
              ");"
              "CREATE TABLE report ("
              "  sequence INTEGER PRIMARY KEY," /* the order in which they were added */
              "  id BLOB NOT NULL UNIQUE CHECK (typeof(id) = 'blob' AND length(id) = 16),"
              "  sealed BLOB NOT NULL CHECK (typeof(sealed) = 'blob' AND length(sealed) = 456)"
              ");",
};

/* One row a statement; they are prepared once, at open. */
#define STATEMENT_TABLE(X)                                                                         \
    X(ADD, ("INSERT INTO report (id, sealed) SELECT ?, ?"                                          \
            " WHERE (SELECT count(*) FROM report) < ? ON CONFLICT (id) DO NOTHING"))               \
    X(KEEP_ACCOUNT, "INSERT INTO account VALUES (1, ?) ON CONFLICT (one) DO NOTHING")              \
    X(ACCOUNT, "SELECT key FROM account")                                                          \
    X(COUNT, "SELECT count(*) FROM report")                                                        \
    X(NEXT,                                                                                        \
      "SELECT sequence, id, sealed FROM report WHERE sequence > ? ORDER BY sequence LIMIT 1")      \
    X(REMOVE, "DELETE FROM report WHERE id = ?")

enum statement {
#define X(name, sql) name,
    STATEMENT_TABLE(X)
#undef X
        STATEMENT_COUNT
};

static const char *const statement_texts[] = {
#define X(name, sql) sql,
    STATEMENT_TABLE(X)
#undef X
};

struct hashveil_spool {
    sqlite3 *db;                               /* owned */
    sqlite3_stmt *statements[STATEMENT_COUNT]; /* owned */
};

hashveil_status hashveil_spool_open(const char *path, hashveil_spool **out)
{
    *out = NULL;
    hashveil_spool *spool = hv_alloc_array(1, sizeof *spool);
    if (!spool) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hashveil_status status = hv_sqlite_open(path, &kind, HV_SQLITE_WRITE, &spool->db);
    for (size_t i = 0; i < STATEMENT_COUNT && status == HASHVEIL_OK; i++) {
        status =
            hv_status_of_sqlite(spool->db, sqlite3_prepare_v2(spool->db, statement_texts[i], -1,
                                                              &spool->statements[i], NULL));
    }
    if (status == HASHVEIL_OK) {
        *out = spool;
        spool = NULL; /* now the caller's */
    }
    hashveil_spool_close(spool);
    return status;
}

/* Ends a statement, and with it its transaction and its locks. */
static hashveil_status finish(hashveil_spool *spool, enum statement which, int result)
{
    const hashveil_status status = hv_status_of_sqlite(spool->db, result);
    (void)sqlite3_reset(spool->statements[which]); /* repeats the result */
    (void)sqlite3_clear_bindings(spool->statements[which]);
    return status;
}

/* What nothing was added for: it was there already, or there are too many. */
static hashveil_status check_room(hashveil_spool *spool)
{
    uint64_t count = 0;
    const hashveil_status status = hashveil_spool_count(spool, &count);
    return status == HASHVEIL_OK && count >= HASHVEIL_SPOOL_MAX_REPORTS ? HASHVEIL_ERR_NO_SPACE
                                                                        : status;
}

hashveil_status hashveil_spool_add(hashveil_spool *spool,
                                   const uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES])
{
    struct hv_report_header header;
    sqlite3_stmt *statement = spool->statements[ADD];
    const hashveil_status status =
        hv_report_header_parse(sealed, HASHVEIL_SEALED_REPORT_BYTES, &header);
    if (status != HASHVEIL_OK) {
        return status;
    }
    int result = sqlite3_bind_blob(statement, 1, header.id, sizeof header.id, SQLITE_STATIC);
    if (result == SQLITE_OK) {
        result =
            sqlite3_bind_blob(statement, 2, sealed, HASHVEIL_SEALED_REPORT_BYTES, SQLITE_STATIC);
    }
    if (result == SQLITE_OK) {
        result = sqlite3_bind_int64(statement, 3, HASHVEIL_SPOOL_MAX_REPORTS);
    }
    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
    }
    const bool is_added = result == SQLITE_DONE && sqlite3_changes64(spool->db) == 1;
    const hashveil_status added = finish(spool, ADD, result);
    return added == HASHVEIL_OK && !is_added ? check_room(spool) : added;
}

hashveil_status hashveil_spool_count(hashveil_spool *spool, uint64_t *out)
{
    const int result = sqlite3_step(spool->statements[COUNT]);
    if (result == SQLITE_ROW) {
        *out = (uint64_t)sqlite3_column_int64(spool->statements[COUNT], 0);
    }
    return finish(spool, COUNT, result);
}

static bool copy_column(sqlite3_stmt *row, int column, uint8_t *out, size_t len)
{
    const void *bytes = sqlite3_column_blob(row, column);
    if (!bytes || (size_t)sqlite3_column_bytes(row, column) != len) {
        return false;
    }
    memcpy(out, bytes, len);
    return true;
}

/* Two processes at a time agree: the first one's key stays. */
static hashveil_status keep_account(hashveil_spool *spool, const hashveil_account *account)
{
    sqlite3_stmt *statement = spool->statements[KEEP_ACCOUNT];
    int result = sqlite3_bind_blob(statement, 1, account->key, sizeof account->key, SQLITE_STATIC);
    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
    }
    return finish(spool, KEEP_ACCOUNT, result);
}

/* has_out: whether there is one yet. */
static hashveil_status read_account(hashveil_spool *spool, hashveil_account *out, bool *has_out)
{
    sqlite3_stmt *statement = spool->statements[ACCOUNT];
    int result = sqlite3_step(statement);
    *has_out = result == SQLITE_ROW;
    if (*has_out && !copy_column(statement, 0, out->key, sizeof out->key)) {
        result = SQLITE_CORRUPT; /* the table's own checks forbid it */
    }
    return finish(spool, ACCOUNT, result);
}

hashveil_status hashveil_spool_account(hashveil_spool *spool, unsigned threshold,
                                       hashveil_account *out)
{
    bool has_account = false;
    hashveil_status status = hashveil_account_generate(threshold, out);
    if (status == HASHVEIL_OK) {
        status = read_account(spool, out, &has_account);
    }
    if (status == HASHVEIL_OK && !has_account) {
        status = keep_account(spool, out);
        if (status == HASHVEIL_OK) {
            status = read_account(spool, out, &has_account);
        }
    }
    if (status != HASHVEIL_OK) {
        hv_wipe(out, sizeof *out);
    }
    return status;
}

hashveil_status hv_spool_next(hashveil_spool *spool, struct hv_waiting_report *report)
{
    sqlite3_stmt *statement = spool->statements[NEXT];
    int result = sqlite3_bind_int64(statement, 1, report->sequence);
    report->sequence = 0;
    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
    }
    if (result == SQLITE_ROW) {
        report->sequence = sqlite3_column_int64(statement, 0);
        if (!copy_column(statement, 1, report->id, sizeof report->id) ||
            !copy_column(statement, 2, report->sealed, sizeof report->sealed)) {
            result = SQLITE_CORRUPT; /* the table's own checks forbid it */
        }
    }
    return finish(spool, NEXT, result);
}

/* By its id: its sequence may by now be another report's, when another process delivered it. */
hashveil_status hv_spool_remove(hashveil_spool *spool, const struct hv_waiting_report *report)
{
    sqlite3_stmt *statement = spool->statements[REMOVE];
    int result = sqlite3_bind_blob(statement, 1, report->id, sizeof report->id, SQLITE_STATIC);
    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
    }
    return finish(spool, REMOVE, result);
}

void hashveil_spool_close(hashveil_spool *spool)
{
    if (!spool) {
        return;
    }
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(spool->statements[i]);
    }
    sqlite3_close(spool->db);
    free(spool);
}
