/* SPDX-License-Identifier: Apache-2.0 */
/* Two workspaces into one: of each source's word on each value, the last counts. */
#include <hashveil/curation.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/sqlite_file.h"
#include "base/sqlite_status.h"
#include "hashdb/workspace/claims.h"
#include "hashdb/workspace/rows.h"

/* The last that a source said of a value, at 1, and when it said so. */
static const char last_word_sql[] =
    "SELECT removed IS NULL, label, item, max(a.time_s, coalesce(r.time_s, 0))"
    " FROM claim JOIN change AS a ON a.number = added LEFT JOIN change AS r ON r.number = removed"
    " WHERE kind = ? AND value = ? AND source = ? ORDER BY added DESC LIMIT 1";

/* The other's last words. */
static const char other_sql[] =
    HV_CLAIM_ROWS " AND NOT EXISTS (SELECT 1 FROM claim AS later WHERE later.kind = claim.kind"
                  " AND later.value = claim.value AND later.source = claim.source"
                  " AND later.added > claim.added) ORDER BY record, kind, value, source";

/* A change of the other's, as it is here. */
struct known_change {
    int64_t number; /* 0 while it has none */
    bool is_noted;
};

struct merge {
    hashveil_workspace *here;
    struct known_change *changes; /* owned; by the other's numbers */
    uint64_t change_count;
    struct known_change *current; /* that claims is set to; NULL before the first */
    int64_t next_number;
    struct hv_claims claims;
    sqlite3_stmt *last_word; /* owned */
    hashveil_merge_counts counts;
};

/* What is known here. */
struct word {
    bool is_there, holds, is_same;
    uint64_t time_s;
};

static bool is_text(sqlite3_stmt *row, int column, const char *text)
{
    const char *found = (const char *)sqlite3_column_text(row, column);
    return found && strcmp(found, text) == 0;
}

static hashveil_status find_word(struct merge *merge, const struct hv_value *value, int64_t source,
                                 const hashveil_claim *other, struct word *out)
{
    sqlite3_stmt *statement = merge->last_word;
    sqlite3_bind_int(statement, 1, value->kind);
    sqlite3_bind_blob(statement, 2, value->bytes, (int)value->len, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, source);
    const int result = sqlite3_step(statement);
    *out = (struct word){.is_there = result == SQLITE_ROW};
    if (out->is_there) {
        out->holds = sqlite3_column_int(statement, 0) != 0;
        out->is_same = is_text(statement, 1, other->label) && is_text(statement, 2, other->item);
        out->time_s = (uint64_t)sqlite3_column_int64(statement, 3);
    }
    const hashveil_status status = hv_status_of_sqlite(merge->here->db, result);
    (void)sqlite3_reset(statement); /* repeats the result */
    return status;
}

/* What is taken over keeps the time at which it was said, and who said so. */
static hashveil_status use_change(struct merge *merge, const hashveil_change *change)
{
    struct hv_claims *claims = &merge->claims;
    if (change->number >= merge->change_count) {
        return HASHVEIL_ERR_FORMAT;
    }
    if (merge->current) {
        merge->current->is_noted = claims->is_noted;
    }
    merge->current = &merge->changes[change->number];
    if (merge->current->number == 0) {
        merge->current->number = merge->next_number++;
    }
    claims->change = merge->current->number;
    claims->is_noted = merge->current->is_noted;
    claims->time_s = change->time_s;
    claims->who = change->who;
    return HASHVEIL_OK;
}

static hashveil_status end_claim(struct merge *merge, const struct hv_value *value, int64_t source)
{
    uint64_t ended;
    const hashveil_status status = hv_claims_withdraw(&merge->claims, value, source, &ended);
    merge->counts.ended += ended;
    return status;
}

static hashveil_status make_claim(struct merge *merge, const struct hv_value *value, int64_t source,
                                  const hashveil_claim *other, bool was_there)
{
    const struct hv_claim claim = {
        .source = source, .label = other->label, .item = other->item, .record = other->record_id};
    bool is_new;
    const hashveil_status status = hv_claims_name(&merge->claims, value, 1, &claim, &is_new);
    if (status == HASHVEIL_OK && was_there) {
        merge->counts.changed++;
    } else if (status == HASHVEIL_OK) {
        merge->counts.added++;
    }
    return status;
}

static hashveil_status take(struct merge *merge, const hashveil_claim *other)
{
    const struct hv_value value = hv_value_of(&other->value);
    const bool holds = other->removed.number == 0;
    const uint64_t time_s = holds ? other->added.time_s : other->removed.time_s;
    int64_t source;
    struct word word;
    hashveil_status status = use_change(merge, holds ? &other->added : &other->removed);
    if (status == HASHVEIL_OK) {
        status = hv_claims_source(&merge->claims, other->source, other->is_allowing, &source);
    }
    if (status == HASHVEIL_OK) {
        status = find_word(merge, &value, source, other, &word);
    }
    if (status != HASHVEIL_OK || (word.is_there && word.time_s >= time_s)) {
        return status;
    }
    if (!holds) {
        return word.is_there && word.holds ? end_claim(merge, &value, source) : HASHVEIL_OK;
    }
    return word.is_there && word.holds && word.is_same
               ? HASHVEIL_OK
               : make_claim(merge, &value, source, other, word.is_there && word.holds);
}

static hashveil_status take_all(struct merge *merge, hashveil_workspace *other)
{
    const hashveil_claim_filter filter = {.with_ended = true};
    sqlite3_stmt *rows = NULL;
    uint64_t last;
    hashveil_status status = hashveil_workspace_last_change(other, &last);
    if (status != HASHVEIL_OK) {
        return status;
    }
    merge->change_count = last + 1;
    merge->changes = hv_alloc_array((size_t)merge->change_count, sizeof *merge->changes);
    if (!merge->changes) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    merge->next_number = merge->claims.change;
    int result = sqlite3_prepare_v2(merge->here->db, last_word_sql, -1, &merge->last_word, NULL);
    status = hv_status_of_sqlite(merge->here->db, result);
    if (status == HASHVEIL_OK) {
        status = hv_rows_begin(other, &filter, other_sql, &rows);
    }
    while (status == HASHVEIL_OK && (result = sqlite3_step(rows)) == SQLITE_ROW) {
        hashveil_claim claim;
        status = hv_row_claim(rows, &claim);
        if (status == HASHVEIL_OK) {
            status = take(merge, &claim);
        }
    }
    if (status == HASHVEIL_OK) {
        status = hv_status_of_sqlite(other->db, result);
    }
    sqlite3_finalize(rows);
    sqlite3_finalize(merge->last_word);
    free(merge->changes);
    return status;
}

hashveil_status hashveil_workspace_merge(hashveil_workspace *workspace, hashveil_workspace *other,
                                         const char *other_path, hashveil_merge_counts *out)
{
    struct merge merge = {.here = workspace};
    hashveil_status status = hv_sqlite_run(workspace->db, "BEGIN IMMEDIATE");
    if (status != HASHVEIL_OK) {
        return status;
    }
    status = hv_claims_begin(workspace->db, "merge", "", other_path, &merge.claims);
    if (status == HASHVEIL_OK) {
        status = take_all(&merge, other);
    }
    hv_claims_end(&merge.claims);
    status = hv_claims_finish(workspace->db, status);
    if (status == HASHVEIL_OK) {
        *out = merge.counts;
    }
    return status;
}
