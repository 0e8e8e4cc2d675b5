/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen floats at a time. */
#include "pdq/dct.h"
#include "pdq/float_keys.h"
#include "pdq/kernels.h"
#include "pdq/kernels_x86.h"

enum { STEP = 16 };

/* The first count lanes, at most 63. */
static uint64_t mask_of(size_t count)
{
    return ((uint64_t)1 << count) - 1;
}

static __m512 floats_of(__m128i bytes)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
}

/* sums += factor * luma, 16 of them. */
static void add_step(__m512 factor, __m512 luma, float *sums)
{
    _mm512_storeu_ps(sums, _mm512_add_ps(_mm512_loadu_ps(sums), _mm512_mul_ps(factor, luma)));
}

/* The same for the first count of them. */
static void add_part(__m512 factor, __m512 luma, size_t count, float *sums)
{
    const __mmask16 mask = (__mmask16)mask_of(count);
    const __m512 sum = _mm512_maskz_loadu_ps(mask, sums);
    _mm512_mask_storeu_ps(sums, mask, _mm512_add_ps(sum, _mm512_mul_ps(factor, luma)));
}

static void add_grey(const uint8_t *grey, size_t count, float weight, float *sums)
{
    const __m512 factor = _mm512_set1_ps(weight);
    size_t x = 0;
    for (; x + STEP <= count; x += STEP) {
        add_step(factor, floats_of(_mm_loadu_epi8(grey + x)), sums + x);
    }
    if (x < count) {
        const __mmask16 mask = (__mmask16)mask_of(count - x);
        add_part(factor, floats_of(_mm_maskz_loadu_epi8(mask, grey + x)), count - x, sums + x);
    }
}

/* rgb: four pixels in each quarter. channel: 0 red, 1 green, 2 blue. */
static __m512 channel_of(__m512i rgb, int channel)
{
    const __m512i places = _mm512_broadcast_i32x4(hv_every_third_byte(channel));
    return _mm512_cvtepi32_ps(_mm512_shuffle_epi8(rgb, places));
}

/* Of 16 pixels side by side. */
static __m512 luma_of(__m512i rgb)
{
    const __m512i words = _mm512_setr_epi32(0, 1, 2, 0, 3, 4, 5, 0, 6, 7, 8, 0, 9, 10, 11, 0);
    const __m512i quarters = _mm512_permutexvar_epi32(words, rgb);
    const __m512 red = _mm512_mul_ps(_mm512_set1_ps(0.299F), channel_of(quarters, 0));
    const __m512 green = _mm512_mul_ps(_mm512_set1_ps(0.587F), channel_of(quarters, 1));
    const __m512 blue = _mm512_mul_ps(_mm512_set1_ps(0.114F), channel_of(quarters, 2));
    return _mm512_add_ps(_mm512_add_ps(red, green), blue);
}

/* Whole registers are loaded as long as the row holds them, though 48 bytes are used: a mask makes
 * a load wait where it touches a page that the processor has not met for some time. */
static void add_rgb(const uint8_t *rgb, size_t count, float weight, float *sums)
{
    const __m512 factor = _mm512_set1_ps(weight);
    size_t x = 0;
    for (; 3 * x + sizeof(__m512i) <= 3 * count; x += STEP) {
        add_step(factor, luma_of(_mm512_loadu_si512(rgb + 3 * x)), sums + x);
    }
    while (x < count) {
        const size_t part = count - x < STEP ? count - x : STEP;
        const __m512i pixels = _mm512_maskz_loadu_epi8(mask_of(3 * part), rgb + 3 * x);
        add_part(factor, luma_of(pixels), part, sums + x);
        x += part;
    }
}

static __m512i percents(__m512 u, __m512 v)
{
    const __m512 product = _mm512_mul_ps(_mm512_sub_ps(u, v), _mm512_set1_ps(100));
    return _mm512_abs_epi32(_mm512_cvttps_epi32(_mm512_div_ps(product, _mm512_set1_ps(255))));
}

