/* SPDX-License-Identifier: Apache-2.0 */
/* A workspace's rows, as they are or were, to entries and to what is allowed. */
#include "hashdb/workspace/loading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/sqlite_file.h"
#include "base/sqlite_status.h"
#include "base/text.h"

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

/* Calls take for each row until it fails. as_of: bound to the parameter, where there is one. */
typedef hashveil_status row_fn(sqlite3_stmt *row, struct hv_loading *loading);

static hashveil_status each_row(sqlite3 *db, const char *sql, row_fn *take,
                                struct hv_loading *loading)
{
    sqlite3_stmt *statement = NULL;
    hashveil_status status =
        hv_status_of_sqlite(db, sqlite3_prepare_v2(db, sql, -1, &statement, NULL));
    if (status == HASHVEIL_OK && sqlite3_bind_parameter_count(statement) > 0) {
        sqlite3_bind_int64(statement, 1, loading->as_of_change);
    }
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

/* Sources that list are numbered from 0 without a gap, those that allow from HASHVEIL_MAX_LISTS. */
static hashveil_status take_source(sqlite3_stmt *row, struct hv_loading *loading)
{
    const int64_t number = sqlite3_column_int64(row, 0);
    const bool is_allowing = number >= HASHVEIL_MAX_LISTS;
    size_t *count = is_allowing ? &loading->allowing_count : &loading->entries.list_count;
    char(*names)[HASHVEIL_LIST_NAME_MAX_LEN + 1] =
        is_allowing ? loading->allowing_names : loading->entries.list_names;
    if (*count == HASHVEIL_MAX_LISTS ||
        number != (int64_t)*count + (is_allowing ? HASHVEIL_MAX_LISTS : 0)) {
        return HASHVEIL_ERR_FORMAT;
    }
    return copy_text(row, 1, names[(*count)++], HASHVEIL_LIST_NAME_MAX_LEN);
}

static hashveil_status take_counts(sqlite3_stmt *row, struct hv_loading *loading)
{
    hashveil_entries *out = &loading->entries;
    loading->capacity = (size_t)sqlite3_column_int64(row, 0);
    loading->exact_capacity = (size_t)sqlite3_column_int64(row, 1);
    loading->allowed_capacity = (size_t)sqlite3_column_int64(row, 2);
    out->entries = hv_alloc_array(loading->capacity, sizeof *out->entries);
    out->exact = hv_alloc_array(loading->exact_capacity, sizeof *out->exact);
    loading->allowed = hv_alloc_array(loading->allowed_capacity, sizeof *loading->allowed);
    return out->entries && out->exact && loading->allowed ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
}

static void take_digest(const struct hv_value *value, hashveil_digest *out)
{
    *out = (hashveil_digest){.kind = (hashveil_digest_kind)(value->kind - HV_VALUE_FIRST_DIGEST)};
    memcpy(out->bytes, value->bytes, value->len);
}

/* Returns the new entry's record, or NULL when there are more than were counted: a damaged file may
 * hold more rows than it counts. */
static hashveil_record *add_entry(struct hv_loading *loading, const struct hv_value *value)
{
    hashveil_entries *out = &loading->entries;
    if (value->kind == HV_VALUE_PDQ) {
        if (!out->entries || out->count == loading->capacity) {
            return NULL;
        }
        hv_hash_from_blob(value->bytes, &out->entries[out->count].hash);
        return &out->entries[out->count++].record;
    }
    if (!out->exact || out->exact_count == loading->exact_capacity) {
        return NULL;
    }
    take_digest(value, &out->exact[out->exact_count].digest);
    return &out->exact[out->exact_count++].record;
}

static hashveil_status read_value(sqlite3_stmt *row, struct hv_value *out)
{
    const void *blob = sqlite3_column_blob(row, 1);
    const int64_t kind = sqlite3_column_int64(row, 0);
    const size_t len = (size_t)sqlite3_column_bytes(row, 1);
    if (!blob || !hv_value_is_valid(kind, len)) {
        return HASHVEIL_ERR_FORMAT;
    }
    *out = (struct hv_value){.kind = (int)kind, .len = len};
    memcpy(out->bytes, blob, len);
    return HASHVEIL_OK;
}

static bool is_same_value(const struct hv_value *a, const struct hv_value *b)
{
    return a->kind == b->kind && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Keeps the labels in byte order, all different. Sources come in order, so that those of the first
 * ones stay where there is no room for all. */
static void add_label(hashveil_record *record, const char *label)
{
    size_t place = 0;
    int order = 1;
    while (place < HASHVEIL_MAX_LABELS && record->labels[place][0] != '\0') {
        order = strcmp(record->labels[place], label);
        if (order >= 0) {
            break;
        }
        place++;
    }
    if (order == 0 || record->labels[HASHVEIL_MAX_LABELS - 1][0] != '\0') {
        return;
    }
    memmove(record->labels[place + 1], record->labels[place],
            (HASHVEIL_MAX_LABELS - 1 - place) * sizeof record->labels[0]);
    snprintf(record->labels[place], sizeof record->labels[place], "%s", label);
}

static hashveil_status add_allowed(struct hv_loading *loading, const struct hv_value *value,
                                   const void *record, int64_t source)
{
    if (!loading->allowed || loading->allowed_count == loading->allowed_capacity) {
        return HASHVEIL_ERR_FORMAT;
    }
    struct hv_allowed *allowed = &loading->allowed[loading->allowed_count++];
    *allowed = (struct hv_allowed){.value = *value, .source = (size_t)source - HASHVEIL_MAX_LISTS};
    memcpy(allowed->record, record, sizeof allowed->record);
    return HASHVEIL_OK;
}

static hashveil_status add_listed(struct hv_loading *loading, const struct hv_value *value,
                                  const void *record, int64_t source, const char *label)
{
    if (!loading->record || !is_same_value(value, &loading->last)) {
        loading->record = add_entry(loading, value);
        loading->last = *value;
        if (!loading->record) {
            return HASHVEIL_ERR_FORMAT;
        }
        memcpy(loading->record->id, record, HASHVEIL_RECORD_ID_BYTES);
    }
    if (*label) {
        add_label(loading->record, label);
    }
    loading->record->lists |= UINT64_C(1) << source;
    return HASHVEIL_OK;
}

/* Rows of one value stand together, by source. */
static hashveil_status take_claim(sqlite3_stmt *row, struct hv_loading *loading)
{
    const void *record = sqlite3_column_blob(row, 2);
    const int64_t source = sqlite3_column_int64(row, 3);
    char label[HASHVEIL_LABEL_MAX_LEN + 1] = {0};
    struct hv_value value;

    hashveil_status status = read_value(row, &value);
    if (status == HASHVEIL_OK && sqlite3_column_bytes(row, 4) > 0) {
        status = copy_text(row, 4, label, HASHVEIL_LABEL_MAX_LEN);
    }
    const bool is_allowed = source >= HASHVEIL_MAX_LISTS;
    const size_t place = (size_t)(is_allowed ? source - HASHVEIL_MAX_LISTS : source);
    if (status != HASHVEIL_OK || !record || source < 0 ||
        sqlite3_column_bytes(row, 2) != HASHVEIL_RECORD_ID_BYTES ||
        sqlite3_column_type(row, 4) != SQLITE_TEXT ||
        place >= (is_allowed ? loading->allowing_count : loading->entries.list_count)) {
        return status == HASHVEIL_OK ? HASHVEIL_ERR_FORMAT : status;
    }
    return is_allowed ? add_allowed(loading, &value, record, source)
                      : add_listed(loading, &value, record, source, label);
}

#define HOLDS "(added <= ?1 AND (removed IS NULL OR removed > ?1))"

/* No more than these are expected below; claims of several sources on a value are counted each. */
static const struct {
    const char *sql;
    row_fn *take;
} queries[] = {
    {"SELECT number, name FROM source ORDER BY number", take_source},
    {"SELECT (SELECT count(*) FROM entry WHERE kind = 0),"
     " (SELECT count(*) FROM entry WHERE kind > 0),"
     " (SELECT count(*) FROM claim WHERE source >= 64 AND " HOLDS ")",
     take_counts},
    {"SELECT kind, value, record, source, label FROM entry JOIN claim USING (kind, value)"
     " WHERE " HOLDS " ORDER BY kind, value, source",
     take_claim},
};

hashveil_status hv_loading_run(hashveil_workspace *workspace, uint64_t as_of_change,
                               struct hv_loading *out)
{
    sqlite3 *db = workspace->db;
    *out = (struct hv_loading){.as_of_change = INT64_MAX};
    if (as_of_change > 0 && as_of_change < INT64_MAX) {
        out->as_of_change = (int64_t)as_of_change;
    }
    /* One transaction: the three see the same state. */
    hashveil_status status = hv_sqlite_run(db, "BEGIN");
    for (size_t i = 0; i < sizeof queries / sizeof queries[0] && status == HASHVEIL_OK; i++) {
        status = each_row(db, queries[i].sql, queries[i].take, out);
    }
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL); /* nothing was written */
    return status;
}

void hv_loading_clear(struct hv_loading *loading)
{
    hashveil_entries_clear(&loading->entries);
    free(loading->allowed);
    loading->allowed = NULL;
}
