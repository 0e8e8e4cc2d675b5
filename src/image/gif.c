/* SPDX-License-Identifier: Apache-2.0 */
/* GIF through giflib: the first picture of the file, as viewers show it before anything moves. */
#include "base/memory.h"
#include "image/decoder.h"

#include <gif_lib.h>
#include <stdlib.h>

enum { COLOURS = 256, CHANNELS = 3, VERSION_BYTES = 6 };

struct gif_reading {
    GifFileType *file; /* owned */
    struct hv_reader in;
    struct hv_row_shape shape; /* of the canvas */
    uint32_t left_px, top_px, width_px,
        height_px;   /* of the picture, which may overlap the canvas */
    int transparent; /* a colour's number, or NO_TRANSPARENT_COLOR */
    uint8_t colours[COLOURS][CHANNELS];
    uint8_t *indices; /* owned; a line, or all lines of an interlaced picture */
    uint8_t *row;     /* owned; of the canvas */
};

static int read_bytes(GifFileType *file, GifByteType *out, int len)
{
    struct gif_reading *reading = file->UserData;
    const uint8_t *bytes = hv_read_bytes(&reading->in, (size_t)len);
    if (!bytes) {
        return 0;
    }
    memcpy(out, bytes, (size_t)len);
    return len;
}

/* For a call of giflib that failed. */
static hashveil_status status_of(const struct gif_reading *reading, int error)
{
    hashveil_status status = HASHVEIL_ERR_FORMAT;
    if (reading->in.failed || error == D_GIF_ERR_EOF_TOO_SOON) {
        status = HASHVEIL_ERR_TRUNCATED;
    } else if (error == D_GIF_ERR_NOT_ENOUGH_MEM) {
        status = HASHVEIL_ERR_NO_MEMORY;
    }
    return status;
}

/* Returns giflib's result. */
static int read_extension(struct gif_reading *reading)
{
    GifByteType *block;
    GraphicsControlBlock control;
    int kind;
    int result = DGifGetExtension(reading->file, &kind, &block);
    while (result == GIF_OK && block) {
        /* A block begins with its length. */
        if (kind == GRAPHICS_EXT_FUNC_CODE &&
            DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
            reading->transparent = control.TransparentColor;
        }
        result = DGifGetExtensionNext(reading->file, &block);
    }
    return result;
}

/* Goes on to the first picture. */
static hashveil_status find_picture(struct gif_reading *reading)
{
    GifFileType *file = reading->file;
    GifRecordType type;
    int result = DGifGetRecordType(file, &type);
    while (result == GIF_OK && type == EXTENSION_RECORD_TYPE) {
        result = read_extension(reading);
        result = result == GIF_OK ? DGifGetRecordType(file, &type) : GIF_ERROR;
    }
    if (result == GIF_OK) {
        result = type == IMAGE_DESC_RECORD_TYPE ? DGifGetImageDesc(file) : GIF_ERROR;
    }
    return result == GIF_OK ? HASHVEIL_OK : status_of(reading, file->Error);
}

/* As browsers do, a picture that is larger than the canvas is taken for the canvas. */
static hashveil_status lay_out(struct gif_reading *reading, const hashveil_image_limits *limits)
{
    const GifFileType *file = reading->file;
    const GifImageDesc *image = &file->Image;
    struct hv_row_shape *shape = &reading->shape;
    reading->width_px = (uint32_t)image->Width;
    reading->height_px = (uint32_t)image->Height;
    if (image->Width == 0 || image->Height == 0) {
        return HASHVEIL_ERR_FORMAT;
    }
    *shape = (struct hv_row_shape){.width_px = (uint32_t)file->SWidth,
                                   .height_px = (uint32_t)file->SHeight,
                                   .channels = CHANNELS,
                                   .block_px = 1};
    if (reading->width_px > shape->width_px || reading->height_px > shape->height_px) {
        shape->width_px = reading->width_px;
        shape->height_px = reading->height_px;
    } else {
        reading->left_px = (uint32_t)image->Left;
        reading->top_px = (uint32_t)image->Top;
    }
    return hv_image_check_sides(limits, shape->width_px, shape->height_px);
}

/* Numbers without a colour are transparent. */
static hashveil_status read_colours(struct gif_reading *reading)
{
    const GifFileType *file = reading->file;
    const ColorMapObject *map = file->Image.ColorMap ? file->Image.ColorMap : file->SColorMap;
    if (!map) {
        return HASHVEIL_ERR_FORMAT;
    }
    memset(reading->colours, 0xFF, sizeof reading->colours);
    for (int i = 0; i < map->ColorCount && i < COLOURS; i++) {
        const GifColorType *colour = &map->Colors[i];
        if (i != reading->transparent) {
            memcpy(reading->colours[i], (const uint8_t[]){colour->Red, colour->Green, colour->Blue},
                   CHANNELS);
        }
    }
    return HASHVEIL_OK;
}

