/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures to JPEG and PNG files of every kind that can be read. */
#include "picture.h"

#include "base/bytes.h"
#include "base/memory.h"

#include <stdio.h> /* jpeglib.h needs it before itself */

#include <jpeglib.h>
#include <png.h>
#include <stdlib.h>

enum { GREEN = 1 };

static void *must(void *block)
{
    if (!block) {
        abort();
    }
    return block;
}

/* A grey picture has one value for all channels; of a colour one, green stands for grey. */
static uint8_t value(const hashveil_image *picture, uint32_t x, uint32_t y, uint32_t channel)
{
    const uint8_t *pixel =
        picture->pixels + y * picture->stride_bytes + (size_t)x * picture->channels;
    return picture->channels == 1 ? pixel[0] : pixel[channel];
}

static void put_number(struct hv_writer *out, uint32_t number, unsigned len, bool is_big_endian)
{
    uint8_t bytes[4] = {0};
    for (unsigned i = 0; i < len; i++) {
        bytes[is_big_endian ? len - 1 - i : i] = (uint8_t)(number >> 8 * i);
    }
    hv_write_bytes(out, bytes, len);
}

void picture_exif(unsigned orientation, bool is_big_endian, uint8_t out[PICTURE_EXIF_BYTES])
{
    struct hv_writer block = hv_writer_of(out, PICTURE_EXIF_BYTES);
    hv_write_bytes(&block, (const uint8_t *)(is_big_endian ? "MM" : "II"), 2);
    put_number(&block, 42, 2, is_big_endian);
    put_number(&block, 8, 4, is_big_endian);      /* where the directory begins */
    put_number(&block, 1, 2, is_big_endian);      /* its entries */
    put_number(&block, 0x0112, 2, is_big_endian); /* orientation */
    put_number(&block, 3, 2, is_big_endian);      /* a 16-bit number */
    put_number(&block, 1, 4, is_big_endian);      /* one of them */
    put_number(&block, orientation, 2, is_big_endian);
    put_number(&block, 0, 2, is_big_endian);
    put_number(&block, 0, 4, is_big_endian); /* no further directory */
}

/* What libjpeg is given, and what it makes of it. */
static const struct jpeg_row {
    J_COLOR_SPACE given, stored;
    int components;
} jpeg_rows[] = {
    [PICTURE_JPEG_YCBCR] = {JCS_RGB, JCS_YCbCr, 3},
    [PICTURE_JPEG_GREY] = {JCS_GRAYSCALE, JCS_GRAYSCALE, 1},
    [PICTURE_JPEG_RGB] = {JCS_RGB, JCS_RGB, 3},
    [PICTURE_JPEG_CMYK_ADOBE] = {JCS_CMYK, JCS_CMYK, 4},
    [PICTURE_JPEG_CMYK_PLAIN] = {JCS_CMYK, JCS_CMYK, 4},
    [PICTURE_JPEG_YCCK] = {JCS_CMYK, JCS_YCCK, 4},
};

/* As much black as the colour allows. */
static void fill_cmyk(const uint8_t rgb[3], bool is_inverted, uint8_t out[4])
{
    uint8_t light = 1;
    for (int i = 0; i < 3; i++) {
        light = rgb[i] > light ? rgb[i] : light;
    }
    for (int i = 0; i < 4; i++) {
        const int no_ink = i == 3 ? light : (rgb[i] * 255 + light / 2) / light;
        out[i] = (uint8_t)(is_inverted ? no_ink : 255 - no_ink);
    }
}

static void fill_jpeg_row(const hashveil_image *picture, enum picture_jpeg_colour colour,
                          uint32_t y, uint8_t *out)
{
    for (uint32_t x = 0; x < picture->width_px; x++) {
        const uint8_t rgb[3] = {value(picture, x, y, 0), value(picture, x, y, GREEN),
                                value(picture, x, y, 2)};
        if (colour == PICTURE_JPEG_GREY) {
            out[x] = rgb[GREEN];
        } else if (jpeg_rows[colour].components == 4) {
            fill_cmyk(rgb, colour != PICTURE_JPEG_CMYK_PLAIN, out + 4 * (size_t)x);
        } else {
            memcpy(out + 3 * (size_t)x, rgb, 3);
        }
    }
}

