/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/index/buckets.h"

#include <stdbool.h>

#include "hashdb/index/parts.h"
#include "hashdb/index/scan_kernels.h"

enum {
    FLIPS = 2,
    /* No flip, one, and two, of the bits of a part. */
    MAX_PROBES = 1 + HV_BUCKET_MAX_BITS + HV_BUCKET_MAX_BITS * (HV_BUCKET_MAX_BITS - 1) / 2,
    SCAN_SHARE = 8
};

/* At distance 31 the parts differ in 31 bits together: eleven of them cannot all differ in more
 * than these, as the sum of one more each is 32. Returns -1 where no hash within the radius can
 * differ in so few bits of this part alone. */
static int flips_of(unsigned part, unsigned radius)
{
    const int whole = (int)(radius / HV_BUCKET_PARTS);
    const int rest = (int)(radius % HV_BUCKET_PARTS);
    return (int)part <= rest ? whole : whole - 1;
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
    const uint32_t *starts = hv_bucket_starts(buckets, part);
    const uint32_t *numbers = buckets->numbers + (size_t)part * buckets->count;
    const size_t count =
        list_values(hv_part_of(query, part, buckets->bits), buckets->bits, flips, values);
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

/* What came up by an earlier part has been told of. */
static bool came_up_before(const struct hv_buckets *buckets, const hashveil_pdq *query,
                           const hashveil_pdq *hash, unsigned part, unsigned radius)
{
    bool came = false;
    for (unsigned earlier = 0; earlier < part && !came; earlier++) {
        const uint32_t differing =
            hv_part_of(query, earlier, buckets->bits) ^ hv_part_of(hash, earlier, buckets->bits);
        came = __builtin_popcount(differing) <= flips_of(earlier, radius);
    }
    return came;
}

static hashveil_status look_at(const struct hv_buckets *buckets, const struct hv_scan_query *query,
                               unsigned part, uint32_t number)
{
    const hashveil_pdq *hash = &buckets->hashes[number];
    const unsigned distance = hv_distance(hash, query->hash);
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
