/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a workspace's entries are to be sealed. */
#include <hashveil/index.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/sqlite_file.h"
#include "base/sqlite_status.h"
#include "hashdb/workspace/loading.h"

enum { HITS = 256 };

void hashveil_entries_clear(hashveil_entries *entries)
{
    free(entries->entries);
    free(entries->exact);
    *entries = (hashveil_entries){0};
}

/* A selection under way. */
struct choice {
    const hashveil_selection *selection;
    struct hv_loading loading;
    hashveil_index *listed;  /* owned; NULL where nothing near is looked for */
    hashveil_index *allowed; /* owned; of allowed hashes, NULL without any */
    size_t *allowed_of;      /* owned; of each of its hashes, the number in loading.allowed */
    hashveil_conflict_fn *on_conflict;
    void *context;
    hashveil_selection_counts counts;
};

static int compare_records(const void *a, const void *b)
{
    const struct hv_allowed *x = a;
    const struct hv_allowed *y = b;
    return memcmp(x->record, y->record, sizeof x->record);
}

/* Allowed values of one item stand together then, in an order that does not change. */
static int compare_allowed(const void *a, const void *b)
{
    const struct hv_allowed *x = a;
    const struct hv_allowed *y = b;
    const int by_record = compare_records(x, y);
    if (by_record != 0) {
        return by_record;
    }
    if (x->value.kind != y->value.kind) {
        return x->value.kind < y->value.kind ? -1 : 1;
    }
    const int by_value = memcmp(x->value.bytes, y->value.bytes, sizeof x->value.bytes);
    return by_value != 0 ? by_value : (x->source > y->source) - (x->source < y->source);
}

static hashveil_status index_allowed(struct choice *choice)
{
    struct hv_loading *loading = &choice->loading;
    hashveil_pdq *hashes = hv_alloc_array(loading->allowed_count, sizeof *hashes);
    size_t count = 0;
    choice->allowed_of = hv_alloc_array(loading->allowed_count, sizeof *choice->allowed_of);
    hashveil_status status = hashes && choice->allowed_of ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    qsort(loading->allowed, loading->allowed_count, sizeof *loading->allowed, compare_allowed);
    for (size_t i = 0; i < loading->allowed_count && status == HASHVEIL_OK; i++) {
        if (loading->allowed[i].value.kind == HV_VALUE_PDQ) {
            choice->allowed_of[count] = i;
            hv_hash_from_blob(loading->allowed[i].value.bytes, &hashes[count++]);
        }
    }
    if (status == HASHVEIL_OK) {
        status = hashveil_index_create_hashes(hashes, count, &choice->allowed);
    }
    free(hashes);
    return status;
}

static hashveil_status prepare(struct choice *choice)
{
    hashveil_status status = HASHVEIL_OK;
    if (choice->loading.allowed_count > 0) {
        status = index_allowed(choice);
    }
    if (status == HASHVEIL_OK && choice->selection->min_sources > 1 &&
        choice->selection->within_bits > 0) {
        status = hashveil_index_create(&choice->loading.entries, &choice->listed);
    }
    return status;
}

static void tell(const struct choice *choice, const hashveil_conflict *conflict)
{
    if (choice->on_conflict) {
        choice->on_conflict(choice->context, conflict, &choice->loading.entries);
    }
}

/* Who allows the value itself, or else something of its item; NULL for nobody. */
static const struct hv_allowed *find_allowed(const struct choice *choice,
                                             const struct hv_value *value,
                                             const hashveil_record *record)
{
    const struct hv_loading *loading = &choice->loading;
    struct hv_allowed wanted = {0};
    memcpy(wanted.record, record->id, sizeof wanted.record);
    const struct hv_allowed *found =
        loading->allowed_count > 0 ? bsearch(&wanted, loading->allowed, loading->allowed_count,
                                             sizeof wanted, compare_records)
                                   : NULL;
    while (found && found > loading->allowed && compare_records(found - 1, &wanted) == 0) {
        found--;
    }
    const struct hv_allowed *end = loading->allowed + loading->allowed_count;
    for (const struct hv_allowed *other = found; other && other < end; other++) {
        if (compare_records(other, &wanted) != 0) {
            break;
        }
        if (other->value.kind == value->kind &&
            memcmp(other->value.bytes, value->bytes, sizeof value->bytes) == 0) {
            return other;
        }
    }
    return found;
}

