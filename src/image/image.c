/* SPDX-License-Identifier: Apache-2.0 */
/* The formats, told apart by content; what is the same for all of them. */
#include <hashveil/image.h>

#include "base/memory.h"
#include "image/decoder.h"
#include "image/orientation.h"

#include <stdlib.h>

static const struct hv_decoder *const decoders[] = {
    &hv_decoder_jpeg,
    &hv_decoder_png,
};

static const struct hv_decoder *recognise(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < sizeof decoders / sizeof decoders[0]; i++) {
        const struct hv_decoder *decoder = decoders[i];
        if (len >= decoder->magic_len && memcmp(bytes, decoder->magic, decoder->magic_len) == 0) {
            return decoder;
        }
    }
    return NULL;
}

hashveil_status hashveil_image_decode(const uint8_t *bytes, size_t len,
                                      const hashveil_image_options *options, hashveil_image *out)
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
    hashveil_status status = decoder->decode(bytes, len, &options->limits, out);
    if (status == HASHVEIL_OK && options->applies_orientation) {
        status = hv_image_turn(out, hv_exif_orientation(decoder->find_exif(bytes, len)));
    }
    if (status != HASHVEIL_OK) {
        hashveil_image_clear(out);
    }
    return status;
}

hashveil_status hv_image_init(const hashveil_image_limits *limits,
                              const struct hv_image_shape *shape, hashveil_image *out)
{
    size_t stride_bytes;
    if (shape->width_px > limits->max_side_px || shape->height_px > limits->max_side_px ||
        (uint64_t)shape->width_px * shape->height_px > limits->max_pixels) {
        return HASHVEIL_ERR_LIMIT;
    }
    if (__builtin_mul_overflow(shape->width_px, shape->stride_channels, &stride_bytes)) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    uint8_t *pixels = hv_alloc_array((size_t)shape->height_px + 1, stride_bytes);
    if (!pixels) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    *out = (hashveil_image){.pixels = pixels,
                            .width_px = shape->width_px,
                            .height_px = shape->height_px,
                            .stride_bytes = stride_bytes,
                            .channels = shape->channels};
    return HASHVEIL_OK;
}

void hashveil_image_clear(hashveil_image *image)
{
    free(image->pixels);
    *image = (hashveil_image){0};
}
