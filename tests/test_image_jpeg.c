/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG to pixels: every colour space and way of coding; scans; what is damaged or cut. */
#include "base/bytes.h"
#include "base/memory.h"
#include "picture.h"
#include "run_suite.h"

#include <hashveil/image.h>

#include <stdio.h> /* jpeglib.h needs it before itself */

#include <jpeglib.h>
#include <stdlib.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum { WIDTH = 61, HEIGHT = 43, END_MARKER_LEN = 2, CMYK = 4 };

static const hashveil_image_options defaults = HASHVEIL_IMAGE_OPTIONS_DEFAULT;

struct file {
    uint8_t *bytes;
    size_t len;
};

static struct file encode(const struct picture_jpeg *kind)
{
    struct file file;
    hashveil_image picture;
    picture_draw(&picture, WIDTH, HEIGHT, 3, 3);
    picture_to_jpeg(&picture, kind, &file.bytes, &file.len);
    hashveil_image_clear(&picture);
    return file;
}

static const struct picture_jpeg kinds[] = {
    {.quality = 90},
    {.quality = 30, .restart_rows = 1},
    {.quality = 90, .has_full_chroma = true},
    {.quality = 90, .is_progressive = true},
    {.quality = 90, .colour = PICTURE_JPEG_GREY},
    {.quality = 90, .colour = PICTURE_JPEG_GREY, .is_progressive = true},
    {.quality = 90, .colour = PICTURE_JPEG_RGB},
    {.quality = 90, .colour = PICTURE_JPEG_CMYK_ADOBE},
    {.quality = 90, .colour = PICTURE_JPEG_CMYK_PLAIN},
    {.quality = 90, .colour = PICTURE_JPEG_YCCK},
    {.quality = 90, .colour = PICTURE_JPEG_YCCK, .is_progressive = true},
    {.quality = 90, .is_arithmetic = true},
    {.quality = 90, .is_arithmetic = true, .is_progressive = true},
};

enum { HUFFMAN_KINDS = COUNT(kinds) - 2 };

static hashveil_image decode(const uint8_t *bytes, size_t len)
{
    hashveil_image decoded = {0};
    ck_assert_int_eq(hashveil_image_decode(bytes, len, &defaults, &decoded), HASHVEIL_OK);
    return decoded;
}

static hashveil_status status_of(const uint8_t *bytes, size_t len)
{
    hashveil_image decoded = {0};
    const hashveil_status status = hashveil_image_decode(bytes, len, &defaults, &decoded);
    if (status != HASHVEIL_OK) {
        ck_assert_ptr_null(decoded.pixels);
    }
    hashveil_image_clear(&decoded);
    return status;
}

static void check_same_pixels(const hashveil_image *a, const hashveil_image *b)
{
    ck_assert_uint_eq(a->width_px, b->width_px);
    ck_assert_uint_eq(a->height_px, b->height_px);
    ck_assert_uint_eq(a->channels, b->channels);
    for (uint32_t y = 0; y < a->height_px; y++) {
        ck_assert_mem_eq(a->pixels + y * a->stride_bytes, b->pixels + y * b->stride_bytes,
                         (size_t)a->width_px * a->channels);
    }
}

/* What libjpeg gives when it is asked for nothing in particular. */
static hashveil_image decode_with_libjpeg_alone(const struct file *input)
{
    struct jpeg_decompress_struct file;
    struct jpeg_error_mgr errors;
    file.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&file);
    jpeg_mem_src(&file, input->bytes, input->len);
    jpeg_read_header(&file, TRUE);
    jpeg_start_decompress(&file);
    hashveil_image image = {.width_px = file.output_width,
                            .height_px = file.output_height,
                            .channels = (uint32_t)file.output_components,
                            .stride_bytes =
                                (size_t)file.output_width * (size_t)file.output_components};
    image.pixels = hv_alloc_array(image.height_px, image.stride_bytes);
    ck_assert_ptr_nonnull(image.pixels);
    while (file.output_scanline < file.output_height) {
        uint8_t *row = image.pixels + file.output_scanline * image.stride_bytes;
        jpeg_read_scanlines(&file, &row, 1);
    }
    jpeg_finish_decompress(&file);
    jpeg_destroy_decompress(&file);
    return image;
}

/* Light that comes through the ink, in place of the four samples. */
static void flatten_cmyk(hashveil_image *image, bool is_inverted)
{
    for (size_t i = 0; i < (size_t)image->width_px * image->height_px; i++) {
        const uint8_t *from = image->pixels + CMYK * i;
        const unsigned black = is_inverted ? from[3] : 255U - from[3];
        for (size_t channel = 0; channel < 3; channel++) {
            const unsigned light = is_inverted ? from[channel] : 255U - from[channel];
            image->pixels[3 * i + channel] = (uint8_t)(light * black / 255.0 + 0.5);
        }
    }
    image->channels = 3;
    image->stride_bytes = (size_t)3 * image->width_px;
}

