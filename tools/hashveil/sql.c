/* SPDX-License-Identifier: Apache-2.0 */
#include "sql_engine.h"

#include <string.h>

hashveil_status sql_open(const char *address, enum sqlite_file_mode mode,
                         const struct sqlite_file_kind *kind, struct sql **out)
{
    static const char file_scheme[] = "sqlite:";
    static const char uri_scheme[] = "postgresql://";
    *out = NULL;
    if (strncmp(address, uri_scheme, sizeof uri_scheme - 1) == 0) {
        return sql_open_postgresql(address, out);
    }
    if (strncmp(address, file_scheme, sizeof file_scheme - 1) == 0) {
        address += sizeof file_scheme - 1;
    }
    return sql_open_sqlite(address, mode, kind, out);
}

void sql_close(struct sql *sql)
{
    if (sql) {
        sql->engine->close(sql);
    }
}

hashveil_status sql_begin(struct sql *sql, const char *table)
{
    return sql->engine->begin(sql, table);
}

hashveil_status sql_end(struct sql *sql, hashveil_status status)
{
    return sql->engine->end(sql, status);
}

hashveil_status sql_prepare(struct sql *sql, const char *text, struct sql_statement **out)
{
    return sql->engine->prepare(sql, text, out);
}

void sql_release(struct sql_statement *statement)
{
    if (statement) {
        statement->sql->engine->release(statement);
    }
}

void sql_bind_text(struct sql_statement *statement, int at, const char *text)
{
    statement->sql->engine->bind_text(statement, at, text);
}

void sql_bind_number(struct sql_statement *statement, int at, uint64_t number)
{
    statement->sql->engine->bind_number(statement, at, number);
}

void sql_bind_bytes(struct sql_statement *statement, int at, const uint8_t *bytes, size_t len)
{
    statement->sql->engine->bind_bytes(statement, at, bytes, len);
}

bool sql_step(struct sql_statement *statement)
{
    return statement->sql->engine->step(statement);
}

hashveil_status sql_reset(struct sql_statement *statement)
{
    uint64_t changed;
    return statement->sql->engine->reset(statement, &changed);
}

hashveil_status sql_run(struct sql_statement *statement, uint64_t *changed_out)
{
    uint64_t changed;
    (void)sql_step(statement);
    const hashveil_status status = statement->sql->engine->reset(statement, &changed);
    if (changed_out) {
        *changed_out = changed;
    }
    return status;
}

bool sql_is_null(const struct sql_statement *statement, int column)
{
    return statement->sql->engine->is_null(statement, column);
}

const char *sql_text(const struct sql_statement *statement, int column)
{
    return statement->sql->engine->text(statement, column);
}

uint64_t sql_number(const struct sql_statement *statement, int column)
{
    return statement->sql->engine->number(statement, column);
}

bool sql_bytes(const struct sql_statement *statement, int column, uint8_t *out, size_t len)
{
    return statement->sql->engine->bytes(statement, column, out, len);
}
