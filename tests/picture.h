/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures for tests, drawn and encoded in memory; the same on every machine for the same
 * arguments. Allocation failure ends the program. */
#ifndef HV_TESTS_PICTURE_H
#define HV_TESTS_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/image.h>

/* Draws gradients, shapes and texture: PDQ quality 100 when no side is below 64 pixels. Position
 * counts in parts of a side, so that one seed gives the same motif at every size.
 *
 * out  released by hashveil_image_clear */
void picture_draw(hashveil_image *out, uint32_t width_px, uint32_t height_px, uint32_t channels,
                  uint64_t seed);

enum picture_jpeg_colour {
    PICTURE_JPEG_YCBCR,
    PICTURE_JPEG_GREY,
    PICTURE_JPEG_RGB,
    PICTURE_JPEG_CMYK_ADOBE, /* 255 is no ink */
    PICTURE_JPEG_CMYK_PLAIN, /* without Adobe's marker: 0 is no ink */
    PICTURE_JPEG_YCCK,
};

struct picture_jpeg {
    int quality; /* 1..100 */
    enum picture_jpeg_colour colour;
    bool is_progressive;
    bool is_arithmetic;
    bool has_full_chroma; /* 4:4:4 instead of 4:2:0 */
    int restart_rows;     /* a restart marker after so many rows of blocks; 0 for none */
    unsigned orientation; /* for an EXIF block; 0 for none */
};

/* bytes_out: released with free. */
void picture_to_jpeg(const hashveil_image *picture, const struct picture_jpeg *kind,
                     uint8_t **bytes_out, size_t *len_out);

struct picture_png {
    int colour_type; /* PNG_COLOR_TYPE_... */
    int bit_depth;
    bool is_interlaced;
    /* A tRNS chunk: makes the colour of the first pixel transparent; of a palette, every entry
     * partly so. */
    bool has_transparency;
    unsigned orientation; /* for an eXIf chunk; 0 for none */
};

/* bytes_out: released with free. */
void picture_to_png(const hashveil_image *picture, const struct picture_png *kind,
                    uint8_t **bytes_out, size_t *len_out);

/* The samples that such a file stores for a pixel: grey, grey alpha, RGB, RGBA or palette index. */
void picture_png_pixel(const hashveil_image *picture, const struct picture_png *kind, uint32_t x,
                       uint32_t y, uint16_t samples_out[4]);
/* What such a file's palette holds: R G B alpha. */
void picture_png_palette(unsigned index, uint8_t entry_out[4]);

enum { PICTURE_EXIF_BYTES = 26 };

/* A TIFF block that holds the orientation alone. */
void picture_exif(unsigned orientation, bool is_big_endian, uint8_t out[PICTURE_EXIF_BYTES]);

#endif