START_TEST(pixels_are_those_of_the_reference_decoder)
{
    const struct file file = encode(&kinds[_i]);
    hashveil_image expected = decode_with_libjpeg_alone(&file);
    if (expected.channels == CMYK) {
        flatten_cmyk(&expected, kinds[_i].colour != PICTURE_JPEG_CMYK_PLAIN);
    }
    hashveil_image decoded = decode(file.bytes, file.len);
    check_same_pixels(&decoded, &expected);
    hashveil_image_clear(&decoded);
    hashveil_image_clear(&expected);
    free(file.bytes);
}
END_TEST

/* Which channel is which, and which end is white. */
START_TEST(colours_are_those_encoded)
{
    enum { MAX_DIFFERENCE = 8 };
    const struct picture_jpeg kind = {
        .quality = 100, .has_full_chroma = true, .colour = (enum picture_jpeg_colour)_i};
    const struct file file = encode(&kind);
    hashveil_image picture;
    hashveil_image decoded = decode(file.bytes, file.len);
    picture_draw(&picture, WIDTH, HEIGHT, 3, 3);
    ck_assert_uint_eq(decoded.channels, kind.colour == PICTURE_JPEG_GREY ? 1 : 3);
    for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++) {
        for (size_t channel = 0; channel < decoded.channels; channel++) {
            const int is = decoded.pixels[i * decoded.channels + channel];
            const int was = picture.pixels[3 * i + (decoded.channels == 1 ? 1 : channel)];
            ck_assert_msg(abs(is - was) <= MAX_DIFFERENCE, "pixel %zu: %d instead of %d", i, is,
                          was);
        }
    }
    hashveil_image_clear(&decoded);
    hashveil_image_clear(&picture);
    free(file.bytes);
}
END_TEST

/* Between the header and the end nothing but a marker contains 0xFF and another byte than 0. */
static size_t find_marker(const struct file *file, uint8_t marker)
{
    for (size_t i = 0; i + 1 < file->len; i++) {
        if (file->bytes[i] == 0xFF && file->bytes[i + 1] == marker) {
            return i;
        }
    }
    return file->len;
}

static uint32_t count_scans(const struct file *file)
{
    uint32_t count = 0;
    for (size_t i = 0; i + 1 < file->len; i++) {
        count += file->bytes[i] == 0xFF && file->bytes[i + 1] == 0xDA;
    }
    return count;
}

START_TEST(as_many_scans_as_the_limit_and_no_more)
{
    hashveil_image decoded = {0};
    hashveil_image_options options = defaults;
    const struct file file = encode(&kinds[_i]);
    options.limits.max_scans = count_scans(&file);
    ck_assert_uint_ge(options.limits.max_scans, kinds[_i].is_progressive ? 4 : 1);
    ck_assert_int_eq(hashveil_image_decode(file.bytes, file.len, &options, &decoded), HASHVEIL_OK);
    hashveil_image_clear(&decoded);
    options.limits.max_scans--;
    ck_assert_int_eq(hashveil_image_decode(file.bytes, file.len, &options, &decoded),
                     HASHVEIL_ERR_LIMIT);
    ck_assert_ptr_null(decoded.pixels);
    free(file.bytes);
}
END_TEST

/* Of several scans one could be missing; arithmetic coding cannot tell where its data ends. */
START_TEST(only_a_single_scan_may_lack_the_end_marker)
{
    const struct file file = encode(&kinds[_i]);
    const bool is_whole = !kinds[_i].is_progressive && !kinds[_i].is_arithmetic;
    const size_t len = file.len - END_MARKER_LEN;
    ck_assert_int_eq(status_of(file.bytes, len), is_whole ? HASHVEIL_OK : HASHVEIL_ERR_TRUNCATED);
    if (is_whole) {
        hashveil_image decoded = decode(file.bytes, len);
        hashveil_image expected = decode(file.bytes, file.len);
        check_same_pixels(&decoded, &expected);
        hashveil_image_clear(&decoded);
        hashveil_image_clear(&expected);
    }
    free(file.bytes);
}
END_TEST

START_TEST(a_scan_that_ends_before_its_last_row_is_truncated)
{
    const struct file file = encode(&kinds[_i]);
    const size_t len = file.len * 3 / 4;
    file.bytes[len - 2] = 0xFF; /* with an end marker, as some programs repair files */
    file.bytes[len - 1] = 0xD9;
    ck_assert_int_eq(status_of(file.bytes, len), HASHVEIL_ERR_TRUNCATED);
    free(file.bytes);
}
END_TEST

static struct file with_bytes(const struct file *file, size_t at, const char *bytes, size_t len)
{
    struct file longer = {hv_alloc_array(file->len + len, 1), file->len + len};
    ck_assert_ptr_nonnull(longer.bytes);
    memcpy(longer.bytes, file->bytes, at);
    memcpy(longer.bytes + at, bytes, len);
    memcpy(longer.bytes + at + len, file->bytes + at, file->len - at);
    return longer;
}

