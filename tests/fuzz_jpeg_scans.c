/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG by its first scans, whatever its size: all rows come, and whatever the exact way reads is
 * read. */
#include "fuzz.h"

#include "image/rows.h"

#include <stdlib.h>

struct rows {
    struct hv_row_shape shape;
    uint32_t count;
    unsigned sum; /* reads every sample */
};

static hashveil_status begin(void *context, const struct hv_row_shape *shape)
{
    struct rows *rows = context;
    if (rows->shape.block_px != 0) {
        abort();
    }
    rows->shape = *shape;
    return HASHVEIL_OK;
}

static hashveil_status take_row(void *context, const uint8_t *samples)
{
    struct rows *rows = context;
    const size_t width = hv_blocks_along(rows->shape.width_px, rows->shape.block_px);
    for (size_t i = 0; i < width * rows->shape.channels; i++) {
        rows->sum += samples[i];
    }
    rows->count++;
    return HASHVEIL_OK;
}

static hashveil_status decode(const uint8_t *bytes, size_t len, uint32_t min_blocks)
{
    const struct hv_row_options options = {.limits = {.max_file_bytes = 1 << 20,
                                                      .max_pixels = 1 << 16,
                                                      .max_side_px = 1 << 12,
                                                      .max_scans = 20},
                                           .min_blocks = min_blocks};
    struct rows rows = {0};
    const struct hv_row_sink sink = {&rows, begin, take_row};
    const hashveil_status status = hv_image_decode_rows(bytes, len, &options, &sink);
    if (status == HASHVEIL_OK &&
        rows.count != hv_blocks_along(rows.shape.height_px, rows.shape.block_px)) {
        abort();
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const hashveil_status exact = decode(bytes, len, 0);
    for (uint32_t min_blocks = 1; min_blocks <= 8; min_blocks += 7) {
        if (decode(bytes, len, min_blocks) != HASHVEIL_OK && exact == HASHVEIL_OK) {
            abort();
        }
    }
    return 0;
}
