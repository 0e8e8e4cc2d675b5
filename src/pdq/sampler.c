/* SPDX-License-Identifier: Apache-2.0 */
#include "pdq/sampler.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Returns the place along a side that place i of the sampled side is picked from. */
static uint32_t picked(uint32_t i, uint32_t side_px)
{
    return (uint32_t)((uint64_t)i * side_px / HV_SAMPLER_SIDE_PX);
}

bool hv_sampler_is_needed(const struct hv_row_shape *shape)
{
    return shape->width_px > HV_SAMPLER_SIDE_PX || shape->height_px > HV_SAMPLER_SIDE_PX;
}

hashveil_status hv_sampler_init(struct hv_row_shape *shape, struct hv_sampler *out)
{
    *out = (struct hv_sampler){.shape = *shape,
                               .samples = hv_alloc_array(HV_SAMPLER_SIDE_PX, shape->channels)};
    if (!out->samples) {
        *out = (struct hv_sampler){0};
        return HASHVEIL_ERR_NO_MEMORY;
    }
    shape->width_px = HV_SAMPLER_SIDE_PX;
    shape->height_px = HV_SAMPLER_SIDE_PX;
    return HASHVEIL_OK;
}

static void sample_columns(struct hv_sampler *sampler, const uint8_t *samples)
{
    const size_t channels = sampler->shape.channels;
    for (uint32_t x = 0; x < HV_SAMPLER_SIDE_PX; x++) {
        memcpy(sampler->samples + x * channels,
               samples + picked(x, sampler->shape.width_px) * channels, channels);
    }
}

size_t hv_sampler_add_row(struct hv_sampler *sampler, const uint8_t *samples)
{
    const uint32_t row = sampler->row++;
    const uint32_t first = sampler->sampled_row;

    assert(row < sampler->shape.height_px);
    while (sampler->sampled_row < HV_SAMPLER_SIDE_PX &&
           picked(sampler->sampled_row, sampler->shape.height_px) == row) {
        sampler->sampled_row++;
    }
    if (sampler->sampled_row > first) {
        sample_columns(sampler, samples);
    }
    return sampler->sampled_row - first;
}

void hv_sampler_clear(struct hv_sampler *sampler)
{
    free(sampler->samples);
    *sampler = (struct hv_sampler){0};
}
