/* SPDX-License-Identifier: Apache-2.0 */
/* What the ways of scanning have in common. */
#ifndef HV_HASHDB_INDEX_SCAN_KERNELS_H
#define HV_HASHDB_INDEX_SCAN_KERNELS_H

#include "hashdb/index/scan.h"

static inline unsigned hv_distance(const hashveil_pdq *a, const hashveil_pdq *b)
{
    return (unsigned)(__builtin_popcountll(a->word[0] ^ b->word[0]) +
                      __builtin_popcountll(a->word[1] ^ b->word[1]) +
                      __builtin_popcountll(a->word[2] ^ b->word[2]) +
                      __builtin_popcountll(a->word[3] ^ b->word[3]));
}

/* The kernel's two functions in plain C, for compilers to make of them what a processor can do. */
static inline uint64_t hv_within_plain(const hashveil_pdq *hashes, const hashveil_pdq *query,
                                       unsigned radius)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < HV_SCAN_BLOCK; i++) {
        bits |= (uint64_t)(hv_distance(&hashes[i], query) <= radius) << i;
    }
    return bits;
}

static inline void hv_halves_plain(const hashveil_pdq *hashes, const struct hv_scan_halves *queries,
                                   unsigned radius, uint8_t near_out[HV_SCAN_BLOCK])
{
    for (size_t i = 0; i < HV_SCAN_BLOCK; i++) {
        unsigned near = 0;
        for (unsigned q = 0; q < HV_SCAN_QUERIES; q++) {
            const int distance = __builtin_popcountll(hashes[i].word[0] ^ queries->word[0][q]) +
                                 __builtin_popcountll(hashes[i].word[1] ^ queries->word[1][q]);
            near |= (unsigned)((unsigned)distance <= radius) << q;
        }
        near_out[i] = (uint8_t)near;
    }
}

#if defined(__x86_64__)
extern const struct hv_scan_kernel hv_scan_avx512, hv_scan_avx2, hv_scan_popcnt;
#endif

#endif
