/* SPDX-License-Identifier: Apache-2.0 */
/* HEIF and AVIF through libheif: the primary picture, turned and cut as the container says, which
 * every viewer follows; its EXIF orientation says the same once more and is passed over. */
#include "base/memory.h"
#include "image/decoder.h"
#include "image/heif_av1.h"
#include "image/heif_boxes.h"
#include "image/heif_hevc.h"

#include <libheif/heif.h>
#include <limits.h>
#include <stdlib.h>

enum { BRAND_BYTES = 4, CHANNELS = 3 };

/* One file. All is owned. */
struct heif_reading {
    struct heif_context *file;
    struct heif_image_handle *primary;
    struct heif_decoding_options *options;
    struct heif_image *decoded;
    bool has_alpha, is_premultiplied;
};

static hashveil_status status_of_memory(const struct heif_error *error)
{
    return error->subcode == heif_suberror_Security_limit_exceeded ? HASHVEIL_ERR_LIMIT
                                                                   : HASHVEIL_ERR_NO_MEMORY;
}

static hashveil_status status_of(struct heif_error error)
{
    hashveil_status status = HASHVEIL_ERR_FORMAT;
    if (error.code == heif_error_Ok) {
        status = HASHVEIL_OK;
    } else if (error.code == heif_error_Memory_allocation_error) {
        status = status_of_memory(&error);
    } else if (error.subcode == heif_suberror_End_of_data ||
               error.subcode == heif_suberror_No_meta_box) {
        status = HASHVEIL_ERR_TRUNCATED;
    } else if (error.code == heif_error_Unsupported_filetype ||
               error.code == heif_error_Unsupported_feature) {
        status = HASHVEIL_ERR_UNSUPPORTED;
    }
    return status;
}

/* Goes on to the primary picture, whose size is within the limits as far as the container tells. */
static hashveil_status open_file(struct heif_reading *reading, const uint8_t *bytes, size_t len,
                                 const hashveil_image_limits *limits)
{
    reading->file = heif_context_alloc();
    reading->options = heif_decoding_options_alloc();
    if (!reading->file || !reading->options) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    heif_context_set_max_decoding_threads(reading->file, 0);
    heif_context_set_maximum_image_size_limit(
        reading->file, limits->max_side_px < INT_MAX ? (int)limits->max_side_px : INT_MAX);
    hashveil_status status = hv_heif_check_derivations(bytes, len);
    if (status == HASHVEIL_OK) {
        status = status_of(heif_register_decoder(reading->file, &hv_heif_hevc));
    }
    if (status == HASHVEIL_OK) {
        status = status_of(heif_register_decoder(reading->file, &hv_heif_av1));
    }
    if (status == HASHVEIL_OK) {
        status =
            status_of(heif_context_read_from_memory_without_copy(reading->file, bytes, len, NULL));
    }
    if (status == HASHVEIL_OK) {
        status = status_of(heif_context_get_primary_image_handle(reading->file, &reading->primary));
    }
    if (status == HASHVEIL_OK) {
        const int width_px = heif_image_handle_get_width(reading->primary);
        const int height_px = heif_image_handle_get_height(reading->primary);
        status = width_px < 1 || height_px < 1
                     ? HASHVEIL_ERR_FORMAT
                     : hv_image_check_sides(limits, (uint32_t)width_px, (uint32_t)height_px);
    }
    return status;
}

/* Fills the shape with the size that the coded picture turns out to have. */
static hashveil_status decode_primary(struct heif_reading *reading,
                                      const hashveil_image_limits *limits,
                                      struct hv_row_shape *shape_out)
{
    reading->has_alpha = heif_image_handle_has_alpha_channel(reading->primary);
    reading->is_premultiplied = heif_image_handle_is_premultiplied_alpha(reading->primary);
    reading->options->convert_hdr_to_8bit = 1;
    const hashveil_status status = status_of(heif_decode_image(
        reading->primary, &reading->decoded, heif_colorspace_RGB,
        reading->has_alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB,
        reading->options));
    if (status != HASHVEIL_OK) {
        return status;
    }
    const int width_px = heif_image_get_width(reading->decoded, heif_channel_interleaved);
    const int height_px = heif_image_get_height(reading->decoded, heif_channel_interleaved);
    if (width_px < 1 || height_px < 1) {
        return HASHVEIL_ERR_FORMAT;
    }
    *shape_out = (struct hv_row_shape){.width_px = (uint32_t)width_px,
                                       .height_px = (uint32_t)height_px,
                                       .channels = CHANNELS,
                                       .block_px = 1};
    return hv_image_check_sides(limits, shape_out->width_px, shape_out->height_px);
}

