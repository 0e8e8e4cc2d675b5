/* SPDX-License-Identifier: Apache-2.0 */
#include "account_engine.h"

#include "output.h"

#include <errno.h>
#include <libpq-fe.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS "name, kind, encode(credential, 'hex'), per_day, burst, level, updated_s, added_s"

enum { COLUMN_COUNT = 8, NUMBER_BYTES = 21, HEX_BYTES = 2 * ACCOUNT_CREDENTIAL_BYTES + 1 };

struct handle {
    PGconn *connection;
    bool is_failing; /* told, and not well again since */
};

/* A database that is away answers nothing for good: each wait has an end. */
static PGconn *connect_to(const char *address)
{
    const char *const keywords[] = {"dbname",  "connect_timeout",  "tcp_user_timeout",
                                    "options", "application_name", NULL};
    const char *const values[] = {
        address, "5", "5000", "-c lock_timeout=2000 -c statement_timeout=5000", "hashveil", NULL};
    return PQconnectdbParams(keywords, values, 1);
}

/* Tells of the first failure of several; the first line says what it is. */
static void tell(struct handle *handle)
{
    if (!handle->is_failing) {
        const char *text = PQerrorMessage(handle->connection);
        const size_t len = strcspn(text, "\n");
        complain("accounts", "%.*s", (int)len, text);
        handle->is_failing = true;
    }
}

static void close_handle(void *context)
{
    struct handle *handle = context;
    PQfinish(handle->connection);
    free(handle);
}

static void *open_handle(const char *address, bool may_make)
{
    struct handle *handle = calloc(1, sizeof *handle);
    (void)may_make; /* accounts.sql does that */
    if (!handle) {
        complain_status("accounts", HASHVEIL_ERR_NO_MEMORY);
        return NULL;
    }
    handle->connection = connect_to(address);
    if (PQstatus(handle->connection) != CONNECTION_OK) {
        tell(handle);
        close_handle(handle);
        return NULL;
    }
    return handle;
}

/* Returns a result to be cleared, or NULL after a message. */
static PGresult *execute(struct handle *handle, const char *sql, int count,
                         const char *const *values)
{
    PGresult *result = PQexecParams(handle->connection, sql, count, NULL, values, NULL, NULL, 0);
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        handle->is_failing = false;
        return result;
    }
    tell(handle);
    PQclear(result);
    return NULL;
}

/* Of a statement without rows: how many rows it changed, or -1 after a message. */
static long changed(struct handle *handle, const char *sql, int count, const char *const *values)
{
    PGresult *result = execute(handle, sql, count, values);
    const long rows = result ? strtol(PQcmdTuples(result), NULL, 10) : -1;
    PQclear(result);
    return rows;
}

static bool read_number(const PGresult *rows, int row, int column, uint64_t *out)
{
    const char *text = PQgetvalue(rows, row, column);
    char *end = NULL;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0';
}

static hashveil_status read_row(const PGresult *rows, int row, struct account *out)
{
    uint64_t kind = 0;
    size_t len = 0;
    *out = (struct account){0};
    const bool is_read =
        PQnfields(rows) == COLUMN_COUNT && strlen(PQgetvalue(rows, row, 0)) < sizeof out->name &&
        read_number(rows, row, 1, &kind) &&
        OPENSSL_hexstr2buf_ex(out->credential, sizeof out->credential, &len,
                              PQgetvalue(rows, row, 2), '\0') == 1 &&
        read_number(rows, row, 3, &out->per_day) && read_number(rows, row, 4, &out->burst) &&
        read_number(rows, row, 5, &out->level) && read_number(rows, row, 6, &out->updated_s) &&
        read_number(rows, row, 7, &out->added_s);
    if (!is_read || len != sizeof out->credential || kind >= ACCOUNT_CREDENTIALS) {
        return HASHVEIL_ERR_FORMAT;
    }
    out->kind = (enum account_credential)kind;
    snprintf(out->name, sizeof out->name, "%s", PQgetvalue(rows, row, 0));
    return account_engine_row_is_valid(out) ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
}

/* As PostgreSQL writes bytes. */
static void print_credential(const uint8_t credential[ACCOUNT_CREDENTIAL_BYTES],
                             char out[HEX_BYTES + 2])
{
    out[0] = '\\';
    out[1] = 'x';
    format_hex(credential, ACCOUNT_CREDENTIAL_BYTES, out + 2);
}

