/* SPDX-License-Identifier: Apache-2.0 */
/* A picture of any size to 64 x 64 luma, in one pass over its rows: memory is proportional to a
 * row. The result is that of two box passes along each axis and the decimation. */
#ifndef HV_PDQ_FILTER_H
#define HV_PDQ_FILTER_H

#include "base/rows.h"
#include "pdq/kernels.h"
#include "pdq/windows.h"

#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

enum { HV_PDQ_MIN_SIDE_PX = 5 /* below, the reference gives an empty hash and no quality */ };

/* Starts as {0}. */
struct hv_filter {
    const struct hv_kernels *kernels;
    struct hv_windows columns; /* along a row */
    struct hv_windows rows;    /* along a column */
    size_t width, height;      /* in samples, of pixels or of blocks */
    uint32_t channels;
    size_t row;                /* the next one */
    size_t window;             /* the first along a column that is not complete */
    float *room;               /* owned; holds the sums */
    float *sums[2];            /* weighted rows of windows k and k + 1, window k in k % 2 */
    float plane[HV_PDQ_PLANE]; /* row-major; complete once the last row is added */
};

/* Errors: ERR_NO_MEMORY; out is then cleared. */
HASHVEIL_MUST_USE hashveil_status hv_filter_init(const struct hv_kernels *kernels,
                                                 const struct hv_row_shape *shape,
                                                 struct hv_filter *out);

/* Takes the next row, from the top; borrowed for the call. */
void hv_filter_add_row(struct hv_filter *filter, const uint8_t *samples);

void hv_filter_clear(struct hv_filter *filter);

#endif
