/* SPDX-License-Identifier: Apache-2.0 */
/* Entries taken out by hand. */
#include <hashveil/curation.h>

#include "base/sqlite_file.h"
#include "base/sqlite_status.h"
#include "hashdb/workspace/claims.h"
#include "hashdb/workspace/rows.h"

/* The number of a source that must be there. */
static hashveil_status find_source(sqlite3 *db, const char *name, int64_t *out)
{
    sqlite3_stmt *statement = NULL;
    int result =
        sqlite3_prepare_v2(db, "SELECT number FROM source WHERE name = ?", -1, &statement, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
        result = sqlite3_step(statement);
    }
    hashveil_status status = hv_status_of_sqlite(db, result);
    if (result == SQLITE_ROW) {
        *out = sqlite3_column_int64(statement, 0);
    } else if (status == HASHVEIL_OK) {
        status = HASHVEIL_ERR_NOT_FOUND;
    }
    sqlite3_finalize(statement);
    return status;
}

static hashveil_status remove_all(sqlite3 *db, struct hv_claims *claims,
                                  const hashveil_removal *removal, uint64_t *ended_out,
                                  uint64_t *not_named_out)
{
    int64_t source = HV_ANY_SOURCE;
    hashveil_status status =
        removal->source ? find_source(db, removal->source, &source) : HASHVEIL_OK;
    for (size_t i = 0; i < removal->count && status == HASHVEIL_OK; i++) {
        const struct hv_value value = hv_value_of(&removal->values[i]);
        uint64_t ended = 0;
        status = hv_claims_withdraw(claims, &value, source, &ended);
        *ended_out += ended;
        *not_named_out += status == HASHVEIL_OK && ended == 0;
    }
    return status;
}

hashveil_status hashveil_workspace_remove(hashveil_workspace *workspace,
                                          const hashveil_removal *removal, uint64_t *ended_out,
                                          uint64_t *not_named_out)
{
    struct hv_claims claims = {0};
    *ended_out = 0;
    *not_named_out = 0;
    hashveil_status status = hv_sqlite_run(workspace->db, "BEGIN IMMEDIATE");
    if (status != HASHVEIL_OK) {
        return status;
    }
    status = hv_claims_begin(workspace->db, "remove", removal->who ? removal->who : "",
                             removal->reason ? removal->reason : "", &claims);
    if (status == HASHVEIL_OK) {
        status = remove_all(workspace->db, &claims, removal, ended_out, not_named_out);
    }
    hv_claims_end(&claims);
    return hv_claims_finish(workspace->db, status);
}
