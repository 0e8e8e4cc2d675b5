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

hashveil_status hv_filter_init(const struct hv_kernels *kernels, const struct hv_row_shape *shape,
                               struct hv_filter *out)
{
    const size_t width = hv_blocks_along(shape->width_px, shape->block_px);
    const size_t padded_width =
        (width + HV_PDQ_ROW_BLOCK - 1) / HV_PDQ_ROW_BLOCK * HV_PDQ_ROW_BLOCK;
    hashveil_status status;

    memset(out, 0, sizeof *out);
    out->kernels = kernels;
    out->width = width;
    out->padded_width = padded_width;
    out->height = hv_blocks_along(shape->height_px, shape->block_px);
    out->channels = shape->channels;
    out->luma = hv_alloc_array(padded_width, sizeof(float));
    for (size_t k = 0; k < 2; k++) {
        out->sums[k] = hv_alloc_array(padded_width + HV_PDQ_LANES, sizeof(float));
    }
    status = out->luma && out->sums[0] && out->sums[1] ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
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

/* Window k along a column is complete: sums it along the row and divides. There is one division for
 * both axes, and up to 2,048 x 2,048 all sums of grey pixels are exact, so that even areas keep
 * their exact value. */
static void complete_window(struct hv_filter *filter, size_t k)
{
    float *out = filter->plane + k * HV_PDQ_SIDE;
    float *sums = filter->sums[k % 2];
    const float row_total = hv_window_shape_of(&filter->rows, k)->total;

    filter->kernels->sum_windows(sums, &filter->columns, out);
    for (size_t j = 0; j < HV_PDQ_SIDE; j++) {
        out[j] /= row_total * filter->columns.shape[j].total;
    }
    memset(sums, 0, filter->padded_width * sizeof(float));
}

static void load_luma(struct hv_filter *filter, const uint8_t *samples)
{
    if (filter->channels == 1) {
        filter->kernels->luma_of_grey(samples, filter->width, filter->luma);
    } else {
        filter->kernels->luma_of_rgb(samples, filter->width, filter->luma);
    }
}

void hv_filter_add_row(struct hv_filter *filter, const uint8_t *samples)
{
    const size_t row = filter->row++;
    bool is_loaded = false;

    assert(row < filter->height);
    for (size_t k = filter->window; k < HV_PDQ_SIDE && filter->rows.first[k] <= row; k++) {
        const struct hv_window_shape *shape = hv_window_shape_of(&filter->rows, k);
        const size_t t = row - filter->rows.first[k];
        if (!is_loaded) {
            load_luma(filter, samples);
            is_loaded = true;
        }
        filter->kernels->add_row(filter->luma, filter->padded_width, shape->weights[t],
                                 filter->sums[k % 2]);
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
    free(filter->luma);
    free(filter->sums[0]);
    free(filter->sums[1]);
    memset(filter, 0, sizeof *filter);
}
