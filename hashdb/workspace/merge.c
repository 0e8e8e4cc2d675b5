/* SPDX-License-Identifier: Apache-2.0 */
/* Two workspaces into one: of each source's word on each value, the last counts. */
#include <hashveil/curation.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/sqlite_file.h"
#include "base/sqlite_status.h"
#include "hashdb/workspace/claims.h"
#include "hashdb/workspace/linking.h"
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

struct merge {
    hashveil_workspace *here;
    bool *are_noted; /* owned; by the other's numbers of changes: whether it has a row here */
    uint64_t change_count;
    bool *current;       /* of the change that claims is set to; NULL before the first */
    int64_t last_number; /* of what was here before; the other's are counted on from it */
    struct hv_linking linking;
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
    if (change->number == 0 || change->number >= merge->change_count) {
        return HASHVEIL_ERR_FORMAT;
    }
    if (merge->current) {
        *merge->current = claims->is_noted;
    }
    merge->current = &merge->are_noted[change->number];
    claims->change = merge->last_number + (int64_t)change->number;
    claims->is_noted = *merge->current;
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

static hashveil_status make_claim(struct merge *merge, const struct hv_value *value,
                                  const struct hv_claim *claim, bool was_there)
{
    bool is_new;
    const hashveil_status status = hv_claims_name(&merge->claims, value, 1, claim, &is_new);
    if (status == HASHVEIL_OK && was_there) {
        merge->counts.changed++;
    } else if (status == HASHVEIL_OK) {
        merge->counts.added++;
    }
    return status;
}

/* A claim that has ended before it was known here: what is merged later and older must not bring it
 * back. */
static hashveil_status note_ended(struct merge *merge, const struct hv_value *value,
                                  const struct hv_claim *claim, const hashveil_claim *other)
{
    bool is_new;
    uint64_t ended;
    hashveil_status status = use_change(merge, &other->added);
    if (status == HASHVEIL_OK) {
        status = hv_claims_name(&merge->claims, value, 1, claim, &is_new);
    }
    if (status == HASHVEIL_OK) {
        status = use_change(merge, &other->removed);
    }
    return status == HASHVEIL_OK ? hv_claims_withdraw(&merge->claims, value, claim->source, &ended)
                                 : status;
}

/* holds: whether the other's claim does. */
static hashveil_status take_word(struct merge *merge, const hashveil_claim *other, bool holds,
                                 const struct word *word, const struct hv_claim *claim)
{
    const struct hv_value value = hv_value_of(&other->value);
    const bool holds_here = word->is_there && word->holds;
    if (!holds && !word->is_there) {
        return note_ended(merge, &value, claim, other);
    }
    if (!holds) {
        return holds_here ? end_claim(merge, &value, claim->source) : HASHVEIL_OK;
    }
    return holds_here && word->is_same ? HASHVEIL_OK : make_claim(merge, &value, claim, holds_here);
}

static hashveil_status take(struct merge *merge, const hashveil_claim *other)
{
    const struct hv_value value = hv_value_of(&other->value);
    const bool holds = other->removed.number == 0;
    const uint64_t time_s = holds ? other->added.time_s : other->removed.time_s;
    uint8_t record[HASHVEIL_RECORD_ID_BYTES];
    struct hv_claim claim = {.label = other->label, .item = other->item, .record = record};
    struct word word;
    hashveil_status status = use_change(merge, holds ? &other->added : &other->removed);
    if (status == HASHVEIL_OK) {
        status = hv_linking_find(&merge->linking, &merge->claims, other->record_id, record);
    }
    if (status == HASHVEIL_OK) {
        status = hv_claims_source(&merge->claims, other->source, other->is_allowing, &claim.source);
    }
    if (status == HASHVEIL_OK) {
        status = find_word(merge, &value, claim.source, other, &word);
    }
    return status != HASHVEIL_OK || (word.is_there && word.time_s >= time_s)
               ? status
               : take_word(merge, other, holds, &word, &claim);
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
    merge->are_noted = hv_alloc_array((size_t)merge->change_count, sizeof *merge->are_noted);
    if (!merge->are_noted) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    merge->last_number = merge->claims.change - 1;
    int result = sqlite3_prepare_v2(merge->here->db, last_word_sql, -1, &merge->last_word, NULL);
    status = hv_status_of_sqlite(merge->here->db, result);
    if (status == HASHVEIL_OK) {
        status = hv_linking_begin(other->db, &merge->linking);
    }
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
    hv_linking_end(&merge->linking);
    sqlite3_finalize(merge->last_word);
    free(merge->are_noted);
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
