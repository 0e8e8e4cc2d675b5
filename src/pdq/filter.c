/* SPDX-License-Identifier: Apache-2.0 */
#include "pdq/filter.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static hashveil_status init_windows(uint32_t side_px, uint32_t block_px, struct hv_windows *out)
{
    const hashveil_status status = hv_windows_init(side_px, out);
    return status == HASHVEIL_OK && block_px > 1 ? hv_windows_to_blocks(out, block_px) : status;
}

/* Lines of the processor's cache: an access across two of them takes twice as long. */
enum { LINE_BYTES = 64, LINE_FLOATS = LINE_BYTES / sizeof(float) };

/* Makes room for both rows of sums, each at the beginning of a line. */
static hashveil_status init_sums(size_t width, struct hv_filter *out)
{
    const size_t count = (width + HV_PDQ_LANES + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
    out->room = hv_alloc_array(2 * count + LINE_FLOATS - 1, sizeof(float));
    if (!out->room) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const size_t past_bytes = (uintptr_t)out->room % LINE_BYTES;
    out->sums[0] = out->room + (LINE_BYTES - past_bytes) % LINE_BYTES / sizeof(float);
    out->sums[1] = out->sums[0] + count;
    return HASHVEIL_OK;
}

hashveil_status hv_filter_init(const struct hv_kernels *kernels, const struct hv_row_shape *shape,
                               struct hv_filter *out)
{
    memset(out, 0, sizeof *out);
    out->kernels = kernels;
    out->width = hv_blocks_along(shape->width_px, shape->block_px);
    out->height = hv_blocks_along(shape->height_px, shape->block_px);
    out->channels = shape->channels;
    hashveil_status status = init_sums(out->width, out);
    if (status == HASHVEIL_OK) {
        status = init_windows(shape->width_px, shape->block_px, &out->columns);
    }
    if (status == HASHVEIL_OK) {
        status = init_windows(shape->height_px, shape->block_px, &out->rows);
    }
    if (status != HASHVEIL_OK) {
        hv_filter_clear(out);
    }
    return status;
}

/* Window k along a column is complete: averages it along the row. There is one division for both
 * axes, and up to 2,048 x 2,048 all sums of grey pixels are exact, so that even areas keep their
 * exact value. */
static void complete_window(struct hv_filter *filter, size_t k)
{
    float *sums = filter->sums[k % 2];
    filter->kernels->average_windows(sums, &filter->columns, filter->rows.total[k],
                                     filter->plane + k * HV_PDQ_SIDE);
    memset(sums, 0, filter->width * sizeof(float));
}

void hv_filter_add_row(struct hv_filter *filter, const uint8_t *samples)
{
    const struct hv_kernels *kernels = filter->kernels;
    const size_t row = filter->row++;

    assert(row < filter->height);
    for (size_t k = filter->window; k < HV_PDQ_SIDE && filter->rows.first[k] <= row; k++) {
        const struct hv_window_shape *shape = hv_window_shape_of(&filter->rows, k);
        const size_t t = row - filter->rows.first[k];
        const float weight = shape->weights[t];
        if (filter->channels == 1) {
            kernels->add_grey(samples, filter->width, weight, filter->sums[k % 2]);
        } else {
            kernels->add_rgb(samples, filter->width, weight, filter->sums[k % 2]);
        }
        if (t + 1 == shape->count) {
            complete_window(filter, k);
            filter->window = k + 1;
        }
    }
}

void hv_filter_clear(struct hv_filter *filter)
{
    hv_windows_clear(&filter->columns);
    hv_windows_clear(&filter->rows);
    free(filter->room);
    memset(filter, 0, sizeof *filter);
}