static unsigned gradient_sum(const float plane[HV_PDQ_PLANE])
{
    const __mmask16 not_last = (__mmask16)mask_of(STEP - 1);
    __m512i sum = _mm512_setzero_si512();
    for (size_t i = 0; i < HV_PDQ_PLANE; i += STEP) {
        const __mmask16 pairs = (i + STEP) % HV_PDQ_SIDE == 0 ? not_last : 0xffff;
        const __m512 here = _mm512_loadu_ps(plane + i);
        const __m512 right = _mm512_mask_loadu_ps(here, pairs, plane + i + 1);
        sum = _mm512_mask_add_epi32(sum, pairs, sum, percents(here, right));
        if (i < HV_PDQ_PLANE - HV_PDQ_SIDE) {
            sum = _mm512_add_epi32(sum, percents(here, _mm512_loadu_ps(plane + i + HV_PDQ_SIDE)));
        }
    }
    return hv_sum_lanes(
        _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1)));
}

/* out[i][c] = the sum over k of left[k * stride + i] * hv_dct[k][c], for 16 x 16 places. */
static void multiply_by_dct(const float *left, size_t stride, float *out)
{
    __m512 sum[HV_PDQ_FREQUENCIES];
    for (size_t i = 0; i < HV_PDQ_FREQUENCIES; i++) {
        sum[i] = _mm512_setzero_ps();
    }
    for (size_t k = 0; k < HV_PDQ_SIDE; k++) {
        const __m512 dct = _mm512_loadu_ps(hv_dct[k]);
#pragma GCC unroll 16
        for (size_t i = 0; i < HV_PDQ_FREQUENCIES; i++) {
            const __m512 factor = _mm512_set1_ps(left[k * stride + i]);
            sum[i] = _mm512_add_ps(sum[i], _mm512_mul_ps(factor, dct));
        }
    }
    for (size_t i = 0; i < HV_PDQ_FREQUENCIES; i++) {
        _mm512_storeu_ps(out + HV_PDQ_FREQUENCIES * i, sum[i]);
    }
}

static void transform(const float plane[HV_PDQ_PLANE], float out[HASHVEIL_PDQ_BITS])
{
    float half[HV_PDQ_SIDE * HV_PDQ_FREQUENCIES]; /* (D plane)^T */
    for (size_t j = 0; j < HV_PDQ_SIDE; j += STEP) {
        multiply_by_dct(plane + j, HV_PDQ_SIDE, half + HV_PDQ_FREQUENCIES * j);
    }
    multiply_by_dct(half, HV_PDQ_FREQUENCIES, out);
}

enum { KEYS = HASHVEIL_PDQ_BITS / STEP };

/* Returns how many keys are below. */
static unsigned count_below(const __m512i keys[KEYS], unsigned candidate)
{
    const __m512i limit = _mm512_set1_epi32((int)candidate);
    unsigned count = 0;
#pragma GCC unroll 16
    for (size_t i = 0; i < KEYS; i++) {
        count += (unsigned)__builtin_popcount(_mm512_cmplt_epu32_mask(keys[i], limit));
    }
    return count;
}

/* As hv_key_of_float. */
static __m512i keys_of(const float *values)
{
    const __m512i bits = _mm512_loadu_si512(values);
    const __m512i sign = _mm512_set1_epi32(~0x7fffffff);
    return _mm512_xor_si512(bits, _mm512_or_si512(_mm512_srai_epi32(bits, 31), sign));
}

/* As plain C does. */
static float lower_median(const float values[HASHVEIL_PDQ_BITS])
{
    __m512i keys[KEYS];
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

const struct hv_kernels hv_kernels_avx512 = {
    .name = "AVX-512",
    .needs = HV_CPU_AVX512,
    .add_grey = add_grey,
    .add_rgb = add_rgb,
    .average_windows = hv_average_windows,
    .gradient_sum = gradient_sum,
    .transform = transform,
    .lower_median = lower_median,
};
