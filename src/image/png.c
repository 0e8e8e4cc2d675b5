/* SPDX-License-Identifier: Apache-2.0 */
/* PNG through libpng. Samples are taken as they stand: no correction of gamma or colour profile, as
 * PDQ's reference makes none. */
#include "base/bytes.h"
#include "base/memory.h"
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
    const struct hv_row_options *options;
    const struct hv_row_sink *sink;
    struct hv_row_shape shape;
    bool has_alpha;
    uint8_t *rows; /* owned; the next row, or all of an interlaced file */
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
    /* hv_image_check_sides does that: libpng would call a picture that is too large damaged. */
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_read_fn(png, reading, read_bytes);
}

static void check(struct png_reading *reading, hashveil_status status)
{
    if (status != HASHVEIL_OK) {
        fail(reading, status);
    }
}

/* Returns how often the rows are gone through: once, or once for each pass of an interlaced file.
 */
static int read_header(struct png_reading *reading)
{
    png_struct *png = reading->png;
    png_info *info = reading->info;
    png_read_info(png, info);

    const int colour_type = png_get_color_type(png, info);
    reading->shape = (struct hv_row_shape){.width_px = png_get_image_width(png, info),
                                           .height_px = png_get_image_height(png, info),
                                           .channels = colour_type & PNG_COLOR_MASK_COLOR ? 3 : 1,
                                           .block_px = 1};
    reading->has_alpha =
        (colour_type & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(png, info, PNG_INFO_tRNS) != 0;
    const struct hv_row_shape *shape = &reading->shape;
    check(reading,
          hv_image_check_sides(&reading->options->limits, shape->width_px, shape->height_px));
    png_set_expand(png);
    png_set_scale_16(png);
    const int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    /* libpng writes whole rows into the pixels without being told how long they may be. */
    if (png_get_rowbytes(png, info) !=
        (size_t)shape->width_px * (shape->channels + reading->has_alpha)) {
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

static void allocate_rows(struct png_reading *reading, size_t count)
{
    reading->rows = hv_alloc_array(count, png_get_rowbytes(reading->png, reading->info));
    if (!reading->rows) {
        fail(reading, HASHVEIL_ERR_NO_MEMORY);
    }
}

static void pass_on(struct png_reading *reading, uint8_t *row)
{
    if (reading->has_alpha) {
        lay_over_white(row, reading->shape.width_px, reading->shape.channels);
    }
    check(reading, reading->sink->row(reading->sink->context, row));
}

static void read_rows(struct png_reading *reading)
{
    allocate_rows(reading, 1);
    for (uint32_t y = 0; y < reading->shape.height_px; y++) {
        png_read_row(reading->png, reading->rows, NULL);
        pass_on(reading, reading->rows);
    }
}

/* Every pass adds to the rows of the one before. */
static void read_passes(struct png_reading *reading, int passes)
{
    const size_t row_bytes = png_get_rowbytes(reading->png, reading->info);
    allocate_rows(reading, reading->shape.height_px);
    for (int pass = 1; pass <= passes; pass++) {
        for (uint32_t y = 0; y < reading->shape.height_px; y++) {
            uint8_t *row = reading->rows + y * row_bytes;
            png_read_row(reading->png, row, NULL);
            if (pass == passes) {
                pass_on(reading, row);
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
    check(reading, reading->sink->begin(reading->sink->context, &reading->shape));
    if (passes == 1) {
        read_rows(reading);
    } else {
        read_passes(reading, passes);
    }
    /* Viewers show a file that ends here, without its last chunk; and what stands between is of no
     * interest, so png_read_end is not called. */
    reading->status = HASHVEIL_OK;
}

static hashveil_status decode_png(const uint8_t *bytes, size_t len,
                                  const struct hv_row_options *options,
                                  const struct hv_row_sink *sink)
{
    struct png_reading reading = {.in = hv_reader_of(bytes, len), .options = options, .sink = sink};
    read_file(&reading);
    png_destroy_read_struct(&reading.png, &reading.info, NULL);
    free(reading.rows);
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
static bool recognises_png(const uint8_t *bytes, size_t len)
{
    return hv_image_has_magic(bytes, len, 0, "\x89PNG", 4);
}

const struct hv_decoder hv_decoder_png = {
    .name = "PNG",
    .recognises = recognises_png,
    .decode = decode_png,
    .find_exif = find_exif,
};
