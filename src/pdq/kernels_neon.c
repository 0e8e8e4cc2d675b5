/* SPDX-License-Identifier: Apache-2.0 */
/* Four floats at a time. Plain C does what is left of a row. */
#include "pdq/dct.h"
#include "pdq/float_keys.h"
#include "pdq/kernels.h"

#include <arm_neon.h>

enum { STEP = 4, PIXELS = 2 * STEP };

static float32x4_t low_floats(uint8x8_t bytes)
{
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(bytes))));
}

static float32x4_t high_floats(uint8x8_t bytes)
{
    return vcvtq_f32_u32(vmovl_u16(vget_high_u16(vmovl_u8(bytes))));
}

static void add_step(float weight, float32x4_t luma, float *sums)
{
    vst1q_f32(sums, vaddq_f32(vld1q_f32(sums), vmulq_n_f32(luma, weight)));
}

static void add_grey(const uint8_t *grey, size_t count, float weight, float *sums)
{
    size_t x = 0;
    for (; x + PIXELS <= count; x += PIXELS) {
        const uint8x8_t samples = vld1_u8(grey + x);
        add_step(weight, low_floats(samples), sums + x);
        add_step(weight, high_floats(samples), sums + x + STEP);
    }
    hv_kernels_plain.add_grey(grey + x, count - x, weight, sums + x);
}

static float32x4_t luma_of(float32x4_t red, float32x4_t green, float32x4_t blue)
{
    return vaddq_f32(vaddq_f32(vmulq_n_f32(red, 0.299F), vmulq_n_f32(green, 0.587F)),
                     vmulq_n_f32(blue, 0.114F));
}

static void add_rgb(const uint8_t *rgb, size_t count, float weight, float *sums)
{
    size_t x = 0;
    for (; x + PIXELS <= count; x += PIXELS) {
        const uint8x8x3_t samples = vld3_u8(rgb + 3 * x);
        const float32x4_t low = luma_of(low_floats(samples.val[0]), low_floats(samples.val[1]),
                                        low_floats(samples.val[2]));
        const float32x4_t high = luma_of(high_floats(samples.val[0]), high_floats(samples.val[1]),
                                         high_floats(samples.val[2]));
        add_step(weight, low, sums + x);
        add_step(weight, high, sums + x + STEP);
    }
    hv_kernels_plain.add_rgb(rgb + 3 * x, count - x, weight, sums + x);
}

/* The partial sums 0 + 4, 1 + 5, 2 + 6, 3 + 7 of window k. */
static float32x4_t fold_one(const float *sums, const struct hv_windows *columns, size_t k)
{
    const struct hv_window_shape *shape = hv_window_shape_of(columns, k);
    const float *inputs = sums + columns->first[k];
    float32x4_t low = vdupq_n_f32(0);
    float32x4_t high = vdupq_n_f32(0);
    for (size_t t = 0; t < shape->padded_count; t += HV_PDQ_LANES) {
        low = vaddq_f32(low, vmulq_f32(vld1q_f32(shape->weights + t), vld1q_f32(inputs + t)));
        high = vaddq_f32(
            high, vmulq_f32(vld1q_f32(shape->weights + t + STEP), vld1q_f32(inputs + t + STEP)));
    }
    return vaddq_f32(low, high);
}

/* 0 + 4 + 2 + 6 of windows k and k + 1, then 1 + 5 + 3 + 7 of both. */
static float64x2_t fold_two(const float *sums, const struct hv_windows *columns, size_t k)
{
    const float32x4_t even = fold_one(sums, columns, k);
    const float32x4_t odd = fold_one(sums, columns, k + 1);
    return vreinterpretq_f64_f32(vaddq_f32(vzip1q_f32(even, odd), vzip2q_f32(even, odd)));
}

/* Four windows at once: the same additions as one by one, in the order of the promise. */
static void average_windows(const float *sums, const struct hv_windows *columns, float row_total,
                            float out[HV_PDQ_SIDE])
{
    for (size_t k = 0; k < HV_PDQ_SIDE; k += STEP) {
        const float64x2_t first = fold_two(sums, columns, k);
        const float64x2_t second = fold_two(sums, columns, k + 2);
        const float32x4_t sum = vaddq_f32(vreinterpretq_f32_f64(vzip1q_f64(first, second)),
                                          vreinterpretq_f32_f64(vzip2q_f64(first, second)));
        vst1q_f32(out + k, vdivq_f32(sum, vmulq_n_f32(vld1q_f32(columns->total + k), row_total)));
    }
}

