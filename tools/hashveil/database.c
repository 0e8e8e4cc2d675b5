/* SPDX-License-Identifier: Apache-2.0 */
#include "database.h"

#include "output.h"

hashveil_status database_open(const char *path, hashveil_sealed_db **out, const char **where_out)
{
    hashveil_status status = hashveil_sealed_db_open(path, out, where_out);
    if (status == HASHVEIL_OK) {
        status = hashveil_sealed_db_check(*out, where_out);
    }
    if (status != HASHVEIL_OK) {
        hashveil_sealed_db_close(*out);
        *out = NULL;
    }
    return status;
}
