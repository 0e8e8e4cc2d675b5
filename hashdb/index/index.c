/* SPDX-License-Identifier: Apache-2.0 */
#include <hashveil/index.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct hashveil_index {
    hashveil_pdq *hashes; /* owned */
    size_t count;
    hashveil_digest *digests; /* owned; by kind and bytes, all different */
    size_t digest_count;
};

static int compare_digests(const void *a, const void *b)
{
    const hashveil_digest *x = a;
    const hashveil_digest *y = b;
    return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1)
                              : memcmp(x->bytes, y->bytes, sizeof x->bytes);
}

static void fill_digests(hashveil_index *index, const hashveil_entries *entries)
{
    hashveil_digest *digests = index->digests;
    for (size_t i = 0; i < entries->exact_count; i++) {
        digests[i] = entries->exact[i].digest;
    }
    qsort(digests, entries->exact_count, sizeof *digests, compare_digests);
    for (size_t i = 0; i < entries->exact_count; i++) {
        if (i == 0 || compare_digests(&digests[i - 1], &digests[i]) != 0) {
            digests[index->digest_count++] = digests[i];
        }
    }
}

hashveil_status hashveil_index_create(const hashveil_entries *entries, hashveil_index **out)
{
    *out = NULL;
    hashveil_index *index = hv_alloc_array(1, sizeof *index);
    if (!index) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    index->hashes = hv_alloc_array(entries->count, sizeof *index->hashes);
    index->digests = hv_alloc_array(entries->exact_count, sizeof *index->digests);
    if (!index->hashes || !index->digests) {
        hashveil_index_destroy(index);
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < entries->count; i++) {
        index->hashes[i] = entries->entries[i].hash;
    }
    index->count = entries->count;
    fill_digests(index, entries);
    *out = index;
    return HASHVEIL_OK;
}

hashveil_status hashveil_index_create_hashes(const hashveil_pdq *hashes, size_t count,
                                             hashveil_index **out)
{
    hashveil_entries entries = {.count = count};
    entries.entries = hv_alloc_array(count, sizeof *entries.entries);
    *out = NULL;
    if (!entries.entries) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        entries.entries[i].hash = hashes[i];
    }
    const hashveil_status status = hashveil_index_create(&entries, out);
    hashveil_entries_clear(&entries);
    return status;
}

/* Keeps the nearest in order, the lower number first where equally near. */
static void keep_hit(hashveil_index_hit hit, hashveil_index_hit *hits, size_t kept, size_t room)
{
    size_t place = kept < room ? kept : room;
    while (place > 0 && hits[place - 1].distance > hit.distance) {
        if (place < room) {
            hits[place] = hits[place - 1];
        }
        place--;
    }
    if (place < room) {
        hits[place] = hit;
    }
}

hashveil_status hashveil_index_within(const hashveil_index *index, const hashveil_pdq *query,
                                      unsigned radius, hashveil_index_hit *hits, size_t room,
                                      size_t *count_out)
{
    *count_out = 0;
    if (radius > HASHVEIL_PDQ_MATCH_BITS) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    for (size_t i = 0; i < index->count; i++) {
        const unsigned distance = hashveil_pdq_distance(&index->hashes[i], query);
        if (distance <= radius) {
            keep_hit((hashveil_index_hit){i, distance}, hits, (*count_out)++, room);
        }
    }
    return HASHVEIL_OK;
}

size_t hashveil_index_count(const hashveil_index *index)
{
    return index->count;
}

unsigned hashveil_index_nearest(const hashveil_index *index, const hashveil_pdq *query)
{
    unsigned nearest = HASHVEIL_PDQ_BITS + 1;
    for (size_t i = 0; i < index->count; i++) {
        const unsigned distance = hashveil_pdq_distance(&index->hashes[i], query);
        if (distance < nearest) {
            nearest = distance;
        }
    }
    return nearest;
}

size_t hashveil_index_digest_count(const hashveil_index *index)
{
    return index->digest_count;
}

bool hashveil_index_has_digest(const hashveil_index *index, const hashveil_digest *digest)
{
    return index->digest_count > 0 && bsearch(digest, index->digests, index->digest_count,
                                              sizeof *digest, compare_digests) != NULL;
}

void hashveil_index_destroy(hashveil_index *index)
{
    if (index) {
        free(index->hashes);
        free(index->digests);
        free(index);
    }
}
