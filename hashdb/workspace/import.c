/* SPDX-License-Identifier: Apache-2.0 */
/* A list or a folder into the workspace, as one transaction. */
#include "hashdb/workspace/workspace.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"
#include "base/sqlite_file.h"
#include "base/sqlite_status.h"
#include "base/text.h"
#include "hashdb/lists/list_format.h"

static const char claim_sql[] =
    "INSERT INTO claim (kind, value, source, label, added_s) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (kind, value, source) DO UPDATE SET label = excluded.label";

/* One row a statement; they live as long as the import. */
#define STATEMENT_TABLE(X)                                                                         \
    X(FIND_SOURCE, "SELECT number FROM source WHERE name = ?")                                     \
    X(COUNT_SOURCES, "SELECT count(*) FROM source")                                                \
    X(ADD_SOURCE, "INSERT INTO source (number, name) VALUES (?, ?)")                               \
    X(FIND_ENTRY, "SELECT record FROM entry WHERE kind = ? AND value = ?")                         \
    X(ADD_ENTRY, "INSERT INTO entry (kind, value, record) VALUES (?, ?, ?)")                       \
    X(MOVE_ENTRY, "UPDATE entry SET record = ?3 WHERE kind = ?1 AND value = ?2")                   \
    X(ADD_CLAIM, claim_sql)

enum statement {
#define X(name, sql) name,
    STATEMENT_TABLE(X)
#undef X
        STATEMENT_COUNT
};

static const char *const statement_texts[] = {
#define X(name, sql) sql,
    STATEMENT_TABLE(X)
#undef X
};

struct hv_import {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT]; /* owned */
    const char *path;
    const hashveil_import_options *options;
    int64_t source;
    hashveil_import_counts counts;
};

const hashveil_import_options *hv_import_options(const struct hv_import *import)
{
    return import->options;
}

void hv_import_note_low_quality(struct hv_import *import)
{
    import->counts.low_quality++;
}

void hv_import_note_not_image(struct hv_import *import)
{
    import->counts.not_images++;
}

void hv_import_progress(const struct hv_import *import, uint64_t done)
{
    if (import->options->progress) {
        import->options->progress(import->options->context, done, 0);
    }
}

hashveil_status hv_import_problem(struct hv_import *import, const char *path, uint64_t line,
                                  hashveil_status problem)
{
    import->counts.problems++;
    if (import->options->on_problem) {
        import->options->on_problem(import->options->context, path, line, problem);
    }
    return import->options->is_strict ? problem : HASHVEIL_OK;
}

/* Runs a bound statement and makes it ready for the next time. number_out: the first column of a
 * row, untouched without one; may be NULL. */
