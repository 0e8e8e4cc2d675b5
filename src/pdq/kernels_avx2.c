/* SPDX-License-Identifier: Apache-2.0 */
/* Eight floats at a time. Plain C does what is left of a row. */
#include "pdq/dct.h"
#include "pdq/float_keys.h"
#include "pdq/kernels.h"
#include "pdq/kernels_x86.h"

enum { STEP = 8 };

static void add_step(__m256 factor, __m256 luma, float *sums)
{
    _mm256_storeu_ps(sums, _mm256_add_ps(_mm256_loadu_ps(sums), _mm256_mul_ps(factor, luma)));
}

static void add_grey(const uint8_t *grey, size_t count, float weight, float *sums)
{
    const __m256 factor = _mm256_set1_ps(weight);
    size_t x = 0;
    for (; x + STEP <= count; x += STEP) {
        const __m256i luma = _mm256_cvtepu8_epi32(_mm_loadu_si64(grey + x));
        add_step(factor, _mm256_cvtepi32_ps(luma), sums + x);
    }
    hv_kernels_plain.add_grey(grey + x, count - x, weight, sums + x);
}

/* channel: 0 red, 1 green, 2 blue. Of 24 bytes, the first half takes 0..15 and the second 8..23:
 * four pixels in the lower 12 of the one and the upper 12 of the other. */
static __m256 channel_of(__m256i rgb, int channel)
{
    const __m256i places =
        _mm256_setr_m128i(hv_every_third_byte(channel), hv_every_third_byte(channel + 4));
    return _mm256_cvtepi32_ps(_mm256_shuffle_epi8(rgb, places));
}

/* Of 8 pixels. */
static __m256 luma_of(const uint8_t *rgb)
{
    const __m256i halves = _mm256_setr_m128i(_mm_loadu_si128((const void *)rgb),
                                             _mm_loadu_si128((const void *)(rgb + 8)));
    const __m256 red = _mm256_mul_ps(_mm256_set1_ps(0.299F), channel_of(halves, 0));
    const __m256 green = _mm256_mul_ps(_mm256_set1_ps(0.587F), channel_of(halves, 1));
    const __m256 blue = _mm256_mul_ps(_mm256_set1_ps(0.114F), channel_of(halves, 2));
    return _mm256_add_ps(_mm256_add_ps(red, green), blue);
}

static void add_rgb(const uint8_t *rgb, size_t count, float weight, float *sums)
{
    const __m256 factor = _mm256_set1_ps(weight);
    size_t x = 0;
    for (; x + STEP <= count; x += STEP) {
        add_step(factor, luma_of(rgb + 3 * x), sums + x);
    }
    hv_kernels_plain.add_rgb(rgb + 3 * x, count - x, weight, sums + x);
}

static __m256i percents(__m256 u, __m256 v)
{
    const __m256 product = _mm256_mul_ps(_mm256_sub_ps(u, v), _mm256_set1_ps(100));
    return _mm256_abs_epi32(_mm256_cvttps_epi32(_mm256_div_ps(product, _mm256_set1_ps(255))));
}

/* The neighbours to the right of 8 places; the last of a row is its own. */
static __m256 right_of(const float *plane, size_t i)
{
    const __m256i own = _mm256_setr_epi32(1, 2, 3, 4, 5, 6, 7, 7);
    return (i + STEP) % HV_PDQ_SIDE == 0 ? _mm256_permutevar8x32_ps(_mm256_loadu_ps(plane + i), own)
                                         : _mm256_loadu_ps(plane + i + 1);
}

static unsigned gradient_sum(const float plane[HV_PDQ_PLANE])
{
    __m256i sum = _mm256_setzero_si256();
    for (size_t i = 0; i < HV_PDQ_PLANE; i += STEP) {
        sum = _mm256_add_epi32(sum, percents(_mm256_loadu_ps(plane + i), right_of(plane, i)));
    }
    for (size_t i = HV_PDQ_SIDE; i < HV_PDQ_PLANE; i += STEP) {
        sum = _mm256_add_epi32(
            sum, percents(_mm256_loadu_ps(plane + i - HV_PDQ_SIDE), _mm256_loadu_ps(plane + i)));
    }
    return hv_sum_lanes(sum);
}

