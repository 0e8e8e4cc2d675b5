/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/index/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static int compare_digests(const void *a, const void *b)
{
    const hashveil_digest *x = a;
    const hashveil_digest *y = b;
    return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1)
                              : memcmp(x->bytes, y->bytes, sizeof x->bytes);
}

bool hv_index_digests_are_sorted(const hashveil_index *index)
{
    bool are_sorted = true;
    for (size_t i = 1; i < index->digest_count; i++) {
        are_sorted &= compare_digests(&index->digests[i - 1], &index->digests[i]) < 0;
    }
    return are_sorted;
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

/* Room for this many; then the hashes are to be put in, and finish called. */
static hashveil_index *begin(size_t count, size_t digest_count)
{
    hashveil_index *index = count < UINT32_MAX ? hv_alloc_array(1, sizeof *index) : NULL;
    if (!index) {
        return NULL;
    }
    index->own_hashes = hv_alloc_scattered(count, sizeof *index->own_hashes);
    index->hashes = index->own_hashes;
    index->digests = hv_alloc_array(digest_count, sizeof *index->digests);
    index->count = count;
    if (!index->hashes || !index->digests) {
        hashveil_index_destroy(index);
        return NULL;
    }
    return index;
}

static hashveil_status finish(hashveil_index *index, hashveil_index **out)
{
    const hashveil_status status =
        index->count >= HV_BUCKET_MIN_COUNT
            ? hv_buckets_make(index->hashes, index->count, &index->buckets)
            : HASHVEIL_OK;
    if (status != HASHVEIL_OK) {
        hashveil_index_destroy(index);
        return status;
    }
    *out = index;
    return HASHVEIL_OK;
}

hashveil_status hashveil_index_create(const hashveil_entries *entries, hashveil_index **out)
{
    hashveil_index *index = begin(entries->count, entries->exact_count);
    *out = NULL;
    if (!index) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < entries->count; i++) {
        index->own_hashes[i] = entries->entries[i].hash;
    }
    fill_digests(index, entries);
    return finish(index, out);
}

hashveil_status hashveil_index_create_hashes(const hashveil_pdq *hashes, size_t count,
                                             hashveil_index **out)
{
    hashveil_index *index = begin(count, 0);
    *out = NULL;
    if (!index) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    if (count > 0) {
        memcpy(index->own_hashes, hashes, count * sizeof *hashes);
    }
    return finish(index, out);
}

static hashveil_status each_within(const hashveil_index *index, const struct hv_scan_query *query)
{
    return index->buckets.count > 0
               ? hv_buckets_within(&index->buckets, query)
               : hv_scan_within(hv_scan_kernel_here(), index->hashes, index->count, query);
}

/* The nearest so far, as a heap: the farthest of them at the top. */
struct nearest {
    hashveil_index_hit *hits; /* room of them, borrowed */
    size_t room, kept;
    uint64_t count; /* of all */
};

static int compare_hits(const void *a, const void *b)
{
    const hashveil_index_hit *x = a;
    const hashveil_index_hit *y = b;
    if (x->distance != y->distance) {
        return x->distance < y->distance ? -1 : 1;
    }
    return (x->number > y->number) - (x->number < y->number);
}

static void swap(hashveil_index_hit *a, hashveil_index_hit *b)
{
    const hashveil_index_hit other = *a;
    *a = *b;
    *b = other;
}

static void sift_up(hashveil_index_hit *hits, size_t place)
{
    while (place > 0 && compare_hits(&hits[(place - 1) / 2], &hits[place]) < 0) {
        swap(&hits[(place - 1) / 2], &hits[place]);
        place = (place - 1) / 2;
    }
}

static void sift_down(hashveil_index_hit *hits, size_t count)
{
    size_t place = 0;
    for (size_t child = 1; child < count; child = 2 * place + 1) {
        child += child + 1 < count && compare_hits(&hits[child], &hits[child + 1]) < 0;
        if (compare_hits(&hits[place], &hits[child]) >= 0) {
            break;
        }
        swap(&hits[place], &hits[child]);
        place = child;
    }
}

static hashveil_status keep_hit(void *context, uint64_t number, unsigned distance)
{
    struct nearest *nearest = context;
    const hashveil_index_hit hit = {number, distance};
    nearest->count++;
    if (nearest->kept < nearest->room) {
        nearest->hits[nearest->kept] = hit;
        sift_up(nearest->hits, nearest->kept++);
    } else if (nearest->room > 0 && compare_hits(&hit, &nearest->hits[0]) < 0) {
        nearest->hits[0] = hit;
        sift_down(nearest->hits, nearest->room);
    }
    return HASHVEIL_OK;
}

hashveil_status hashveil_index_within(const hashveil_index *index, const hashveil_pdq *query,
                                      unsigned radius, hashveil_index_hit *hits, size_t room,
                                      size_t *count_out)
{
    struct nearest nearest = {.hits = hits, .room = room};
    *count_out = 0;
    if (radius > HASHVEIL_PDQ_MATCH_BITS) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    const struct hv_scan_query looked_for = {query, radius, keep_hit, &nearest};
    const hashveil_status status = each_within(index, &looked_for);
    if (nearest.kept > 0) {
        qsort(hits, nearest.kept, sizeof *hits, compare_hits);
    }
    *count_out = (size_t)nearest.count;
    return status;
}

size_t hashveil_index_count(const hashveil_index *index)
{
    return index->count;
}

const hashveil_pdq *hashveil_index_hash(const hashveil_index *index, uint64_t number)
{
    return number < index->count ? &index->hashes[number] : NULL;
}

static hashveil_status keep_nearest(void *context, uint64_t number, unsigned distance)
{
    unsigned *nearest = context;
    (void)number;
    *nearest = distance < *nearest ? distance : *nearest;
    return HASHVEIL_OK;
}

unsigned hashveil_index_nearest(const hashveil_index *index, const hashveil_pdq *query)
{
    unsigned nearest = HASHVEIL_PDQ_BITS + 1;
    struct hv_scan_query looked_for = {query, HASHVEIL_PDQ_MATCH_BITS, keep_nearest, &nearest};
    /* Neither fails, as keep_nearest does not. */
    hashveil_status status = each_within(index, &looked_for);
    if (status == HASHVEIL_OK && nearest > HASHVEIL_PDQ_BITS) {
        looked_for.radius = HASHVEIL_PDQ_BITS;
        status = hv_scan_within(hv_scan_kernel_here(), index->hashes, index->count, &looked_for);
    }
    (void)status;
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
        hv_buckets_clear(&index->buckets);
        hv_unmap_file(&index->mapping);
        free(index->own_hashes);
        free(index->digests);
        free(index);
    }
}
