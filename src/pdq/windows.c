/* SPDX-License-Identifier: Apache-2.0 */
/* With w inputs in a box, w = ceil(side / 128), a box around i reaches from i - (w - 1) / 2 to
 * i + w / 2 (integer division). Two passes make a triangle of 2 w - 1 inputs. Window 0 stands at
 * floor(side / 128) >= w - 1 and window 63 at side - w, so the left edge never cuts; the right edge
 * cuts one input from the last box of window 63, where w is even. */
#include "pdq/windows.h"

#include "base/memory.h"

#include <stdlib.h>

static size_t padded(size_t count)
{
    return (count + HV_PDQ_LANES - 1) / HV_PDQ_LANES * HV_PDQ_LANES;
}

/* Returns how many of the first boxes hold input t, when box p holds p..p + width - 1. */
static size_t boxes_holding(size_t t, size_t boxes, size_t width)
{
    const size_t past = t < boxes ? t + 1 : boxes;
    const size_t gone = t < width ? 0 : t - width + 1;
    return past > gone ? past - gone : 0;
}

/* A triangle: each of w boxes gives each of its w inputs a share of 1. Returns the total. */
static float shape_inner(size_t width, float *weights, struct hv_window_shape *out)
{
    const size_t count = 2 * width - 1;
    for (size_t t = 0; t < count; t++) {
        weights[t] = (float)boxes_holding(t, width, width);
    }
    *out =
        (struct hv_window_shape){.weights = weights, .count = count, .padded_count = padded(count)};
    return (float)((double)width * (double)width);
}

/* The last box holds w - 1 inputs, so their shares are larger: scaled by w (w - 1), those are w and
 * all others w - 1. Returns the total. */
static float shape_cut(size_t width, float *weights, struct hv_window_shape *out)
{
    const size_t count = 2 * width - 2;
    for (size_t t = 0; t < count; t++) {
        weights[t] = (float)(boxes_holding(t, width - 1, width) * (width - 1) +
                             (t >= width - 1 ? width : 0));
    }
    *out =
        (struct hv_window_shape){.weights = weights, .count = count, .padded_count = padded(count)};
    return (float)((double)width * (double)width * (double)(width - 1));
}

hashveil_status hv_windows_init(uint32_t side, struct hv_windows *out)
{
    const size_t width = ((size_t)side + 127) / 128;
    const size_t room = padded(2 * width - 1);
    const size_t back = 2 * ((width - 1) / 2);

    *out = (struct hv_windows){.weights = hv_alloc_array(2 * room, sizeof(float))};
    if (!out->weights) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    out->total[0] = shape_inner(width, out->weights, &out->shape[0]);
    for (size_t k = 0; k < HV_PDQ_SIDE; k++) {
        out->first[k] = (2 * k + 1) * side / 128 - back;
        out->shape[k] = out->shape[0];
        out->total[k] = out->total[0];
    }
    /* The only one that the picture's edge may cut. */
    if (width % 2 == 0) {
        out->total[HV_PDQ_SIDE - 1] =
            shape_cut(width, out->weights + room, &out->shape[HV_PDQ_SIDE - 1]);
    }
    return HASHVEIL_OK;
}

/* first: of the pixels. Returns the first block. */
static size_t shape_blocks(const struct hv_window_shape *pixels, size_t first, uint32_t block_px,
                           float *weights, struct hv_window_shape *out)
{
    const size_t first_block = first / block_px;
    const size_t count = (first + pixels->count - 1) / block_px - first_block + 1;
    for (size_t t = 0; t < pixels->count; t++) {
        weights[(first + t) / block_px - first_block] += pixels->weights[t];
    }
    *out =
        (struct hv_window_shape){.weights = weights, .count = count, .padded_count = padded(count)};
    return first_block;
}

hashveil_status hv_windows_to_blocks(struct hv_windows *windows, uint32_t block_px)
{
    /* The most blocks that as many pixels may touch. */
    const size_t room = padded((windows->shape[0].count + (size_t)2 * block_px - 2) / block_px);
    float *weights = hv_alloc_array(HV_PDQ_SIDE * room, sizeof(float));
    if (!weights) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t k = 0; k < HV_PDQ_SIDE; k++) {
        const struct hv_window_shape pixels = windows->shape[k];
        windows->first[k] = shape_blocks(&pixels, windows->first[k], block_px, weights + k * room,
                                         &windows->shape[k]);
    }
    free(windows->weights);
    windows->weights = weights;
    return HASHVEIL_OK;
}

void hv_windows_clear(struct hv_windows *windows)
{
    free(windows->weights);
    *windows = (struct hv_windows){0};
}