/* As many rows as leave registers for the rest. */
enum { ROWS = 4 };

/* out[i][c] = the sum over k of left[k * stride + i] * hv_dct[k][c], for 4 x 16 places. */
static void multiply_by_dct(const float *left, size_t stride, float *out)
{
    __m256 sum[ROWS][2];
    for (size_t i = 0; i < ROWS; i++) {
        sum[i][0] = sum[i][1] = _mm256_setzero_ps();
    }
    for (size_t k = 0; k < HV_PDQ_SIDE; k++) {
        const __m256 dct[] = {_mm256_loadu_ps(hv_dct[k]), _mm256_loadu_ps(hv_dct[k] + STEP)};
#pragma GCC unroll 4
        for (size_t i = 0; i < ROWS; i++) {
            const __m256 factor = _mm256_set1_ps(left[k * stride + i]);
            sum[i][0] = _mm256_add_ps(sum[i][0], _mm256_mul_ps(factor, dct[0]));
            sum[i][1] = _mm256_add_ps(sum[i][1], _mm256_mul_ps(factor, dct[1]));
        }
    }
    for (size_t i = 0; i < ROWS; i++) {
        _mm256_storeu_ps(out + HV_PDQ_FREQUENCIES * i, sum[i][0]);
        _mm256_storeu_ps(out + HV_PDQ_FREQUENCIES * i + STEP, sum[i][1]);
    }
}

static void transform(const float plane[HV_PDQ_PLANE], float out[HASHVEIL_PDQ_BITS])
{
    float half[HV_PDQ_SIDE * HV_PDQ_FREQUENCIES]; /* (D plane)^T */
    for (size_t j = 0; j < HV_PDQ_SIDE; j += ROWS) {
        multiply_by_dct(plane + j, HV_PDQ_SIDE, half + HV_PDQ_FREQUENCIES * j);
    }
    for (size_t i = 0; i < HV_PDQ_FREQUENCIES; i += ROWS) {
        multiply_by_dct(half + i, HV_PDQ_FREQUENCIES, out + HV_PDQ_FREQUENCIES * i);
    }
}

enum { KEYS = HASHVEIL_PDQ_BITS / STEP };

/* As hv_key_of_float, but with the sign bit as it was: comparisons here are signed. */
static __m256i keys_of(const float *values)
{
    const __m256i bits = _mm256_castps_si256(_mm256_loadu_ps(values));
    return _mm256_xor_si256(bits, _mm256_srli_epi32(_mm256_srai_epi32(bits, 31), 1));
}

/* Returns how many keys are below. */
static unsigned count_below(const __m256i keys[KEYS], uint32_t candidate)
{
    const __m256i limit = _mm256_set1_epi32((int)(candidate ^ 0x80000000U));
    __m256i below[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    for (size_t i = 0; i < KEYS; i += 2) {
        below[0] = _mm256_sub_epi32(below[0], _mm256_cmpgt_epi32(limit, keys[i]));
        below[1] = _mm256_sub_epi32(below[1], _mm256_cmpgt_epi32(limit, keys[i + 1]));
    }
    return hv_sum_lanes(_mm256_add_epi32(below[0], below[1]));
}

/* As plain C does. */
static float lower_median(const float values[HASHVEIL_PDQ_BITS])
{
    __m256i keys[KEYS];
    uint32_t median = 0;
    for (size_t i = 0; i < KEYS; i++) {
        keys[i] = keys_of(values + STEP * i);
    }
    for (uint32_t bit = 0x80000000U; bit != 0; bit >>= 1) {
        const uint32_t candidate = median | bit;
        median = count_below(keys, candidate) < HASHVEIL_PDQ_BITS / 2 ? candidate : median;
    }
    return hv_float_of_key(median);
}

const struct hv_kernels hv_kernels_avx2 = {
    .name = "AVX2",
    .needs = HV_CPU_AVX2,
    .add_grey = add_grey,
    .add_rgb = add_rgb,
    .average_windows = hv_average_windows,
    .gradient_sum = gradient_sum,
    .transform = transform,
    .lower_median = lower_median,
};
