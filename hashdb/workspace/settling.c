/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/workspace/settling.h"

#include "base/sqlite_status.h"

/* Rows of one source on one value, in the same words. */
#define SAME                                                                                       \
    " other.kind = claim.kind AND other.value = claim.value AND other.source = claim.source"       \
    " AND other.label = claim.label AND other.item = claim.item"

/* ?1 is the change. In this order: claims that it ended and made again go on as they were; of those
 * and of claims that it made and ended again as before, its own rows go; and it goes itself where
 * nothing is left of it. */
static const char *const settling_sql[] = {
    "UPDATE claim SET removed = NULL WHERE removed = ?1 AND added < ?1 AND EXISTS"
    " (SELECT 1 FROM claim AS other WHERE other.added = ?1 AND other.removed IS NULL AND" SAME ")",
    "DELETE FROM claim WHERE added = ?1 AND EXISTS (SELECT 1 FROM claim AS other WHERE"
    " other.added < ?1 AND (other.removed IS NULL OR claim.removed = ?1) AND" SAME ")",
};

static hashveil_status run(struct hv_claims *claims, const char *sql, bool *has_row_out)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(claims->db, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, claims->change);
        result = sqlite3_step(statement);
    }
    sqlite3_finalize(statement);
    *has_row_out = result == SQLITE_ROW;
    return hv_status_of_sqlite(claims->db, result);
}

static hashveil_status drop_change(struct hv_claims *claims)
{
    bool has_row;
    hashveil_status status =
        run(claims, "SELECT 1 FROM claim WHERE added = ?1 OR removed = ?1 LIMIT 1", &has_row);
    if (status == HASHVEIL_OK && !has_row) {
        status = run(claims, "DELETE FROM change WHERE number = ?1", &has_row);
        claims->is_noted = false;
    }
    return status;
}

hashveil_status hv_claims_settle(struct hv_claims *claims)
{
    hashveil_status status = HASHVEIL_OK;
    bool has_row;
    if (!claims->has_ended || !claims->has_renamed) {
        return HASHVEIL_OK;
    }
    for (size_t i = 0; i < sizeof settling_sql / sizeof settling_sql[0]; i++) {
        if (status == HASHVEIL_OK) {
            status = run(claims, settling_sql[i], &has_row);
        }
    }
    return status == HASHVEIL_OK && !claims->has_linked ? drop_change(claims) : status;
}
