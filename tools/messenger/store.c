/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

struct store {
    sqlite3 *db;
};

static const char schema[] =
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    "PRAGMA secure_delete = ON;"
    "CREATE TABLE IF NOT EXISTS item (kind INTEGER, name TEXT, value BLOB NOT NULL,"
    " PRIMARY KEY (kind, name)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS message (sequence INTEGER PRIMARY KEY, contact TEXT NOT NULL,"
    " is_own INTEGER NOT NULL, text TEXT NOT NULL, time_s INTEGER NOT NULL DEFAULT (unixepoch()));"
    "CREATE TABLE IF NOT EXISTS outgoing (sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
    " topic TEXT NOT NULL, payload BLOB NOT NULL, is_retained INTEGER NOT NULL);";

static hashveil_status status_of(int code)
{
    switch (code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return HASHVEIL_OK;
    case SQLITE_BUSY:
        return HASHVEIL_ERR_BUSY;
    case SQLITE_NOTADB:
        return HASHVEIL_ERR_UNSUPPORTED;
    case SQLITE_NOMEM:
        return HASHVEIL_ERR_NO_MEMORY;
    case SQLITE_FULL:
        return HASHVEIL_ERR_NO_SPACE;
    default:
        return HASHVEIL_ERR_IO;
    }
}

hashveil_status store_open(const char *path, struct store **out)
{
    struct store *store = calloc(1, sizeof *store);
    const int fd =
        open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600); /* SQLite would let others read */
    *out = NULL;
    if (!store || fd < 0) {
        free(store);
        if (fd >= 0) {
            close(fd);
        }
        return fd < 0 ? HASHVEIL_ERR_ACCESS : HASHVEIL_ERR_NO_MEMORY;
    }
    close(fd);
    int code = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_exec(store->db, schema, NULL, NULL, NULL);
    }
    if (code != SQLITE_OK) {
        store_close(store);
        return status_of(code);
    }
    *out = store;
    return HASHVEIL_OK;
}

static hashveil_status execute(struct store *store, const char *sql)
{
    return status_of(sqlite3_exec(store->db, sql, NULL, NULL, NULL));
}

hashveil_status store_begin(struct store *store)
{
    return execute(store, "BEGIN IMMEDIATE");
}

hashveil_status store_commit(struct store *store)
{
    return execute(store, "COMMIT");
}

void store_roll_back(struct store *store)
{
    /* Where it fails there is nothing to take back. */
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

/* Prepares a statement whose first two values are a kind and a name. */
static sqlite3_stmt *prepare_item(struct store *store, const char *sql, enum store_kind kind,
                                  const char *name)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_bind_int(statement, 1, (int)kind) != SQLITE_OK ||
        sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC) != SQLITE_OK) {
        sqlite3_finalize(statement);
        return NULL;
    }
    return statement;
}

/* Runs a statement that gives no row, and releases it. Accepts NULL, as a failure. */
static hashveil_status finish(sqlite3_stmt *statement)
{
    const int code = statement ? sqlite3_step(statement) : SQLITE_ERROR;
    sqlite3_finalize(statement);
    return status_of(code);
}

hashveil_status store_put(struct store *store, enum store_kind kind, const char *name,
                          const uint8_t *bytes, size_t len)
{
    sqlite3_stmt *statement = prepare_item(
        store, "INSERT OR REPLACE INTO item (kind, name, value) VALUES (?, ?, ?)", kind, name);
    if (statement && sqlite3_bind_blob64(statement, 3, bytes, len, SQLITE_STATIC) != SQLITE_OK) {
        sqlite3_finalize(statement);
        return HASHVEIL_ERR_NO_MEMORY;
    }
    return finish(statement);
}

/* Copies the value of a column. */
static hashveil_status copy_column(sqlite3_stmt *statement, int column, struct blob *out)
{
    const size_t len = (size_t)sqlite3_column_bytes(statement, column);
    *out = (struct blob){.bytes = malloc(len ? len : 1), .len = len};
    if (!out->bytes) {
        *out = (struct blob){0};
        return HASHVEIL_ERR_NO_MEMORY;
    }
    if (len > 0) {
        memcpy(out->bytes, sqlite3_column_blob(statement, column), len);
    }
    return HASHVEIL_OK;
}

