/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a hash that the tables are by. */
#ifndef HV_HASHDB_INDEX_PARTS_H
#define HV_HASHDB_INDEX_PARTS_H

#include "hashdb/index/buckets.h"

/* A word's bits 0, 11, 22, 33, 44 and 55, and what a product with these bits brings together at 50:
 * bit 11 k comes to 50 + k by the summand 2^(50 - 10 k), and no two others to one place. */
#define HV_PART_BITS UINT64_C(0x0080100200400801)
#define HV_PART_GATHERING UINT64_C(0x0004010040100401)

enum { HV_PART_AT = 50, HV_PART_MASK = 0x3f };

/* Part p has the bits p, p + 11, p + 22, ...: what stands together in a hash, and goes together in
 * a picture, is in different parts. bits: how many of them, the first. */
static inline uint32_t hv_part_of(const hashveil_pdq *hash, unsigned part, unsigned bits)
{
    uint32_t value = 0;
    unsigned first = part; /* in the word */
    unsigned place = 0;    /* in the value */
    for (unsigned i = 0; i < HASHVEIL_PDQ_BITS / 64; i++) {
        const uint64_t spread = hash->word[i] >> first & HV_PART_BITS;
        value |= (uint32_t)(spread * HV_PART_GATHERING >> HV_PART_AT & HV_PART_MASK) << place;
        const unsigned count = (64 - first + HV_BUCKET_PARTS - 1) / HV_BUCKET_PARTS;
        place += count;
        first = first + count * HV_BUCKET_PARTS - 64;
    }
    return value & (((uint32_t)1 << bits) - 1);
}

#endif