static void set_jpeg_up(struct jpeg_compress_struct *file, const struct picture_jpeg *kind)
{
    jpeg_set_defaults(file);
    jpeg_set_colorspace(file, jpeg_rows[kind->colour].stored);
    jpeg_set_quality(file, kind->quality, TRUE);
    file->dct_method = JDCT_ISLOW;
    file->arith_code = kind->is_arithmetic;
    file->restart_in_rows = kind->restart_rows;
    if (kind->colour == PICTURE_JPEG_CMYK_PLAIN) {
        file->write_Adobe_marker = FALSE;
    }
    if (kind->has_full_chroma) {
        file->comp_info[0].h_samp_factor = 1;
        file->comp_info[0].v_samp_factor = 1;
        file->comp_info[3 % file->num_components].h_samp_factor = 1;
        file->comp_info[3 % file->num_components].v_samp_factor = 1;
    }
    if (kind->is_progressive) {
        jpeg_simple_progression(file);
    }
}

static void write_jpeg_exif(struct jpeg_compress_struct *file, unsigned orientation)
{
    uint8_t block[6 + PICTURE_EXIF_BYTES] = "Exif\0";
    picture_exif(orientation, true, block + 6);
    jpeg_write_marker(file, JPEG_APP0 + 1, block, sizeof block);
}

void picture_to_jpeg(const hashveil_image *picture, const struct picture_jpeg *kind,
                     uint8_t **bytes_out, size_t *len_out)
{
    struct jpeg_compress_struct file;
    struct jpeg_error_mgr errors;
    unsigned long len = 0;

    *bytes_out = NULL;
    file.err = jpeg_std_error(&errors);
    jpeg_create_compress(&file);
    jpeg_mem_dest(&file, bytes_out, &len);
    file.image_width = picture->width_px;
    file.image_height = picture->height_px;
    file.in_color_space = jpeg_rows[kind->colour].given;
    file.input_components = jpeg_rows[kind->colour].components;
    set_jpeg_up(&file, kind);
    jpeg_start_compress(&file, TRUE);
    if (kind->orientation) {
        write_jpeg_exif(&file, kind->orientation);
    }
    uint8_t *row = must(hv_alloc_array(picture->width_px, 4));
    for (uint32_t y = 0; y < picture->height_px; y++) {
        fill_jpeg_row(picture, kind->colour, y, row);
        jpeg_write_scanlines(&file, &row, 1);
    }
    free(row);
    jpeg_finish_compress(&file);
    jpeg_destroy_compress(&file);
    *len_out = len;
}

/* All values of alpha, 0 and 255 among them. */
static uint8_t alpha_of(uint32_t x, uint32_t y)
{
    return (uint8_t)(5 * x + 3 * y);
}

/* A value of 8 bits at another depth. At 16 bits the lower half is far from the upper, so that
 * rounding can be told from cutting; 0 and the maximum stay what they are. */
static uint16_t at_depth(uint8_t sample, int bit_depth)
{
    const uint8_t lower = (uint8_t)(sample * sample * sample);
    return (uint16_t)(bit_depth == 16 ? sample << 8 | lower : sample >> (8 - bit_depth));
}

void picture_png_pixel(const hashveil_image *picture, const struct picture_png *kind, uint32_t x,
                       uint32_t y, uint16_t samples_out[4])
{
    unsigned count = 0;
    const bool has_colours =
        kind->colour_type == PNG_COLOR_TYPE_RGB || kind->colour_type == PNG_COLOR_TYPE_RGB_ALPHA;
    for (uint32_t channel = 0; channel < 3; channel++) {
        if (has_colours || channel == GREEN) {
            samples_out[count++] = at_depth(value(picture, x, y, channel), kind->bit_depth);
        }
    }
    if (kind->colour_type & PNG_COLOR_MASK_ALPHA) {
        samples_out[count] = at_depth(alpha_of(x, y), kind->bit_depth);
    }
}

