/* SPDX-License-Identifier: Apache-2.0 */
/* Both box passes and the decimation along one axis of a picture, as 64 weighted windows. */
#ifndef HV_PDQ_WINDOWS_H
#define HV_PDQ_WINDOWS_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

enum {
    HV_PDQ_SIDE = 64,
    /* Weights are padded with zeros to this, so that kernels add whole lanes. */
    HV_PDQ_LANES = 8
};

/* The weights are whole numbers: of grey samples, sums below 2^24 are exact whatever their order.
 */
struct hv_window_shape {
    const float *weights; /* padded_count, the first count of them not zero */
    size_t count, padded_count;
};

/* Starts as {0}. Window k begins at input first[k]. */
struct hv_windows {
    size_t first[HV_PDQ_SIDE];
    struct hv_window_shape shape[HV_PDQ_SIDE];
    float total[HV_PDQ_SIDE]; /* the sum of the weights */
    float *weights;           /* owned; of all shapes, which may share them */
};

/* side: of the picture along this axis, at least 1. Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_windows_init(uint32_t side, struct hv_windows *out);
void hv_windows_clear(struct hv_windows *windows);

/* Inputs are means of block_px pixels from now on, the last of them of what is left: each weighs as
 * much as its pixels do together. Once. Errors: ERR_NO_MEMORY; the windows are then unchanged. */
HASHVEIL_MUST_USE hashveil_status hv_windows_to_blocks(struct hv_windows *windows,
                                                       uint32_t block_px);

static inline const struct hv_window_shape *hv_window_shape_of(const struct hv_windows *windows,
                                                               size_t k)
{
    return &windows->shape[k];
}

#endif
