/* SPDX-License-Identifier: Apache-2.0 */
/* WebP to pixels: lossless files to the bit, alpha, the first frame of animations, EXIF; what is
 * refused. */
#include "base/bytes.h"
#include "base/memory.h"
#include "picture.h"
#include "picture_contract.h"
#include "run_suite.h"

#include <hashveil/image.h>

#include <stdlib.h>
#include <webp/encode.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum { MAGIC_LEN = 12, RGBA = 4, FILE_ROOM = 1 << 16, ANIMATION_FLAG = 2, ALPHA_FLAG = 16 };

static const hashveil_image_options defaults = HASHVEIL_IMAGE_OPTIONS_DEFAULT;

/* Any value of alpha, 0 and 255 among them. */
static uint8_t alpha_at(uint32_t x, uint32_t y)
{
    return (uint8_t)(85 * x + 51 * y);
}

/* What such a file is to give, and what is given to the encoder. */
static void draw(uint32_t width_px, uint32_t height_px, bool has_alpha, hashveil_image *shown_out,
                 uint8_t **rgba_out)
{
    picture_draw(shown_out, width_px, height_px, 3, 11);
    uint8_t *to = hv_alloc_array((size_t)width_px * height_px, RGBA);
    ck_assert_ptr_nonnull(to);
    *rgba_out = to;
    for (uint32_t y = 0; y < height_px; y++) {
        uint8_t *shown = shown_out->pixels + y * shown_out->stride_bytes;
        for (uint32_t x = 0; x < width_px; x++, shown += 3, to += RGBA) {
            const unsigned alpha = has_alpha ? alpha_at(x, y) : 255;
            memcpy(to, shown, 3);
            to[3] = (uint8_t)alpha;
            for (int i = 0; i < 3; i++) {
                shown[i] = (uint8_t)((shown[i] * alpha + 255 * (255 - alpha) + 127) / 255);
            }
        }
    }
}

/* quality: of a lossy file; lossless when negative. */
static struct picture_bytes encode(const uint8_t *rgba, uint32_t width_px, uint32_t height_px,
                                   float quality)
{
    uint8_t *encoded = NULL;
    const int stride = RGBA * (int)width_px;
    const size_t len =
        quality < 0
            ? WebPEncodeLosslessRGBA(rgba, (int)width_px, (int)height_px, stride, &encoded)
            : WebPEncodeRGBA(rgba, (int)width_px, (int)height_px, stride, quality, &encoded);
    const struct picture_bytes file = {hv_copy_bytes(encoded, len), len};
    ck_assert_ptr_nonnull(file.bytes);
    ck_assert_uint_gt(len, 0);
    WebPFree(encoded);
    return file;
}

static struct picture_bytes encode_drawn(uint32_t width_px, uint32_t height_px, bool has_alpha,
                                         float quality)
{
    hashveil_image shown;
    uint8_t *rgba;
    draw(width_px, height_px, has_alpha, &shown, &rgba);
    const struct picture_bytes file = encode(rgba, width_px, height_px, quality);
    free(rgba);
    hashveil_image_clear(&shown);
    return file;
}

static const uint32_t sizes[][2] = {{1, 1}, {3, 2}, {5, 9}, {37, 29}, {200, 150}};

/* Loop index: size and alpha. */
START_TEST(lossless_pixels_are_those_encoded_over_white)
{
    const uint32_t *size = sizes[_i / 2];
    hashveil_image shown;
    hashveil_image decoded;
    uint8_t *rgba;
    draw(size[0], size[1], _i % 2, &shown, &rgba);
    const struct picture_bytes file = encode(rgba, size[0], size[1], -1);
    ck_assert_int_eq(contract_decode(file.bytes, file.len, &defaults, &decoded), HASHVEIL_OK);
    ck_assert_uint_eq(decoded.width_px, size[0]);
    ck_assert_uint_eq(decoded.height_px, size[1]);
    ck_assert_uint_eq(decoded.channels, 3);
    ck_assert_int_eq(contract_difference(&decoded, &shown, 0, 0), 0);
    hashveil_image_clear(&decoded);
    hashveil_image_clear(&shown);
    free(rgba);
    free(file.bytes);
}
END_TEST

