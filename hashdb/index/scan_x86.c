/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/index/scan_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "base/cpu.h"

/* The plain ones with the instruction that counts bits. */

__attribute__((target("popcnt"))) static uint64_t
within_popcnt(const hashveil_pdq *hashes, const hashveil_pdq *query, unsigned radius)
{
    return hv_within_plain(hashes, query, radius);
}

__attribute__((target("popcnt"))) static void halves_popcnt(const hashveil_pdq *hashes,
                                                            const struct hv_scan_halves *queries,
                                                            unsigned radius,
                                                            uint8_t near_out[HV_SCAN_BLOCK])
{
    hv_halves_plain(hashes, queries, radius, near_out);
}

/* How many bits each byte has: of its two halves, in a table (Mula, Kurz and Lemire, "Faster
 * Population Counts Using AVX2 Instructions", 2018). */
__attribute__((target("avx2"))) static inline __m256i count_bytes(__m256i bytes)
{
    const __m256i counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1,
                                            2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(0x0f);
    const __m256i low_half = _mm256_shuffle_epi8(counts, _mm256_and_si256(bytes, low));
    const __m256i high_half =
        _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), low));
    return _mm256_add_epi8(low_half, high_half);
}

/* Sums of the eight bytes of each lane. */
__attribute__((target("avx2"))) static inline __m256i sum_bytes(__m256i bytes)
{
    return _mm256_sad_epu8(bytes, _mm256_setzero_si256());
}

/* Bits of each 64 of a hash. */
__attribute__((target("avx2"))) static inline __m256i count_one(const hashveil_pdq *hash,
                                                                __m256i query)
{
    const __m256i bits = _mm256_loadu_si256((const __m256i *)(const void *)hash);
    return sum_bytes(count_bytes(_mm256_xor_si256(bits, query)));
}

