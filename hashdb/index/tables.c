/* SPDX-License-Identifier: Apache-2.0 */
/* Making the tables, and checking foreign ones. */
#include "hashdb/index/buckets.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/threads.h"
#include "hashdb/index/parts.h"

enum {
    /* Values that differ in these bits alone are sorted together, within a processor's cache. */
    CHUNK_BITS = 12,
    MAX_CHUNKS = 1 << (HV_BUCKET_MAX_BITS - CHUNK_BITS)
};

/* A hash's number, and its value of the part at hand. */
struct pair {
    uint32_t value, number;
};

struct making {
    const struct hv_buckets *buckets;
    struct pair *pairs; /* owned; of each worker one for each hash */
};

/* Parts the hashes by the high bits of their values, keeping their order. ends_out: of each chunk
 * the place behind its last pair; all 0 before. */
static void fill_chunks(const struct hv_buckets *buckets, unsigned part, struct pair *pairs,
                        uint32_t ends_out[MAX_CHUNKS])
{
    const size_t chunks = ((size_t)1 << buckets->bits >> CHUNK_BITS) + 1;
    uint32_t sum = 0;
    for (size_t i = 0; i < buckets->count; i++) {
        ends_out[hv_part_of(&buckets->hashes[i], part, buckets->bits) >> CHUNK_BITS]++;
    }
    for (size_t chunk = 0; chunk < chunks; chunk++) {
        const uint32_t count = ends_out[chunk];
        ends_out[chunk] = sum; /* its begin, until the pairs are put in */
        sum += count;
    }
    for (size_t i = 0; i < buckets->count; i++) {
        const uint32_t value = hv_part_of(&buckets->hashes[i], part, buckets->bits);
        pairs[ends_out[value >> CHUNK_BITS]++] = (struct pair){value, (uint32_t)i};
    }
}

/* Counting sort of the pairs from..to: how many there are of each value, where each value's begin,
 * and then the numbers. starts: of the chunk's values, all 0. */
static void sort_chunk(const struct pair *pairs, uint32_t from, uint32_t to, uint32_t *starts,
                       size_t values, uint32_t *numbers)
{
    const uint32_t mask = ((uint32_t)1 << CHUNK_BITS) - 1;
    uint32_t sum = from;
    for (uint32_t i = from; i < to; i++) {
        starts[pairs[i].value & mask]++;
    }
    for (size_t value = 0; value < values; value++) {
        sum += starts[value];
        starts[value] = sum; /* where the next value's begin, until the numbers are put in */
    }
    for (uint32_t i = to; i-- > from;) {
        numbers[--starts[pairs[i].value & mask]] = pairs[i].number;
    }
}

static hashveil_status make_part(void *context, size_t index, unsigned worker)
{
    const struct making *making = context;
    const struct hv_buckets *buckets = making->buckets;
    const size_t values = (size_t)1 << buckets->bits;
    const size_t chunk_values = values < 1 << CHUNK_BITS ? values : 1 << CHUNK_BITS;
    struct pair *pairs = making->pairs + worker * buckets->count;
    uint32_t *starts = buckets->table + index * (values + 1);
    uint32_t *numbers =
        buckets->table + hv_bucket_start_count(buckets->bits) + index * buckets->count;
    uint32_t ends[MAX_CHUNKS + 1] = {0};
    uint32_t from = 0;
    fill_chunks(buckets, (unsigned)index, pairs, ends);
    for (size_t chunk = 0; chunk * chunk_values < values; chunk++) {
        sort_chunk(pairs, from, ends[chunk], starts + chunk * chunk_values, chunk_values, numbers);
        from = ends[chunk];
    }
    starts[values] = (uint32_t)buckets->count;
    return HASHVEIL_OK;
}

unsigned hv_bucket_bits(size_t count)
{
    unsigned bits = 1;
    while (bits < HV_BUCKET_MAX_BITS && (size_t)1 << bits < count) {
        bits++;
    }
    return bits;
}

hashveil_status hv_buckets_make(const hashveil_pdq *hashes, size_t count, struct hv_buckets *out)
{
    const unsigned workers = hv_processor_count();
    *out = (struct hv_buckets){.hashes = hashes, .count = count, .bits = hv_bucket_bits(count)};
    const size_t start_count = hv_bucket_start_count(out->bits);
    struct making making = {out, hv_alloc_scattered(workers * count, sizeof *making.pairs)};
    out->table = hv_alloc_scattered(start_count + HV_BUCKET_PARTS * count, sizeof *out->table);
    hashveil_status status = making.pairs && out->table ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    if (status == HASHVEIL_OK) {
        out->starts = out->table;
        out->numbers = out->table + start_count;
        status = hv_parallel(HV_BUCKET_PARTS, workers, make_part, &making);
    }
    free(making.pairs);
    if (status != HASHVEIL_OK) {
        hv_buckets_clear(out);
    }
    return status;
}

static hashveil_status check_part(void *context, size_t index, unsigned worker)
{
    const struct hv_buckets *buckets = context;
    const size_t values = (size_t)1 << buckets->bits;
    const uint32_t *starts = hv_bucket_starts(buckets, (unsigned)index);
    const uint32_t *numbers = buckets->numbers + index * buckets->count;
    bool is_sound = starts[0] == 0 && starts[values] == buckets->count;
    (void)worker;
    for (size_t value = 0; value < values; value++) {
        is_sound &= starts[value] <= starts[value + 1];
    }
    for (size_t i = 0; i < buckets->count; i++) {
        is_sound &= numbers[i] < buckets->count;
    }
    return is_sound ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
}

hashveil_status hv_buckets_check(const struct hv_buckets *buckets)
{
    struct hv_buckets shared = *buckets;
    return hv_parallel(HV_BUCKET_PARTS, hv_processor_count(), check_part, &shared);
}

void hv_buckets_clear(struct hv_buckets *buckets)
{
    free(buckets->table);
    *buckets = (struct hv_buckets){0};
}
