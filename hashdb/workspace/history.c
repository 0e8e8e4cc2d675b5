/* SPDX-License-Identifier: Apache-2.0 */
/* A workspace's claims and changes, one by one. */
#include <hashveil/curation.h>

#include <string.h>

#include "base/sqlite_status.h"
#include "base/text.h"
#include "hashdb/workspace/rows.h"

struct hv_value hv_value_of(const hashveil_value *value)
{
    return value->is_digest ? hv_value_of_digest(&value->digest) : hv_value_of_hash(&value->hash);
}

/* The file is the curator's own, but other programs may have changed it. */
static bool read_text(sqlite3_stmt *row, int column, const char **out)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    *out = text ? text : "";
    return text && hv_text_is_plain(text, (size_t)sqlite3_column_bytes(row, column));
}

/* Columns: number, time_s, who, action, detail. */
static bool read_change(sqlite3_stmt *row, int column, hashveil_change *out)
{
    *out = (hashveil_change){.who = "", .action = "", .detail = ""};
    if (sqlite3_column_type(row, column) == SQLITE_NULL) {
        return true;
    }
    out->number = (uint64_t)sqlite3_column_int64(row, column);
    out->time_s = (uint64_t)sqlite3_column_int64(row, column + 1);
    /* The detail is a path, which may be any bytes: whoever prints it escapes it. */
    const char *detail = (const char *)sqlite3_column_text(row, column + 4);
    out->detail = detail ? detail : "";
    return read_text(row, column + 2, &out->who) && read_text(row, column + 3, &out->action);
}

static bool read_value(sqlite3_stmt *row, hashveil_value *out)
{
    const void *blob = sqlite3_column_blob(row, 1);
    const int64_t kind = sqlite3_column_int64(row, 0);
    const size_t len = (size_t)sqlite3_column_bytes(row, 1);
    if (!blob || !hv_value_is_valid(kind, len)) {
        return false;
    }
    *out = (hashveil_value){.is_digest = kind != HV_VALUE_PDQ};
    if (out->is_digest) {
        out->digest.kind = (hashveil_digest_kind)(kind - HV_VALUE_FIRST_DIGEST);
        memcpy(out->digest.bytes, blob, len);
    } else {
        hv_hash_from_blob(blob, &out->hash);
    }
    return true;
}

hashveil_status hv_row_claim(sqlite3_stmt *row, hashveil_claim *out)
{
    const void *record = sqlite3_column_blob(row, 2);
    *out = (hashveil_claim){.is_allowing = sqlite3_column_int64(row, 3) >= HASHVEIL_MAX_LISTS};
    if (!read_value(row, &out->value) || !record ||
        sqlite3_column_bytes(row, 2) != HASHVEIL_RECORD_ID_BYTES ||
        !read_text(row, 4, &out->source) || !read_text(row, 5, &out->label) ||
        !read_text(row, 6, &out->item) || !read_change(row, 7, &out->added) ||
        !read_change(row, 12, &out->removed)) {
        return HASHVEIL_ERR_FORMAT;
    }
    memcpy(out->record_id, record, sizeof out->record_id);
    return HASHVEIL_OK;
}

hashveil_status hv_rows_begin(hashveil_workspace *workspace, const hashveil_claim_filter *filter,
                              const char *sql, sqlite3_stmt **out)
{
    const int result = sqlite3_prepare_v2(workspace->db, sql, -1, out, NULL);
    if (result != SQLITE_OK) {
        return hv_status_of_sqlite(workspace->db, result);
    }
    if (filter->value) {
        const struct hv_value value = hv_value_of(filter->value);
        sqlite3_bind_int(*out, 1, value.kind);
        sqlite3_bind_blob(*out, 2, value.bytes, (int)value.len, SQLITE_TRANSIENT);
    }
    sqlite3_bind_text(*out, 3, filter->source, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(*out, 4, filter->label, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(*out, 5, filter->with_ended);
    return HASHVEIL_OK;
}

hashveil_status hashveil_workspace_claims(hashveil_workspace *workspace,
                                          const hashveil_claim_filter *filter,
                                          hashveil_claim_fn *tell, void *context)
{
    sqlite3_stmt *statement = NULL;
    hashveil_status status = hv_rows_begin(
        workspace, filter, HV_CLAIM_ROWS " ORDER BY kind, value, source, added", &statement);
    while (status == HASHVEIL_OK) {
        hashveil_claim claim;
        const int result = sqlite3_step(statement);
        if (result != SQLITE_ROW) {
            status = hv_status_of_sqlite(workspace->db, result);
            break;
        }
        status = hv_row_claim(statement, &claim);
        if (status == HASHVEIL_OK) {
            status = tell(context, &claim);
        }
    }
    sqlite3_finalize(statement);
    return status;
}

/* Counted once for all: a look at each change would read all claims again. */
static const char changes_sql[] =
    "WITH made AS (SELECT added AS number, count(*) AS n FROM claim GROUP BY added),"
    " ended AS (SELECT removed AS number, count(*) AS n FROM claim WHERE removed IS NOT NULL"
    "           GROUP BY removed)"
    " SELECT number, time_s, who, action, detail, coalesce(made.n, 0), coalesce(ended.n, 0)"
    " FROM change LEFT JOIN made USING (number) LEFT JOIN ended USING (number) ORDER BY number";

hashveil_status hashveil_workspace_changes(hashveil_workspace *workspace, hashveil_change_fn *tell,
                                           void *context)
{
    sqlite3_stmt *statement = NULL;
    hashveil_status status = hv_status_of_sqlite(
        workspace->db, sqlite3_prepare_v2(workspace->db, changes_sql, -1, &statement, NULL));
    while (status == HASHVEIL_OK) {
        hashveil_change change;
        const int result = sqlite3_step(statement);
        if (result != SQLITE_ROW) {
            status = hv_status_of_sqlite(workspace->db, result);
            break;
        }
        status = read_change(statement, 0, &change) ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
        if (status == HASHVEIL_OK) {
            status = tell(context, &change, (uint64_t)sqlite3_column_int64(statement, 5),
                          (uint64_t)sqlite3_column_int64(statement, 6));
        }
    }
    sqlite3_finalize(statement);
    return status;
}