START_TEST(lossy_pixels_are_near_those_encoded)
{
    enum { SAMPLES = 200 * 150 * 3 };
    hashveil_image shown;
    hashveil_image decoded;
    uint8_t *rgba;
    long sum = 0;
    draw(200, 150, _i, &shown, &rgba);
    const struct picture_bytes file = encode(rgba, 200, 150, 95);
    ck_assert_int_eq(contract_decode(file.bytes, file.len, &defaults, &decoded), HASHVEIL_OK);
    ck_assert_uint_eq(decoded.stride_bytes, shown.stride_bytes);
    for (size_t i = 0; i < SAMPLES; i++) {
        sum += labs((long)decoded.pixels[i] - shown.pixels[i]);
    }
    ck_assert_int_le(sum / SAMPLES, 4);
    hashveil_image_clear(&decoded);
    hashveil_image_clear(&shown);
    free(rgba);
    free(file.bytes);
}
END_TEST

START_TEST(a_lossless_file_has_the_fingerprint_of_a_png)
{
    hashveil_image picture;
    uint8_t *rgba;
    draw(301, 200, false, &picture, &rgba);
    const struct picture_bytes file = encode(rgba, 301, 200, -1);
    contract_check_fingerprint(&file, &picture);
    hashveil_image_clear(&picture);
    free(rgba);
    free(file.bytes);
}
END_TEST

static void write_tag(struct hv_writer *out, const char *tag)
{
    hv_write_bytes(out, (const uint8_t *)tag, 4);
}

static void write_chunk(struct hv_writer *out, const char *tag, const uint8_t *content, size_t len)
{
    write_tag(out, tag);
    hv_write_u32le(out, (uint32_t)len);
    hv_write_bytes(out, content, len);
    hv_write_le(out, 0, len % 2);
}

/* Begins a file; end_file completes it. */
static struct hv_writer begin_file(uint8_t flags, uint32_t width_px, uint32_t height_px)
{
    uint8_t *room = hv_alloc_array(1, FILE_ROOM);
    ck_assert_ptr_nonnull(room);
    struct hv_writer file = hv_writer_of(room, FILE_ROOM);
    write_tag(&file, "RIFF");
    hv_write_u32le(&file, 0);
    write_tag(&file, "WEBP");
    write_tag(&file, "VP8X");
    hv_write_u32le(&file, 10);
    hv_write_u32le(&file, flags);
    hv_write_le(&file, width_px - 1, 3);
    hv_write_le(&file, height_px - 1, 3);
    return file;
}

static struct picture_bytes end_file(const struct hv_writer *file)
{
    ck_assert(!file->failed);
    hv_store_le(file->bytes + 4, file->len - 8, 4);
    return (struct picture_bytes){file->bytes, file->len};
}

/* What an animation's frame says of itself. */
struct frame {
    uint32_t left_px, top_px, width_px, height_px;
};

/* picture: a still file, without its first 12 bytes. */
static void write_frame(struct hv_writer *file, const struct frame *frame,
                        const struct picture_bytes *picture)
{
    write_tag(file, "ANMF");
    hv_write_u32le(file, (uint32_t)(16 + picture->len - MAGIC_LEN));
    hv_write_le(file, frame->left_px / 2, 3);
    hv_write_le(file, frame->top_px / 2, 3);
    hv_write_le(file, frame->width_px - 1, 3);
    hv_write_le(file, frame->height_px - 1, 3);
    hv_write_u32le(file, 100);
    hv_write_bytes(file, picture->bytes + MAGIC_LEN, picture->len - MAGIC_LEN);
}

static struct picture_bytes animate(const uint32_t canvas[2], const struct frame *frame,
                                    const struct picture_bytes *first,
                                    const struct picture_bytes *second)
{
    static const uint8_t red_for_ever[6] = {0, 0, 255, 255, 0, 0};
    struct hv_writer file = begin_file(ANIMATION_FLAG | ALPHA_FLAG, canvas[0], canvas[1]);
    write_chunk(&file, "ANIM", red_for_ever, sizeof red_for_ever);
    write_frame(&file, frame, first);
    write_frame(&file, &(struct frame){0, 0, 7, 5}, second);
    return end_file(&file);
}

/* Loop index: alpha. */
START_TEST(an_animation_is_its_first_frame_over_white)
{
    static const uint32_t canvas[2] = {50, 40};
    static const struct frame frame = {6, 10, 37, 29};
    const struct picture_bytes second = encode_drawn(7, 5, false, -1);
    hashveil_image shown;
    hashveil_image decoded;
    uint8_t *rgba;
    draw(37, 29, _i, &shown, &rgba);
    const struct picture_bytes first = encode(rgba, 37, 29, -1);
    const struct picture_bytes file = animate(canvas, &frame, &first, &second);
    ck_assert_int_eq(contract_decode(file.bytes, file.len, &defaults, &decoded), HASHVEIL_OK);
    ck_assert_uint_eq(decoded.width_px, canvas[0]);
    ck_assert_uint_eq(decoded.height_px, canvas[1]);
    ck_assert_int_eq(contract_difference(&decoded, &shown, 6, 10), 0);
    hashveil_image_clear(&decoded);
    contract_check_limits(&file, canvas[0], canvas[1]);
    ck_assert_uint_gt(contract_check_cuts(&file, MAGIC_LEN), first.len);
    hashveil_image_clear(&shown);
    free(rgba);
    free(file.bytes);
    free(first.bytes);
    free(second.bytes);
}
END_TEST

