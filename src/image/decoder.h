/* SPDX-License-Identifier: Apache-2.0 */
/* What a file format has to offer, and what its decoder may use. */
#ifndef HV_IMAGE_DECODER_H
#define HV_IMAGE_DECODER_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/image.h>

#include "base/bytes.h"

enum { HV_MAGIC_MAX_BYTES = 4 };

struct hv_decoder {
    const char *name;
    uint8_t magic[HV_MAGIC_MAX_BYTES]; /* a file of this format begins with it */
    size_t magic_len;

    /* out: a cleared image; filled on success, still cleared on failure. */
    hashveil_status (*decode)(const uint8_t *bytes, size_t len, const hashveil_image_limits *limits,
                              hashveil_image *out);
    /* Returns the file's EXIF block, from its TIFF header on; with nothing in it when there is
     * none, or when the file is too damaged to tell. */
    struct hv_reader (*find_exif)(const uint8_t *bytes, size_t len);
};

extern const struct hv_decoder hv_decoder_jpeg;
extern const struct hv_decoder hv_decoder_png;

/* What a decoder knows once it has read a file's header. */
struct hv_image_shape {
    uint32_t width_px, height_px;
    uint32_t channels; /* of the image: 1 or 3 */
    /* Samples a pixel that the stride has room for; at least channels. */
    uint32_t stride_channels;
};

/* Checks the shape against the limits, then allocates the pixels. There is room for one row more
 * than the picture has: a decoder may write a row with one sample a pixel more than the image
 * keeps, and narrow it where it stands.
 * Errors: ERR_LIMIT, ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_image_init(const hashveil_image_limits *limits,
                                                const struct hv_image_shape *shape,
                                                hashveil_image *out);

#endif
