/* SPDX-License-Identifier: Apache-2.0 */
/* All of a workspace as entries to be sealed or indexed. */
#include "hashdb/workspace/workspace.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/sqlite_file.h"
#include "base/sqlite_status.h"
#include "base/text.h"

void hashveil_entries_clear(hashveil_entries *entries)
{
    free(entries->entries);
    free(entries->exact);
    *entries = (hashveil_entries){0};
}

/* Copies a column's text, 1..max_len bytes, into a cleared array. The file is the curator's own,
 * but it may have been changed by other programs. */
static hashveil_status copy_text(sqlite3_stmt *statement, int column, char *out, size_t max_len)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    const size_t len = (size_t)sqlite3_column_bytes(statement, column);
    if (!text || len == 0 || len > max_len || !hv_text_is_plain(text, len)) {
        return HASHVEIL_ERR_FORMAT;
    }
    memcpy(out, text, len);
    return HASHVEIL_OK;
}

/* Entries as they come in. A damaged file may hold more rows than it counts. */
struct loading {
    hashveil_entries *out;
    size_t capacity;
};

/* Calls take for each row until it fails. */
typedef hashveil_status row_fn(sqlite3_stmt *row, struct loading *loading);

static hashveil_status each_row(sqlite3 *db, const char *sql, row_fn *take, struct loading *loading)
{
    sqlite3_stmt *statement = NULL;
    hashveil_status status =
        hv_status_of_sqlite(db, sqlite3_prepare_v2(db, sql, -1, &statement, NULL));
    while (status == HASHVEIL_OK) {
        const int result = sqlite3_step(statement);
        if (result != SQLITE_ROW) {
            status = hv_status_of_sqlite(db, result);
            break;
        }
        status = take(statement, loading);
    }
    sqlite3_finalize(statement);
    return status;
}

/* Sources are numbered from 0 without a gap. */
static hashveil_status take_source(sqlite3_stmt *row, struct loading *loading)
{
    hashveil_entries *entries = loading->out;
    const size_t number = entries->list_count;
    if (number == HASHVEIL_MAX_LISTS || sqlite3_column_int64(row, 0) != (int64_t)number) {
        return HASHVEIL_ERR_FORMAT;
    }
    entries->list_count++;
    return copy_text(row, 1, entries->list_names[number], HASHVEIL_LIST_NAME_MAX_LEN);
}

static hashveil_status take_count(sqlite3_stmt *row, struct loading *loading)
{
    loading->capacity = (size_t)sqlite3_column_int64(row, 0);
    loading->out->entries = hv_alloc_array(loading->capacity, sizeof(hashveil_entry));
    return loading->out->entries ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
}

/* Returns NULL when there are more than were counted. */
static hashveil_entry *new_entry(struct loading *loading)
{
    hashveil_entries *out = loading->out;
    return out->entries && out->count < loading->capacity ? &out->entries[out->count++] : NULL;
}

/* Rows of one hash stand together, by source. Where sources disagree on the label, the first one's
 * counts. */
static hashveil_status take_claim(sqlite3_stmt *row, struct loading *loading)
{
    hashveil_entries *entries = loading->out;
    const void *blob = sqlite3_column_blob(row, 1);
    const void *record = sqlite3_column_blob(row, 2);
    const int64_t source = sqlite3_column_int64(row, 3);
    hashveil_entry *entry = entries->count ? &entries->entries[entries->count - 1] : NULL;
    hashveil_pdq hash;

    if (!blob ||
        !hv_value_is_valid(sqlite3_column_int64(row, 0), (size_t)sqlite3_column_bytes(row, 1)) ||
        !record || sqlite3_column_bytes(row, 2) != HASHVEIL_RECORD_ID_BYTES || source < 0 ||
        (size_t)source >= entries->list_count) {
        return HASHVEIL_ERR_FORMAT;
    }
    if (sqlite3_column_int64(row, 0) != HV_VALUE_PDQ) {
        return HASHVEIL_OK;
    }
    hv_hash_from_blob(blob, &hash);
    if (!entry || hashveil_pdq_distance(&entry->hash, &hash) != 0) {
        entry = new_entry(loading);
        if (!entry) {
            return HASHVEIL_ERR_FORMAT;
        }
        entry->hash = hash;
        memcpy(entry->record.id, record, HASHVEIL_RECORD_ID_BYTES);
        const hashveil_status status =
            copy_text(row, 4, entry->record.labels[0], HASHVEIL_LABEL_MAX_LEN);
        if (status != HASHVEIL_OK) {
            return status;
        }
    }
    entry->record.lists |= UINT64_C(1) << source;
    return HASHVEIL_OK;
}

static const struct {
    const char *sql;
    row_fn *take;
} queries[] = {
    {"SELECT number, name FROM source ORDER BY number", take_source},
    {"SELECT count(*) FROM entry WHERE kind = 0", take_count},
    {"SELECT kind, value, record, source, label FROM entry JOIN claim USING (kind, value)"
     " ORDER BY kind, value, source",
     take_claim},
};

hashveil_status hashveil_workspace_entries(hashveil_workspace *workspace, hashveil_entries *out)
{
    sqlite3 *db = workspace->db;
    struct loading loading = {.out = out};
    *out = (hashveil_entries){0};
    /* One transaction: the three see the same state. */
    hashveil_status status = hv_sqlite_run(db, "BEGIN");
    for (size_t i = 0; i < sizeof queries / sizeof queries[0] && status == HASHVEIL_OK; i++) {
        status = each_row(db, queries[i].sql, queries[i].take, &loading);
    }
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL); /* nothing was written */
    if (status != HASHVEIL_OK) {
        hashveil_entries_clear(out);
    }
    return status;
}
