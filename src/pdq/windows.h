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

/* The weights are whole numbers: of grey pixels, sums below 2^24 are exact whatever their order. */
struct hv_window_shape {
    const float *weights; /* padded_count, the first count of them not zero */
    size_t count, padded_count;
    float total; /* the sum of the weights */
};

/* Starts as {0}. Window k begins at input first[k]. */
struct hv_windows {
    size_t first[HV_PDQ_SIDE];
    struct hv_window_shape inner; /* of windows 0..62 */
    struct hv_window_shape last;  /* of window 63, the only one that the picture's edge may cut */
    float *weights;               /* owned; of both shapes */
};

/* side: of the picture along this axis, at least 1. Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_windows_init(uint32_t side, struct hv_windows *out);
void hv_windows_clear(struct hv_windows *windows);

static inline const struct hv_window_shape *hv_window_shape_of(const struct hv_windows *windows,
                                                               size_t k)
{
    return k < HV_PDQ_SIDE - 1 ? &windows->inner : &windows->last;
}

#endif