static uint32x4_t percents(float32x4_t u, float32x4_t v)
{
    const float32x4_t product = vmulq_n_f32(vsubq_f32(u, v), 100);
    return vreinterpretq_u32_s32(vabsq_s32(vcvtq_s32_f32(vdivq_f32(product, vdupq_n_f32(255)))));
}

/* The neighbours to the right of 4 places; the last of a row is its own. */
static float32x4_t right_of(const float *plane, size_t i)
{
    const float32x4_t here = vld1q_f32(plane + i);
    return (i + STEP) % HV_PDQ_SIDE == 0
               ? vcopyq_laneq_f32(vextq_f32(here, here, 1), STEP - 1, here, STEP - 1)
               : vld1q_f32(plane + i + 1);
}

static unsigned gradient_sum(const float plane[HV_PDQ_PLANE])
{
    uint32x4_t sum = vdupq_n_u32(0);
    for (size_t i = 0; i < HV_PDQ_PLANE; i += STEP) {
        sum = vaddq_u32(sum, percents(vld1q_f32(plane + i), right_of(plane, i)));
    }
    for (size_t i = HV_PDQ_SIDE; i < HV_PDQ_PLANE; i += STEP) {
        sum = vaddq_u32(sum, percents(vld1q_f32(plane + i - HV_PDQ_SIDE), vld1q_f32(plane + i)));
    }
    return vaddvq_u32(sum);
}

/* As many rows as leave registers for the rest. */
enum { ROWS = 4, VECTORS = HV_PDQ_FREQUENCIES / STEP, SUMS = ROWS * VECTORS };

/* out[i][c] = the sum over k of left[k * stride + i] * hv_dct[k][c], for 4 x 16 places. */
static void multiply_by_dct(const float *left, size_t stride, float *out)
{
    float32x4_t sum[SUMS];
    for (size_t n = 0; n < SUMS; n++) {
        sum[n] = vdupq_n_f32(0);
    }
    for (size_t k = 0; k < HV_PDQ_SIDE; k++) {
#pragma GCC unroll 16
        for (size_t n = 0; n < SUMS; n++) {
            const float32x4_t dct = vld1q_f32(hv_dct[k] + n % VECTORS * STEP);
            sum[n] = vaddq_f32(sum[n], vmulq_n_f32(dct, left[k * stride + n / VECTORS]));
        }
    }
    for (size_t n = 0; n < SUMS; n++) {
        vst1q_f32(out + STEP * n, sum[n]);
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

/* As hv_key_of_float. */
static uint32x4_t keys_of(const float *values)
{
    const int32x4_t bits = vreinterpretq_s32_f32(vld1q_f32(values));
    const uint32x4_t turned = vreinterpretq_u32_s32(vshrq_n_s32(bits, 31));
    return veorq_u32(vreinterpretq_u32_s32(bits), vorrq_u32(turned, vdupq_n_u32(0x80000000U)));
}

/* Returns how many keys are below. */
static unsigned count_below(const uint32x4_t keys[KEYS], uint32_t candidate)
{
    const uint32x4_t limit = vdupq_n_u32(candidate);
    uint32x4_t below[2] = {vdupq_n_u32(0), vdupq_n_u32(0)};
    for (size_t i = 0; i < KEYS; i += 2) {
        below[0] = vsubq_u32(below[0], vcltq_u32(keys[i], limit));
        below[1] = vsubq_u32(below[1], vcltq_u32(keys[i + 1], limit));
    }
    return vaddvq_u32(vaddq_u32(below[0], below[1]));
}

/* As plain C does. */
static float lower_median(const float values[HASHVEIL_PDQ_BITS])
{
    uint32x4_t keys[KEYS];
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

const struct hv_kernels hv_kernels_neon = {
    .name = "NEON",
    .needs = HV_CPU_NEON,
    .add_grey = add_grey,
    .add_rgb = add_rgb,
    .average_windows = average_windows,
    .gradient_sum = gradient_sum,
    .transform = transform,
    .lower_median = lower_median,
};
