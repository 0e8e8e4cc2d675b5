/* SPDX-License-Identifier: Apache-2.0 */
#include "submission_store.h"

#include "output.h"
#include "report_xml.h"
#include "sqlite_file.h"
#include "sqlite_status.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct submission_store {
    sqlite3 *db;
    char *path; /* owned */
    struct submission_limits limits;
};

/* Ids are never given twice. What is not open cannot be changed, by whatever means. */
static const struct sqlite_file_kind kind = {
    .application_id = 0x48565354, /* "HVST" */
    .version = 1,
    .schema =
        "CREATE TABLE submission ("
        " id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " notice TEXT NOT NULL DEFAULT '" REPORT_STUB_NOTICE "',"
        " user TEXT NOT NULL,"
        " state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'finished', 'retracted')),"
        " opened_s INTEGER NOT NULL,"
        " changed_s INTEGER NOT NULL,"
        " report TEXT NOT NULL);"
        "CREATE TABLE file ("
        " number INTEGER PRIMARY KEY,"
        " id TEXT UNIQUE NOT NULL,"
        " submission INTEGER NOT NULL REFERENCES submission (id) ON DELETE CASCADE,"
        " details TEXT NOT NULL);"
        "CREATE INDEX file_submission ON file (submission);"
        "CREATE TRIGGER submission_stays BEFORE UPDATE ON submission WHEN old.state <> 'open'"
        " BEGIN SELECT RAISE(ABORT, 'it is closed'); END;"
        "CREATE TRIGGER submission_remains BEFORE DELETE ON submission WHEN old.state <> 'open'"
        " BEGIN SELECT RAISE(ABORT, 'it is closed'); END;"
        "CREATE TRIGGER file_stays BEFORE UPDATE ON file"
        " BEGIN SELECT RAISE(ABORT, 'it is kept'); END;"
        "CREATE TRIGGER file_remains BEFORE DELETE ON file"
        " WHEN (SELECT state FROM submission WHERE id = old.submission) <> 'open'"
        " BEGIN SELECT RAISE(ABORT, 'it is closed'); END;"
        "CREATE TRIGGER file_comes BEFORE INSERT ON file"
        " WHEN (SELECT state FROM submission WHERE id = new.submission) <> 'open'"
        " BEGIN SELECT RAISE(ABORT, 'it is closed'); END;",
};

/* Binds the values and runs a statement to its first row or its end. Returns SQLite's code. */
static int run(sqlite3_stmt *statement, const char *text, const int64_t *numbers, size_t count)
{
    if (text) {
        sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC);
    }
    for (size_t i = 0; i < count; i++) {
        sqlite3_bind_int64(statement, (int)i + 2, numbers[i]);
    }
    return sqlite3_step(statement);
}

/* Runs a statement without a result: ?1 is text, ?2 and so on are numbers. */
static int execute(sqlite3 *db, const char *sql, const char *text, const int64_t *numbers,
                   size_t count)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = run(statement, text, numbers, count);
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

hashveil_status submission_store_open(const char *path, const struct submission_limits *limits,
                                      struct submission_store **out)
{
    struct submission_store *store = calloc(1, sizeof *store);
    *out = NULL;
    if (!store) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    store->limits = *limits;
    hashveil_status status = sqlite_file_open(path, SQLITE_FILE_MAKE, &kind, &store->db);
    if (status == HASHVEIL_OK) {
        store->path = strdup(path);
        status = store->path ? status_of_sqlite(sqlite3_exec(store->db, "PRAGMA foreign_keys = ON",
                                                             NULL, NULL, NULL))
                             : HASHVEIL_ERR_NO_MEMORY;
    }
    if (status != HASHVEIL_OK) {
        submission_store_close(store);
        return status;
    }
    *out = store;
    return HASHVEIL_OK;
}

void submission_store_close(struct submission_store *store)
{
    if (store) {
        sqlite3_close(store->db);
        free(store->path);
        free(store);
    }
}

/* Ends a transaction. Returns the code that holds afterwards. */
static enum submission_code conclude(struct submission_store *store, int sqlite_code,
                                     enum submission_code code)
{
    if (sqlite_code == SQLITE_OK && code == SUBMISSION_OK) {
        sqlite_code = sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    }
    if (!sqlite3_get_autocommit(store->db)) {
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    }
    if (sqlite_code != SQLITE_OK) {
        complain_status(store->path, status_of_sqlite(sqlite_code));
        return SUBMISSION_SERVER_ERROR;
    }
    return code;
}

static int begin(struct submission_store *store)
{
    return sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
}

/* Forgets what has expired, in a transaction of its own. */
static int expire(struct submission_store *store, uint64_t now_s)
{
    const int64_t numbers[] = {(int64_t)now_s, (int64_t)store->limits.open_s,
                               (int64_t)store->limits.idle_s};
    return execute(store->db,
                   "DELETE FROM submission WHERE state = 'open'"
                   " AND max(opened_s + ?3, changed_s + ?4) <= ?2",
                   NULL, numbers, 3);
}

/* What a statement's row of user and state says to somebody who would change that report. */
static enum submission_code code_of_row(sqlite3_stmt *statement, const char *user)
{
    const char *owner = (const char *)sqlite3_column_text(statement, 0);
    const char *state = (const char *)sqlite3_column_text(statement, 1);
    if (!owner || !state) {
        return SUBMISSION_SERVER_ERROR;
    }
    if (strcmp(owner, user) != 0) {
        return SUBMISSION_NOT_AUTHORIZED;
    }
    if (strcmp(state, "open") == 0) {
        return SUBMISSION_OK;
    }
    return strcmp(state, "finished") == 0 ? SUBMISSION_FINISHED : SUBMISSION_RETRACTED;
}