/* A premultiplied sample holds no white, and is no larger than alpha unless it is damaged. */
static uint8_t over_white(uint8_t sample, uint8_t alpha, bool is_premultiplied)
{
    if (!is_premultiplied) {
        return hv_over_white(sample, alpha);
    }
    return (uint8_t)((sample < alpha ? sample : alpha) + 255 - alpha);
}

static void lay_over_white(const uint8_t *from, uint32_t width_px, bool is_premultiplied,
                           uint8_t *row_out)
{
    for (uint32_t x = 0; x < width_px; x++, from += CHANNELS + 1) {
        for (int i = 0; i < CHANNELS; i++) {
            *row_out++ = over_white(from[i], from[CHANNELS], is_premultiplied);
        }
    }
}

static hashveil_status pass_rows_on(const struct heif_reading *reading,
                                    const struct hv_row_shape *shape,
                                    const struct hv_row_sink *sink)
{
    int stride_bytes = 0;
    const uint8_t *from =
        heif_image_get_plane_readonly(reading->decoded, heif_channel_interleaved, &stride_bytes);
    if (!from) {
        return HASHVEIL_ERR_FORMAT;
    }
    uint8_t *row = hv_alloc_array(shape->width_px, CHANNELS);
    if (!row) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hashveil_status status = HASHVEIL_OK;
    for (uint32_t y = 0; status == HASHVEIL_OK && y < shape->height_px; y++, from += stride_bytes) {
        if (reading->has_alpha) {
            lay_over_white(from, shape->width_px, reading->is_premultiplied, row);
        }
        status = sink->row(sink->context, reading->has_alpha ? row : from);
    }
    free(row);
    return status;
}

static hashveil_status decode_heif(const uint8_t *bytes, size_t len,
                                   const struct hv_row_options *options,
                                   const struct hv_row_sink *sink)
{
    struct heif_reading reading = {0};
    struct hv_row_shape shape = {0};
    hashveil_status status = open_file(&reading, bytes, len, &options->limits);
    if (status == HASHVEIL_OK) {
        status = decode_primary(&reading, &options->limits, &shape);
    }
    if (status == HASHVEIL_OK) {
        status = sink->begin(sink->context, &shape);
    }
    if (status == HASHVEIL_OK) {
        status = pass_rows_on(&reading, &shape, sink);
    }
    if (status == HASHVEIL_ERR_FORMAT && hv_heif_is_cut(bytes, len)) {
        status = HASHVEIL_ERR_TRUNCATED;
    }
    heif_image_release(reading.decoded);
    heif_image_handle_release(reading.primary);
    heif_decoding_options_free(reading.options);
    heif_context_free(reading.file);
    return status;
}

static struct hv_reader find_exif(const uint8_t *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    return (struct hv_reader){0};
}

static bool is_known(const uint8_t brand[BRAND_BYTES])
{
    static const char known[][BRAND_BYTES + 1] = {"heic", "heix", "heim", "heis", "hevc",
                                                  "hevx", "mif1", "msf1", "avif", "avis"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (memcmp(brand, known[i], BRAND_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* Videos begin in the same way: what tells them apart is a list of brands, whose second entry is a
 * number. */
static bool recognises_heif(const uint8_t *bytes, size_t len)
{
    enum { NUMBER = 1 };
    struct hv_reader in = hv_reader_of(bytes, len);
    const uint64_t box_len = hv_read_be(&in, 4);
    if (!hv_image_has_magic(bytes, len, 4, "ftyp", BRAND_BYTES) || box_len < 16) {
        return false;
    }
    hv_read_bytes(&in, BRAND_BYTES);
    for (uint64_t i = 0; i < (box_len - 8) / BRAND_BYTES; i++) {
        const uint8_t *brand = hv_read_bytes(&in, BRAND_BYTES);
        if (!brand) {
            return false;
        }
        if (i != NUMBER && is_known(brand)) {
            return true;
        }
    }
    return false;
}

const struct hv_decoder hv_decoder_heif = {
    .name = "HEIF",
    .recognises = recognises_heif,
    .decode = decode_heif,
    .find_exif = find_exif,
};
