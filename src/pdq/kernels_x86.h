/* SPDX-License-Identifier: Apache-2.0 */
/* For the x86 variants, each of which compiles its own copy for its own registers. */
#ifndef HV_PDQ_KERNELS_X86_H
#define HV_PDQ_KERNELS_X86_H

#include "pdq/kernels.h"

#include <immintrin.h>

/* For byte shuffles: moves bytes first, first + 3, + 6 and + 9 to places of four bytes each, with
 * zeros above. A place number with its top bit set gives a zero. */
static inline __m128i hv_every_third_byte(int first)
{
    const int zeros = ~0x7f7f7fff;
    return _mm_setr_epi32(zeros | first, zeros | (first + 3), zeros | (first + 6),
                          zeros | (first + 9));
}

static inline unsigned hv_sum_lanes(__m256i lanes)
{
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
    sum = _mm_add_epi32(sum, _mm_srli_si128(sum, 8));
    sum = _mm_add_epi32(sum, _mm_srli_si128(sum, 4));
    return (unsigned)_mm_cvtsi128_si32(sum);
}

/* The partial sums of a window. */
static inline __m256 hv_lanes_of_window(const float *sums, const struct hv_windows *columns,
                                        size_t k)
{
    const struct hv_window_shape *shape = hv_window_shape_of(columns, k);
    const float *inputs = sums + columns->first[k];
    __m256 lanes = _mm256_setzero_ps();
    for (size_t t = 0; t < shape->padded_count; t += HV_PDQ_LANES) {
        lanes = _mm256_add_ps(
            lanes, _mm256_mul_ps(_mm256_loadu_ps(shape->weights + t), _mm256_loadu_ps(inputs + t)));
    }
    return lanes;
}

/* Lanes 0 + 4, 1 + 5, 2 + 6, 3 + 7 of window k, then those of window k + 4. */
static inline __m256 hv_fold_two(const float *sums, const struct hv_windows *columns, size_t k)
{
    const __m256 low = hv_lanes_of_window(sums, columns, k);
    const __m256 high = hv_lanes_of_window(sums, columns, k + 4);
    return _mm256_add_ps(_mm256_permute2f128_ps(low, high, 0x20),
                         _mm256_permute2f128_ps(low, high, 0x31));
}

/* Of windows k and k + 1, then k + 4 and k + 5: 0 + 4 + 2 + 6 of both, then 1 + 5 + 3 + 7. */
static inline __m256 hv_fold_four(const float *sums, const struct hv_windows *columns, size_t k)
{
    const __m256 even = hv_fold_two(sums, columns, k);
    const __m256 odd = hv_fold_two(sums, columns, k + 1);
    return _mm256_add_ps(_mm256_unpacklo_ps(even, odd), _mm256_unpackhi_ps(even, odd));
}

/* Eight windows at once: the same additions as one by one, in the order of the promise. */
static inline void hv_average_windows(const float *sums, const struct hv_windows *columns,
                                      float row_total, float out[HV_PDQ_SIDE])
{
    for (size_t k = 0; k < HV_PDQ_SIDE; k += 8) {
        const __m256d first = _mm256_castps_pd(hv_fold_four(sums, columns, k));
        const __m256d second = _mm256_castps_pd(hv_fold_four(sums, columns, k + 2));
        const __m256 sum = _mm256_add_ps(_mm256_castpd_ps(_mm256_unpacklo_pd(first, second)),
                                         _mm256_castpd_ps(_mm256_unpackhi_pd(first, second)));
        const __m256 total =
            _mm256_mul_ps(_mm256_set1_ps(row_total), _mm256_loadu_ps(columns->total + k));
        _mm256_storeu_ps(out + k, _mm256_div_ps(sum, total));
    }
}

#endif
