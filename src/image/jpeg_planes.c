/* SPDX-License-Identifier: Apache-2.0 */
#include "image/jpeg_planes.h"

#include "base/memory.h"
#include "image/jpeg_bits.h"

#include <stdlib.h>

/* Index in a block, as scans count, of what each plane holds. */
static const uint8_t positions[HV_JPEG_PLANES] = {0, 1, 2, 4};

enum { RUN_OF_ZEROS = 15 /* all symbols of no size below it end the block, and some after it */ };

/* A scan on its way. */
struct passage {
    const struct hv_jpeg_frame *frame;
    const struct hv_jpeg_scan *scan;
    struct hv_jpeg_bits bits;
    struct hv_jpeg_decoder decoders[HV_JPEG_COMPONENTS_MAX]; /* as scan->components */
    int32_t last[HV_JPEG_COMPONENTS_MAX];                    /* the mean before */
    uint32_t units_to_restart;
    uint32_t empty_blocks; /* that are still to come, of other coefficients than means */
    struct hv_jpeg_planes *planes;
};

/* The next mean of the scan's component i. */
static int32_t next_mean(struct passage *passage, unsigned i)
{
    const unsigned len = hv_jpeg_read_symbol(&passage->bits, &passage->decoders[i]);
    passage->last[i] += hv_jpeg_read_number(&passage->bits, len);
    return passage->last[i];
}

/* Returns false for what no 16 bits hold. */
static bool put(int32_t bits, unsigned low_bit, int16_t *out)
{
    const int32_t value = bits * (1 << low_bit);
    *out = (int16_t)(*out | value);
    return bits == (int16_t)bits && value == (int16_t)value;
}

static bool take_mean(struct passage *passage, unsigned i, uint32_t x, uint32_t y)
{
    const struct hv_jpeg_scan *scan = passage->scan;
    const struct hv_jpeg_planes *planes = passage->planes;
    const int32_t bits =
        scan->high_bit == 0 ? next_mean(passage, i) : (int32_t)hv_jpeg_read_bits(&passage->bits, 1);
    int16_t elsewhere = 0;
    int16_t *out = &elsewhere;
    /* Units at the right and the lower border may reach beyond the picture. */
    if (scan->components[i] == 0 && x < planes->width && y < planes->height) {
        out = &planes->values[0][(size_t)y * planes->width + x];
    }
    return put(bits, scan->low_bit, out);
}

/* The first bits of a band of coefficients: T.81, G.1.2.2. */
static bool take_band(struct passage *passage, size_t block)
{
    const struct hv_jpeg_scan *scan = passage->scan;
    if (passage->empty_blocks > 0) {
        passage->empty_blocks--;
        return true;
    }
    for (unsigned k = scan->first; k <= scan->last; k++) {
        const uint8_t symbol = hv_jpeg_read_symbol(&passage->bits, &passage->decoders[0]);
        const unsigned run = symbol >> 4;
        const unsigned len = symbol & 0xF;
        if (len == 0 && run < RUN_OF_ZEROS) {
            passage->empty_blocks = (1U << run) - 1 + hv_jpeg_read_bits(&passage->bits, run);
            return true;
        }
        k += run;
        if (k > scan->last) {
            return false;
        }
        const int32_t bits = hv_jpeg_read_number(&passage->bits, len);
        for (unsigned i = 1; i < HV_JPEG_PLANES; i++) {
            if (k == positions[i] &&
                !put(bits, scan->low_bit, &passage->planes->values[i][block])) {
                return false;
            }
        }
    }
    return true;
}

static bool take_block(struct passage *passage, unsigned i, uint32_t x, uint32_t y)
{
    return passage->scan->first == 0 ? take_mean(passage, i, x, y)
                                     : take_band(passage, (size_t)y * passage->planes->width + x);
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
        passage->empty_blocks = 0;
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
    const uint32_t width = hv_blocks_along(passage->planes->width, across);
    const uint32_t height = hv_blocks_along(passage->planes->height, down);
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

static bool take_scans(const struct hv_jpeg_script *script, const struct hv_jpeg_scan *scans,
                       unsigned count, struct hv_jpeg_planes *planes)
{
    for (unsigned i = 0; i < count; i++) {
        struct passage passage = {.frame = &script->frame, .scan = &scans[i], .planes = planes};
        if (!take_scan(&passage)) {
            return false;
        }
    }
    return true;
}

hashveil_status hv_jpeg_planes_read(const struct hv_jpeg_script *script, unsigned count,
                                    struct hv_jpeg_planes *out)
{
    *out = (struct hv_jpeg_planes){
        .width = hv_blocks_along(script->frame.width_px, HV_JPEG_BLOCK_PX),
        .height = hv_blocks_along(script->frame.height_px, HV_JPEG_BLOCK_PX)};
    for (unsigned i = 0; i < count; i++) {
        out->values[i] = hv_alloc_array((size_t)out->width * out->height, sizeof(int16_t));
        if (!out->values[i]) {
            hv_jpeg_planes_clear(out);
            return HASHVEIL_ERR_NO_MEMORY;
        }
    }
    if (!take_scans(script, script->means, script->means_count, out) ||
        (count > 1 && !take_scans(script, script->slopes, script->slopes_count, out))) {
        hv_jpeg_planes_clear(out);
        return HASHVEIL_ERR_FORMAT;
    }
    return HASHVEIL_OK;
}

void hv_jpeg_planes_clear(struct hv_jpeg_planes *planes)
{
    for (unsigned i = 0; i < HV_JPEG_PLANES; i++) {
        free(planes->values[i]);
    }
    *planes = (struct hv_jpeg_planes){0};
}