/* What every viewer passes over: bytes before a marker, after the end, unknown segments. */
START_TEST(what_viewers_pass_over_changes_nothing)
{
    const struct file file = encode(&kinds[0]);
    const struct {
        size_t at;
        const char *bytes;
        size_t len;
    } additions[] = {
        {find_marker(&file, 0xC0), "stray", 5},
        {find_marker(&file, 0xC0), "\xFF\xFF\xFF", 3},
        {find_marker(&file, 0xC0), "\xFF\xE7\0\6text", 8},
        {find_marker(&file, 0xC0), "\xFF\xEE\0\4xx", 6},
        {find_marker(&file, 0xD9), "stray", 5},
        {file.len, "\xFF\xD8\xFF more", 8},
    };
    hashveil_image expected = decode(file.bytes, file.len);
    for (int i = 0; i < COUNT(additions); i++) {
        const struct file changed =
            with_bytes(&file, additions[i].at, additions[i].bytes, additions[i].len);
        hashveil_image decoded = decode(changed.bytes, changed.len);
        check_same_pixels(&decoded, &expected);
        hashveil_image_clear(&decoded);
        free(changed.bytes);
    }
    hashveil_image_clear(&expected);
    free(file.bytes);
}
END_TEST

/* Damage in the frame header: where, from its marker on, and what becomes of the file. */
static const struct {
    const char *what;
    size_t at;
    uint8_t values[2];
    hashveil_status expected;
} damages[] = {
    {"a lossless frame", 0, {0xFF, 0xC3}, HASHVEIL_ERR_FORMAT},
    {"a reserved frame", 0, {0xFF, 0xC8}, HASHVEIL_ERR_FORMAT},
    {"no frame", 0, {0xFF, 0xE7}, HASHVEIL_ERR_FORMAT},
    {"12 bits", 3, {0, 12}, HASHVEIL_ERR_FORMAT},
    {"height 0", 5, {0, 0}, HASHVEIL_ERR_FORMAT},
    {"width 0", 7, {0, 0}, HASHVEIL_ERR_FORMAT},
    {"height 65,535", 5, {0xFF, 0xFF}, HASHVEIL_ERR_LIMIT},
    {"width 65,535", 7, {0xFF, 0xFF}, HASHVEIL_ERR_LIMIT},
    {"more rows than are there", 5, {0, HEIGHT + 16}, HASHVEIL_ERR_TRUNCATED},
    {"5 by 5 samples", 10, {1, 0x55}, HASHVEIL_ERR_FORMAT},
};

START_TEST(a_damaged_header_is_refused)
{
    const struct file file = encode(&kinds[0]);
    const size_t frame = find_marker(&file, 0xC0);
    const uint8_t *damaged = memcpy(file.bytes + frame + damages[_i].at, damages[_i].values, 2);
    ck_assert_ptr_nonnull(damaged);
    const hashveil_status status = status_of(file.bytes, file.len);
    ck_assert_msg(status == damages[_i].expected, "%s: %s", damages[_i].what,
                  hashveil_status_text(status));
    free(file.bytes);
}
END_TEST

START_TEST(two_components_are_refused)
{
    struct jpeg_compress_struct file;
    struct jpeg_error_mgr errors;
    uint8_t *bytes = NULL;
    unsigned long len = 0;
    uint8_t samples[2 * 8] = {0};
    uint8_t *row = samples;
    file.err = jpeg_std_error(&errors);
    jpeg_create_compress(&file);
    jpeg_mem_dest(&file, &bytes, &len);
    file.image_width = 8;
    file.image_height = 1;
    file.input_components = 2;
    file.in_color_space = JCS_UNKNOWN;
    jpeg_set_defaults(&file);
    jpeg_start_compress(&file, TRUE);
    jpeg_write_scanlines(&file, &row, 1);
    jpeg_finish_compress(&file);
    jpeg_destroy_compress(&file);
    ck_assert_int_eq(status_of(bytes, len), HASHVEIL_ERR_FORMAT);
    free(bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image_jpeg");
    TCase *pixels = tcase_create("pixels");
    TCase *refusal = tcase_create("refusal");

    tcase_add_loop_test(pixels, pixels_are_those_of_the_reference_decoder, 0, COUNT(kinds));
    tcase_add_loop_test(pixels, colours_are_those_encoded, PICTURE_JPEG_YCBCR,
                        PICTURE_JPEG_YCCK + 1);
    tcase_add_test(pixels, what_viewers_pass_over_changes_nothing);
    tcase_add_loop_test(pixels, only_a_single_scan_may_lack_the_end_marker, 0, COUNT(kinds));
    suite_add_tcase(suite, pixels);

    tcase_add_loop_test(refusal, as_many_scans_as_the_limit_and_no_more, 0, COUNT(kinds));
    tcase_add_loop_test(refusal, a_scan_that_ends_before_its_last_row_is_truncated, 0,
                        HUFFMAN_KINDS);
    tcase_add_loop_test(refusal, a_damaged_header_is_refused, 0, COUNT(damages));
    tcase_add_test(refusal, two_components_are_refused);
    suite_add_tcase(suite, refusal);
    return run_suite(suite);
}
