/* SPDX-License-Identifier: Apache-2.0 */
#include "account_engine.h"

#include "output.h"
#include "sqlite_file.h"
#include "sqlite_status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char scheme[] = "sqlite:";

static const struct sqlite_file_kind file_kind = {
    .application_id = 0x48564143, /* "HVAC" */
    .version = 1,
    .schema = "CREATE TABLE account ("
              " name TEXT PRIMARY KEY NOT NULL,"
              " kind INTEGER NOT NULL,"
              " credential BLOB NOT NULL UNIQUE,"
              " per_day INTEGER NOT NULL,"
              " burst INTEGER NOT NULL,"
              " level INTEGER NOT NULL,"
              " updated_s INTEGER NOT NULL,"
              " added_s INTEGER NOT NULL) STRICT, WITHOUT ROWID",
};

#define COLUMNS "name, kind, credential, per_day, burst, level, updated_s, added_s"

struct statements {
    sqlite3_stmt *begin, *find, *save, *commit, *roll_back;
};

struct handle {
    sqlite3 *db;
    struct statements of;
};

static hashveil_status prepare(struct handle *handle)
{
    const struct {
        sqlite3_stmt **statement;
        const char *sql;
    } rows[] = {
        {&handle->of.begin, "BEGIN IMMEDIATE"},
        {&handle->of.find, "SELECT " COLUMNS " FROM account WHERE credential = ?"},
        {&handle->of.save, "UPDATE account SET level = ?, updated_s = ? WHERE credential = ?"},
        {&handle->of.commit, "COMMIT"},
        {&handle->of.roll_back, "ROLLBACK"},
    };
    int code = SQLITE_OK;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && code == SQLITE_OK; i++) {
        code = sqlite3_prepare_v3(handle->db, rows[i].sql, -1, SQLITE_PREPARE_PERSISTENT,
                                  rows[i].statement, NULL);
    }
    return status_of_sqlite(code);
}

static void close_handle(void *context)
{
    struct handle *handle = context;
    sqlite3_finalize(handle->of.begin);
    sqlite3_finalize(handle->of.find);
    sqlite3_finalize(handle->of.save);
    sqlite3_finalize(handle->of.commit);
    sqlite3_finalize(handle->of.roll_back);
    sqlite3_close(handle->db);
    free(handle);
}

static void *open_handle(const char *address, bool may_make)
{
    const char *path = address + sizeof scheme - 1;
    struct handle *handle = calloc(1, sizeof *handle);
    if (!handle) {
        complain_status(path, HASHVEIL_ERR_NO_MEMORY);
        return NULL;
    }
    hashveil_status status = sqlite_file_open(path, may_make ? SQLITE_FILE_MAKE : SQLITE_FILE_WRITE,
                                              &file_kind, &handle->db);
    if (status == HASHVEIL_OK) {
        status = prepare(handle);
    }
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
        close_handle(handle);
        return NULL;
    }
    return handle;
}

/* Another evaluator or command that takes long: it is worth coming again. */
static hashveil_status status_of(int code)
{
    const hashveil_status status = status_of_sqlite(code);
    return status == HASHVEIL_ERR_BUSY ? HASHVEIL_ERR_OVERLOADED : status;
}

/* Runs a statement without rows. */
static hashveil_status run(sqlite3_stmt *statement)
{
    sqlite3_step(statement);
    return status_of(sqlite3_reset(statement));
}

static hashveil_status read_row(sqlite3_stmt *row, struct account *out)
{
    const char *name = (const char *)sqlite3_column_text(row, 0);
    const void *credential = sqlite3_column_blob(row, 2);
    *out = (struct account){.kind = (enum account_credential)sqlite3_column_int(row, 1),
                            .per_day = (uint64_t)sqlite3_column_int64(row, 3),
                            .burst = (uint64_t)sqlite3_column_int64(row, 4),
                            .level = (uint64_t)sqlite3_column_int64(row, 5),
                            .updated_s = (uint64_t)sqlite3_column_int64(row, 6),
                            .added_s = (uint64_t)sqlite3_column_int64(row, 7)};
    if (!name || !credential || strlen(name) >= sizeof out->name ||
        sqlite3_column_bytes(row, 2) != ACCOUNT_CREDENTIAL_BYTES) {
        return HASHVEIL_ERR_FORMAT;
    }
    snprintf(out->name, sizeof out->name, "%s", name);
    memcpy(out->credential, credential, sizeof out->credential);
    return account_engine_row_is_valid(out) ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
}

