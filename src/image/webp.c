/* SPDX-License-Identifier: Apache-2.0 */
/* WebP through libwebp; the container by ourselves where libwebp leaves it to a second library. */
#include "base/memory.h"
#include "image/decoder.h"

#include <stdlib.h>
#include <webp/decode.h>

enum { TAG_BYTES = 4, RIFF_HEADER_BYTES = 12, CHANNELS = 3 };

/* What is shown first: a still picture fills the canvas, the first frame of an animation may leave
 * some of it free. */
struct webp_picture {
    const uint8_t *bytes; /* borrowed */
    size_t len;
    uint32_t canvas_width_px, canvas_height_px;
    uint32_t left_px, top_px;
    WebPDecoderConfig config; /* of the frame alone */
};

static hashveil_status status_of(VP8StatusCode code)
{
    hashveil_status status = HASHVEIL_ERR_FORMAT;
    if (code == VP8_STATUS_OK) {
        status = HASHVEIL_OK;
    } else if (code == VP8_STATUS_OUT_OF_MEMORY) {
        status = HASHVEIL_ERR_NO_MEMORY;
    } else if (code == VP8_STATUS_SUSPENDED || code == VP8_STATUS_NOT_ENOUGH_DATA) {
        status = HASHVEIL_ERR_TRUNCATED;
    }
    return status;
}

/* Goes on to the first chunk with the tag, and returns what is in it; failed when there is none, or
 * not all of it. */
static struct hv_reader find_chunk(struct hv_reader file, const char *tag)
{
    hv_read_bytes(&file, RIFF_HEADER_BYTES);
    while (!file.failed) {
        const uint8_t *found = hv_read_bytes(&file, TAG_BYTES);
        const size_t len = hv_read_u32le(&file);
        const uint8_t *content = hv_read_bytes(&file, len);
        if (content && memcmp(found, tag, TAG_BYTES) == 0) {
            return hv_reader_of(content, len);
        }
        hv_read_bytes(&file, len % 2);
    }
    return (struct hv_reader){.failed = true};
}

/* The animation's canvas is known; goes on to its first frame. */
static hashveil_status enter_animation(struct webp_picture *picture)
{
    struct hv_reader frame = find_chunk(hv_reader_of(picture->bytes, picture->len), "ANMF");
    picture->left_px = 2 * (uint32_t)hv_read_le(&frame, 3);
    picture->top_px = 2 * (uint32_t)hv_read_le(&frame, 3);
    const uint32_t width_px = 1 + (uint32_t)hv_read_le(&frame, 3);
    const uint32_t height_px = 1 + (uint32_t)hv_read_le(&frame, 3);
    hv_read_bytes(&frame, 4); /* how long it is shown, and what becomes of it */
    if (frame.failed) {
        return HASHVEIL_ERR_TRUNCATED;
    }
    if ((uint64_t)picture->left_px + width_px > picture->canvas_width_px ||
        (uint64_t)picture->top_px + height_px > picture->canvas_height_px) {
        return HASHVEIL_ERR_FORMAT;
    }
    picture->bytes = frame.next;
    picture->len = frame.left;
    WebPBitstreamFeatures *features = &picture->config.input;
    const VP8StatusCode code = WebPGetFeatures(picture->bytes, picture->len, features);
    if (code == VP8_STATUS_OK &&
        (features->has_animation || (uint32_t)features->width != width_px ||
         (uint32_t)features->height != height_px)) {
        return HASHVEIL_ERR_FORMAT;
    }
    return status_of(code);
}

static hashveil_status read_headers(const hashveil_image_limits *limits,
                                    struct webp_picture *picture)
{
    WebPBitstreamFeatures *features = &picture->config.input;
    hashveil_status status = status_of(WebPGetFeatures(picture->bytes, picture->len, features));
    if (status == HASHVEIL_OK) {
        picture->canvas_width_px = (uint32_t)features->width;
        picture->canvas_height_px = (uint32_t)features->height;
        status = hv_image_check_sides(limits, picture->canvas_width_px, picture->canvas_height_px);
    }
    if (status == HASHVEIL_OK && features->has_animation) {
        status = enter_animation(picture);
    }
    return status;
}