/* Sums of the even and of the odd lanes of two vectors, one beside the other. */
__attribute__((target("avx2"))) static inline __m256i add_pairs_avx2(__m256i a, __m256i b)
{
    return _mm256_add_epi64(_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
}

__attribute__((target("avx2"))) static uint64_t
within_avx2(const hashveil_pdq *hashes, const hashveil_pdq *query, unsigned radius)
{
    const __m256i one = _mm256_loadu_si256((const __m256i *)(const void *)query);
    const __m256i above = _mm256_set1_epi64x((long long)radius + 1);
    uint64_t bits = 0;
    for (size_t i = 0; i < HV_SCAN_BLOCK; i += 4) {
        const __m256i first =
            add_pairs_avx2(count_one(hashes + i, one), count_one(hashes + i + 1, one));
        const __m256i second =
            add_pairs_avx2(count_one(hashes + i + 2, one), count_one(hashes + i + 3, one));
        /* Lanes of 128 bits: each hash has one half of its sum in either. */
        const __m256i distances = _mm256_add_epi64(_mm256_permute2x128_si256(first, second, 0x20),
                                                   _mm256_permute2x128_si256(first, second, 0x31));
        const __m256i near = _mm256_cmpgt_epi64(above, distances);
        bits |= (uint64_t)(unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(near)) << i;
    }
    return bits;
}

/* One hash and four of the queries. */
__attribute__((target("avx2"))) static inline unsigned
near_four(const hashveil_pdq *hash, const struct hv_scan_halves *queries, size_t from,
          __m256i above)
{
    __m256i bytes = _mm256_setzero_si256();
    for (unsigned w = 0; w < HV_SCAN_HALF_WORDS; w++) {
        const __m256i four =
            _mm256_load_si256((const __m256i *)(const void *)&queries->word[w][from]);
        const __m256i all = _mm256_set1_epi64x((long long)hash->word[w]);
        bytes = _mm256_add_epi8(bytes, count_bytes(_mm256_xor_si256(all, four)));
    }
    const __m256i near = _mm256_cmpgt_epi64(above, sum_bytes(bytes));
    return (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(near));
}

__attribute__((target("avx2"))) static void halves_avx2(const hashveil_pdq *hashes,
                                                        const struct hv_scan_halves *queries,
                                                        unsigned radius,
                                                        uint8_t near_out[HV_SCAN_BLOCK])
{
    const __m256i above = _mm256_set1_epi64x((long long)radius + 1);
    for (size_t i = 0; i < HV_SCAN_BLOCK; i++) {
        near_out[i] = (uint8_t)(near_four(&hashes[i], queries, 0, above) |
                                near_four(&hashes[i], queries, 4, above) << 4);
    }
}

/* Bits of each 64 of two hashes. */
__attribute__((target("avx512f,avx512vpopcntdq"))) static inline __m512i
count_two(const hashveil_pdq *hashes, __m512i query)
{
    return _mm512_popcnt_epi64(_mm512_xor_si512(_mm512_loadu_si512(hashes), query));
}

/* Sums of the even and of the odd lanes of two vectors, one beside the other. */
__attribute__((target("avx512f,avx512vpopcntdq"))) static inline __m512i add_pairs(__m512i a,
                                                                                   __m512i b)
{
    return _mm512_add_epi64(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
}

/* Eight hashes: their distances, in the order 0 2 4 6 1 3 5 7 of a vector's lanes. */
__attribute__((target("avx512f,avx512vpopcntdq"))) static inline __mmask8
within_eight(const hashveil_pdq *hashes, __m512i query, __m512i radius)
{
    const __m512i first = add_pairs(count_two(hashes, query), count_two(hashes + 2, query));
    const __m512i second = add_pairs(count_two(hashes + 4, query), count_two(hashes + 6, query));
    /* Lanes of 128 bits: each hash has two of one vector. */
    const __m512i even =
        _mm512_permutex2var_epi64(first, _mm512_setr_epi64(0, 1, 4, 5, 8, 9, 12, 13), second);
    const __m512i odd =
        _mm512_permutex2var_epi64(first, _mm512_setr_epi64(2, 3, 6, 7, 10, 11, 14, 15), second);
    return _mm512_cmple_epu64_mask(_mm512_add_epi64(even, odd), radius);
}

/* Lane i of the sums above is of this hash. */
static const unsigned char hash_of_lane[8] = {0, 2, 1, 3, 4, 6, 5, 7};

__attribute__((target("avx512f,avx512vpopcntdq"))) static uint64_t
within_avx512(const hashveil_pdq *hashes, const hashveil_pdq *query, unsigned radius)
{
    const __m512i two =
        _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(const void *)query));
    const __m512i most = _mm512_set1_epi64((long long)radius);
    uint64_t bits = 0;
    for (size_t i = 0; i < HV_SCAN_BLOCK; i += 8) {
        const __mmask8 mask = within_eight(hashes + i, two, most);
        for (unsigned lane = 0; mask != 0 && lane < 8; lane++) {
            bits |= (uint64_t)(mask >> lane & 1) << (i + hash_of_lane[lane]);
        }
    }
    return bits;
}

__attribute__((target("avx512f,avx512vpopcntdq"))) static void
halves_avx512(const hashveil_pdq *hashes, const struct hv_scan_halves *queries, unsigned radius,
              uint8_t near_out[HV_SCAN_BLOCK])
{
    const __m512i first = _mm512_load_si512(queries->word[0]);
    const __m512i second = _mm512_load_si512(queries->word[1]);
    const __m512i most = _mm512_set1_epi64((long long)radius);
    for (size_t i = 0; i < HV_SCAN_BLOCK; i++) {
        const __m512i a = _mm512_set1_epi64((long long)hashes[i].word[0]);
        const __m512i b = _mm512_set1_epi64((long long)hashes[i].word[1]);
        const __m512i distances =
            _mm512_add_epi64(_mm512_popcnt_epi64(_mm512_xor_si512(a, first)),
                             _mm512_popcnt_epi64(_mm512_xor_si512(b, second)));
        near_out[i] = _mm512_cmple_epu64_mask(distances, most);
    }
}

const struct hv_scan_kernel hv_scan_avx512 = {"AVX-512", HV_CPU_AVX512 | HV_CPU_VPOPCNTDQ,
                                              within_avx512, halves_avx512};
const struct hv_scan_kernel hv_scan_avx2 = {"AVX2", HV_CPU_AVX2, within_avx2, halves_avx2};
const struct hv_scan_kernel hv_scan_popcnt = {"popcnt", HV_CPU_POPCNT, within_popcnt,
                                              halves_popcnt};

#endif
