/* SPDX-License-Identifier: Apache-2.0 */
#include "pdq/filter.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

hashveil_status hv_filter_init(const struct hv_kernels *kernels, uint32_t width_px,
                               uint32_t height_px, uint32_t channels, struct hv_filter *out)
{
    const size_t blocks = ((size_t)width_px + HV_PDQ_ROW_BLOCK - 1) / HV_PDQ_ROW_BLOCK;
    const size_t padded_width = blocks * HV_PDQ_ROW_BLOCK;
    hashveil_status status;

    memset(out, 0, sizeof *out);
    out->kernels = kernels;
    out->width_px = width_px;
    out->padded_width = padded_width;
    out->height_px = height_px;
    out->channels = channels;
    out->luma = hv_alloc_array(padded_width, sizeof(float));
    for (size_t k = 0; k < 2; k++) {
        out->sums[k] = hv_alloc_array(padded_width + HV_PDQ_LANES, sizeof(float));
    }
    status = out->luma && out->sums[0] && out->sums[1] ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    if (status == HASHVEIL_OK) {
        status = hv_windows_init(width_px, &out->columns);
    }
    if (status == HASHVEIL_OK) {
        status = hv_windows_init(height_px, &out->rows);
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
    const float inner_total = row_total * filter->columns.inner.total;
    const float last_total = row_total * filter->columns.last.total;

    filter->kernels->sum_windows(sums, &filter->columns, out);
    const float last = out[HV_PDQ_SIDE - 1];
    for (size_t j = 0; j < HV_PDQ_SIDE; j++) {
        out[j] /= inner_total;
    }
    out[HV_PDQ_SIDE - 1] = last / last_total;
    memset(sums, 0, filter->padded_width * sizeof(float));
}

static void load_luma(struct hv_filter *filter, const uint8_t *pixels)
{
    if (filter->channels == 1) {
        filter->kernels->luma_of_grey(pixels, filter->width_px, filter->luma);
    } else {
        filter->kernels->luma_of_rgb(pixels, filter->width_px, filter->luma);
    }
}

void hv_filter_add_row(struct hv_filter *filter, const uint8_t *pixels)
{
    const size_t row = filter->row++;
    bool is_loaded = false;

    assert(row < filter->height_px);
    for (size_t k = filter->window; k < HV_PDQ_SIDE && filter->rows.first[k] <= row; k++) {
        const struct hv_window_shape *shape = hv_window_shape_of(&filter->rows, k);
        const size_t t = row - filter->rows.first[k];
        if (!is_loaded) {
            load_luma(filter, pixels);
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
