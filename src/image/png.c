/* SPDX-License-Identifier: Apache-2.0 */
/* PNG through libpng. Samples are taken as they stand: no correction of gamma or colour profile, as
 * PDQ's reference makes none. */
#include "base/bytes.h"
#include "image/decoder.h"

#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <stdnoreturn.h>

enum {
    SIGNATURE_BYTES = 8,
    CHUNK_TYPE_BYTES = 4,
    CHUNK_CRC_BYTES = 4,
    /* Of the chunks that libpng keeps, the palette is the largest, with 768 bytes. */
    CHUNK_MAX_BYTES = 64 << 10,
    CHUNKS_KEPT_MAX = 8,
};

/* One file. Lives outside the function that calls setjmp, so that its content is defined after a
 * jump. */
struct png_reading {
    png_struct *png;
    png_info *info;
    jmp_buf failed;
    hashveil_status status; /* why, after a jump */
    struct hv_reader in;
    const hashveil_image_limits *limits;
    bool has_alpha;
    hashveil_image *image;
};

static noreturn void fail(struct png_reading *reading, hashveil_status status)
{
    reading->status = status;
    longjmp(reading->failed, 1);
}

static noreturn void on_error(png_struct *png, const char *message)
{
    (void)message;
    fail(png_get_error_ptr(png), HASHVEIL_ERR_FORMAT);
}

/* Warnings are about chunks that are not used. */
static void on_warning(png_struct *png, const char *message)
{
    (void)png;
    (void)message;
}

/* libpng tells of no memory by a text alone. */
static void *allocate(png_struct *png, size_t len)
{
    void *block = malloc(len);
    if (!block) {
        fail(png_get_mem_ptr(png), HASHVEIL_ERR_NO_MEMORY);
    }
    return block;
}

static void release(png_struct *png, void *block)
{
    (void)png;
    free(block);
}

static void read_bytes(png_struct *png, uint8_t *out, size_t len)
{
    struct png_reading *reading = png_get_io_ptr(png);
    const uint8_t *bytes = hv_read_bytes(&reading->in, len);
    if (!bytes) {
        fail(reading, HASHVEIL_ERR_TRUNCATED);
    }
    memcpy(out, bytes, len);
}

static void open_png(struct png_reading *reading)
{
    reading->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, reading, on_error, on_warning,
                                            reading, allocate, release);
    reading->info = reading->png ? png_create_info_struct(reading->png) : NULL;
    if (!reading->info) {
        fail(reading, HASHVEIL_ERR_NO_MEMORY);
    }
    png_struct *png = reading->png;
    png_set_benign_errors(png, 1); /* pass over what is wrong with chunks that are not used */
    /* -1: all but the header, the palette, transparency and the pixels are passed over without
     * being kept or inflated, so that texts and colour profiles cost nothing. */
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_chunk_malloc_max(png, CHUNK_MAX_BYTES);
    png_set_chunk_cache_max(png, CHUNKS_KEPT_MAX);
    /* hv_image_init checks the sides: libpng would call a picture that is too large damaged. */
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_read_fn(png, reading, read_bytes);
}

/* Returns how often the rows are gone through: once, or once for each pass of an interlaced file.
 */
static int read_header(struct png_reading *reading)
{
    png_struct *png = reading->png;
    png_info *info = reading->info;
    png_read_info(png, info);

    const int colour_type = png_get_color_type(png, info);
    const uint32_t channels = colour_type & PNG_COLOR_MASK_COLOR ? 3 : 1;
    reading->has_alpha =
        (colour_type & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(png, info, PNG_INFO_tRNS) != 0;
    const uint32_t row_channels = channels + reading->has_alpha;
    /* Rows of an interlaced file keep their alpha until the last pass. */
    const bool is_interlaced = png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;
    const struct hv_image_shape shape = {.width_px = png_get_image_width(png, info),
                                         .height_px = png_get_image_height(png, info),
                                         .channels = channels,
                                         .stride_channels =
                                             is_interlaced ? row_channels : channels};
    const hashveil_status status = hv_image_init(reading->limits, &shape, reading->image);
    if (status != HASHVEIL_OK) {
        fail(reading, status);
    }
    png_set_expand(png);
    png_set_scale_16(png);
    const int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    /* libpng writes whole rows into the pixels without being told how long they may be. */
    if (png_get_rowbytes(png, info) != (size_t)shape.width_px * row_channels) {
        fail(reading, HASHVEIL_ERR_FORMAT);
    }
    return passes;
}

/* In place: alpha comes last, and what is written never overtakes what is read. */
static void lay_over_white(uint8_t *row, uint32_t width_px, uint32_t channels)
{
    const uint8_t *from = row;
    for (uint32_t x = 0; x < width_px; x++, from += channels + 1) {
        const unsigned alpha = from[channels];
        for (uint32_t channel = 0; channel < channels; channel++) {
            *row++ = (uint8_t)((from[channel] * alpha + 255 * (255 - alpha) + 127) / 255);
        }
    }
}

static void read_rows(struct png_reading *reading, int passes)
{
    const hashveil_image *image = reading->image;
    for (int pass = 1; pass <= passes; pass++) {
        for (uint32_t y = 0; y < image->height_px; y++) {
            uint8_t *row = image->pixels + y * image->stride_bytes;
            png_read_row(reading->png, row, NULL);
            if (reading->has_alpha && pass == passes) {
                lay_over_white(row, image->width_px, image->channels);
            }
        }
    }
}

static void read_file(struct png_reading *reading)
{
    if (setjmp(reading->failed) != 0) {
        return;
    }
    open_png(reading);
    const int passes = read_header(reading);
    read_rows(reading, passes);
    /* Viewers show a file that ends here, without its last chunk; and what stands between is of no
     * interest, so png_read_end is not called. */
    reading->status = HASHVEIL_OK;
}

static hashveil_status decode_png(const uint8_t *bytes, size_t len,
                                  const hashveil_image_limits *limits, hashveil_image *out)
{
    struct png_reading reading = {.in = hv_reader_of(bytes, len), .limits = limits, .image = out};
    read_file(&reading);
    png_destroy_read_struct(&reading.png, &reading.info, NULL);
    if (reading.status != HASHVEIL_OK) {
        hashveil_image_clear(out);
    }
    return reading.status;
}

static struct hv_reader find_exif(const uint8_t *bytes, size_t len)
{
    struct hv_reader in = hv_reader_of(bytes, len);
    hv_read_bytes(&in, SIGNATURE_BYTES);
    while (!in.failed) {
        const size_t chunk_len = (size_t)hv_read_be(&in, 4);
        const uint8_t *type = hv_read_bytes(&in, CHUNK_TYPE_BYTES);
        const uint8_t *chunk = hv_read_bytes(&in, chunk_len);
        hv_read_bytes(&in, CHUNK_CRC_BYTES);
        if (chunk && memcmp(type, "eXIf", CHUNK_TYPE_BYTES) == 0) {
            return hv_reader_of(chunk, chunk_len);
        }
    }
    return (struct hv_reader){0};
}

/* The rest of the signature tells whether the file was damaged on its way, which libpng judges. */
const struct hv_decoder hv_decoder_png = {
    .name = "PNG",
    .magic = {0x89, 'P', 'N', 'G'},
    .magic_len = 4,
    .decode = decode_png,
    .find_exif = find_exif,
};
