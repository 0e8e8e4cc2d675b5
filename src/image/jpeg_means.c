/* SPDX-License-Identifier: Apache-2.0 */
#include "image/jpeg_means.h"

#include "base/memory.h"
#include "image/jpeg_bits.h"
#include "image/jpeg_script.h"

#include <stdlib.h>

/* Quantised, row-major. */
struct means {
    uint32_t width, height; /* in blocks */
    int16_t *values;        /* owned */
};

/* A scan on its way. */
struct passage {
    const struct hv_jpeg_frame *frame;
    const struct hv_jpeg_scan *scan;
    struct hv_jpeg_bits bits;
    struct hv_jpeg_decoder decoders[HV_JPEG_COMPONENTS_MAX]; /* as scan->components */
    int32_t last[HV_JPEG_COMPONENTS_MAX];                    /* the mean before */
    uint32_t units_to_restart;
    struct means *means;
};

/* The next mean of the scan's component i. */
static int32_t next_mean(struct passage *passage, unsigned i)
{
    const unsigned len = hv_jpeg_read_symbol(&passage->bits, &passage->decoders[i]);
    passage->last[i] += hv_jpeg_read_number(&passage->bits, len);
    return passage->last[i];
}

/* Returns false for what no 16 bits hold. */
static bool take_block(struct passage *passage, unsigned i, uint32_t x, uint32_t y)
{
    const struct hv_jpeg_scan *scan = passage->scan;
    struct means *means = passage->means;
    const bool is_first_scan = scan->high_bit == 0;
    const int32_t bits =
        is_first_scan ? next_mean(passage, i) : (int32_t)hv_jpeg_read_bits(&passage->bits, 1);
    const int32_t value = bits * (1 << scan->low_bit);
    if (bits != (int16_t)bits || value != (int16_t)value) {
        return false;
    }
    /* Units at the right and the lower border may reach beyond the picture. */
    if (scan->components[i] == 0 && x < means->width && y < means->height) {
        int16_t *mean = &means->values[(size_t)y * means->width + x];
        *mean = (int16_t)(*mean | value);
    }
    return true;
}

static bool take_blocks(struct passage *passage, unsigned i, uint32_t unit_x, uint32_t unit_y)
{
    const struct hv_jpeg_component *component =
        &passage->frame->components[passage->scan->components[i]];
    for (uint32_t y = 0; y < component->height; y++) {
        for (uint32_t x = 0; x < component->width; x++) {
            if (!take_block(passage, i, unit_x * component->width + x,
                            unit_y * component->height + y)) {
                return false;
            }
        }
    }
    return true;
}

static bool take_unit(struct passage *passage, uint32_t unit_x, uint32_t unit_y)
{
    const unsigned count = passage->scan->count;
    if (count == 1) {
        return take_block(passage, 0, unit_x, unit_y);
    }
    for (unsigned i = 0; i < count; i++) {
        if (!take_blocks(passage, i, unit_x, unit_y)) {
            return false;
        }
    }
    return true;
}

static bool restart_if_due(struct passage *passage)
{
    if (passage->scan->restart_interval == 0) {
        return true;
    }
    if (passage->units_to_restart == 0) {
        memset(passage->last, 0, sizeof passage->last);
        passage->units_to_restart = passage->scan->restart_interval;
        if (!hv_jpeg_bits_restart(&passage->bits)) {
            return false;
        }
    }
    passage->units_to_restart--;
    return true;
}

static bool take_scan(struct passage *passage)
{
    const struct hv_jpeg_frame *frame = passage->frame;
    const struct hv_jpeg_scan *scan = passage->scan;
    const uint32_t across = scan->count == 1 ? 1 : frame->max_width;
    const uint32_t down = scan->count == 1 ? 1 : frame->max_height;
    const uint32_t width = hv_blocks_along(passage->means->width, across);
    const uint32_t height = hv_blocks_along(passage->means->height, down);
    passage->bits = hv_jpeg_bits_of(scan->data, scan->data_len);
    passage->units_to_restart = scan->restart_interval;
    for (unsigned i = 0; i < scan->count && scan->high_bit == 0; i++) {
        hv_jpeg_decoder_init(scan->codes[i], &passage->decoders[i]);
    }
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            if (!restart_if_due(passage) || !take_unit(passage, x, y)) {
                return false;
            }
        }
        if (passage->bits.failed) {
            return false;
        }
    }
    return hv_jpeg_bits_are_over(&passage->bits);
}

static bool take_scans(const struct hv_jpeg_script *script, struct means *means)
{
    for (unsigned i = 0; i < script->means_count; i++) {
        struct passage passage = {
            .frame = &script->frame, .scan = &script->means[i], .means = means};
        if (!take_scan(&passage)) {
            return false;
        }
    }
    return true;
}

/* Viewers differ in what they make of numbers that their transforms cannot hold. */
static bool fit_transforms(const struct means *means, uint16_t step)
{
    for (size_t i = 0; i < (size_t)means->width * means->height; i++) {
        const int32_t value = means->values[i] * (int32_t)step;
        if (value != (int16_t)value) {
            return false;
        }
    }
    return true;
}

/* As the transform does it: T.81, A.3.3, of nothing but the mean. */
static uint8_t sample_of(int32_t mean)
{
    enum { SCALE = 8, MIDDLE = 128, WHITE = 255 };
    const int32_t sample = (mean + SCALE / 2 + MIDDLE * SCALE) >> 3;
    return (uint8_t)(sample < 0 ? 0 : sample > WHITE ? WHITE : sample);
}

static hashveil_status pass_on(const struct means *means, uint16_t step,
                               const struct hv_row_sink *sink)
{
    uint8_t *row = hv_alloc_array(means->width, 1);
    hashveil_status status = row ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    for (uint32_t y = 0; status == HASHVEIL_OK && y < means->height; y++) {
        const int16_t *values = means->values + (size_t)y * means->width;
        for (uint32_t x = 0; x < means->width; x++) {
            row[x] = sample_of(values[x] * (int32_t)step);
        }
        status = sink->row(sink->context, row);
    }
    free(row);
    return status;
}

hashveil_status hv_jpeg_pass_means_on(struct hv_reader file, const struct hv_row_shape *shape,
                                      uint16_t step, uint32_t max_scans,
                                      const struct hv_row_sink *sink)
{
    struct hv_jpeg_script script;
    struct means means = {.width = hv_blocks_along(shape->width_px, HV_JPEG_BLOCK_PX),
                          .height = hv_blocks_along(shape->height_px, HV_JPEG_BLOCK_PX)};
    if (!hv_jpeg_read_script(file.next, file.left, max_scans, &script) ||
        script.frame.width_px != shape->width_px || script.frame.height_px != shape->height_px) {
        return HASHVEIL_ERR_UNSUPPORTED;
    }
    means.values = hv_alloc_array((size_t)means.width * means.height, sizeof *means.values);
    if (!means.values) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hashveil_status status = HASHVEIL_ERR_UNSUPPORTED;
    if (take_scans(&script, &means) && fit_transforms(&means, step)) {
        status = sink->begin(sink->context, shape);
    }
    if (status == HASHVEIL_OK) {
        status = pass_on(&means, step, sink);
    }
    free(means.values);
    return status;
}
