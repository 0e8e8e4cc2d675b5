/* SPDX-License-Identifier: Apache-2.0 */
#include "sql_engine.h"

#include "sqlite_status.h"

#include <stdlib.h>
#include <string.h>

struct file {
    struct sql base;
    sqlite3 *db;
};

struct file_statement {
    struct sql_statement base;
    sqlite3_stmt *handle;
};

static const struct sql_engine engine;

static struct file *file_of(struct sql *sql)
{
    return (struct file *)sql;
}

static sqlite3_stmt *handle_of(const struct sql_statement *statement)
{
    return ((const struct file_statement *)statement)->handle;
}

hashveil_status sql_open_sqlite(const char *path, enum sqlite_file_mode mode,
                                const struct sqlite_file_kind *kind, struct sql **out)
{
    struct file *file = calloc(1, sizeof *file);
    if (!file) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    file->base.engine = &engine;
    const hashveil_status status = sqlite_file_open(path, mode, kind, &file->db);
    if (status != HASHVEIL_OK) {
        free(file);
        return status;
    }
    *out = &file->base;
    return HASHVEIL_OK;
}

static void close_file(struct sql *sql)
{
    sqlite3_close(file_of(sql)->db);
    free(sql);
}

static hashveil_status begin(struct sql *sql, const char *table)
{
    (void)table; /* of a file all tables are one's own then */
    return status_of_sqlite(sqlite3_exec(file_of(sql)->db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
}

static hashveil_status end(struct sql *sql, hashveil_status status)
{
    sqlite3 *db = file_of(sql)->db;
    if (status == HASHVEIL_OK) {
        status = status_of_sqlite(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
    }
    if (status != HASHVEIL_OK && !sqlite3_get_autocommit(db)) {
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
    return status;
}

static hashveil_status prepare(struct sql *sql, const char *text, struct sql_statement **out)
{
    struct file_statement *statement = calloc(1, sizeof *statement);
    *out = NULL;
    if (!statement) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    statement->base.sql = sql;
    const int code = sqlite3_prepare_v3(file_of(sql)->db, text, -1, SQLITE_PREPARE_PERSISTENT,
                                        &statement->handle, NULL);
    if (code != SQLITE_OK) {
        free(statement);
        return status_of_sqlite(code);
    }
    *out = &statement->base;
    return HASHVEIL_OK;
}

static void release(struct sql_statement *statement)
{
    sqlite3_finalize(handle_of(statement));
    free(statement);
}

static void bind_text(struct sql_statement *statement, int at, const char *text)
{
    sqlite3_bind_text(handle_of(statement), at, text, -1, SQLITE_TRANSIENT);
}

static void bind_number(struct sql_statement *statement, int at, uint64_t number)
{
    sqlite3_bind_int64(handle_of(statement), at, (sqlite3_int64)number);
}

static void bind_bytes(struct sql_statement *statement, int at, const uint8_t *bytes, size_t len)
{
    sqlite3_bind_blob64(handle_of(statement), at, bytes, len, SQLITE_TRANSIENT);
}

static bool step(struct sql_statement *statement)
{
    return sqlite3_step(handle_of(statement)) == SQLITE_ROW;
}

static hashveil_status reset(struct sql_statement *statement, uint64_t *changed_out)
{
    const int code = sqlite3_reset(handle_of(statement)); /* repeats the failure */
    *changed_out = (uint64_t)sqlite3_changes64(file_of(statement->sql)->db);
    sqlite3_clear_bindings(handle_of(statement));
    return status_of_sqlite(code);
}

static bool is_null(const struct sql_statement *statement, int column)
{
    return sqlite3_column_type(handle_of(statement), column) == SQLITE_NULL;
}

static const char *text_of(const struct sql_statement *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(handle_of(statement), column);
    return text ? text : "";
}

static uint64_t number_of(const struct sql_statement *statement, int column)
{
    return (uint64_t)sqlite3_column_int64(handle_of(statement), column);
}

static bool bytes_of(const struct sql_statement *statement, int column, uint8_t *out, size_t len)
{
    const void *bytes = sqlite3_column_blob(handle_of(statement), column);
    if (!bytes || (size_t)sqlite3_column_bytes(handle_of(statement), column) != len) {
        return false;
    }
    memcpy(out, bytes, len);
    return true;
}

static const struct sql_engine engine = {
    .close = close_file,
    .begin = begin,
    .end = end,
    .prepare = prepare,
    .release = release,
    .bind_text = bind_text,
    .bind_number = bind_number,
    .bind_bytes = bind_bytes,
    .step = step,
    .reset = reset,
    .is_null = is_null,
    .text = text_of,
    .number = number_of,
    .bytes = bytes_of,
};
