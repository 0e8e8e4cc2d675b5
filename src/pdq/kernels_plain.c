/* SPDX-License-Identifier: Apache-2.0 */
/* Plain C, which defines the answer. Inner loops of fixed length, so that compilers vectorise. */
#include "pdq/dct.h"
#include "pdq/float_keys.h"
#include "pdq/kernels.h"

#include <stdlib.h>
#include <string.h>

/* Compilers vectorise a loop whose length they know. */
enum { BLOCK = 16 };

static void add_grey(const uint8_t *restrict grey, size_t count, float weight, float *restrict sums)
{
    size_t x = 0;
    for (; x + BLOCK <= count; x += BLOCK) {
        for (size_t l = 0; l < BLOCK; l++) {
            sums[x + l] += weight * (float)grey[x + l];
        }
    }
    for (; x < count; x++) {
        sums[x] += weight * (float)grey[x];
    }
}

static void add_rgb(const uint8_t *restrict rgb, size_t count, float weight, float *restrict sums)
{
    for (size_t x = 0; x < count; x++) {
        sums[x] += weight * (0.299F * (float)rgb[3 * x] + 0.587F * (float)rgb[3 * x + 1] +
                             0.114F * (float)rgb[3 * x + 2]);
    }
}

static float sum_window(const float *sums, const struct hv_window_shape *shape)
{
    float lane[HV_PDQ_LANES] = {0};
    for (size_t t = 0; t < shape->padded_count; t += HV_PDQ_LANES) {
        for (size_t l = 0; l < HV_PDQ_LANES; l++) {
            lane[l] += shape->weights[t + l] * sums[t + l];
        }
    }
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

static void average_windows(const float *sums, const struct hv_windows *columns, float row_total,
                            float out[HV_PDQ_SIDE])
{
    for (size_t k = 0; k < HV_PDQ_SIDE; k++) {
        out[k] = sum_window(sums + columns->first[k], hv_window_shape_of(columns, k)) /
                 (row_total * columns->total[k]);
    }
}

/* Returns the sum over count pairs u[i], v[i]. */
static unsigned gradients(const float *u, const float *v, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (unsigned)abs((int)((u[i] - v[i]) * 100.0F / 255.0F));
    }
    return sum;
}

static unsigned gradient_sum(const float plane[HV_PDQ_PLANE])
{
    unsigned sum = 0;
    for (size_t r = 0; r < HV_PDQ_SIDE; r++) {
        sum += gradients(plane + r * HV_PDQ_SIDE, plane + r * HV_PDQ_SIDE + 1, HV_PDQ_SIDE - 1);
    }
    return sum + gradients(plane, plane + HV_PDQ_SIDE, HV_PDQ_PLANE - HV_PDQ_SIDE);
}

/* Four terms of each sum at a time, added from the left: the order is that of one at a time. */
enum { TERMS = 4 };

/* out = row i of D, times the plane. */
static void transform_columns(const float *plane, size_t i, float out[HV_PDQ_SIDE])
{
    float sum[HV_PDQ_SIDE] = {0};
    for (size_t k = 0; k < HV_PDQ_SIDE; k += TERMS) {
        const float *row0 = plane + k * HV_PDQ_SIDE;
        const float *row1 = row0 + HV_PDQ_SIDE;
        const float *row2 = row1 + HV_PDQ_SIDE;
        const float *row3 = row2 + HV_PDQ_SIDE;
        for (size_t j = 0; j < HV_PDQ_SIDE; j++) {
            sum[j] = sum[j] + hv_dct[k][i] * row0[j] + hv_dct[k + 1][i] * row1[j] +
                     hv_dct[k + 2][i] * row2[j] + hv_dct[k + 3][i] * row3[j];
        }
    }
    memcpy(out, sum, sizeof sum);
}

/* out = a row of 64, times D^T. */
static void transform_row(const float row[HV_PDQ_SIDE], float out[HV_PDQ_FREQUENCIES])
{
    float sum[HV_PDQ_FREQUENCIES] = {0};
    for (size_t k = 0; k < HV_PDQ_SIDE; k += TERMS) {
        for (size_t j = 0; j < HV_PDQ_FREQUENCIES; j++) {
            sum[j] = sum[j] + row[k] * hv_dct[k][j] + row[k + 1] * hv_dct[k + 1][j] +
                     row[k + 2] * hv_dct[k + 2][j] + row[k + 3] * hv_dct[k + 3][j];
        }
    }
    memcpy(out, sum, sizeof sum);
}

static void transform(const float plane[HV_PDQ_PLANE], float out[HASHVEIL_PDQ_BITS])
{
    for (size_t i = 0; i < HV_PDQ_FREQUENCIES; i++) {
        float row[HV_PDQ_SIDE];
        transform_columns(plane, i, row);
        transform_row(row, out + HV_PDQ_FREQUENCIES * i);
    }
}

/* Finds the largest key that fewer than 128 keys are below, bit by bit: no branch depends on the
 * values. */
static float lower_median(const float values[HASHVEIL_PDQ_BITS])
{
    uint32_t keys[HASHVEIL_PDQ_BITS];
    uint32_t median = 0;
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        keys[i] = hv_key_of_float(values[i]);
    }
    for (uint32_t bit = 0x80000000U; bit != 0; bit >>= 1) {
        const uint32_t candidate = median | bit;
        unsigned below = 0;
        for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
            below += keys[i] < candidate;
        }
        median = below < HASHVEIL_PDQ_BITS / 2 ? candidate : median;
    }
    return hv_float_of_key(median);
}

const struct hv_kernels hv_kernels_plain = {
    .name = "plain",
    .add_grey = add_grey,
    .add_rgb = add_rgb,
    .average_windows = average_windows,
    .gradient_sum = gradient_sum,
    .transform = transform,
    .lower_median = lower_median,
};