enum { BATCH = 64 };

/* Of each of some entries, the nearest allowed hash that a copy of it would match. */
struct near_allowed {
    hashveil_index_hit nearest[BATCH];
    size_t counts[BATCH]; /* 0: there is none */
};

static hashveil_status find_near_allowed(const struct choice *choice, const hashveil_entry *entries,
                                         size_t count, struct near_allowed *out)
{
    hashveil_pdq hashes[BATCH];
    *out = (struct near_allowed){0};
    if (!choice->allowed) {
        return HASHVEIL_OK;
    }
    for (size_t i = 0; i < count; i++) {
        hashes[i] = entries[i].hash;
    }
    return hashveil_index_within_each(choice->allowed, hashes, count, HASHVEIL_PDQ_MATCH_BITS,
                                      out->nearest, 1, out->counts);
}

static bool has_label(const hashveil_selection *selection, const hashveil_record *record)
{
    bool has_one = selection->label_count == 0;
    for (size_t i = 0; i < selection->label_count && !has_one; i++) {
        const char *wanted = selection->labels[i];
        const size_t len = strlen(wanted);
        const bool is_scheme = len > 0 && wanted[len - 1] == ':';
        for (size_t k = 0; k < HASHVEIL_MAX_LABELS; k++) {
            const char *label = record->labels[k];
            has_one |= is_scheme ? strncmp(label, wanted, len) == 0 : strcmp(label, wanted) == 0;
        }
    }
    return has_one;
}

/* Who names a hash, or one near it. */
static hashveil_status sources_near(const struct choice *choice, const hashveil_pdq *hash,
                                    uint64_t *lists)
{
    hashveil_index_hit few[HITS];
    hashveil_index_hit *hits = few;
    size_t count = 0;
    hashveil_status status = hashveil_index_within(
        choice->listed, hash, choice->selection->within_bits, few, HITS, &count);
    if (status == HASHVEIL_OK && count > HITS) {
        hits = hv_alloc_array(count, sizeof *hits);
        status = hits ? hashveil_index_within(choice->listed, hash, choice->selection->within_bits,
                                              hits, count, &count)
                      : HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count && status == HASHVEIL_OK; i++) {
        *lists |= choice->loading.entries.entries[hits[i].number].record.lists;
    }
    if (hits != few) {
        free(hits);
    }
    return status;
}

/* hash: NULL of a digest. */
static hashveil_status has_sources(const struct choice *choice, const hashveil_pdq *hash,
                                   const hashveil_record *record, bool *out)
{
    uint64_t lists = record->lists;
    hashveil_status status = HASHVEIL_OK;
    if (hash && choice->listed &&
        (unsigned)__builtin_popcountll(lists) < choice->selection->min_sources) {
        status = sources_near(choice, hash, &lists);
    }
    *out = (unsigned)__builtin_popcountll(lists) >= choice->selection->min_sources;
    return status;
}

/* hash: NULL of a digest; near: an allowed hash near it, or NULL; conflict: the value filled in. */
static hashveil_status choose(struct choice *choice, const hashveil_pdq *hash,
                              const hashveil_index_hit *near, const hashveil_record *record,
                              hashveil_conflict *conflict, bool *is_chosen_out)
{
    const struct hv_value value =
        hash ? hv_value_of_hash(hash) : hv_value_of_digest(&conflict->digest);
    const struct hv_allowed *allowed = find_allowed(choice, &value, record);
    bool has_enough = false;
    *is_chosen_out = false;
    if (!allowed && near) {
        allowed = &choice->loading.allowed[choice->allowed_of[near->number]];
        conflict->distance_bits = near->distance;
    }
    if (allowed) {
        conflict->lists = record->lists;
        memcpy(conflict->allowed_by, choice->loading.allowing_names[allowed->source],
               sizeof conflict->allowed_by);
        choice->counts.disputed++;
        tell(choice, conflict);
        return HASHVEIL_OK;
    }
    if (!has_label(choice->selection, record)) {
        choice->counts.other_labels++;
        return HASHVEIL_OK;
    }
    const hashveil_status status = has_sources(choice, hash, record, &has_enough);
    choice->counts.too_few_sources += status == HASHVEIL_OK && !has_enough;
    *is_chosen_out = status == HASHVEIL_OK && has_enough;
    return status;
}

