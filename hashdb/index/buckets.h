/* SPDX-License-Identifier: Apache-2.0 */
/* Multi-index hashing (Norouzi, Punjani and Fleet, "Fast Exact Search in Hamming Space With
 * Multi-Index Hashing", 2014): hashes that are near agree nearly in some part of their bits, so
 * each of 11 parts has a table by which those come up that nearly agree in it. */
#ifndef HV_HASHDB_INDEX_BUCKETS_H
#define HV_HASHDB_INDEX_BUCKETS_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/pdq.h>

#include "hashdb/index/scan.h"

enum {
    HV_BUCKET_PARTS = 11,
    HV_BUCKET_MAX_RADIUS = 31,
    HV_BUCKET_MAX_BITS = 23,      /* of a part that its table looks at */
    HV_BUCKET_MIN_COUNT = 1 << 14 /* below it a scan is as fast */
};

/* The tables of an array of hashes, which they borrow. Starts as {0}. */
struct hv_buckets {
    const hashveil_pdq *hashes;
    size_t count;  /* below 2^32 */
    unsigned bits; /* of a part: hv_bucket_bits(count) */
    /* Borrowed from the table or from a file: of each part 2^bits + 1: where in its numbers a
     * value's begin; and of each part count: the hashes' numbers, by the part's value. */
    const uint32_t *starts, *numbers;
    uint32_t *table; /* owned; both, NULL where they are a file's */
};

/* As many bits as there are hashes for, at least 1. */
unsigned hv_bucket_bits(size_t count);

static inline size_t hv_bucket_start_count(unsigned bits)
{
    return HV_BUCKET_PARTS * (((size_t)1 << bits) + 1);
}

/* A part's: where each value's numbers begin. */
static inline const uint32_t *hv_bucket_starts(const struct hv_buckets *buckets, unsigned part)
{
    return buckets->starts + hv_bucket_start_count(buckets->bits) / HV_BUCKET_PARTS * part;
}

/* Errors: ERR_NO_MEMORY. Uses all processors, and for each of them 8 bytes a hash on the way. */
HASHVEIL_MUST_USE hashveil_status hv_buckets_make(const hashveil_pdq *hashes, size_t count,
                                                  struct hv_buckets *out);

/* Whether no query could read outside these tables, which may be foreign. Uses all processors.
 * Errors: ERR_FORMAT. */
HASHVEIL_MUST_USE hashveil_status hv_buckets_check(const struct hv_buckets *buckets);

/* Tells of each hash within the radius, 0..HV_BUCKET_MAX_RADIUS, once, in no order. Where more than
 * an eighth of all hashes would have to be looked at, all are scanned. Errors: those of tell. */
HASHVEIL_MUST_USE hashveil_status hv_buckets_within(const struct hv_buckets *buckets,
                                                    const struct hv_scan_query *query);

void hv_buckets_clear(struct hv_buckets *buckets);

#endif
