/* SPDX-License-Identifier: Apache-2.0 */
/* The first coefficients of a progressive picture's blocks. */
#ifndef HV_IMAGE_JPEG_PLANES_H
#define HV_IMAGE_JPEG_PLANES_H

#include "image/jpeg_script.h"

#include <hashveil/status.h>

#include "base/rows.h"

enum { HV_JPEG_PLANES = 4 };

/* Of the first component; quantised, row-major. Starts as {0}. */
struct hv_jpeg_planes {
    uint32_t width, height; /* in blocks */
    /* Owned: the means; how a block grows brighter along x, along y, along both. */
    int16_t *values[HV_JPEG_PLANES];
};

/* count: 1 for the means alone, or all planes; what script->slopes lacks stays 0.
 *
 * Errors: ERR_FORMAT (data and script disagree in any way), ERR_NO_MEMORY; out is then cleared. */
HASHVEIL_MUST_USE hashveil_status hv_jpeg_planes_read(const struct hv_jpeg_script *script,
                                                      unsigned count, struct hv_jpeg_planes *out);
void hv_jpeg_planes_clear(struct hv_jpeg_planes *planes);

#endif