static const struct {
    const char *what;
    struct frame frame;
    hashveil_status expected;
} frames[] = {
    {"in the last corner", {14, 12, 7, 5}, HASHVEIL_OK},
    {"beyond the right side", {16, 12, 7, 5}, HASHVEIL_ERR_FORMAT},
    {"beyond the bottom", {14, 14, 7, 5}, HASHVEIL_ERR_FORMAT},
    {"as far away as can be", {0x1FFFFFE, 0x1FFFFFE, 7, 5}, HASHVEIL_ERR_FORMAT},
    {"as large as can be", {0, 0, 0x1000000, 0x1000000}, HASHVEIL_ERR_FORMAT},
    {"narrower than its pixels", {0, 0, 6, 5}, HASHVEIL_ERR_FORMAT},
    {"higher than its pixels", {0, 0, 7, 6}, HASHVEIL_ERR_FORMAT},
};

START_TEST(a_frame_is_on_the_canvas_and_of_the_size_it_says)
{
    const struct picture_bytes picture = encode_drawn(7, 5, false, -1);
    const struct picture_bytes file =
        animate((uint32_t[]){21, 17}, &frames[_i].frame, &picture, &picture);
    const hashveil_status status = contract_status(file.bytes, file.len, &defaults);
    ck_assert_msg(status == frames[_i].expected, "%s: %s", frames[_i].what,
                  hashveil_status_text(status));
    free(file.bytes);
    free(picture.bytes);
}
END_TEST

START_TEST(an_animation_inside_a_frame_is_refused)
{
    static const struct frame frame = {0, 0, 7, 5};
    const struct picture_bytes picture = encode_drawn(7, 5, false, -1);
    const struct picture_bytes inner = animate((uint32_t[]){7, 5}, &frame, &picture, &picture);
    const struct picture_bytes outer = animate((uint32_t[]){7, 5}, &frame, &inner, &picture);
    ck_assert_int_eq(contract_status(inner.bytes, inner.len, &defaults), HASHVEIL_OK);
    ck_assert_int_eq(contract_status(outer.bytes, outer.len, &defaults), HASHVEIL_ERR_FORMAT);
    free(outer.bytes);
    free(inner.bytes);
    free(picture.bytes);
}
END_TEST

/* Loop index: whether the block has the name that JPEG files give it. */
START_TEST(exif_turns_the_picture_when_asked_to)
{
    enum { EXIF_FLAG = 8, QUARTER_TURN = 6 };
    uint8_t block[6 + PICTURE_EXIF_BYTES] = "Exif\0";
    const struct picture_bytes still = encode_drawn(7, 5, false, -1);
    struct hv_writer writer = begin_file(EXIF_FLAG, 7, 5);
    hashveil_image_options options = defaults;
    hashveil_image decoded;
    picture_exif(QUARTER_TURN, _i, block + 6);
    hv_write_bytes(&writer, still.bytes + MAGIC_LEN, still.len - MAGIC_LEN);
    write_chunk(&writer, "XYZ ", block, 3); /* of odd length: a byte is left free behind it */
    write_chunk(&writer, "EXIF", _i ? block : block + 6, sizeof block - (_i ? 0 : 6));
    const struct picture_bytes file = end_file(&writer);

    ck_assert_int_eq(contract_decode(file.bytes, file.len, &options, &decoded), HASHVEIL_OK);
    ck_assert_uint_eq(decoded.width_px, 7);
    hashveil_image_clear(&decoded);
    options.applies_orientation = true;
    ck_assert_int_eq(contract_decode(file.bytes, file.len, &options, &decoded), HASHVEIL_OK);
    ck_assert_uint_eq(decoded.width_px, 5);
    hashveil_image_clear(&decoded);
    contract_check_damage(&file);
    free(file.bytes);
    free(still.bytes);
}
END_TEST

/* Lossless and lossy, with alpha and without. */
static struct picture_bytes encode_kind(int kind, uint32_t width_px, uint32_t height_px)
{
    return encode_drawn(width_px, height_px, kind % 2, kind < 2 ? -1 : 60);
}

