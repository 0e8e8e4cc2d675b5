/* SPDX-License-Identifier: Apache-2.0 */
/* The formats, told apart by content; what is the same for all of them. */
#include <hashveil/image.h>

#include "base/memory.h"
#include "image/decoder.h"
#include "image/orientation.h"
#include "image/rows.h"

#include <stdlib.h>

static const struct hv_decoder *const decoders[] = {
    &hv_decoder_jpeg, &hv_decoder_png,
#ifdef HV_READS_GIF
    &hv_decoder_gif,
#endif
#ifdef HV_READS_HEIF
    &hv_decoder_heif,
#endif
#ifdef HV_READS_WEBP
    &hv_decoder_webp,
#endif
};

enum { DECODERS = sizeof decoders / sizeof decoders[0] };

const char *hashveil_image_format_name(size_t index)
{
    return index < DECODERS ? decoders[index]->name : NULL;
}

static const struct hv_decoder *recognise(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < DECODERS; i++) {
        if (decoders[i]->recognises(bytes, len)) {
            return decoders[i];
        }
    }
    return NULL;
}

hashveil_status hv_image_decode_rows(const uint8_t *bytes, size_t len,
                                     const struct hv_row_options *options,
                                     const struct hv_row_sink *sink)
{
    if (len == 0) {
        return HASHVEIL_ERR_EMPTY;
    }
    const struct hv_decoder *decoder = recognise(bytes, len);
    if (!decoder) {
        return HASHVEIL_ERR_UNSUPPORTED;
    }
    if (len > options->limits.max_file_bytes) {
        return HASHVEIL_ERR_LIMIT;
    }
    return decoder->decode(bytes, len, options, sink);
}

const char *hv_image_format(const uint8_t *bytes, size_t len)
{
    const struct hv_decoder *decoder = recognise(bytes, len);
    return decoder ? decoder->name : NULL;
}

unsigned hv_image_orientation(const uint8_t *bytes, size_t len)
{
    const struct hv_decoder *decoder = recognise(bytes, len);
    return hv_exif_orientation(decoder ? decoder->find_exif(bytes, len) : (struct hv_reader){0});
}

hashveil_status hv_image_check_sides(const hashveil_image_limits *limits, uint32_t width_px,
                                     uint32_t height_px)
{
    const bool is_within = width_px <= limits->max_side_px && height_px <= limits->max_side_px &&
                           (uint64_t)width_px * height_px <= limits->max_pixels;
    return is_within ? HASHVEIL_OK : HASHVEIL_ERR_LIMIT;
}

/* Keeps all rows. */
struct picture {
    hashveil_image *image;
    uint8_t *next_row;
};

static hashveil_status begin_picture(void *context, const struct hv_row_shape *shape)
{
    struct picture *picture = context;
    const size_t stride_bytes = (size_t)shape->width_px * shape->channels;
    uint8_t *pixels = hv_alloc_array(shape->height_px, stride_bytes);
    if (!pixels) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    *picture->image = (hashveil_image){.pixels = pixels,
                                       .width_px = shape->width_px,
                                       .height_px = shape->height_px,
                                       .stride_bytes = stride_bytes,
                                       .channels = shape->channels};
    picture->next_row = pixels;
    return HASHVEIL_OK;
}

static hashveil_status keep_row(void *context, const uint8_t *samples)
{
    struct picture *picture = context;
    memcpy(picture->next_row, samples, picture->image->stride_bytes);
    picture->next_row += picture->image->stride_bytes;
    return HASHVEIL_OK;
}

hashveil_status hashveil_image_decode(const uint8_t *bytes, size_t len,
                                      const hashveil_image_options *options, hashveil_image *out)
{
    const struct hv_row_options rows = {.limits = options->limits};
    struct picture picture = {.image = out};
    const struct hv_row_sink sink = {&picture, begin_picture, keep_row};
    hashveil_status status = hv_image_decode_rows(bytes, len, &rows, &sink);
    if (status == HASHVEIL_OK && options->applies_orientation) {
        status = hv_image_turn(out, hv_image_orientation(bytes, len));
    }
    if (status != HASHVEIL_OK) {
        hashveil_image_clear(out);
    }
    return status;
}

void hashveil_image_clear(hashveil_image *image)
{
    free(image->pixels);
    *image = (hashveil_image){0};
}
