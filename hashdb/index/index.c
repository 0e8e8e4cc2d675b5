/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/index/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "hashdb/index/nearest.h"

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

hashveil_status hashveil_index_within(const hashveil_index *index, const hashveil_pdq *query,
                                      unsigned radius, hashveil_index_hit *hits, size_t room,
                                      size_t *count_out)
{
    return hashveil_index_within_each(index, query, 1, radius, hits, room, count_out);
}

static hashveil_status each_of_some_within(const hashveil_index *index,
                                           const struct hv_scan_query *queries, unsigned count)
{
    if (index->buckets.count == 0 && count > 1) {
        return hv_scan_each(hv_scan_kernel_here(), index->hashes, index->count, queries, count);
    }
    hashveil_status status = HASHVEIL_OK;
    for (unsigned i = 0; i < count && status == HASHVEIL_OK; i++) {
        status = each_within(index, &queries[i]);
    }
    return status;
}

/* Of 1..HV_SCAN_QUERIES queries. */
static hashveil_status some_within(const hashveil_index *index, const hashveil_pdq *queries,
                                   unsigned count, unsigned radius, struct hv_nearest *nearest)
{
    struct hv_scan_query looked_for[HV_SCAN_QUERIES];
    for (unsigned i = 0; i < count; i++) {
        looked_for[i] = (struct hv_scan_query){&queries[i], radius, hv_nearest_keep, &nearest[i]};
    }
    return each_of_some_within(index, looked_for, count);
}

/* NOLINTNEXTLINE(readability-function-size): seven parameters, queries in, rows of hits out. */
hashveil_status hashveil_index_within_each(const hashveil_index *index, const hashveil_pdq *queries,
                                           size_t query_count, unsigned radius,
                                           hashveil_index_hit *hits, size_t room,
                                           size_t *counts_out)
{
    hashveil_status status = radius > HASHVEIL_PDQ_MATCH_BITS ? HASHVEIL_ERR_ARGUMENT : HASHVEIL_OK;
    for (size_t from = 0; from < query_count; from += HV_SCAN_QUERIES) {
        const size_t left = query_count - from;
        const unsigned count = left < HV_SCAN_QUERIES ? (unsigned)left : HV_SCAN_QUERIES;
        struct hv_nearest nearest[HV_SCAN_QUERIES];
        for (unsigned i = 0; i < count; i++) {
            nearest[i] = (struct hv_nearest){.hits = hits + (from + i) * room, .room = room};
        }
        if (status == HASHVEIL_OK) {
            status = some_within(index, &queries[from], count, radius, nearest);
        }
        for (unsigned i = 0; i < count; i++) {
            counts_out[from + i] = hv_nearest_sort(&nearest[i]);
        }
    }
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
