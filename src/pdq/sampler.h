/* SPDX-License-Identifier: Apache-2.0 */
/* The first step of the policy nearest512: rows of a large picture to rows of 512 x 512 of its
 * pixels, as they come. */
#ifndef HV_PDQ_SAMPLER_H
#define HV_PDQ_SAMPLER_H

#include "base/rows.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

enum { HV_SAMPLER_SIDE_PX = 512 };

/* Starts as {0}. */
struct hv_sampler {
    struct hv_row_shape shape; /* of the rows that come */
    uint32_t row;              /* the next one that comes */
    uint32_t sampled_row;      /* the next one to be made */
    size_t *columns;           /* owned; where in a row each sample is picked */
    uint8_t *samples;          /* owned; the row that was made last */
};

/* Whether a side is above 512. */
bool hv_sampler_is_needed(const struct hv_row_shape *shape);

/* shape: of the picture, where a block stands for each pixel of it; becomes that of the rows that
 * are made. Errors: ERR_NO_MEMORY; out is then cleared. */
HASHVEIL_MUST_USE hashveil_status hv_sampler_init(struct hv_row_shape *shape,
                                                  struct hv_sampler *out);

/* Takes the next row, from the top; borrowed for the call. Returns how many times sampler->samples
 * is the next row now: 0 or 1, or more where fewer than 512 rows come. */
size_t hv_sampler_add_row(struct hv_sampler *sampler, const uint8_t *samples);

void hv_sampler_clear(struct hv_sampler *sampler);

#endif