static hashveil_status step(struct hv_import *import, enum statement which, int64_t *number_out)
{
    sqlite3_stmt *statement = import->statements[which];
    const int result = sqlite3_step(statement);
    const hashveil_status status = hv_status_of_sqlite(import->db, result);
    if (result == SQLITE_ROW && number_out) {
        *number_out = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_reset(statement); /* repeats the result */
    return status;
}

/* The statements on values have kind and value as their first two parameters. */
static sqlite3_stmt *bind_value(struct hv_import *import, enum statement which,
                                const struct hv_value *value)
{
    sqlite3_stmt *statement = import->statements[which];
    sqlite3_bind_int(statement, 1, value->kind);
    sqlite3_bind_blob(statement, 2, value->bytes, (int)value->len, SQLITE_STATIC);
    return statement;
}

static hashveil_status add_claim(struct hv_import *import, const struct hv_value *value)
{
    sqlite3_stmt *statement = bind_value(import, ADD_CLAIM, value);
    sqlite3_bind_int64(statement, 3, import->source);
    sqlite3_bind_text(statement, 4, import->options->label, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 5, (sqlite3_int64)time(NULL));
    return step(import, ADD_CLAIM, NULL);
}

/* The record id of a value. */
struct place {
    bool is_known;
    uint8_t record[HASHVEIL_RECORD_ID_BYTES]; /* where it is known */
};

static hashveil_status find_entry(struct hv_import *import, const struct hv_value *value,
                                  struct place *out)
{
    sqlite3_stmt *statement = bind_value(import, FIND_ENTRY, value);
    const int result = sqlite3_step(statement);
    hashveil_status status = hv_status_of_sqlite(import->db, result);
    out->is_known = result == SQLITE_ROW;
    if (out->is_known) {
        const void *record = sqlite3_column_blob(statement, 0);
        if (record && sqlite3_column_bytes(statement, 0) == HASHVEIL_RECORD_ID_BYTES) {
            memcpy(out->record, record, HASHVEIL_RECORD_ID_BYTES);
        } else {
            status = HASHVEIL_ERR_FORMAT;
        }
    }
    (void)sqlite3_reset(statement); /* repeats the result */
    return status;
}

static hashveil_status put_entry(struct hv_import *import, const struct hv_value *value,
                                 const struct place *place, const uint8_t *record)
{
    const enum statement which = place->is_known ? MOVE_ENTRY : ADD_ENTRY;
    const bool is_digest = value->kind != HV_VALUE_PDQ;
    hashveil_import_counts *counts = &import->counts;
    uint64_t *count = place->is_known ? (is_digest ? &counts->digests_known : &counts->known)
                                      : (is_digest ? &counts->digests_added : &counts->added);
    (*count)++;
    if (place->is_known && memcmp(place->record, record, HASHVEIL_RECORD_ID_BYTES) == 0) {
        return HASHVEIL_OK;
    }
    sqlite3_bind_blob(bind_value(import, which, value), 3, record, HASHVEIL_RECORD_ID_BYTES,
                      SQLITE_STATIC);
    return step(import, which, NULL);
}

/* Finds the places of values, and the record id that they are to share. */
static hashveil_status find_item(struct hv_import *import, const struct hv_value *values,
                                 size_t count, struct place *places,
                                 uint8_t record_out[HASHVEIL_RECORD_ID_BYTES])
{
    const struct place *first = NULL;
    for (size_t i = 0; i < count; i++) {
        const hashveil_status status = find_entry(import, &values[i], &places[i]);
        if (status != HASHVEIL_OK) {
            return status;
        }
        first = !first && places[i].is_known ? &places[i] : first;
    }
    if (first) {
        memcpy(record_out, first->record, HASHVEIL_RECORD_ID_BYTES);
        return HASHVEIL_OK;
    }
    return getentropy(record_out, HASHVEIL_RECORD_ID_BYTES) == 0 ? HASHVEIL_OK : HASHVEIL_ERR_IO;
}

hashveil_status hv_import_item(struct hv_import *import, const struct hv_value *values,
                               size_t count)
{
    struct place places[HV_ITEM_MAX_VALUES];
    uint8_t record[HASHVEIL_RECORD_ID_BYTES];
    hashveil_status status = find_item(import, values, count, places, record);
    for (size_t i = 0; i < count && status == HASHVEIL_OK; i++) {
        status = put_entry(import, &values[i], &places[i], record);
        if (status == HASHVEIL_OK) {
            status = add_claim(import, &values[i]);
        }
    }
    return status;
}

static hashveil_status take_listed(void *context, const struct hv_list_item *item)
{
    struct hv_import *import = context;
    struct hv_value values[HV_ITEM_MAX_VALUES];
    size_t count = 0;
    if (item->claim != HV_LIST_NAMES) {
        return HASHVEIL_ERR_UNSUPPORTED;
    }
    if (item->has_hash && item->quality < HASHVEIL_PDQ_MIN_QUALITY) {
        hv_import_note_low_quality(import);
    } else if (item->has_hash) {
        values[count++] = hv_value_of_hash(&item->hash);
    }
    for (unsigned kind = HASHVEIL_DIGEST_KINDS; kind-- > 0;) {
        if (item->has_digest[kind]) {
            const hashveil_digest digest =
                hashveil_digests_get(&item->digests, (hashveil_digest_kind)kind);
            values[count++] = hv_value_of_digest(&digest);
        }
    }
    return count > 0 ? hv_import_item(import, values, count) : HASHVEIL_OK;
}

static hashveil_status take_problem(void *context, uint64_t line, hashveil_status problem)
{
    struct hv_import *import = context;
    return hv_import_problem(import, import->path, line, problem);
}

static void take_progress(void *context, uint64_t lines)
{
    hv_import_progress(context, lines);
}

static hashveil_status find_or_add_source(struct hv_import *import)
{
    const char *name = import->options->source;
    int64_t count = 0;
    import->source = -1;
    sqlite3_bind_text(import->statements[FIND_SOURCE], 1, name, -1, SQLITE_STATIC);
    hashveil_status status = step(import, FIND_SOURCE, &import->source);
    if (status != HASHVEIL_OK || import->source >= 0) {
        return status;
    }
    status = step(import, COUNT_SOURCES, &count);
    if (status == HASHVEIL_OK && count >= HASHVEIL_MAX_LISTS) {
        status = HASHVEIL_ERR_LIMIT;
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    import->source = count;
    sqlite3_bind_int64(import->statements[ADD_SOURCE], 1, count);
    sqlite3_bind_text(import->statements[ADD_SOURCE], 2, name, -1, SQLITE_STATIC);
    return step(import, ADD_SOURCE, NULL);
}

static hashveil_status import_path(struct hv_import *import)
{
    const struct hv_list_sink sink = {take_listed, take_problem, take_progress, import};
    struct stat info;
    if (stat(import->path, &info) != 0) {
        return hv_status_of_errno(errno);
    }
    return S_ISDIR(info.st_mode) ? hv_import_folder(import, import->path)
                                 : hv_list_read(import->path, NULL, &sink);
}

static hashveil_status prepare(struct hv_import *import)
{
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = 0; i < STATEMENT_COUNT && status == HASHVEIL_OK; i++) {
        const int result =
            sqlite3_prepare_v2(import->db, statement_texts[i], -1, &import->statements[i], NULL);
        status = hv_status_of_sqlite(import->db, result);
    }
    return status;
}

static bool text_is_valid(const char *text, size_t max_len)
{
    const size_t len = text ? strlen(text) : 0;
    return len >= 1 && len <= max_len && hv_text_is_plain(text, len);
}

hashveil_status hashveil_workspace_import(hashveil_workspace *workspace, const char *path,
                                          const hashveil_import_options *options,
                                          hashveil_import_counts *out)
{
    struct hv_import import = {.db = workspace->db, .path = path, .options = options};
    if (!text_is_valid(options->source, HASHVEIL_LIST_NAME_MAX_LEN) ||
        !text_is_valid(options->label, HASHVEIL_LABEL_MAX_LEN)) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    hashveil_status status = hv_sqlite_run(import.db, "BEGIN IMMEDIATE");
    if (status != HASHVEIL_OK) {
        return status;
    }
    status = prepare(&import);
    if (status == HASHVEIL_OK) {
        status = find_or_add_source(&import);
    }
    if (status == HASHVEIL_OK) {
        status = import_path(&import);
    }
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(import.statements[i]);
    }
    if (status == HASHVEIL_OK) {
        status = hv_sqlite_run(import.db, "COMMIT");
    }
    if (status != HASHVEIL_OK) {
        /* What SQLite has rolled back by itself, as on a full disk, it says so of; that is fine. */
        sqlite3_exec(import.db, "ROLLBACK", NULL, NULL, NULL);
        return status;
    }
    *out = import.counts;
    return HASHVEIL_OK;
}
