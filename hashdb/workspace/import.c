/* SPDX-License-Identifier: Apache-2.0 */
/* A list or a folder into the workspace, as one transaction. */
#include "hashdb/workspace/workspace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/files.h"
#include "base/sqlite_file.h"
#include "base/text.h"
#include "hashdb/lists/list_format.h"
#include "hashdb/workspace/batch.h"
#include "hashdb/workspace/claims.h"
#include "hashdb/workspace/hashed_files.h"
#include "hashdb/workspace/settling.h"

struct hv_import {
    struct hv_claims claims;
    struct hv_batch batch;
    struct hv_hashed_files hashed;
    const char *path;
    const hashveil_import_options *options;
    /* The source of the item before: lists name the same one again and again. */
    char source_name[HASHVEIL_LIST_NAME_MAX_LEN + 1];
    bool is_allowing;
    int64_t source;
    hashveil_import_counts counts;
};

const hashveil_import_options *hv_import_options(const struct hv_import *import)
{
    return import->options;
}

struct hv_hashed_files *hv_import_hashed_files(struct hv_import *import)
{
    return &import->hashed;
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

static void count_named(struct hv_import *import, const struct hv_value *value, bool is_new)
{
    hashveil_import_counts *counts = &import->counts;
    if (value->kind == HV_VALUE_PDQ) {
        counts->added += is_new;
        counts->known += !is_new;
    } else {
        counts->digests_added += is_new;
        counts->digests_known += !is_new;
    }
}

static hashveil_status see(struct hv_import *import, const struct hv_value *value, int64_t source)
{
    return import->options->is_snapshot ? hv_claims_see(&import->claims, value, source)
                                        : HASHVEIL_OK;
}

static hashveil_status name_values(struct hv_import *import, const struct hv_value *values,
                                   size_t count, const struct hv_claim *claim)
{
    bool is_new[HV_ITEM_MAX_VALUES] = {false};
    hashveil_status status = hv_claims_name(&import->claims, values, count, claim, is_new);
    for (size_t i = 0; i < count && status == HASHVEIL_OK; i++) {
        count_named(import, &values[i], is_new[i]);
        status = see(import, &values[i], claim->source);
    }
    return status;
}

static hashveil_status withdraw_value(struct hv_import *import, const struct hv_value *value,
                                      int64_t source)
{
    uint64_t count;
    const hashveil_status status = hv_claims_withdraw(&import->claims, value, source, &count);
    import->counts.withdrawn += count;
    import->counts.not_named += status == HASHVEIL_OK && count == 0;
    return status;
}

static hashveil_status write_row(struct hv_import *import, const struct hv_batch_row *row)
{
    const struct hv_claim claim = {.source = row->source, .label = row->label, .item = row->id};
    return row->is_withdrawn ? withdraw_value(import, &row->value, row->source)
                             : name_values(import, &row->value, 1, &claim);
}

/* Writes what waits. */
static hashveil_status flush(struct hv_import *import)
{
    hashveil_status status = HASHVEIL_OK;
    hv_batch_sort(&import->batch);
    for (size_t i = 0; i < import->batch.count && status == HASHVEIL_OK; i++) {
        status = write_row(import, &import->batch.rows[i]);
    }
    import->batch.count = 0;
    return status;
}

/* Values of an item that has one only wait for their neighbours; others are linked by it. */
static hashveil_status put(struct hv_import *import, const struct hv_import_item *item,
                           const struct hv_claim *claim)
{
    struct hv_batch *batch = &import->batch;
    struct hv_batch_row *row = &batch->rows[batch->count];
    *row = (struct hv_batch_row){.value = item->values[0],
                                 .is_withdrawn = item->act == HV_IMPORT_WITHDRAWS,
                                 .number = (uint32_t)batch->count,
                                 .source = claim->source};
    snprintf(row->label, sizeof row->label, "%s", claim->label);
    snprintf(row->id, sizeof row->id, "%s", claim->item);
    return ++batch->count == HV_BATCH_ROOM ? flush(import) : HASHVEIL_OK;
}

static hashveil_status withdraw(struct hv_import *import, const struct hv_import_item *item,
                                const struct hv_claim *claim)
{
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = 0; i < item->count && status == HASHVEIL_OK; i++) {
        status = withdraw_value(import, &item->values[i], claim->source);
    }
    if (status == HASHVEIL_OK && item->count == 0 && *claim->item) {
        uint64_t count;
        status = hv_claims_withdraw_item(&import->claims, claim->source, claim->item, &count);
        import->counts.withdrawn += count;
        import->counts.not_named += status == HASHVEIL_OK && count == 0;
    }
    return status;
}

/* Errors: ERR_ARGUMENT (nobody names it), ERR_LIMIT, and those of the workspace. */
static hashveil_status find_source(struct hv_import *import, const struct hv_import_item *item,
                                   int64_t *number_out)
{
    const hashveil_import_options *options = import->options;
    const char *name = options->source ? options->source : item->member;
    const bool is_allowing = options->is_allow_list || item->act == HV_IMPORT_ALLOWS;
    char full_name[HASHVEIL_LIST_NAME_MAX_LEN + 1];
    const int len = snprintf(full_name, sizeof full_name, "%s%s", name,
                             is_allowing && !options->is_allow_list ? HV_ALLOWED_SUFFIX : "");
    if (!*name) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    if (len < 0 || (size_t)len >= sizeof full_name) {
        return HASHVEIL_ERR_LIMIT;
    }
    hashveil_status status = HASHVEIL_OK;
    if (import->source < 0 || import->is_allowing != is_allowing ||
        strcmp(import->source_name, full_name) != 0) {
        import->source = -1;
        status = hv_claims_source(&import->claims, full_name, is_allowing, number_out);
        if (status == HASHVEIL_OK) {
            import->source = *number_out;
            import->is_allowing = is_allowing;
            memcpy(import->source_name, full_name, sizeof full_name);
        }
    }
    *number_out = import->source;
    return status;
}

