/* SPDX-License-Identifier: Apache-2.0 */
/* The masks themselves find near-duplicates: only those that share a token need one record. */
#include "hashdb/sealed/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { MAX_LEADERS = 16 };

struct keyed_entry {
    const hashveil_entry *entry;
    uint32_t number;
};

static int compare_entries(const void *a, const void *b)
{
    const struct keyed_entry *x = a;
    const struct keyed_entry *y = b;
    const int by_hash = memcmp(&x->entry->hash, &y->entry->hash, sizeof x->entry->hash);
    return by_hash != 0 ? by_hash
                        : memcmp(&x->entry->record, &y->entry->record, sizeof x->entry->record);
}

struct keyed_exact {
    const hashveil_exact_entry *entry;
    uint32_t number;
};

static int compare_exact(const void *a, const void *b)
{
    const struct keyed_exact *x = a;
    const struct keyed_exact *y = b;
    if (x->entry->digest.kind != y->entry->digest.kind) {
        return x->entry->digest.kind < y->entry->digest.kind ? -1 : 1;
    }
    const int by_digest =
        memcmp(x->entry->digest.bytes, y->entry->digest.bytes, sizeof x->entry->digest.bytes);
    return by_digest != 0 ? by_digest
                          : memcmp(&x->entry->record, &y->entry->record, sizeof x->entry->record);
}

static hashveil_status put_in_order(const hashveil_entries *entries, struct hv_clusters *out)
{
    struct keyed_entry *keyed = hv_alloc_array(entries->count, sizeof *keyed);
    struct keyed_exact *exact = hv_alloc_array(entries->exact_count, sizeof *exact);
    const bool is_done = keyed && exact;
    for (size_t i = 0; is_done && i < entries->count; i++) {
        keyed[i] = (struct keyed_entry){&entries->entries[i], (uint32_t)i};
    }
    for (size_t i = 0; is_done && i < entries->exact_count; i++) {
        exact[i] = (struct keyed_exact){&entries->exact[i], (uint32_t)i};
    }
    if (is_done) {
        qsort(keyed, entries->count, sizeof *keyed, compare_entries);
        qsort(exact, entries->exact_count, sizeof *exact, compare_exact);
    }
    for (size_t i = 0; is_done && i < entries->count; i++) {
        out->order[i] = keyed[i].number;
    }
    for (size_t i = 0; is_done && i < entries->exact_count; i++) {
        out->exact_order[i] = exact[i].number;
    }
    free(keyed);
    free(exact);
    return is_done ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
}

/* Clusters in the making; places are those in order, then those in exact_order. */
struct work {
    const hashveil_entries *entries;
    const struct hv_masks *masks;
    struct hv_clusters *out;
    uint32_t *leader;  /* of each entry's place, the place that leads it; its own at first */
    bool *has_members; /* likewise: whether it leads others */
    uint32_t *parent;  /* of each place, one in the same record; its own at the root */
};

static const hashveil_pdq *hash_at(const struct work *work, uint32_t place)
{
    return &work->entries->entries[work->out->order[place]].hash;
}

static const hashveil_record *record_at(const struct work *work, size_t place)
{
    const size_t count = work->entries->count;
    return place < count ? &work->entries->entries[work->out->order[place]].record
                         : &work->entries->exact[work->out->exact_order[place - count]].record;
}

struct placed_token {
    uint64_t bits;
    uint32_t place;
};

static int compare_tokens(const void *a, const void *b)
{
    const struct placed_token *x = a;
    const struct placed_token *y = b;
    if (x->bits != y->bits) {
        return x->bits < y->bits ? -1 : 1;
    }
    return (x->place > y->place) - (x->place < y->place);
}

/* Leaders met in a run of equal tokens. */
struct leaders {
    uint32_t place[MAX_LEADERS];
    size_t count;
};

static void follow(struct work *work, uint32_t place, struct leaders *leaders)
{
    uint32_t *leader = &work->leader[place];
    for (size_t i = 0; *leader == place && !work->has_members[place] && i < leaders->count; i++) {
        const uint32_t other = leaders->place[i];
        if (hashveil_pdq_distance(hash_at(work, other), hash_at(work, place)) <=
            HASHVEIL_PDQ_MATCH_BITS) {
            *leader = other;
            work->has_members[other] = true;
        }
    }
    for (size_t i = 0; i < leaders->count; i++) {
        if (leaders->place[i] == *leader) {
            return;
        }
    }
    if (leaders->count < MAX_LEADERS) {
        leaders->place[leaders->count++] = *leader;
    }
}

static void follow_by_mask(struct work *work, unsigned mask, struct placed_token *tokens)
{
    const size_t count = work->entries->count;
    struct leaders leaders = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        const uint32_t place = (uint32_t)i;
        tokens[i] = (struct placed_token){
            hv_masks_token(work->masks, mask, hash_at(work, place)).bits, place};
    }
    qsort(tokens, count, sizeof *tokens, compare_tokens);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || tokens[i].bits != tokens[i - 1].bits) {
            leaders.count = 0;
        }
        follow(work, tokens[i].place, &leaders);
    }
}

static uint32_t root_of(struct work *work, uint32_t place)
{
    while (work->parent[place] != place) {
        work->parent[place] = work->parent[work->parent[place]];
        place = work->parent[place];
    }
    return place;
}

