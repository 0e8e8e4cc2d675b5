/* SPDX-License-Identifier: Apache-2.0 */
/* A database behind sql.h, which says what each function promises. */
#ifndef HASHVEIL_TOOLS_SQL_ENGINE_H
#define HASHVEIL_TOOLS_SQL_ENGINE_H

#include "sql.h"

struct sql_engine {
    void (*close)(struct sql *sql);
    hashveil_status (*begin)(struct sql *sql, const char *table);
    hashveil_status (*end)(struct sql *sql, hashveil_status status);
    hashveil_status (*prepare)(struct sql *sql, const char *text, struct sql_statement **out);
    void (*release)(struct sql_statement *statement);
    void (*bind_text)(struct sql_statement *statement, int at, const char *text);
    void (*bind_number)(struct sql_statement *statement, int at, uint64_t number);
    void (*bind_bytes)(struct sql_statement *statement, int at, const uint8_t *bytes, size_t len);
    bool (*step)(struct sql_statement *statement);
    hashveil_status (*reset)(struct sql_statement *statement, uint64_t *changed_out);
    bool (*is_null)(const struct sql_statement *statement, int column);
    const char *(*text)(const struct sql_statement *statement, int column);
    uint64_t (*number)(const struct sql_statement *statement, int column);
    bool (*bytes)(const struct sql_statement *statement, int column, uint8_t *out, size_t len);
};

/* The first member of an engine's own. */
struct sql {
    const struct sql_engine *engine;
};
struct sql_statement {
    struct sql *sql;
};

hashveil_status sql_open_sqlite(const char *path, enum sqlite_file_mode mode,
                                const struct sqlite_file_kind *kind, struct sql **out);
hashveil_status sql_open_postgresql(const char *uri, struct sql **out);

#endif