hashveil_status hv_import_item(struct hv_import *import, const struct hv_import_item *item)
{
    const char *default_label = import->options->label ? import->options->label : "";
    struct hv_claim claim = {.label = *item->label ? item->label : default_label, .item = item->id};
    hashveil_status status = find_source(import, item, &claim.source);
    if (status != HASHVEIL_OK) {
        return status;
    }
    if (item->count == 1) {
        return put(import, item, &claim);
    }
    status = flush(import);
    if (status == HASHVEIL_OK) {
        status = item->act == HV_IMPORT_WITHDRAWS
                     ? withdraw(import, item, &claim)
                     : name_values(import, item->values, item->count, &claim);
    }
    return status;
}

static const enum hv_import_act acts[] = {
    [HV_LIST_NAMES] = HV_IMPORT_NAMES,
    [HV_LIST_WITHDRAWS] = HV_IMPORT_WITHDRAWS,
    [HV_LIST_ALLOWS] = HV_IMPORT_ALLOWS,
};

static hashveil_status take_listed(void *context, const struct hv_list_item *listed)
{
    struct hv_import *import = context;
    struct hv_import_item item = {.act = acts[listed->claim],
                                  .member = listed->member,
                                  .label = listed->label,
                                  .id = listed->id};
    if (listed->has_hash && listed->quality < HASHVEIL_PDQ_MIN_QUALITY &&
        listed->claim == HV_LIST_NAMES) {
        hv_import_note_low_quality(import);
    } else if (listed->has_hash) {
        item.values[item.count++] = hv_value_of_hash(&listed->hash);
    }
    for (unsigned kind = HASHVEIL_DIGEST_KINDS; kind-- > 0;) {
        if (listed->has_digest[kind]) {
            const hashveil_digest digest =
                hashveil_digests_get(&listed->digests, (hashveil_digest_kind)kind);
            item.values[item.count++] = hv_value_of_digest(&digest);
        }
    }
    return item.count > 0 || (item.act == HV_IMPORT_WITHDRAWS && *item.id)
               ? hv_import_item(import, &item)
               : HASHVEIL_OK;
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

static hashveil_status import_path(struct hv_import *import)
{
    const struct hv_list_sink sink = {take_listed, take_problem, take_progress, import};
    const char *name = import->options->format;
    const struct hv_list_format *format = name ? hv_list_format_named(name) : NULL;
    struct stat info;
    if (name && !format) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    if (stat(import->path, &info) != 0) {
        return hv_status_of_errno(errno);
    }
    if (S_ISDIR(info.st_mode)) {
        return import->options->source ? hv_import_folder(import, import->claims.db, import->path)
                                       : HASHVEIL_ERR_ARGUMENT;
    }
    return hv_list_read(import->path, format, &sink);
}

/* All that is written in the transaction. */
static hashveil_status run(struct hv_import *import)
{
    uint64_t withdrawn = 0;
    hashveil_status status = hv_batch_init(&import->batch);
    if (status == HASHVEIL_OK) {
        status = import_path(import);
    }
    if (status == HASHVEIL_OK) {
        status = flush(import);
    }
    if (status == HASHVEIL_OK && import->options->is_snapshot) {
        status = hv_claims_withdraw_unseen(&import->claims, &withdrawn);
        import->counts.withdrawn += withdrawn;
    }
    if (status == HASHVEIL_OK) {
        status = hv_claims_settle(&import->claims);
    }
    hv_batch_clear(&import->batch);
    return status;
}

/* NULL is none. */
static bool text_is_valid(const char *text, size_t max_len)
{
    const size_t len = text ? strlen(text) : 1;
    return !text || (len >= 1 && len <= max_len && hv_text_is_plain(text, len));
}

hashveil_status hashveil_workspace_import(hashveil_workspace *workspace, const char *path,
                                          const hashveil_import_options *options,
                                          hashveil_import_counts *out)
{
    struct hv_import import = {.path = path, .options = options, .source = -1};
    if (!text_is_valid(options->source, HASHVEIL_LIST_NAME_MAX_LEN) ||
        !text_is_valid(options->label, HASHVEIL_LABEL_MAX_LEN)) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    hashveil_status status = hv_sqlite_run(workspace->db, "BEGIN IMMEDIATE");
    if (status != HASHVEIL_OK) {
        return status;
    }
    status = hv_claims_begin(workspace->db, "import", options->who ? options->who : "", path,
                             &import.claims);
    if (status == HASHVEIL_OK) {
        status = run(&import);
    }
    hv_claims_end(&import.claims);
    status = hv_claims_finish(workspace->db, status);
    hv_hashed_files_close(&import.hashed, status == HASHVEIL_OK);
    if (status == HASHVEIL_OK) {
        *out = import.counts;
    }
    return status;
}
