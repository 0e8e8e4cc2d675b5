/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a picture file to pixels, under limits that are checked before pixels are allocated. */
#ifndef HASHVEIL_IMAGE_H
#define HASHVEIL_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Pixels as the file stores them. Starts as {0}; hashveil_image_clear returns it to that. */
typedef struct hashveil_image {
    /** height_px x stride_bytes, row-major, 0 black..255 white; channels samples a pixel, R G B.
     * Owned; released by hashveil_image_clear. */
    uint8_t *pixels;
    uint32_t width_px, height_px;
    size_t stride_bytes; /**< at least width_px * channels */
    uint32_t channels;   /**< 1 grey, 3 RGB */
} hashveil_image;

/** What a file may ask for. All are inclusive. */
typedef struct hashveil_image_limits {
    uint64_t max_file_bytes;
    uint64_t max_pixels;  /**< width times height */
    uint32_t max_side_px; /**< width and height each */
    uint32_t max_scans;   /**< of a progressive JPEG: each costs a pass over the whole picture */
} hashveil_image_limits;

/** Limits that every phone camera's picture meets: 256 MiB, 200 MP, 65,500 a side, 100 scans. */
#define HASHVEIL_IMAGE_LIMITS_DEFAULT                                                              \
    {                                                                                              \
        .max_file_bytes = UINT64_C(256) << 20, .max_pixels = UINT64_C(200) * 1000 * 1000,          \
        .max_side_px = 65500, .max_scans = 100                                                     \
    }

typedef struct hashveil_image_options {
    hashveil_image_limits limits;
    /** Turn the pixels as the file's EXIF orientation says. Off by default: PDQ's reference hashes
     * pixels as stored. */
    bool applies_orientation;
} hashveil_image_options;

#define HASHVEIL_IMAGE_OPTIONS_DEFAULT                                                             \
    {                                                                                              \
        .limits = HASHVEIL_IMAGE_LIMITS_DEFAULT, .applies_orientation = false                      \
    }

/**
 * Decodes a JPEG or PNG file held in memory, or one of a further format that this build reads, told
 * apart by content.
 *
 * Grey JPEG and PNG files give one channel, all others three. CMYK and YCCK are converted to RGB,
 * palettes are looked up, deeper samples are scaled to 8 bits, and alpha is laid over white. Of an
 * animation the first picture is decoded; of HEIF and AVIF the primary one, turned and cut as the
 * container says, so that there EXIF turns nothing.
 *
 * bytes    len bytes, any content; borrowed for the call
 * options  borrowed; the limits are checked against the picture's header, before any pixel is
 *          allocated
 * out      a cleared image; filled on success, still cleared on failure
 *
 * Errors: ERR_EMPTY (no bytes), ERR_UNSUPPORTED (none of the formats), ERR_FORMAT, ERR_TRUNCATED,
 * ERR_LIMIT, ERR_NO_MEMORY.
 * Threads: safe; keeps no state between calls.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_image_decode(
    const uint8_t *bytes, size_t len, const hashveil_image_options *options, hashveil_image *out);

/** Returns the name of a format that this build reads, "JPEG"; the formats are numbered from 0, and
 * NULL stands behind the last. Threads: safe. */
HASHVEIL_API const char *hashveil_image_format_name(size_t index);

/** Releases the pixels and returns the struct to {0}. Accepts a cleared image. */
HASHVEIL_API void hashveil_image_clear(hashveil_image *image);

#ifdef __cplusplus
}
#endif

#endif
