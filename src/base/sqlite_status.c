/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sqlite_status.h"

#include "base/files.h"

#include <stddef.h>

enum { PRIMARY_MASK = 0xff }; /* SQLite's extended codes refine the primary one above it */

static const struct {
    int primary;
    hashveil_status status;
} rows[] = {
    {SQLITE_OK, HASHVEIL_OK},
    {SQLITE_ROW, HASHVEIL_OK},
    {SQLITE_DONE, HASHVEIL_OK},
    {SQLITE_NOMEM, HASHVEIL_ERR_NO_MEMORY},
    {SQLITE_BUSY, HASHVEIL_ERR_BUSY},
    {SQLITE_LOCKED, HASHVEIL_ERR_BUSY},
    {SQLITE_READONLY, HASHVEIL_ERR_ACCESS},
    {SQLITE_PERM, HASHVEIL_ERR_ACCESS},
    {SQLITE_FULL, HASHVEIL_ERR_NO_SPACE},
    {SQLITE_CORRUPT, HASHVEIL_ERR_FORMAT},
    {SQLITE_NOTADB, HASHVEIL_ERR_UNSUPPORTED},
    {SQLITE_ERROR, HASHVEIL_ERR_FORMAT}, /* our SQL does not fit the file's tables */
};

hashveil_status hv_status_of_sqlite(sqlite3 *db, int result)
{
    const int primary = result & PRIMARY_MASK;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].primary == primary) {
            return rows[i].status;
        }
    }
    const int error = db && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN)
                          ? sqlite3_system_errno(db)
                          : 0;
    return error ? hv_status_of_errno(error) : HASHVEIL_ERR_IO;
}