static hashveil_status add(void *context, const struct account *account)
{
    struct handle *handle = context;
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(handle->db,
                                  "INSERT INTO account (" COLUMNS ") VALUES (?,?,?,?,?,?,?,?)"
                                  " ON CONFLICT DO NOTHING",
                                  -1, &statement, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, account->name, -1, SQLITE_STATIC);
        sqlite3_bind_int(statement, 2, (int)account->kind);
        sqlite3_bind_blob(statement, 3, account->credential, sizeof account->credential,
                          SQLITE_STATIC);
        const uint64_t numbers[] = {account->per_day, account->burst, account->level,
                                    account->updated_s, account->added_s};
        for (int i = 0; i < 5; i++) {
            sqlite3_bind_int64(statement, 4 + i, (sqlite3_int64)numbers[i]);
        }
        sqlite3_step(statement);
    }
    code = statement ? sqlite3_finalize(statement) : code;
    const bool is_added = code == SQLITE_OK && sqlite3_changes(handle->db) == 1;
    return code == SQLITE_OK && !is_added ? HASHVEIL_ERR_EXISTS : status_of(code);
}

static hashveil_status remove_named(void *context, const char *name)
{
    struct handle *handle = context;
    sqlite3_stmt *statement = NULL;
    int code =
        sqlite3_prepare_v2(handle->db, "DELETE FROM account WHERE name = ?", -1, &statement, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
        sqlite3_step(statement);
    }
    code = statement ? sqlite3_finalize(statement) : code;
    const bool is_removed = code == SQLITE_OK && sqlite3_changes(handle->db) == 1;
    return code == SQLITE_OK && !is_removed ? HASHVEIL_ERR_NOT_FOUND : status_of(code);
}

static hashveil_status each(void *context, account_fn *fn, void *fn_context)
{
    struct handle *handle = context;
    sqlite3_stmt *rows = NULL;
    hashveil_status status = HASHVEIL_OK;
    int code = sqlite3_prepare_v2(handle->db, "SELECT " COLUMNS " FROM account ORDER BY name", -1,
                                  &rows, NULL);
    while (code == SQLITE_OK && status == HASHVEIL_OK && sqlite3_step(rows) == SQLITE_ROW) {
        struct account account;
        status = read_row(rows, &account);
        if (status == HASHVEIL_OK) {
            fn(fn_context, &account);
        }
    }
    code = rows ? sqlite3_finalize(rows) : code;
    return status == HASHVEIL_OK ? status_of(code) : status;
}

static void cancel(void *context)
{
    struct handle *handle = context;
    (void)run(handle->of.roll_back);
}

static hashveil_status lock(void *context, const uint8_t credential[ACCOUNT_CREDENTIAL_BYTES],
                            struct account *out)
{
    struct handle *handle = context;
    sqlite3_stmt *find = handle->of.find;
    hashveil_status status = run(handle->of.begin);
    if (status != HASHVEIL_OK) {
        return status;
    }
    sqlite3_bind_blob(find, 1, credential, ACCOUNT_CREDENTIAL_BYTES, SQLITE_STATIC);
    const int code = sqlite3_step(find);
    status = code == SQLITE_ROW    ? read_row(find, out)
             : code == SQLITE_DONE ? HASHVEIL_ERR_NOT_FOUND
                                   : status_of(code);
    sqlite3_reset(find);
    if (status != HASHVEIL_OK) {
        cancel(handle);
    }
    return status;
}

static hashveil_status save(void *context, const struct account *account)
{
    struct handle *handle = context;
    sqlite3_stmt *statement = handle->of.save;
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)account->level);
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)account->updated_s);
    sqlite3_bind_blob(statement, 3, account->credential, sizeof account->credential, SQLITE_STATIC);
    hashveil_status status = run(statement);
    if (status == HASHVEIL_OK) {
        status = run(handle->of.commit);
    }
    if (status != HASHVEIL_OK) {
        cancel(handle);
    }
    return status;
}

const struct account_engine account_engine_sqlite = {
    .scheme = scheme,
    .open = open_handle,
    .close = close_handle,
    .add = add,
    .remove = remove_named,
    .each = each,
    .lock = lock,
    .save = save,
    .cancel = cancel,
};