/* At most BATCH of them. */
static hashveil_status choose_some(struct choice *choice, const hashveil_entry *entries,
                                   size_t count, bool *are_chosen)
{
    struct near_allowed near;
    hashveil_status status = find_near_allowed(choice, entries, count, &near);
    for (size_t i = 0; i < count && status == HASHVEIL_OK; i++) {
        hashveil_conflict conflict = {.hash = entries[i].hash};
        status = choose(choice, &entries[i].hash, near.counts[i] > 0 ? &near.nearest[i] : NULL,
                        &entries[i].record, &conflict, &are_chosen[i]);
    }
    return status;
}

/* Marks first and moves then: the index borrows nothing, but its numbers are those of the entries.
 */
static hashveil_status choose_hashes(struct choice *choice)
{
    hashveil_entries *entries = &choice->loading.entries;
    bool *is_chosen = hv_alloc_array(entries->count, sizeof *is_chosen);
    hashveil_status status = is_chosen ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    size_t count = 0;
    for (size_t i = 0; i < entries->count && status == HASHVEIL_OK; i += BATCH) {
        const size_t left = entries->count - i;
        status =
            choose_some(choice, &entries->entries[i], left < BATCH ? left : BATCH, &is_chosen[i]);
    }
    for (size_t i = 0; i < entries->count && status == HASHVEIL_OK; i++) {
        if (is_chosen[i]) {
            entries->entries[count++] = entries->entries[i];
        }
    }
    if (status == HASHVEIL_OK) {
        entries->count = count;
    }
    free(is_chosen);
    return status;
}

static hashveil_status choose_digests(struct choice *choice)
{
    hashveil_entries *entries = &choice->loading.entries;
    hashveil_status status = HASHVEIL_OK;
    size_t count = 0;
    for (size_t i = 0; i < entries->exact_count && status == HASHVEIL_OK; i++) {
        hashveil_conflict conflict = {.is_digest = true, .digest = entries->exact[i].digest};
        bool is_chosen = false;
        status = choose(choice, NULL, NULL, &entries->exact[i].record, &conflict, &is_chosen);
        if (is_chosen) {
            entries->exact[count++] = entries->exact[i];
        }
    }
    entries->exact_count = count;
    return status;
}

hashveil_status hashveil_workspace_select(hashveil_workspace *workspace,
                                          const hashveil_selection *selection,
                                          hashveil_conflict_fn *on_conflict, void *context,
                                          hashveil_entries *out,
                                          hashveil_selection_counts *counts_out)
{
    struct choice choice = {.selection = selection, .on_conflict = on_conflict, .context = context};
    *out = (hashveil_entries){0};
    if (selection->within_bits > HASHVEIL_PDQ_MATCH_BITS) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    hashveil_status status = hv_loading_run(workspace, selection->as_of_change, &choice.loading);
    if (status == HASHVEIL_OK) {
        status = prepare(&choice);
    }
    if (status == HASHVEIL_OK) {
        status = choose_hashes(&choice);
    }
    if (status == HASHVEIL_OK) {
        status = choose_digests(&choice);
    }
    if (status == HASHVEIL_OK) {
        choice.counts.selected = choice.loading.entries.count + choice.loading.entries.exact_count;
        *out = choice.loading.entries;
        *counts_out = choice.counts;
        choice.loading.entries = (hashveil_entries){0};
    }
    hashveil_index_destroy(choice.listed);
    hashveil_index_destroy(choice.allowed);
    free(choice.allowed_of);
    hv_loading_clear(&choice.loading);
    return status;
}

hashveil_status hashveil_workspace_entries(hashveil_workspace *workspace, hashveil_entries *out)
{
    hashveil_selection_counts counts;
    return hashveil_workspace_select(workspace, &(hashveil_selection){0}, NULL, NULL, out, &counts);
}

hashveil_status hashveil_workspace_last_change(hashveil_workspace *workspace, uint64_t *out)
{
    sqlite3_stmt *statement = NULL;
    *out = 0;
    hashveil_status status = hv_status_of_sqlite(
        workspace->db,
        sqlite3_prepare_v2(workspace->db, "SELECT coalesce(max(number), 0) FROM change", -1,
                           &statement, NULL));
    if (status == HASHVEIL_OK) {
        const int result = sqlite3_step(statement);
        status = hv_status_of_sqlite(workspace->db, result);
        *out = result == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
    }
    sqlite3_finalize(statement);
    return status;
}