/* Fills a row of the canvas. indices: a line of the picture, NULL where it does not reach. */
static void fill_row(struct gif_reading *reading, const uint8_t *indices)
{
    const uint32_t canvas_px = reading->shape.width_px;
    const uint32_t left_px = reading->left_px < canvas_px ? reading->left_px : canvas_px;
    const uint32_t room_px = canvas_px - left_px;
    const uint32_t shown_px = reading->width_px < room_px ? reading->width_px : room_px;
    uint8_t *to = reading->row + (size_t)left_px * CHANNELS;
    memset(reading->row, 0xFF, (size_t)canvas_px * CHANNELS);
    for (uint32_t x = 0; indices && x < shown_px; x++, to += CHANNELS) {
        memcpy(to, reading->colours[indices[x]], CHANNELS);
    }
}

static hashveil_status read_line(struct gif_reading *reading, uint8_t *line)
{
    GifFileType *file = reading->file;
    return DGifGetLine(file, line, (int)reading->width_px) == GIF_OK
               ? HASHVEIL_OK
               : status_of(reading, file->Error);
}

/* Four passes over all lines. */
static hashveil_status read_interlaced(struct gif_reading *reading)
{
    static const uint32_t firsts[] = {0, 4, 2, 1};
    static const uint32_t steps[] = {8, 8, 4, 2};
    hashveil_status status = HASHVEIL_OK;
    for (int pass = 0; pass < 4; pass++) {
        for (uint32_t y = firsts[pass]; status == HASHVEIL_OK && y < reading->height_px;
             y += steps[pass]) {
            status = read_line(reading, reading->indices + (size_t)y * reading->width_px);
        }
    }
    return status;
}

static hashveil_status pass_rows_on(struct gif_reading *reading, const struct hv_row_sink *sink)
{
    const bool is_interlaced = reading->file->Image.Interlace;
    hashveil_status status = is_interlaced ? read_interlaced(reading) : HASHVEIL_OK;
    for (uint32_t y = 0; status == HASHVEIL_OK && y < reading->shape.height_px; y++) {
        const uint32_t line = y - reading->top_px; /* far too large above the picture */
        uint8_t *indices = NULL;
        if (line < reading->height_px) {
            indices = reading->indices + (is_interlaced ? (size_t)line * reading->width_px : 0);
            status = is_interlaced ? HASHVEIL_OK : read_line(reading, indices);
        }
        fill_row(reading, indices);
        if (status == HASHVEIL_OK) {
            status = sink->row(sink->context, reading->row);
        }
    }
    return status;
}

static hashveil_status allocate_rows(struct gif_reading *reading)
{
    const size_t lines = reading->file->Image.Interlace ? reading->height_px : 1;
    reading->indices = hv_alloc_array(lines, reading->width_px);
    reading->row = hv_alloc_array(reading->shape.width_px, CHANNELS);
    return reading->indices && reading->row ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
}

static hashveil_status read_file(struct gif_reading *reading, const struct hv_row_options *options,
                                 const struct hv_row_sink *sink)
{
    hashveil_status status = find_picture(reading);
    if (status == HASHVEIL_OK) {
        status = lay_out(reading, &options->limits);
    }
    if (status == HASHVEIL_OK) {
        status = read_colours(reading);
    }
    if (status == HASHVEIL_OK) {
        status = sink->begin(sink->context, &reading->shape);
    }
    if (status == HASHVEIL_OK) {
        status = allocate_rows(reading);
    }
    return status == HASHVEIL_OK ? pass_rows_on(reading, sink) : status;
}

static hashveil_status decode_gif(const uint8_t *bytes, size_t len,
                                  const struct hv_row_options *options,
                                  const struct hv_row_sink *sink)
{
    struct gif_reading reading = {.in = hv_reader_of(bytes, len),
                                  .transparent = NO_TRANSPARENT_COLOR};
    int error = D_GIF_SUCCEEDED;
    reading.file = DGifOpen(&reading, read_bytes, &error);
    const hashveil_status status =
        reading.file ? read_file(&reading, options, sink) : status_of(&reading, error);
    free(reading.row);
    free(reading.indices);
    if (reading.file) {
        DGifCloseFile(reading.file, &error);
    }
    return status;
}

/* The format has no place for it. */
static struct hv_reader find_exif(const uint8_t *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    return (struct hv_reader){0};
}

static bool recognises_gif(const uint8_t *bytes, size_t len)
{
    return hv_image_has_magic(bytes, len, 0, GIF87_STAMP, VERSION_BYTES) ||
           hv_image_has_magic(bytes, len, 0, GIF89_STAMP, VERSION_BYTES);
}

const struct hv_decoder hv_decoder_gif = {
    .name = "GIF",
    .recognises = recognises_gif,
    .decode = decode_gif,
    .find_exif = find_exif,
};