/* The lower root stays one, so that a record's first member is its root. */
static void unite(struct work *work, uint32_t a, uint32_t b)
{
    const uint32_t x = root_of(work, a);
    const uint32_t y = root_of(work, b);
    work->parent[x > y ? x : y] = x > y ? y : x;
}

struct placed_id {
    const hashveil_record *record;
    uint32_t place;
};

static int compare_ids(const void *a, const void *b)
{
    const struct placed_id *x = a;
    const struct placed_id *y = b;
    return memcmp(x->record->id, y->record->id, sizeof x->record->id);
}

static hashveil_status unite_items(struct work *work)
{
    const size_t count = work->entries->count + work->entries->exact_count;
    struct placed_id *ids = hv_alloc_array(count, sizeof *ids);
    if (!ids) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = (struct placed_id){record_at(work, i), (uint32_t)i};
    }
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 1; i < count; i++) {
        if (compare_ids(&ids[i - 1], &ids[i]) == 0) {
            unite(work, ids[i - 1].place, ids[i].place);
        }
    }
    free(ids);
    return HASHVEIL_OK;
}

/* Keeps the labels in byte order. */
static void add_label(hashveil_record *record, const char *label, uint64_t *left_out)
{
    size_t rank = 0;
    while (rank < HASHVEIL_MAX_LABELS && record->labels[rank][0] != '\0' &&
           strcmp(record->labels[rank], label) < 0) {
        rank++;
    }
    if (label[0] == '\0' ||
        (rank < HASHVEIL_MAX_LABELS && strcmp(record->labels[rank], label) == 0)) {
        return;
    }
    if (record->labels[HASHVEIL_MAX_LABELS - 1][0] != '\0') {
        ++*left_out;
        return;
    }
    memmove(record->labels[rank + 1], record->labels[rank],
            (HASHVEIL_MAX_LABELS - 1 - rank) * sizeof record->labels[0]);
    memset(record->labels[rank], 0, sizeof record->labels[rank]);
    memcpy(record->labels[rank], label, strlen(label));
}

static void add_member(hashveil_record *record, const hashveil_record *member, uint64_t *left_out)
{
    record->lists |= member->lists;
    for (size_t i = 0; i < HASHVEIL_MAX_LABELS; i++) {
        add_label(record, member->labels[i], left_out);
    }
}

static void number_records(struct work *work)
{
    struct hv_clusters *out = work->out;
    const size_t entries = work->entries->count;
    const size_t count = entries + work->entries->exact_count;
    uint32_t *number = work->leader; /* of a root's place: no longer needed for what it was */
    for (size_t i = 0; i < count; i++) {
        const hashveil_record *member = record_at(work, i);
        const uint32_t root = root_of(work, (uint32_t)i);
        if (root == i) {
            number[i] = (uint32_t)out->count;
            memcpy(out->records[out->count++].id, member->id, sizeof member->id);
        }
        add_member(&out->records[number[root]], member, &out->labels_left_out);
        *(i < entries ? &out->of_entry[i] : &out->of_exact[i - entries]) = number[root];
    }
}

static hashveil_status cluster(struct work *work)
{
    const size_t entries = work->entries->count;
    const size_t count = entries + work->entries->exact_count;
    struct placed_token *tokens = hv_alloc_array(entries, sizeof *tokens);
    work->leader = hv_alloc_array(count, sizeof *work->leader);
    work->has_members = hv_alloc_array(entries, sizeof *work->has_members);
    work->parent = hv_alloc_array(count, sizeof *work->parent);
    hashveil_status status = tokens && work->leader && work->has_members && work->parent
                                 ? HASHVEIL_OK
                                 : HASHVEIL_ERR_NO_MEMORY;
    for (size_t i = 0; i < count && status == HASHVEIL_OK; i++) {
        work->leader[i] = work->parent[i] = (uint32_t)i;
    }
    for (unsigned mask = 0; mask < work->masks->params.masks && status == HASHVEIL_OK; mask++) {
        follow_by_mask(work, mask, tokens);
    }
    for (size_t i = 0; i < entries && status == HASHVEIL_OK; i++) {
        unite(work, (uint32_t)i, work->leader[i]);
    }
    if (status == HASHVEIL_OK) {
        status = unite_items(work);
    }
    if (status == HASHVEIL_OK) {
        number_records(work);
    }
    free(tokens);
    free(work->leader);
    free(work->has_members);
    free(work->parent);
    return status;
}

hashveil_status hv_clusters_make(const hashveil_entries *entries, const struct hv_masks *masks,
                                 struct hv_clusters *out)
{
    struct work work = {.entries = entries, .masks = masks, .out = out};
    *out = (struct hv_clusters){0};
    out->order = hv_alloc_array(entries->count, sizeof *out->order);
    out->of_entry = hv_alloc_array(entries->count, sizeof *out->of_entry);
    out->exact_order = hv_alloc_array(entries->exact_count, sizeof *out->exact_order);
    out->of_exact = hv_alloc_array(entries->exact_count, sizeof *out->of_exact);
    out->records = hv_alloc_array(entries->count + entries->exact_count, sizeof *out->records);
    if (!out->order || !out->of_entry || !out->exact_order || !out->of_exact || !out->records) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const hashveil_status status = put_in_order(entries, out);
    return status == HASHVEIL_OK ? cluster(&work) : status;
}

void hv_clusters_clear(struct hv_clusters *clusters)
{
    free(clusters->order);
    free(clusters->of_entry);
    free(clusters->exact_order);
    free(clusters->of_exact);
    free(clusters->records);
    *clusters = (struct hv_clusters){0};
}