static hashveil_status add(void *context, const struct account *account)
{
    const uint64_t numbers[] = {account->kind,  account->per_day,   account->burst,
                                account->level, account->updated_s, account->added_s};
    char texts[6][NUMBER_BYTES];
    char credential[HEX_BYTES + 2];
    for (size_t i = 0; i < 6; i++) {
        snprintf(texts[i], sizeof texts[i], "%llu", (unsigned long long)numbers[i]);
    }
    print_credential(account->credential, credential);
    const char *const values[] = {account->name, texts[0], credential, texts[1],
                                  texts[2],      texts[3], texts[4],   texts[5]};
    const long rows =
        changed(context,
                "INSERT INTO hashveil_account (name, kind, credential, per_day, burst, level,"
                " updated_s, added_s) VALUES ($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT DO NOTHING",
                COLUMN_COUNT, values);
    return rows < 0 ? HASHVEIL_ERR_IO : rows == 0 ? HASHVEIL_ERR_EXISTS : HASHVEIL_OK;
}

static hashveil_status remove_named(void *context, const char *name)
{
    const long rows = changed(context, "DELETE FROM hashveil_account WHERE name = $1", 1, &name);
    return rows < 0 ? HASHVEIL_ERR_IO : rows == 0 ? HASHVEIL_ERR_NOT_FOUND : HASHVEIL_OK;
}

static hashveil_status each(void *context, account_fn *fn, void *fn_context)
{
    PGresult *rows =
        execute(context, "SELECT " COLUMNS " FROM hashveil_account ORDER BY name", 0, NULL);
    hashveil_status status = rows ? HASHVEIL_OK : HASHVEIL_ERR_IO;
    for (int row = 0; row < PQntuples(rows) && status == HASHVEIL_OK; row++) {
        struct account account;
        status = read_row(rows, row, &account);
        if (status == HASHVEIL_OK) {
            fn(fn_context, &account);
        }
    }
    PQclear(rows);
    return status;
}

static void cancel(void *context)
{
    (void)changed(context, "ROLLBACK", 0, NULL);
}

/* The connection may have been lost since the last time. */
static bool begin(struct handle *handle)
{
    if (PQstatus(handle->connection) == CONNECTION_OK && changed(handle, "BEGIN", 0, NULL) >= 0) {
        return true;
    }
    PQreset(handle->connection);
    return changed(handle, "BEGIN", 0, NULL) >= 0;
}

static hashveil_status lock(void *context, const uint8_t credential[ACCOUNT_CREDENTIAL_BYTES],
                            struct account *out)
{
    struct handle *handle = context;
    char text[HEX_BYTES + 2];
    const char *const values[] = {text};
    print_credential(credential, text);
    if (!begin(handle)) {
        return HASHVEIL_ERR_OVERLOADED;
    }
    PGresult *rows =
        execute(handle, "SELECT " COLUMNS " FROM hashveil_account WHERE credential = $1 FOR UPDATE",
                1, values);
    const hashveil_status status = !rows                  ? HASHVEIL_ERR_OVERLOADED
                                   : PQntuples(rows) == 0 ? HASHVEIL_ERR_NOT_FOUND
                                                          : read_row(rows, 0, out);
    PQclear(rows);
    if (status != HASHVEIL_OK) {
        cancel(handle);
    }
    return status;
}

static hashveil_status save(void *context, const struct account *account)
{
    struct handle *handle = context;
    char level[NUMBER_BYTES];
    char updated[NUMBER_BYTES];
    char credential[HEX_BYTES + 2];
    const char *const values[] = {level, updated, credential};
    snprintf(level, sizeof level, "%llu", (unsigned long long)account->level);
    snprintf(updated, sizeof updated, "%llu", (unsigned long long)account->updated_s);
    print_credential(account->credential, credential);
    if (changed(handle,
                "UPDATE hashveil_account SET level = $1, updated_s = $2 WHERE credential = $3", 3,
                values) != 1) {
        cancel(handle);
        return HASHVEIL_ERR_OVERLOADED;
    }
    return changed(handle, "COMMIT", 0, NULL) >= 0 ? HASHVEIL_OK : HASHVEIL_ERR_OVERLOADED;
}

const struct account_engine account_engine_postgresql = {
    .scheme = "postgresql://",
    .open = open_handle,
    .close = close_handle,
    .add = add,
    .remove = remove_named,
    .each = each,
    .lock = lock,
    .save = save,
    .cancel = cancel,
};
