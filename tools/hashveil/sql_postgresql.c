/* SPDX-License-Identifier: Apache-2.0 */
#include "sql_engine.h"

#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VALUES = 24 };

struct server {
    struct sql base;
    PGconn *connection;
    bool is_failing; /* told, and not well again since */
};

/* Sent whole each time: a connection that was lost takes prepared statements with it. */
struct server_statement {
    struct sql_statement base;
    const char *text;
    struct value {
        char *text; /* owned; as PostgreSQL writes it; NULL for NULL */
    } values[MAX_VALUES];
    int count;        /* the highest that was bound, or ever will be */
    PGresult *result; /* owned; NULL before a run */
    int row;          /* the one that the columns are of */
    bool has_failed;
};

static const struct sql_engine engine;

static struct server *server_of(struct sql *sql)
{
    return (struct server *)sql;
}

static struct server_statement *own(struct sql_statement *statement)
{
    return (struct server_statement *)statement;
}

/* The first failure of several; the first line says what it is. */
static void tell(struct server *server)
{
    if (!server->is_failing) {
        const char *text = PQerrorMessage(server->connection);
        complain("PostgreSQL", "%.*s", (int)strcspn(text, "\n"), text);
        server->is_failing = true;
    }
}

hashveil_status sql_open_postgresql(const char *uri, struct sql **out)
{
    const char *const keywords[] = {"dbname",  "connect_timeout",  "tcp_user_timeout",
                                    "options", "application_name", NULL};
    const char *const values[] = {
        uri, "5", "5000", "-c lock_timeout=5000 -c statement_timeout=30000", "hashveil", NULL};
    struct server *server = calloc(1, sizeof *server);
    if (!server) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    server->base.engine = &engine;
    server->connection = PQconnectdbParams(keywords, values, true);
    if (PQstatus(server->connection) != CONNECTION_OK) {
        tell(server);
        PQfinish(server->connection);
        free(server);
        return HASHVEIL_ERR_OVERLOADED;
    }
    *out = &server->base;
    return HASHVEIL_OK;
}

static void close_server(struct sql *sql)
{
    PQfinish(server_of(sql)->connection);
    free(sql);
}

static bool is_good(const PGresult *result)
{
    return PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
}

/* Runs what has no values. */
static bool execute(struct server *server, const char *text)
{
    PGresult *result = PQexec(server->connection, text);
    const bool is_done = is_good(result);
    if (is_done) {
        server->is_failing = false;
    } else {
        tell(server);
    }
    PQclear(result);
    return is_done;
}

static hashveil_status begin(struct sql *sql, const char *table)
{
    struct server *server = server_of(sql);
    char lock[100];
    snprintf(lock, sizeof lock, "LOCK TABLE %s IN EXCLUSIVE MODE", table);
    /* The connection may have been lost since the last time. */
    if (PQstatus(server->connection) != CONNECTION_OK || !execute(server, "BEGIN")) {
        PQreset(server->connection);
        if (!execute(server, "BEGIN")) {
            return HASHVEIL_ERR_OVERLOADED;
        }
    }
    if (execute(server, lock)) {
        return HASHVEIL_OK;
    }
    (void)execute(server, "ROLLBACK");
    return HASHVEIL_ERR_OVERLOADED;
}

static hashveil_status end(struct sql *sql, hashveil_status status)
{
    struct server *server = server_of(sql);
    if (status == HASHVEIL_OK) {
        return execute(server, "COMMIT") ? HASHVEIL_OK : HASHVEIL_ERR_OVERLOADED;
    }
    (void)execute(server, "ROLLBACK");
    return status;
}

static hashveil_status prepare(struct sql *sql, const char *text, struct sql_statement **out)
{
    struct server_statement *statement = calloc(1, sizeof *statement);
    *out = NULL;
    if (!statement) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    statement->base.sql = sql;
    statement->text = text;
    while (statement->count < MAX_VALUES) {
        char name[16];
        snprintf(name, sizeof name, "$%d", statement->count + 1);
        if (!strstr(text, name)) {
            break;
        }
        statement->count++;
    }
    *out = &statement->base;
    return HASHVEIL_OK;
}

static void clear(struct server_statement *statement)
{
    PQclear(statement->result);
    statement->result = NULL;
    for (int i = 0; i < statement->count; i++) {
        free(statement->values[i].text);
        statement->values[i].text = NULL;
    }
}

static void release(struct sql_statement *statement)
{
    clear(own(statement));
    free(statement);
}

/* text: taken; NULL without memory. */
static void bind(struct sql_statement *statement, int at, char *text)
{
    struct value *value = &own(statement)->values[at - 1];
    free(value->text);
    value->text = text;
    own(statement)->has_failed |= !text;
}

static void bind_text(struct sql_statement *statement, int at, const char *text)
{
    bind(statement, at, strdup(text));
}

static void bind_number(struct sql_statement *statement, int at, uint64_t number)
{
    char *text = NULL;
    bind(statement, at, asprintf(&text, "%" PRId64, (int64_t)number) < 0 ? NULL : text);
}

static void bind_bytes(struct sql_statement *statement, int at, const uint8_t *bytes, size_t len)
{
    char *text = malloc(2 * len + 3);
    if (text) {
        text[0] = '\\';
        text[1] = 'x';
        format_hex(bytes, len, text + 2);
    }
    bind(statement, at, text);
}

static void run(struct server_statement *statement)
{
    struct server *server = server_of(statement->base.sql);
    const char *values[MAX_VALUES];
    for (int i = 0; i < statement->count; i++) {
        values[i] = statement->values[i].text;
    }
    statement->result = PQexecParams(server->connection, statement->text, statement->count, NULL,
                                     values, NULL, NULL, 0);
    statement->row = -1;
    if (!is_good(statement->result)) {
        tell(server);
        statement->has_failed = true;
    }
}

static bool step(struct sql_statement *statement)
{
    struct server_statement *self = own(statement);
    if (!self->result && !self->has_failed) {
        run(self);
    }
    self->row++;
    return !self->has_failed && self->row < PQntuples(self->result);
}

static hashveil_status reset(struct sql_statement *statement, uint64_t *changed_out)
{
    struct server_statement *self = own(statement);
    const hashveil_status status = self->has_failed ? HASHVEIL_ERR_OVERLOADED : HASHVEIL_OK;
    *changed_out =
        self->result && !self->has_failed ? strtoull(PQcmdTuples(self->result), NULL, 10) : 0;
    clear(self);
    self->has_failed = false;
    return status;
}

static const char *column_of(const struct sql_statement *statement, int column)
{
    const struct server_statement *self = (const struct server_statement *)statement;
    return PQgetvalue(self->result, self->row, column); /* "" for NULL */
}

static bool is_null(const struct sql_statement *statement, int column)
{
    const struct server_statement *self = (const struct server_statement *)statement;
    return PQgetisnull(self->result, self->row, column);
}

static uint64_t number_of(const struct sql_statement *statement, int column)
{
    return (uint64_t)strtoll(column_of(statement, column), NULL, 10);
}

static bool bytes_of(const struct sql_statement *statement, int column, uint8_t *out, size_t len)
{
    const char *text = column_of(statement, column);
    size_t out_len = 0;
    return strncmp(text, "\\x", 2) == 0 && strlen(text) == 2 * len + 2 &&
           OPENSSL_hexstr2buf_ex(out, len, &out_len, text + 2, '\0') == 1 && out_len == len;
}

static const struct sql_engine engine = {
    .close = close_server,
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
    .text = column_of,
    .number = number_of,
    .bytes = bytes_of,
};
