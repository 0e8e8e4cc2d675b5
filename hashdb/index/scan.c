/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/index/scan.h"

#include "base/cpu.h"

enum { BLOCK = 64 };

static inline unsigned distance_of(const hashveil_pdq *a, const hashveil_pdq *b)
{
    unsigned distance = 0;
    for (size_t i = 0; i < sizeof a->word / sizeof a->word[0]; i++) {
        distance += (unsigned)__builtin_popcountll(a->word[i] ^ b->word[i]);
    }
    return distance;
}

static inline uint64_t within_plain(const hashveil_pdq *hashes, const hashveil_pdq *query,
                                    unsigned radius)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < BLOCK; i++) {
        bits |= (uint64_t)(distance_of(&hashes[i], query) <= radius) << i;
    }
    return bits;
}

static uint64_t within_anywhere(const hashveil_pdq *hashes, const hashveil_pdq *query,
                                unsigned radius)
{
    return within_plain(hashes, query, radius);
}

static const struct hv_scan_kernel plain = {"plain", 0, within_anywhere};

#if defined(__x86_64__)
#include <immintrin.h>

/* As the plain one, with the instruction that counts bits. */
__attribute__((target("popcnt"))) static uint64_t
within_popcnt(const hashveil_pdq *hashes, const hashveil_pdq *query, unsigned radius)
{
    return within_plain(hashes, query, radius);
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
    for (size_t i = 0; i < BLOCK; i += 8) {
        const __mmask8 mask = within_eight(hashes + i, two, most);
        for (unsigned lane = 0; mask != 0 && lane < 8; lane++) {
            bits |= (uint64_t)(mask >> lane & 1) << (i + hash_of_lane[lane]);
        }
    }
    return bits;
}

static const struct hv_scan_kernel popcnt = {"popcnt", HV_CPU_POPCNT, within_popcnt};
static const struct hv_scan_kernel avx512 = {"AVX-512", HV_CPU_AVX512 | HV_CPU_VPOPCNTDQ,
                                             within_avx512};

const struct hv_scan_kernel *const hv_scan_kernels[] = {&avx512, &popcnt, &plain, NULL};
#else
const struct hv_scan_kernel *const hv_scan_kernels[] = {&plain, NULL};
#endif

const struct hv_scan_kernel *hv_scan_kernel_here(void)
{
    const unsigned features = hv_cpu_features();
    size_t i = 0;
    while (hv_scan_kernels[i + 1] && (hv_scan_kernels[i]->features & ~features) != 0) {
        i++;
    }
    return hv_scan_kernels[i];
}

hashveil_status hv_scan_within(const struct hv_scan_kernel *kernel, const hashveil_pdq *hashes,
                               size_t count, const struct hv_scan_query *query)
{
    hashveil_status status = HASHVEIL_OK;
    size_t i = 0;
    for (; i + BLOCK <= count && status == HASHVEIL_OK; i += BLOCK) {
        uint64_t bits = kernel->within(hashes + i, query->hash, query->radius);
        for (; bits != 0 && status == HASHVEIL_OK; bits &= bits - 1) {
            const size_t number = i + (size_t)__builtin_ctzll(bits);
            status = query->tell(query->context, number, distance_of(&hashes[number], query->hash));
        }
    }
    for (; i < count && status == HASHVEIL_OK; i++) {
        const unsigned distance = distance_of(&hashes[i], query->hash);
        if (distance <= query->radius) {
            status = query->tell(query->context, i, distance);
        }
    }
    return status;
}
