/* SPDX-License-Identifier: Apache-2.0 */
#include "pdq/sampler.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Returns the block, along a side, with the pixel that place i of the sampled side is picked from.
 */
static uint32_t picked(uint32_t i, uint32_t side_px, uint32_t block_px)
{
    return (uint32_t)((uint64_t)i * side_px / HV_SAMPLER_SIDE_PX) / block_px;
}

bool hv_sampler_is_needed(const struct hv_row_shape *shape)
{
    return shape->width_px > HV_SAMPLER_SIDE_PX || shape->height_px > HV_SAMPLER_SIDE_PX;
}

hashveil_status hv_sampler_init(struct hv_row_shape *shape, struct hv_sampler *out)
{
    *out = (struct hv_sampler){.shape = *shape,
                               .columns = hv_alloc_array(HV_SAMPLER_SIDE_PX, sizeof *out->columns),
                               .samples = hv_alloc_array(HV_SAMPLER_SIDE_PX, shape->channels)};
    if (!out->columns || !out->samples) {
        hv_sampler_clear(out);
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (uint32_t x = 0; x < HV_SAMPLER_SIDE_PX; x++) {
        out->columns[x] = (size_t)picked(x, shape->width_px, shape->block_px) * shape->channels;
    }
    shape->width_px = HV_SAMPLER_SIDE_PX;
    shape->height_px = HV_SAMPLER_SIDE_PX;
    shape->block_px = 1;
    return HASHVEIL_OK;
}

static void sample_grey(const size_t *columns, const uint8_t *samples, uint8_t *out)
{
    for (size_t x = 0; x < HV_SAMPLER_SIDE_PX; x++) {
        out[x] = samples[columns[x]];
    }
}

static void sample_rgb(const size_t *columns, const uint8_t *samples, uint8_t *out)
{
    for (size_t x = 0; x < HV_SAMPLER_SIDE_PX; x++) {
        memcpy(out + 3 * x, samples + columns[x], 3);
    }
}

static void sample_columns(struct hv_sampler *sampler, const uint8_t *samples)
{
    if (sampler->shape.channels == 1) {
        sample_grey(sampler->columns, samples, sampler->samples);
    } else {
        sample_rgb(sampler->columns, samples, sampler->samples);
    }
}

size_t hv_sampler_add_row(struct hv_sampler *sampler, const uint8_t *samples)
{
    const struct hv_row_shape *shape = &sampler->shape;
    const uint32_t row = sampler->row++;
    const uint32_t first = sampler->sampled_row;

    assert(row < hv_blocks_along(shape->height_px, shape->block_px));
    while (sampler->sampled_row < HV_SAMPLER_SIDE_PX &&
           picked(sampler->sampled_row, shape->height_px, shape->block_px) == row) {
        sampler->sampled_row++;
    }
    if (sampler->sampled_row > first) {
        sample_columns(sampler, samples);
    }
    return sampler->sampled_row - first;
}

void hv_sampler_clear(struct hv_sampler *sampler)
{
    free(sampler->columns);
    free(sampler->samples);
    *sampler = (struct hv_sampler){0};
}