/* Begins a transaction on a report that the user may change; sqlite_out tells of other troubles. */
static enum submission_code begin_change(struct submission_store *store,
                                         const struct submission_call *call, int *sqlite_out)
{
    sqlite3_stmt *statement = NULL;
    enum submission_code code = SUBMISSION_NO_REPORT;
    int result = expire(store, call->now_s);
    result = result ? result : begin(store);
    result = result
                 ? result
                 : sqlite3_prepare_v2(store->db, "SELECT user, state FROM submission WHERE id = ?2",
                                      -1, &statement, NULL);
    if (result == SQLITE_OK) {
        result = run(statement, NULL, &call->report_id, 1);
    }
    if (result == SQLITE_ROW) {
        code = code_of_row(statement, call->user);
    }
    sqlite3_finalize(statement);
    *sqlite_out = result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
    return code;
}

enum submission_code submission_begin(struct submission_store *store,
                                      const struct submission_call *call, const char *report_xml,
                                      int64_t *id_out)
{
    sqlite3_stmt *statement = NULL;
    int result = expire(store, call->now_s);
    result = result ? result : begin(store);
    result = result ? result
                    : sqlite3_prepare_v2(store->db,
                                         "INSERT INTO submission"
                                         " (report, opened_s, changed_s, user)"
                                         " VALUES (?1, ?2, ?2, ?3)",
                                         -1, &statement, NULL);
    if (result == SQLITE_OK) {
        const int64_t now_s = (int64_t)call->now_s;
        sqlite3_bind_text(statement, 3, call->user, -1, SQLITE_STATIC);
        result = run(statement, report_xml, &now_s, 1);
    }
    sqlite3_finalize(statement);
    *id_out = sqlite3_last_insert_rowid(store->db);
    return conclude(store, result == SQLITE_DONE ? SQLITE_OK : result, SUBMISSION_OK);
}

static int count_files(struct submission_store *store, int64_t report_id, int64_t *out)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(store->db, "SELECT count(*) FROM file WHERE submission = ?2",
                                    -1, &statement, NULL);
    if (result == SQLITE_OK) {
        result = run(statement, NULL, &report_id, 1);
    }
    *out = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return result == SQLITE_ROW ? SQLITE_OK : result;
}

static int add_file(struct submission_store *store, const struct submission_call *call,
                    const char *details_xml, const char *id)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(
        store->db, "INSERT INTO file (id, submission, details) VALUES (?1, ?2, ?3)", -1, &statement,
        NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_text(statement, 3, details_xml, -1, SQLITE_STATIC);
        result = run(statement, id, &call->report_id, 1);
    }
    sqlite3_finalize(statement);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int touch(struct submission_store *store, const struct submission_call *call,
                 const char *state)
{
    const int64_t numbers[] = {call->report_id, (int64_t)call->now_s};
    return execute(store->db, "UPDATE submission SET state = ?1, changed_s = ?3 WHERE id = ?2",
                   state, numbers, 2);
}

enum submission_code submission_add_file(struct submission_store *store,
                                         const struct submission_call *call,
                                         const char *details_xml,
                                         char id_out[2 * SUBMISSION_FILE_ID_BYTES + 1])
{
    uint8_t id[SUBMISSION_FILE_ID_BYTES];
    int64_t count = 0;
    int result;
    if (getrandom(id, sizeof id, 0) != (ssize_t)sizeof id) {
        return SUBMISSION_SERVER_ERROR;
    }
    format_hex(id, sizeof id, id_out);
    enum submission_code code = begin_change(store, call, &result);
    if (result == SQLITE_OK && code == SUBMISSION_OK) {
        result = count_files(store, call->report_id, &count);
        code = count < SUBMISSION_MAX_FILES ? SUBMISSION_OK : SUBMISSION_INVALID;
    }
    if (result == SQLITE_OK && code == SUBMISSION_OK) {
        result = add_file(store, call, details_xml, id_out);
        result = result ? result : touch(store, call, "open");
    }
    return conclude(store, result, code);
}

static int tell_files(struct submission_store *store, int64_t report_id, submission_file_fn *tell,
                      void *context)
{
    sqlite3_stmt *statement = NULL;
    int result =
        sqlite3_prepare_v2(store->db, "SELECT id FROM file WHERE submission = ?2 ORDER BY number",
                           -1, &statement, NULL);
    if (result == SQLITE_OK) {
        result = run(statement, NULL, &report_id, 1);
    }
    while (result == SQLITE_ROW) {
        const char *id = (const char *)sqlite3_column_text(statement, 0);
        tell(context, id ? id : "");
        result = sqlite3_step(statement);
    }
    sqlite3_finalize(statement);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

enum submission_code submission_finish(struct submission_store *store,
                                       const struct submission_call *call, submission_file_fn *tell,
                                       void *context)
{
    int result;
    const enum submission_code code = begin_change(store, call, &result);
    if (result == SQLITE_OK && code == SUBMISSION_OK) {
        result = touch(store, call, "finished");
        result = result ? result : tell_files(store, call->report_id, tell, context);
    }
    return conclude(store, result, code);
}

enum submission_code submission_retract(struct submission_store *store,
                                        const struct submission_call *call)
{
    int result;
    const enum submission_code code = begin_change(store, call, &result);
    if (result == SQLITE_OK && code == SUBMISSION_OK) {
        result = touch(store, call, "retracted");
    }
    return conclude(store, result, code);
}
