/* SPDX-License-Identifier: Apache-2.0 */
/* A picture as it passes by, row by row: who makes the rows and who uses them know only this. */
#ifndef HV_BASE_ROWS_H
#define HV_BASE_ROWS_H

#include <stdint.h>

#include <hashveil/status.h>

/* What the rows will be like. */
struct hv_row_shape {
    uint32_t width_px, height_px; /* of the picture, at least 1 */
    uint32_t channels;            /* samples of a block: 1 grey, 3 RGB */
    /* A row holds one mean a block of block_px x block_px pixels, and there are as many rows as
     * blocks along a column; the last ones stand for what is left. 1: the pixels themselves. */
    uint32_t block_px;
};

/* Returns how many blocks there are along a side. */
static inline uint32_t hv_blocks_along(uint32_t side_px, uint32_t block_px)
{
    return side_px / block_px + (side_px % block_px != 0);
}

/* Is told the shape once, before anything, then given each row from the top. What it returns other
 * than OK ends the picture. shape, samples: borrowed for the call. */
struct hv_row_sink {
    void *context;
    hashveil_status (*begin)(void *context, const struct hv_row_shape *shape);
    hashveil_status (*row)(void *context, const uint8_t *samples);
};

#endif
