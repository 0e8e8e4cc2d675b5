/* SPDX-License-Identifier: Apache-2.0 */
#include "image/jpeg_segments.h"

enum {
    PRECISION_BITS = 8,
    SAMPLING_MAX = 4,
    SYMBOLS_MAX = 256,
    UNIT_BLOCKS_MAX = 10,
};

uint8_t hv_jpeg_read_marker(struct hv_reader *in)
{
    uint8_t marker = 0;
    if (hv_read_u8(in) == HV_JPEG_LEAD) {
        do {
            marker = hv_read_u8(in);
        } while (marker == HV_JPEG_LEAD);
    }
    return marker;
}

static uint8_t larger(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

static bool is_sampling_factor(unsigned factor)
{
    return factor >= 1 && factor <= SAMPLING_MAX;
}

static bool read_component(struct hv_reader *in, struct hv_jpeg_frame *frame)
{
    const uint8_t id = hv_read_u8(in);
    const uint8_t sampling = hv_read_u8(in);
    const uint8_t table = hv_read_u8(in); /* of quantisation */
    for (unsigned i = 0; i < frame->count; i++) {
        if (frame->components[i].id == id) {
            return false;
        }
    }
    struct hv_jpeg_component *component = &frame->components[frame->count++];
    *component = (struct hv_jpeg_component){id, sampling >> 4, sampling & 0xF};
    frame->max_width = larger(frame->max_width, component->width);
    frame->max_height = larger(frame->max_height, component->height);
    return table < HV_JPEG_TABLES && is_sampling_factor(component->width) &&
           is_sampling_factor(component->height);
}

bool hv_jpeg_read_frame(struct hv_reader segment, struct hv_jpeg_frame *out)
{
    const uint8_t precision = hv_read_u8(&segment);
    *out = (struct hv_jpeg_frame){0};
    out->height_px = (uint32_t)hv_read_be(&segment, 2);
    out->width_px = (uint32_t)hv_read_be(&segment, 2);
    const unsigned count = hv_read_u8(&segment);
    if (segment.failed || precision != PRECISION_BITS || out->height_px == 0 ||
        out->width_px == 0 || count == 0 || count > HV_JPEG_COMPONENTS_MAX ||
        segment.left != 3 * (size_t)count) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!read_component(&segment, out)) {
            return false;
        }
    }
    return true;
}

/* The codes of each length take their share of the space; none may consist of ones alone. */
static bool is_code(const uint8_t *counts, unsigned *symbols_out)
{
    unsigned left = 1;
    *symbols_out = 0;
    for (unsigned i = 0; i < HV_JPEG_CODE_BITS_MAX; i++) {
        left *= 2;
        if (counts[i] >= left) {
            return false;
        }
        left -= counts[i];
        *symbols_out += counts[i];
    }
    return *symbols_out <= SYMBOLS_MAX;
}

static bool are_sizes_of_means(const uint8_t *symbols, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (symbols[i] > HV_JPEG_MEAN_BITS_MAX) {
            return false;
        }
    }
    return true;
}

bool hv_jpeg_read_codes(struct hv_reader segment, struct hv_jpeg_codes *codes)
{
    while (segment.left > 0) {
        const uint8_t which = hv_read_u8(&segment);
        const uint8_t *counts = hv_read_bytes(&segment, HV_JPEG_CODE_BITS_MAX);
        unsigned count = 0;
        if (!counts || !is_code(counts, &count)) {
            return false;
        }
        const uint8_t *symbols = hv_read_bytes(&segment, count);
        if (!symbols || which >> 4 > 1 || (which & 0xF) >= HV_JPEG_TABLES ||
            (which >> 4 == 0 && !are_sizes_of_means(symbols, count))) {
            return false;
        }
        (which >> 4 == 0 ? codes->means : codes->others)[which & 0xF] = counts;
    }
    return true;
}

/* A component of a scan, after those before it. */
static bool read_selector(struct hv_reader *in, const struct hv_jpeg_frame *frame,
                          struct hv_jpeg_scan *scan, uint8_t *tables_out)
{
    const uint8_t id = hv_read_u8(in);
    *tables_out = hv_read_u8(in);
    uint8_t index = 0;
    while (index < frame->count && frame->components[index].id != id) {
        index++;
    }
    for (unsigned i = 0; i < scan->count; i++) {
        if (scan->components[i] == index) {
            return false;
        }
    }
    scan->components[scan->count++] = index;
    return index < frame->count && *tables_out >> 4 < HV_JPEG_TABLES &&
           (*tables_out & 0xF) < HV_JPEG_TABLES;
}

static bool fits_a_unit(const struct hv_jpeg_frame *frame, const struct hv_jpeg_scan *scan)
{
    unsigned blocks = 0;
    for (unsigned i = 0; i < scan->count; i++) {
        const struct hv_jpeg_component *component = &frame->components[scan->components[i]];
        blocks += (unsigned)component->width * component->height;
    }
    return scan->count == 1 || blocks <= UNIT_BLOCKS_MAX;
}

/* The means' bits below the first ones are sent without a code. */
static bool find_codes(const struct hv_jpeg_codes *codes, const uint8_t *tables,
                       struct hv_jpeg_scan *scan)
{
    if (scan->first == 0 && scan->high_bit > 0) {
        return true;
    }
    for (unsigned i = 0; i < scan->count; i++) {
        scan->codes[i] =
            scan->first == 0 ? codes->means[tables[i] >> 4] : codes->others[tables[i] & 0xF];
        if (!scan->codes[i]) {
            return false;
        }
    }
    return true;
}

bool hv_jpeg_read_scan(struct hv_reader segment, const struct hv_jpeg_frame *frame,
                       const struct hv_jpeg_codes *codes, struct hv_jpeg_scan *out)
{
    uint8_t tables[HV_JPEG_COMPONENTS_MAX] = {0};
    *out = (struct hv_jpeg_scan){0};
    const unsigned count = hv_read_u8(&segment);
    if (count == 0 || count > HV_JPEG_COMPONENTS_MAX || segment.left != 2 * (size_t)count + 3) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!read_selector(&segment, frame, out, &tables[i])) {
            return false;
        }
    }
    out->first = hv_read_u8(&segment);
    out->last = hv_read_u8(&segment);
    const uint8_t bits = hv_read_u8(&segment);
    out->high_bit = bits >> 4;
    out->low_bit = bits & 0xF;
    return fits_a_unit(frame, out) && find_codes(codes, tables, out);
}
