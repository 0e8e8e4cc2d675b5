/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/index/buckets.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/threads.h"

enum {
    FLIPS = 2,
    /* No flip, one, and two, of the bits of a part. */
    MAX_PROBES = 1 + HV_BUCKET_MAX_BITS + HV_BUCKET_MAX_BITS * (HV_BUCKET_MAX_BITS - 1) / 2,
    SCAN_SHARE = 8
};

/* A word's bits 0, 11, 22, 33, 44 and 55, and what a product with these bits brings together at 50:
 * bit 11 k comes to 50 + k by the summand 2^(50 - 10 k), and no two others to one place. */
static const uint64_t every_eleventh = UINT64_C(0x0080100200400801);
static const uint64_t gathering = UINT64_C(0x0004010040100401);

enum { GATHERED_AT = 50, GATHERED = 0x3f, WORDS = HASHVEIL_PDQ_BITS / 64 };

/* Part p has the bits p, p + 11, p + 22, ...: what stands together in a hash, and goes together in
 * a picture, is in different parts. bits: how many of them, the first. */
static inline uint32_t part_of(const hashveil_pdq *hash, unsigned part, unsigned bits)
{
    uint32_t value = 0;
    unsigned first = part; /* in the word */
    unsigned place = 0;    /* in the value */
    for (unsigned i = 0; i < WORDS; i++) {
        const uint64_t spread = hash->word[i] >> first & every_eleventh;
        value |= (uint32_t)(spread * gathering >> GATHERED_AT & GATHERED) << place;
        const unsigned count = (64 - first + HV_BUCKET_PARTS - 1) / HV_BUCKET_PARTS;
        place += count;
        first = first + count * HV_BUCKET_PARTS - 64;
    }
    return value & (((uint32_t)1 << bits) - 1);
}

/* At distance 31 the parts differ in 31 bits together: eleven of them cannot all differ in more
 * than these, as the sum of one more each is 32. Returns -1 where no hash within the radius can
 * differ in so few bits of this part alone. */
static int flips_of(unsigned part, unsigned radius)
{
    const int whole = (int)(radius / HV_BUCKET_PARTS);
    const int rest = (int)(radius % HV_BUCKET_PARTS);
    return (int)part <= rest ? whole : whole - 1;
}

static const uint32_t *starts_of(const struct hv_buckets *buckets, unsigned part)
{
    return buckets->starts + part * (((size_t)1 << buckets->bits) + 1);
}

/* Counting sort: how many there are of each value, where each value's begin, and then the numbers.
 */
static hashveil_status make_part(void *context, size_t index, unsigned worker)
{
    const struct hv_buckets *buckets = context;
    const unsigned part = (unsigned)index;
    const size_t values = (size_t)1 << buckets->bits;
    uint32_t *starts = buckets->table + index * (values + 1);
    uint32_t *numbers =
        buckets->table + hv_bucket_start_count(buckets->bits) + index * buckets->count;
    uint32_t sum = 0;
    (void)worker;
    for (size_t i = 0; i < buckets->count; i++) {
        starts[part_of(&buckets->hashes[i], part, buckets->bits)]++;
    }
    for (size_t value = 0; value < values; value++) {
        sum += starts[value];
        starts[value] = sum; /* where the next value's begin, until the numbers are put in */
    }
    starts[values] = sum;
    for (size_t i = buckets->count; i-- > 0;) {
        numbers[--starts[part_of(&buckets->hashes[i], part, buckets->bits)]] = (uint32_t)i;
    }
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
    *out = (struct hv_buckets){.hashes = hashes, .count = count, .bits = hv_bucket_bits(count)};
    const size_t start_count = hv_bucket_start_count(out->bits);
    out->table = hv_alloc_scattered(start_count + HV_BUCKET_PARTS * count, sizeof *out->table);
    if (!out->table) {
        hv_buckets_clear(out);
        return HASHVEIL_ERR_NO_MEMORY;
    }
    out->starts = out->table;
    out->numbers = out->table + start_count;
    const hashveil_status status =
        hv_parallel(HV_BUCKET_PARTS, hv_processor_count(), make_part, out);
    if (status != HASHVEIL_OK) {
        hv_buckets_clear(out);
    }
    return status;
}