hashveil_status store_get(struct store *store, enum store_kind kind, const char *name,
                          struct blob *out)
{
    sqlite3_stmt *statement =
        prepare_item(store, "SELECT value FROM item WHERE kind = ? AND name = ?", kind, name);
    const int code = statement ? sqlite3_step(statement) : SQLITE_ERROR;
    hashveil_status status = code == SQLITE_DONE ? HASHVEIL_ERR_NOT_FOUND : status_of(code);
    *out = (struct blob){0};
    if (status == HASHVEIL_OK) {
        status = copy_column(statement, 0, out);
    }
    sqlite3_finalize(statement);
    return status;
}

hashveil_status store_remove(struct store *store, enum store_kind kind, const char *name)
{
    return finish(prepare_item(store, "DELETE FROM item WHERE kind = ? AND name = ?", kind, name));
}

hashveil_status store_next_name(struct store *store, enum store_kind kind, const char *after,
                                char **name_out)
{
    sqlite3_stmt *statement = prepare_item(
        store, "SELECT name FROM item WHERE kind = ? AND name > ? ORDER BY name LIMIT 1", kind,
        after);
    const int code = statement ? sqlite3_step(statement) : SQLITE_ERROR;
    hashveil_status status = status_of(code);
    *name_out = NULL;
    if (code == SQLITE_ROW) {
        *name_out = strdup((const char *)sqlite3_column_text(statement, 0));
        status = *name_out ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    }
    sqlite3_finalize(statement);
    return status;
}

hashveil_status store_note(struct store *store, const char *contact, bool is_own, const char *text)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db,
                           "INSERT INTO message (contact, is_own, text) VALUES (?, ?, ?)", -1,
                           &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, contact, -1, SQLITE_STATIC);
        sqlite3_bind_int(statement, 2, is_own);
        sqlite3_bind_text(statement, 3, text, -1, SQLITE_STATIC);
    }
    return finish(statement);
}

hashveil_status store_queue(struct store *store, const char *topic, const uint8_t *bytes,
                            size_t len, bool is_retained)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db,
                           "INSERT INTO outgoing (topic, payload, is_retained) VALUES (?, ?, ?)",
                           -1, &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, topic, -1, SQLITE_STATIC);
        sqlite3_bind_blob64(statement, 2, len > 0 ? bytes : (const uint8_t *)"", len,
                            SQLITE_STATIC);
        sqlite3_bind_int(statement, 3, is_retained);
    }
    return finish(statement);
}

hashveil_status store_next_outgoing(struct store *store, int64_t after, struct outgoing *out)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->db,
                                  "SELECT sequence, topic, payload, is_retained FROM outgoing"
                                  " WHERE sequence > ? ORDER BY sequence LIMIT 1",
                                  -1, &statement, NULL);
    *out = (struct outgoing){0};
    if (code == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, after);
        code = sqlite3_step(statement);
    }
    hashveil_status status = status_of(code);
    if (code == SQLITE_ROW) {
        out->sequence = sqlite3_column_int64(statement, 0);
        out->is_retained = sqlite3_column_int(statement, 3) != 0;
        out->topic = strdup((const char *)sqlite3_column_text(statement, 1));
        status = out->topic ? copy_column(statement, 2, &out->payload) : HASHVEIL_ERR_NO_MEMORY;
    }
    sqlite3_finalize(statement);
    return status;
}

hashveil_status store_dequeue(struct store *store, int64_t sequence)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, "DELETE FROM outgoing WHERE sequence = ?", -1, &statement,
                           NULL) == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, sequence);
    }
    return finish(statement);
}

void outgoing_clear(struct outgoing *outgoing)
{
    free(outgoing->topic);
    blob_clear(&outgoing->payload);
    *outgoing = (struct outgoing){0};
}

void store_close(struct store *store)
{
    if (store) {
        sqlite3_close(store->db);
        free(store);
    }
}
