/* SPDX-License-Identifier: Apache-2.0 */
/* Two states of a list to what a segment must hold: the records of the first are found again, and
 * those that are no longer the same are withdrawn and made anew. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "hashdb/sealed/cluster.h"
#include "hashdb/sealed/database.h"

void hashveil_delta_clear(hashveil_delta *delta)
{
    hashveil_entries_clear(&delta->entries);
    free(delta->withdrawn);
    *delta = (hashveil_delta){0};
}

/* An entry of either sort: what it lists, and the record that this gives. */
struct member {
    uint8_t value[1 + HASHVEIL_DIGEST_MAX_LEN]; /* 0 and a hash, or 1 and a digest's kind */
    const hashveil_record *record;              /* borrowed */
    uint32_t cluster;                           /* of the first state */
};

struct state {
    struct member *members; /* owned; by value and record */
    size_t count;
};

struct work {
    struct hv_clusters before;
    struct state was, is;
    bool *is_changed; /* owned; of each cluster before */
};

static int compare_members(const void *a, const void *b)
{
    const struct member *x = a;
    const struct member *y = b;
    const int by_value = memcmp(x->value, y->value, sizeof x->value);
    return by_value != 0 ? by_value : memcmp(x->record, y->record, sizeof *x->record);
}

static struct member member_of_hash(const hashveil_entry *entry)
{
    struct member member = {.record = &entry->record};
    memcpy(member.value + 1, &entry->hash, sizeof entry->hash);
    return member;
}

static struct member member_of_digest(const hashveil_exact_entry *entry)
{
    struct member member = {.record = &entry->record};
    member.value[0] = (uint8_t)(1 + (unsigned)entry->digest.kind);
    memcpy(member.value + 1, entry->digest.bytes, sizeof entry->digest.bytes);
    return member;
}

/* clusters: of these entries, or NULL. */
static hashveil_status list_members(const hashveil_entries *entries,
                                    const struct hv_clusters *clusters, struct state *out)
{
    out->members = hv_alloc_array(entries->count + entries->exact_count, sizeof *out->members);
    if (!out->members) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < entries->count; i++) {
        const size_t number = clusters ? clusters->order[i] : i;
        out->members[out->count] = member_of_hash(&entries->entries[number]);
        out->members[out->count++].cluster = clusters ? clusters->of_entry[i] : 0;
    }
    for (size_t i = 0; i < entries->exact_count; i++) {
        const size_t number = clusters ? clusters->exact_order[i] : i;
        out->members[out->count] = member_of_digest(&entries->exact[number]);
        out->members[out->count++].cluster = clusters ? clusters->of_exact[i] : 0;
    }
    qsort(out->members, out->count, sizeof *out->members, compare_members);
    return HASHVEIL_OK;
}

/* A record is as it was while each of its entries is. */
static void mark_changed(struct work *work)
{
    size_t place = 0;
    for (size_t i = 0; i < work->was.count; i++) {
        const struct member *member = &work->was.members[i];
        while (place < work->is.count && compare_members(&work->is.members[place], member) < 0) {
            place++;
        }
        const bool is_there =
            place < work->is.count && compare_members(&work->is.members[place], member) == 0;
        work->is_changed[member->cluster] |= !is_there;
    }
}

/* Whether an entry of now is in a record that stays. */
static bool is_kept(const struct work *work, const struct member *member)
{
    const struct member *was =
        bsearch(member, work->was.members, work->was.count, sizeof *member, compare_members);
    return was && !work->is_changed[was->cluster];
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, HASHVEIL_RECORD_ID_BYTES);
}

static hashveil_status take_withdrawn(const struct work *work, hashveil_delta *out)
{
    out->withdrawn = hv_alloc_array(work->before.count, HASHVEIL_RECORD_ID_BYTES);
    if (!out->withdrawn) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < work->before.count; i++) {
        if (work->is_changed[i]) {
            memcpy(out->withdrawn + out->withdrawn_count++ * HASHVEIL_RECORD_ID_BYTES,
                   work->before.records[i].id, HASHVEIL_RECORD_ID_BYTES);
        }
    }
    qsort(out->withdrawn, out->withdrawn_count, HASHVEIL_RECORD_ID_BYTES, compare_ids);
    return HASHVEIL_OK;
}

static hashveil_status take_entries(const struct work *work, const hashveil_entries *now,
                                    hashveil_entries *out)
{
    memcpy(out->list_names, now->list_names, sizeof out->list_names);
    out->list_count = now->list_count;
    out->entries = hv_alloc_array(now->count, sizeof *out->entries);
    out->exact = hv_alloc_array(now->exact_count, sizeof *out->exact);
    if (!out->entries || !out->exact) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < now->count; i++) {
        const struct member member = member_of_hash(&now->entries[i]);
        if (!is_kept(work, &member)) {
            out->entries[out->count++] = now->entries[i];
        }
    }
    for (size_t i = 0; i < now->exact_count; i++) {
        const struct member member = member_of_digest(&now->exact[i]);
        if (!is_kept(work, &member)) {
            out->exact[out->exact_count++] = now->exact[i];
        }
    }
    return HASHVEIL_OK;
}

/* What can be told of a database without its evaluator. */
static bool is_of(const hashveil_sealed_db *base, const hashveil_entries *before,
                  const struct hv_clusters *clusters)
{
    const hashveil_sealed_db_info *info = &base->info;
    return !info->is_segment && clusters->count <= info->padded_count &&
           (clusters->count > info->padded_count / 2 ||
            info->padded_count == (uint64_t)1 << HV_SEALED_MIN_SLOT_BITS) &&
           (before->exact_count > 0) == (info->padded_exact_count > 0) &&
           before->list_count == info->list_count &&
           memcmp(before->list_names, info->list_names, sizeof before->list_names) == 0;
}

static hashveil_status compare(const hashveil_sealed_db *base, const hashveil_entries *before,
                               const hashveil_entries *now, struct work *work)
{
    hashveil_status status = hv_clusters_make(before, &base->masks, &work->before);
    if (status != HASHVEIL_OK) {
        return status;
    }
    if (!is_of(base, before, &work->before)) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    work->is_changed = hv_alloc_array(work->before.count, sizeof *work->is_changed);
    if (!work->is_changed) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    status = list_members(before, &work->before, &work->was);
    if (status == HASHVEIL_OK) {
        status = list_members(now, NULL, &work->is);
    }
    if (status == HASHVEIL_OK) {
        mark_changed(work);
    }
    return status;
}

hashveil_status hashveil_delta_find(const hashveil_sealed_db *base, const hashveil_entries *before,
                                    const hashveil_entries *now, hashveil_delta *out)
{
    struct work work = {0};
    *out = (hashveil_delta){0};
    hashveil_status status = compare(base, before, now, &work);
    if (status == HASHVEIL_OK) {
        status = take_withdrawn(&work, out);
    }
    if (status == HASHVEIL_OK) {
        status = take_entries(&work, now, &out->entries);
    }
    if (status != HASHVEIL_OK) {
        hashveil_delta_clear(out);
    }
    hv_clusters_clear(&work.before);
    free(work.was.members);
    free(work.is.members);
    free(work.is_changed);
    return status;
}
