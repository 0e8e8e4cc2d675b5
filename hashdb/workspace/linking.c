/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/workspace/linking.h"

#include <string.h>

#include "base/sqlite_status.h"

static hashveil_status step(struct hv_linking *linking)
{
    const int result = sqlite3_step(linking->entries);
    linking->has_row = result == SQLITE_ROW;
    return hv_status_of_sqlite(sqlite3_db_handle(linking->entries), result);
}

hashveil_status hv_linking_begin(sqlite3 *other, struct hv_linking *out)
{
    *out = (struct hv_linking){0};
    const int result = sqlite3_prepare_v2(
        other, "SELECT kind, value, record FROM entry ORDER BY record, kind, value", -1,
        &out->entries, NULL);
    return result == SQLITE_OK ? step(out) : hv_status_of_sqlite(other, result);
}

/* Returns the order of the row's record and the one that is asked for. */
static int compare_record(const struct hv_linking *linking)
{
    const void *record = sqlite3_column_blob(linking->entries, 2);
    if (!record || sqlite3_column_bytes(linking->entries, 2) != HASHVEIL_RECORD_ID_BYTES) {
        return -1; /* whoever reads its claims refuses it */
    }
    return memcmp(record, linking->there, HASHVEIL_RECORD_ID_BYTES);
}

static hashveil_status read_value(sqlite3_stmt *row, struct hv_value *out)
{
    const int64_t kind = sqlite3_column_int64(row, 0);
    const void *blob = sqlite3_column_blob(row, 1);
    const size_t len = (size_t)sqlite3_column_bytes(row, 1);
    if (!blob || !hv_value_is_valid(kind, len)) {
        return HASHVEIL_ERR_FORMAT;
    }
    *out = (struct hv_value){.kind = (int)kind, .len = len};
    memcpy(out->bytes, blob, len);
    return HASHVEIL_OK;
}

/* is_linked: whether a value of the item was here before this one. */
static hashveil_status link_value(struct hv_linking *linking, struct hv_claims *claims,
                                  bool *is_linked)
{
    struct hv_value value;
    uint8_t record[HASHVEIL_RECORD_ID_BYTES];
    bool is_there = false;
    hashveil_status status = read_value(linking->entries, &value);
    if (status == HASHVEIL_OK) {
        status = hv_claims_find_record(claims, &value, record, &is_there);
    }
    if (status != HASHVEIL_OK || !is_there) {
        return status;
    }
    if (!*is_linked) {
        memcpy(linking->here, record, sizeof linking->here);
        *is_linked = true;
    }
    return hv_claims_move(claims, &value, linking->here);
}

hashveil_status hv_linking_find(struct hv_linking *linking, struct hv_claims *claims,
                                const uint8_t there[HASHVEIL_RECORD_ID_BYTES],
                                uint8_t here_out[HASHVEIL_RECORD_ID_BYTES])
{
    hashveil_status status = HASHVEIL_OK;
    bool is_linked = false;
    if (!linking->has_item || memcmp(linking->there, there, sizeof linking->there) != 0) {
        linking->has_item = true;
        memcpy(linking->there, there, sizeof linking->there);
        memcpy(linking->here, there, sizeof linking->here);
        int order;
        while (status == HASHVEIL_OK && linking->has_row &&
               (order = compare_record(linking)) <= 0) {
            status = order == 0 ? link_value(linking, claims, &is_linked) : HASHVEIL_OK;
            if (status == HASHVEIL_OK) {
                status = step(linking);
            }
        }
    }
    memcpy(here_out, linking->here, HASHVEIL_RECORD_ID_BYTES);
    return status;
}

void hv_linking_end(struct hv_linking *linking)
{
    sqlite3_finalize(linking->entries);
    *linking = (struct hv_linking){0};
}