void picture_png_palette(unsigned index, uint8_t entry_out[4])
{
    for (unsigned i = 0; i < 4; i++) {
        entry_out[i] = (uint8_t)(index * (37 + 20 * i) + 11 * i);
    }
}

static void set_palette(png_struct *png, png_info *info, const struct picture_png *kind)
{
    png_color colours[256];
    uint8_t alphas[256];
    const int count = 1 << kind->bit_depth;
    for (int i = 0; i < count; i++) {
        uint8_t entry[4];
        picture_png_palette((unsigned)i, entry);
        colours[i] = (png_color){entry[0], entry[1], entry[2]};
        alphas[i] = entry[3];
    }
    png_set_PLTE(png, info, colours, count);
    if (kind->has_transparency) {
        png_set_tRNS(png, info, alphas, count, NULL);
    }
}

static void set_transparent_colour(png_struct *png, png_info *info, const hashveil_image *picture,
                                   const struct picture_png *kind)
{
    uint16_t first[4] = {0};
    picture_png_pixel(picture, kind, 0, 0, first);
    png_set_tRNS(
        png, info, NULL, 0,
        &(png_color_16){.gray = first[0], .red = first[0], .green = first[1], .blue = first[2]});
}

/* One byte a sample, or two, big-endian; libpng packs smaller ones. */
static uint8_t **png_rows(const hashveil_image *picture, const struct picture_png *kind,
                          unsigned channels)
{
    const unsigned sample_bytes = kind->bit_depth == 16 ? 2 : 1;
    const size_t pixel_bytes = (size_t)channels * sample_bytes;
    uint8_t **rows = must(hv_alloc_array(picture->height_px, sizeof *rows));
    for (uint32_t y = 0; y < picture->height_px; y++) {
        rows[y] = must(hv_alloc_array(picture->width_px, pixel_bytes));
        struct hv_writer row = hv_writer_of(rows[y], picture->width_px * pixel_bytes);
        for (uint32_t x = 0; x < picture->width_px; x++) {
            uint16_t samples[4] = {0};
            picture_png_pixel(picture, kind, x, y, samples);
            for (unsigned i = 0; i < channels; i++) {
                put_number(&row, samples[i], sample_bytes, true);
            }
        }
    }
    return rows;
}

static void append(png_struct *png, uint8_t *bytes, size_t len)
{
    struct hv_writer *file = png_get_io_ptr(png);
    if (len > file->capacity - file->len) {
        file->capacity = 2 * file->capacity + len;
        file->bytes = must(realloc(file->bytes, file->capacity));
    }
    hv_write_bytes(file, bytes, len);
}

void picture_to_png(const hashveil_image *picture, const struct picture_png *kind,
                    uint8_t **bytes_out, size_t *len_out)
{
    struct hv_writer file = {0};
    uint8_t exif[PICTURE_EXIF_BYTES];
    png_struct *png = must(png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL));
    png_info *info = must(png_create_info_struct(png));

    png_set_write_fn(png, &file, append, NULL);
    png_set_IHDR(png, info, picture->width_px, picture->height_px, kind->bit_depth,
                 kind->colour_type, kind->is_interlaced, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (kind->colour_type == PNG_COLOR_TYPE_PALETTE) {
        set_palette(png, info, kind);
    } else if (kind->has_transparency) {
        set_transparent_colour(png, info, picture, kind);
    }
    if (kind->orientation) {
        picture_exif(kind->orientation, false, exif);
        png_set_eXIf_1(png, info, sizeof exif, exif);
    }
    png_write_info(png, info);
    png_set_packing(png);
    uint8_t **rows = png_rows(picture, kind, png_get_channels(png, info));
    png_write_image(png, rows);
    png_write_end(png, info);
    for (uint32_t y = 0; y < picture->height_px; y++) {
        free(rows[y]);
    }
    free(rows);
    png_destroy_write_struct(&png, &info);
    *bytes_out = file.bytes;
    *len_out = file.len;
}
