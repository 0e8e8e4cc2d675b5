/* SPDX-License-Identifier: Apache-2.0 */
/* What a file format has to offer, and what its decoder may use. */
#ifndef HV_IMAGE_DECODER_H
#define HV_IMAGE_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/image.h>

#include "base/bytes.h"
#include "base/rows.h"
#include "image/rows.h"

struct hv_decoder {
    const char *name;
    /* Whether a file of this format begins like that. */
    bool (*recognises)(const uint8_t *bytes, size_t len);
    hashveil_status (*decode)(const uint8_t *bytes, size_t len,
                              const struct hv_row_options *options, const struct hv_row_sink *sink);
    /* Returns the file's EXIF block, from its TIFF header on; with nothing in it when there is
     * none, or when the file is too damaged to tell. */
    struct hv_reader (*find_exif)(const uint8_t *bytes, size_t len);
};

extern const struct hv_decoder hv_decoder_gif;
extern const struct hv_decoder hv_decoder_heif;
extern const struct hv_decoder hv_decoder_jpeg;
extern const struct hv_decoder hv_decoder_png;
extern const struct hv_decoder hv_decoder_webp;

/* What is left of a sample, 0..255, when alpha, 255 for all of it, lets white through. */
static inline uint8_t hv_over_white(unsigned sample, unsigned alpha)
{
    return (uint8_t)((sample * alpha + 255 * (255 - alpha) + 127) / 255);
}

/* For hv_decoder's recognises: whether the bytes from this offset on are those of the magic. */
static inline bool hv_image_has_magic(const uint8_t *bytes, size_t len, size_t offset,
                                      const char *magic, size_t magic_len)
{
    return len >= magic_len && len - magic_len >= offset &&
           memcmp(bytes + offset, magic, magic_len) == 0;
}

/* For a decoder that has read a file's header, before it allocates anything of the picture's size.
 * Errors: ERR_LIMIT. */
HASHVEIL_MUST_USE hashveil_status hv_image_check_sides(const hashveil_image_limits *limits,
                                                       uint32_t width_px, uint32_t height_px);

#endif
