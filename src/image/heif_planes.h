/* SPDX-License-Identifier: Apache-2.0 */
/* What decoders for libheif have in common: a picture of several planes, and what to say of one. */
#ifndef HV_IMAGE_HEIF_PLANES_H
#define HV_IMAGE_HEIF_PLANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libheif/heif.h>

extern const struct heif_error hv_heif_success;
extern const struct heif_error hv_heif_damaged;
extern const struct heif_error hv_heif_cut;
extern const struct heif_error hv_heif_too_large;
extern const struct heif_error hv_heif_no_memory;

enum {
    HV_HEIF_PLUGIN_VERSION = 3,
    HV_HEIF_PRIORITY = 1000, /* usual: 100 */
    HV_HEIF_PLANES = 3,
};

/* As a codec has decoded it. */
struct hv_heif_picture {
    struct hv_heif_plane {
        const uint8_t *samples; /* borrowed; one byte each, or two above 8 bits */
        ptrdiff_t stride_bytes;
        int width_px, height_px, bits;
    } planes[HV_HEIF_PLANES]; /* the first alone when it is grey */
    enum heif_chroma chroma;
    /* What the stream says of its colours, which counts where the container says nothing. */
    uint16_t primaries, transfer, matrix; /* ITU-T H.273 */
    bool is_full_range;
};

/* Makes a copy for libheif. out: owned, released with heif_image_release; NULL on failure. */
struct heif_error hv_heif_copy_picture(const struct hv_heif_picture *picture,
                                       struct heif_image **out);

#endif
