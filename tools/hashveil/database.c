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

hashveil_log *log_open(const char *folder, const char *key_path)
{
    hashveil_key key = {0};
    hashveil_log *log = NULL;
    const char *where = "";
    hashveil_status status = hashveil_key_load_public(key_path, HASHVEIL_KEY_CURATOR, &key);
    if (status != HASHVEIL_OK) {
        complain_status(key_path, status);
        return NULL;
    }
    status = hashveil_log_open(folder, &key, &log, &where);
    if (status == HASHVEIL_ERR_KEY) {
        complain(folder, "head: not signed with %s", key_path);
    } else if (status != HASHVEIL_OK) {
        complain_database(folder, where, status);
    }
    return log;
}