/* Fills the part of the canvas's row that the frame covers. */
static void lay_frame_row(const struct webp_picture *picture, uint32_t frame_y, uint8_t *canvas_row)
{
    const WebPDecBuffer *frame = &picture->config.output;
    const WebPRGBABuffer *pixels = &frame->u.RGBA;
    const uint8_t *from = pixels->rgba + (size_t)frame_y * (size_t)pixels->stride;
    uint8_t *to = canvas_row + (size_t)picture->left_px * CHANNELS;
    if (frame->colorspace == MODE_RGB) {
        memcpy(to, from, (size_t)frame->width * CHANNELS);
        return;
    }
    for (int x = 0; x < frame->width; x++, from += CHANNELS + 1) {
        for (int i = 0; i < CHANNELS; i++) {
            *to++ = hv_over_white(from[i], from[CHANNELS]);
        }
    }
}

static hashveil_status pass_rows_on(const struct webp_picture *picture,
                                    const struct hv_row_sink *sink)
{
    const size_t row_bytes = (size_t)picture->canvas_width_px * CHANNELS;
    const uint32_t frame_height_px = (uint32_t)picture->config.output.height;
    hashveil_status status = HASHVEIL_OK;
    uint8_t *row = hv_alloc_array(1, row_bytes);
    if (!row) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (uint32_t y = 0; status == HASHVEIL_OK && y < picture->canvas_height_px; y++) {
        memset(row, 0xFF, row_bytes);
        if (y >= picture->top_px && y - picture->top_px < frame_height_px) {
            lay_frame_row(picture, y - picture->top_px, row);
        }
        status = sink->row(sink->context, row);
    }
    free(row);
    return status;
}

/* libwebp has no rows to give before it has all of them. */
static hashveil_status decode_webp(const uint8_t *bytes, size_t len,
                                   const struct hv_row_options *options,
                                   const struct hv_row_sink *sink)
{
    struct webp_picture picture = {.bytes = bytes, .len = len};
    WebPDecoderConfig *config = &picture.config;
    if (!WebPInitDecoderConfig(config)) {
        return HASHVEIL_ERR_UNSUPPORTED; /* another version than the one compiled for */
    }
    hashveil_status status = read_headers(&options->limits, &picture);
    if (status == HASHVEIL_OK) {
        const struct hv_row_shape shape = {.width_px = picture.canvas_width_px,
                                           .height_px = picture.canvas_height_px,
                                           .channels = CHANNELS,
                                           .block_px = 1};
        status = sink->begin(sink->context, &shape);
    }
    if (status == HASHVEIL_OK) {
        config->output.colorspace = config->input.has_alpha ? MODE_RGBA : MODE_RGB;
        status = status_of(WebPDecode(picture.bytes, picture.len, config));
    }
    if (status == HASHVEIL_OK) {
        status = pass_rows_on(&picture, sink);
    }
    WebPFreeDecBuffer(&config->output);
    return status;
}

/* Some programs write the block as JPEG files hold it, with a name before it. */
static struct hv_reader find_exif(const uint8_t *bytes, size_t len)
{
    static const uint8_t name[6] = "Exif\0";
    struct hv_reader exif = find_chunk(hv_reader_of(bytes, len), "EXIF");
    if (exif.left >= sizeof name && memcmp(exif.next, name, sizeof name) == 0) {
        hv_read_bytes(&exif, sizeof name);
    }
    return exif;
}

static bool recognises_webp(const uint8_t *bytes, size_t len)
{
    return hv_image_has_magic(bytes, len, 0, "RIFF", TAG_BYTES) &&
           hv_image_has_magic(bytes, len, 8, "WEBP", TAG_BYTES);
}

const struct hv_decoder hv_decoder_webp = {
    .name = "WebP",
    .recognises = recognises_webp,
    .decode = decode_webp,
    .find_exif = find_exif,
};
