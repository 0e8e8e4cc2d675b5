/* SPDX-License-Identifier: Apache-2.0 */
#include "sqlite_status.h"

#include <sqlite3.h>
#include <stddef.h>

hashveil_status status_of_sqlite(int code)
{
    static const struct {
        int code;
        hashveil_status status;
    } rows[] = {
        {SQLITE_OK, HASHVEIL_OK},
        {SQLITE_DONE, HASHVEIL_OK},
        {SQLITE_ROW, HASHVEIL_OK},
        {SQLITE_BUSY, HASHVEIL_ERR_BUSY},
        {SQLITE_LOCKED, HASHVEIL_ERR_BUSY},
        {SQLITE_NOMEM, HASHVEIL_ERR_NO_MEMORY},
        {SQLITE_FULL, HASHVEIL_ERR_NO_SPACE},
        {SQLITE_READONLY, HASHVEIL_ERR_ACCESS},
        {SQLITE_PERM, HASHVEIL_ERR_ACCESS},
        {SQLITE_CANTOPEN, HASHVEIL_ERR_ACCESS},
        {SQLITE_AUTH, HASHVEIL_ERR_ACCESS},
        {SQLITE_NOTADB, HASHVEIL_ERR_UNSUPPORTED},
        {SQLITE_CORRUPT, HASHVEIL_ERR_FORMAT},
        {SQLITE_CONSTRAINT, HASHVEIL_ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].code == (code & 0xff)) { /* the rest says more than is needed here */
            return rows[i].status;
        }
    }
    return HASHVEIL_ERR_IO;
}