static hashveil_status check_part(void *context, size_t index, unsigned worker)
{
    const struct hv_buckets *buckets = context;
    const size_t values = (size_t)1 << buckets->bits;
    const uint32_t *starts = starts_of(buckets, (unsigned)index);
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

/* A run of numbers to be looked at. */
struct run {
    uint32_t from, to;
};

/* The values that differ from one in so many bits. Returns how many. */
static size_t list_values(uint32_t value, unsigned bits, int flips, uint32_t out[MAX_PROBES])
{
    size_t count = 0;
    if (flips < 0) {
        return 0;
    }
    out[count++] = value;
    for (unsigned i = 0; i < bits && flips >= 1; i++) {
        const uint32_t once = value ^ (uint32_t)1 << i;
        out[count++] = once;
        for (unsigned k = 0; k < i && flips >= FLIPS; k++) {
            out[count++] = once ^ (uint32_t)1 << k;
        }
    }
    return count;
}

/* One part's share of a query. */
struct probe {
    struct run runs[MAX_PROBES];
    size_t count;
    size_t total; /* of numbers */
};

/* All places are asked for before the first is looked at, so that they come together. */
static void probe_part(const struct hv_buckets *buckets, const hashveil_pdq *query, unsigned part,
                       int flips, struct probe *out)
{
    uint32_t values[MAX_PROBES];
    const uint32_t *starts = starts_of(buckets, part);
    const uint32_t *numbers = buckets->numbers + (size_t)part * buckets->count;
    const size_t count =
        list_values(part_of(query, part, buckets->bits), buckets->bits, flips, values);
    out->count = 0;
    out->total = 0;
    for (size_t i = 0; i < count; i++) {
        __builtin_prefetch(&starts[values[i]]);
    }
    for (size_t i = 0; i < count; i++) {
        const struct run run = {starts[values[i]], starts[values[i] + 1]};
        if (run.from < run.to) {
            __builtin_prefetch(&numbers[run.from]);
            out->runs[out->count++] = run;
            out->total += run.to - run.from;
        }
    }
}

static unsigned distance_of(const hashveil_pdq *a, const hashveil_pdq *b)
{
    return (unsigned)(__builtin_popcountll(a->word[0] ^ b->word[0]) +
                      __builtin_popcountll(a->word[1] ^ b->word[1]) +
                      __builtin_popcountll(a->word[2] ^ b->word[2]) +
                      __builtin_popcountll(a->word[3] ^ b->word[3]));
}

/* What came up by an earlier part has been told of. */
static bool came_up_before(const struct hv_buckets *buckets, const hashveil_pdq *query,
                           const hashveil_pdq *hash, unsigned part, unsigned radius)
{
    bool came = false;
    for (unsigned earlier = 0; earlier < part && !came; earlier++) {
        const uint32_t differing =
            part_of(query, earlier, buckets->bits) ^ part_of(hash, earlier, buckets->bits);
        came = __builtin_popcount(differing) <= flips_of(earlier, radius);
    }
    return came;
}

static hashveil_status look_at(const struct hv_buckets *buckets, const struct hv_scan_query *query,
                               unsigned part, uint32_t number)
{
    const hashveil_pdq *hash = &buckets->hashes[number];
    const unsigned distance = distance_of(hash, query->hash);
    return distance > query->radius ||
                   came_up_before(buckets, query->hash, hash, part, query->radius)
               ? HASHVEIL_OK
               : query->tell(query->context, number, distance);
}

enum { AHEAD = 16 };

/* Hashes are asked for some places ahead of where they are looked at. */
static hashveil_status look_at_part(const struct hv_buckets *buckets,
                                    const struct hv_scan_query *query, unsigned part,
                                    const struct probe *probe)
{
    const uint32_t *numbers = buckets->numbers + (size_t)part * buckets->count;
    uint32_t waiting[AHEAD];
    size_t seen = 0;
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = 0; i < probe->count; i++) {
        for (uint32_t k = probe->runs[i].from; k < probe->runs[i].to; k++) {
            const uint32_t number = numbers[k];
            __builtin_prefetch(&buckets->hashes[number]);
            if (seen >= AHEAD && status == HASHVEIL_OK) {
                status = look_at(buckets, query, part, waiting[seen % AHEAD]);
            }
            waiting[seen++ % AHEAD] = number;
        }
    }
    for (size_t i = seen < AHEAD ? 0 : seen - AHEAD; i < seen && status == HASHVEIL_OK; i++) {
        status = look_at(buckets, query, part, waiting[i % AHEAD]);
    }
    return status;
}

hashveil_status hv_buckets_within(const struct hv_buckets *buckets,
                                  const struct hv_scan_query *query)
{
    struct probe probes[HV_BUCKET_PARTS];
    hashveil_status status = HASHVEIL_OK;
    size_t total = 0;
    for (unsigned part = 0; part < HV_BUCKET_PARTS; part++) {
        probe_part(buckets, query->hash, part, flips_of(part, query->radius), &probes[part]);
        total += probes[part].total;
    }
    if (total > buckets->count / SCAN_SHARE) {
        return hv_scan_within(hv_scan_kernel_here(), buckets->hashes, buckets->count, query);
    }
    for (unsigned part = 0; part < HV_BUCKET_PARTS && status == HASHVEIL_OK; part++) {
        status = look_at_part(buckets, query, part, &probes[part]);
    }
    return status;
}