enum { KINDS = 4 };

START_TEST(limits_are_inclusive)
{
    const struct picture_bytes file = encode_kind(_i, 30, 20);
    contract_check_limits(&file, 30, 20);
    free(file.bytes);
}
END_TEST

START_TEST(a_cut_file_is_truncated_or_whole)
{
    const struct picture_bytes file = encode_kind(_i, 17, 11);
    ck_assert_uint_gt(contract_check_cuts(&file, MAGIC_LEN), file.len - MAGIC_LEN - 8);
    free(file.bytes);
}
END_TEST

START_TEST(a_damaged_byte_gives_a_picture_or_a_documented_status)
{
    const struct picture_bytes file = encode_kind(_i, 17, 11);
    contract_check_damage(&file);
    free(file.bytes);
}
END_TEST

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static const struct {
    const char *what;
    const uint8_t *bytes;
    size_t len;
    hashveil_status expected;
} files[] = {
    {"sound in a RIFF file", BYTES("RIFF\x24\0\0\0WAVEfmt \x10\0\0\0"), HASHVEIL_ERR_UNSUPPORTED},
    {"another order of bytes", BYTES("RIFX\x24\0\0\0WEBPVP8L\x10\0\0\0"), HASHVEIL_ERR_UNSUPPORTED},
    {"eleven bytes", BYTES("RIFF\x24\0\0\0WEB"), HASHVEIL_ERR_UNSUPPORTED},
    {"twelve bytes", BYTES("RIFF\x24\0\0\0WEBP"), HASHVEIL_ERR_TRUNCATED},
    {"16,383 x 16,383, lossless",
     BYTES("RIFF\x24\0\0\0WEBPVP8L\x18\0\0\0\x2F\xFE\xBF\xFF\x0F\0\0\0\0\0\0\0\0\0\0\0"),
     HASHVEIL_ERR_LIMIT},
    {"16,383 x 16,383, lossy",
     BYTES("RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0\x10\0\0\x9D\x01\x2A\xFF\x3F\xFF\x3F\0\0\0\0\0\0\0\0"),
     HASHVEIL_ERR_LIMIT},
    {"65,535 x 65,535, animated",
     BYTES("RIFF\x1E\0\0\0WEBPVP8X\x0A\0\0\0\2\0\0\0\xFE\xFF\0\xFE\xFF\0ANMF\0\0\0\0"),
     HASHVEIL_ERR_LIMIT},
    {"an animation without a frame",
     BYTES("RIFF\x16\0\0\0WEBPVP8X\x0A\0\0\0\2\0\0\0\x0F\0\0\x0F\0\0"), HASHVEIL_ERR_TRUNCATED},
};

START_TEST(a_file_is_told_apart_and_judged_by_its_first_bytes)
{
    const hashveil_status status = contract_status(files[_i].bytes, files[_i].len, &defaults);
    ck_assert_msg(status == files[_i].expected, "%s: %s", files[_i].what,
                  hashveil_status_text(status));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image_webp");
    TCase *pixels = tcase_create("pixels");
    TCase *refusals = tcase_create("refusals");

    tcase_add_loop_test(pixels, lossless_pixels_are_those_encoded_over_white, 0, 2 * COUNT(sizes));
    tcase_add_loop_test(pixels, lossy_pixels_are_near_those_encoded, 0, 2);
    tcase_add_test(pixels, a_lossless_file_has_the_fingerprint_of_a_png);
    tcase_add_loop_test(pixels, an_animation_is_its_first_frame_over_white, 0, 2);
    tcase_add_loop_test(pixels, exif_turns_the_picture_when_asked_to, 0, 2);
    suite_add_tcase(suite, pixels);

    tcase_set_timeout(refusals, 60);
    tcase_add_loop_test(refusals, a_file_is_told_apart_and_judged_by_its_first_bytes, 0,
                        COUNT(files));
    tcase_add_loop_test(refusals, a_frame_is_on_the_canvas_and_of_the_size_it_says, 0,
                        COUNT(frames));
    tcase_add_test(refusals, an_animation_inside_a_frame_is_refused);
    tcase_add_loop_test(refusals, limits_are_inclusive, 0, KINDS);
    tcase_add_loop_test(refusals, a_cut_file_is_truncated_or_whole, 0, KINDS);
    tcase_add_loop_test(refusals, a_damaged_byte_gives_a_picture_or_a_documented_status, 0, KINDS);
    suite_add_tcase(suite, refusals);
    return run_suite(suite);
}
