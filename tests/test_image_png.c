/* SPDX-License-Identifier: Apache-2.0 */
/* PNG to pixels: every colour type, depth and order of rows; what is damaged, and what is not
 * looked at. */
#include "base/bytes.h"
#include "base/memory.h"
#include "picture.h"
#include "run_suite.h"

#include <hashveil/image.h>

#include <png.h>
#include <stdlib.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum {
    SIGNATURE_LEN = 8,
    HEADER_END = 33, /* signature and IHDR */
    CHUNK_OVERHEAD = 12,
    HEADER_CRC_AT = 29,
    ICC_PROFILE_LEN = 1 << 20,
};

static const hashveil_image_options defaults = HASHVEIL_IMAGE_OPTIONS_DEFAULT;

struct file {
    uint8_t *bytes;
    size_t len;
};

static struct file encode(const struct picture_png *kind, uint32_t width_px, uint32_t height_px)
{
    struct file file;
    hashveil_image picture;
    picture_draw(&picture, width_px, height_px, 3, 1);
    picture_to_png(&picture, kind, &file.bytes, &file.len);
    hashveil_image_clear(&picture);
    return file;
}

static const struct picture_png rgb = {.colour_type = PNG_COLOR_TYPE_RGB, .bit_depth = 8};

/* Colour type, depth, whether there is a tRNS chunk, channels expected. */
static const struct {
    int colour_type, bit_depth;
    bool has_transparency;
    uint32_t channels;
} kinds[] = {
    {PNG_COLOR_TYPE_GRAY, 1, false, 1},       {PNG_COLOR_TYPE_GRAY, 2, false, 1},
    {PNG_COLOR_TYPE_GRAY, 4, false, 1},       {PNG_COLOR_TYPE_GRAY, 8, false, 1},
    {PNG_COLOR_TYPE_GRAY, 16, false, 1},      {PNG_COLOR_TYPE_GRAY, 1, true, 1},
    {PNG_COLOR_TYPE_GRAY, 2, true, 1},        {PNG_COLOR_TYPE_GRAY, 4, true, 1},
    {PNG_COLOR_TYPE_GRAY, 8, true, 1},        {PNG_COLOR_TYPE_GRAY, 16, true, 1},
    {PNG_COLOR_TYPE_GRAY_ALPHA, 8, false, 1}, {PNG_COLOR_TYPE_GRAY_ALPHA, 16, false, 1},
    {PNG_COLOR_TYPE_RGB, 8, false, 3},        {PNG_COLOR_TYPE_RGB, 16, false, 3},
    {PNG_COLOR_TYPE_RGB, 8, true, 3},         {PNG_COLOR_TYPE_RGB, 16, true, 3},
    {PNG_COLOR_TYPE_RGB_ALPHA, 8, false, 3},  {PNG_COLOR_TYPE_RGB_ALPHA, 16, false, 3},
    {PNG_COLOR_TYPE_PALETTE, 1, false, 3},    {PNG_COLOR_TYPE_PALETTE, 2, false, 3},
    {PNG_COLOR_TYPE_PALETTE, 4, false, 3},    {PNG_COLOR_TYPE_PALETTE, 8, false, 3},
    {PNG_COLOR_TYPE_PALETTE, 1, true, 3},     {PNG_COLOR_TYPE_PALETTE, 2, true, 3},
    {PNG_COLOR_TYPE_PALETTE, 4, true, 3},     {PNG_COLOR_TYPE_PALETTE, 8, true, 3},
};

/* Without and with several passes; sides at which passes are empty or end inside a byte. */
static const uint32_t sizes[][2] = {{1, 1}, {3, 2}, {5, 9}, {37, 29}};

/* The stored samples as 8 bits each, alpha last; 255 where the file has none. */
static void flat_samples(const hashveil_image *picture, const struct picture_png *kind,
                         const uint32_t at[2], uint32_t channels, unsigned out[4])
{
    const unsigned top = (1U << kind->bit_depth) - 1;
    uint16_t stored[4] = {0};
    uint16_t first[4] = {0};
    uint8_t entry[4];
    picture_png_pixel(picture, kind, at[0], at[1], stored);
    picture_png_pixel(picture, kind, 0, 0, first);
    if (kind->colour_type == PNG_COLOR_TYPE_PALETTE) {
        picture_png_palette(stored[0], entry);
        for (int i = 0; i < 4; i++) {
            out[i] = i < 3 || kind->has_transparency ? entry[i] : 255;
        }
        return;
    }
    for (uint32_t i = 0; i <= channels; i++) {
        out[i] = (stored[i] * 255U + top / 2) / top;
    }
    if (kind->has_transparency) {
        out[channels] = memcmp(stored, first, sizeof stored) == 0 ? 0 : 255;
    } else if (!(kind->colour_type & PNG_COLOR_MASK_ALPHA)) {
        out[channels] = 255;
    }
}

static void check_pixels(const hashveil_image *picture, const struct picture_png *kind,
                         const hashveil_image *decoded)
{
    for (uint32_t y = 0; y < picture->height_px; y++) {
        for (uint32_t x = 0; x < picture->width_px; x++) {
            const uint8_t *pixel =
                decoded->pixels + y * decoded->stride_bytes + (size_t)x * decoded->channels;
            unsigned flat[4] = {0};
            flat_samples(picture, kind, (uint32_t[]){x, y}, decoded->channels, flat);
            const unsigned alpha = flat[decoded->channels];
            for (uint32_t i = 0; i < decoded->channels; i++) {
                const unsigned over_white = (flat[i] * alpha + 255 * (255 - alpha) + 127) / 255;
                ck_assert_msg(pixel[i] == over_white,
                              "colour type %d, depth %d, interlaced %d: %u instead of %u at %u, %u",
                              kind->colour_type, kind->bit_depth, kind->is_interlaced, pixel[i],
                              over_white, x, y);
            }
        }
    }
}

START_TEST(pixels_are_those_encoded_over_white)
{
    const uint32_t *size = sizes[_i / 2 % COUNT(sizes)];
    const int row = _i / 2 / COUNT(sizes);
    const struct picture_png kind = {.colour_type = kinds[row].colour_type,
                                     .bit_depth = kinds[row].bit_depth,
                                     .has_transparency = kinds[row].has_transparency,
                                     .is_interlaced = _i % 2 == 1};
    hashveil_image picture;
    hashveil_image decoded = {0};
    struct file file;
    picture_draw(&picture, size[0], size[1], 3, 7);
    picture_to_png(&picture, &kind, &file.bytes, &file.len);
    ck_assert_int_eq(hashveil_image_decode(file.bytes, file.len, &defaults, &decoded), HASHVEIL_OK);
    ck_assert_uint_eq(decoded.width_px, size[0]);
    ck_assert_uint_eq(decoded.height_px, size[1]);
    ck_assert_uint_eq(decoded.channels, kinds[row].channels);
    check_pixels(&picture, &kind, &decoded);
    hashveil_image_clear(&decoded);
    hashveil_image_clear(&picture);
    free(file.bytes);
}
END_TEST

/* PNG specification, annex D. */
static uint32_t crc_of(const uint8_t *bytes, size_t len)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? UINT32_C(0xedb88320) ^ crc >> 1 : crc >> 1;
        }
    }
    return ~crc;
}

static void put_be(uint8_t *bytes, uint32_t number)
{
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(number >> (24 - 8 * i));
    }
}

/* Puts a chunk of zeros, len of them after its first bytes, behind the header. */
static void insert_chunk(struct file *file, const char *type_and_start, size_t start_len,
                         uint32_t zeros)
{
    const size_t chunk_len = start_len + zeros;
    uint8_t *bytes = hv_alloc_array(file->len + CHUNK_OVERHEAD + chunk_len, 1);
    ck_assert_ptr_nonnull(bytes);
    uint8_t *chunk = bytes + HEADER_END;
    memcpy(bytes, file->bytes, HEADER_END);
    put_be(chunk, (uint32_t)chunk_len);
    memcpy(chunk + 4, type_and_start, 4 + start_len);
    put_be(chunk + 8 + chunk_len, crc_of(chunk + 4, 4 + chunk_len));
    memcpy(chunk + CHUNK_OVERHEAD + chunk_len, file->bytes + HEADER_END, file->len - HEADER_END);
    free(file->bytes);
    *file = (struct file){bytes, file->len + CHUNK_OVERHEAD + chunk_len};
}

static void check_same_picture(const struct file *file, const struct file *changed)
{
    hashveil_image expected = {0};
    hashveil_image decoded = {0};
    ck_assert_int_eq(hashveil_image_decode(file->bytes, file->len, &defaults, &expected),
                     HASHVEIL_OK);
    ck_assert_int_eq(hashveil_image_decode(changed->bytes, changed->len, &defaults, &decoded),
                     HASHVEIL_OK);
    ck_assert_uint_eq(decoded.width_px, expected.width_px);
    ck_assert_uint_eq(decoded.height_px, expected.height_px);
    ck_assert_mem_eq(decoded.pixels, expected.pixels, expected.height_px * expected.stride_bytes);
    hashveil_image_clear(&expected);
    hashveil_image_clear(&decoded);
}

/* Chunks that libpng would look into, inflate, keep or correct colours with, sound and broken. */
static const struct {
    const char *start;
    size_t start_len; /* behind the type */
    uint32_t zeros;
} unused_chunks[] = {
    {"gAMA\0\1\0\0", 4, 0},
    {"gAMAbroken", 6, 0},
    {"sRGB\2", 1, 0},
    {"sBIT\3\3\3", 3, 0},
    {"tEXtComment\0", 8, 1000},
    {"zTXtComment\0\0", 9, 1000},
    {"iCCPname\0\0", 6, 100000},
    {"iCCPname\0\0", 6, ICC_PROFILE_LEN},
    {"eXIf", 0, 0},
    {"bKGD\0\1\0\2\0\3", 6, 0},
    {"prVtprivate", 7, 70000},
};

START_TEST(chunks_that_are_not_used_change_nothing)
{
    struct file file = encode(&rgb, 20, 10);
    struct file changed = encode(&rgb, 20, 10);
    insert_chunk(&changed, unused_chunks[_i].start, unused_chunks[_i].start_len,
                 unused_chunks[_i].zeros);
    check_same_picture(&file, &changed);
    changed.bytes[HEADER_END + 9] ^= 1; /* nor does a wrong checksum of theirs */
    check_same_picture(&file, &changed);
    free(file.bytes);
    free(changed.bytes);
}
END_TEST

START_TEST(a_critical_chunk_that_is_not_known_is_refused)
{
    hashveil_image decoded = {0};
    struct file file = encode(&rgb, 20, 10);
    insert_chunk(&file, "CgBI", 0, 4);
    ck_assert_int_eq(hashveil_image_decode(file.bytes, file.len, &defaults, &decoded),
                     HASHVEIL_ERR_FORMAT);
    free(file.bytes);
}
END_TEST

START_TEST(bytes_after_the_pixels_do_not_matter)
{
    struct file file = encode(&rgb, 20, 10);
    struct file cut = file;
    cut.len -= CHUNK_OVERHEAD; /* IEND */
    check_same_picture(&file, &cut);
    file.bytes[file.len - 1] ^= 1;
    check_same_picture(&file, &cut);
    free(file.bytes);
}
END_TEST

/* Where a byte of a 20 x 10 RGB file is damaged, from the start or, below 0, from the end. */
static const struct {
    const char *what;
    ptrdiff_t at;
    uint8_t value;
} damages[] = {
    {"signature, as by a change of line ends", 4, '\n'},
    {"type of the first chunk", 12, 'i'},
    {"width 0", 19, 0},
    {"depth 3", 24, 3},
    {"colour type 1", 25, 1},
    {"compression 1", 26, 1},
    {"interlace 2", 28, 2},
    {"checksum of the header", HEADER_CRC_AT, 0},
    {"length of the pixels above 31 bits", HEADER_END, 0xff},
    {"type of the pixels", HEADER_END + 4, 'X'},
    {"header of the compressed pixels", HEADER_END + 8, 0},
    {"checksum of the pixels", -CHUNK_OVERHEAD - 4, 0},
};

START_TEST(a_damaged_file_is_refused)
{
    hashveil_image decoded = {0};
    struct file file = encode(&rgb, 20, 10);
    const ptrdiff_t at = damages[_i].at;
    uint8_t *damaged = file.bytes + (at < 0 ? (ptrdiff_t)file.len + at : at);
    ck_assert_uint_ne(*damaged, damages[_i].value);
    *damaged = damages[_i].value;
    /* The header's own checksum must not be what is noticed. */
    if (damaged < file.bytes + HEADER_CRC_AT && damaged >= file.bytes + SIGNATURE_LEN) {
        put_be(file.bytes + HEADER_CRC_AT,
               crc_of(file.bytes + SIGNATURE_LEN + 4, HEADER_CRC_AT - SIGNATURE_LEN - 4));
    }
    ck_assert_msg(hashveil_image_decode(file.bytes, file.len, &defaults, &decoded) ==
                      HASHVEIL_ERR_FORMAT,
                  "%s", damages[_i].what);
    ck_assert_ptr_null(decoded.pixels);
    free(file.bytes);
}
END_TEST

START_TEST(a_palette_file_needs_its_palette)
{
    hashveil_image decoded = {0};
    struct file file =
        encode(&(struct picture_png){.colour_type = PNG_COLOR_TYPE_PALETTE, .bit_depth = 1}, 9, 9);
    const size_t palette_len = CHUNK_OVERHEAD + 2 * 3;
    memmove(file.bytes + HEADER_END, file.bytes + HEADER_END + palette_len,
            file.len - HEADER_END - palette_len);
    ck_assert_int_eq(hashveil_image_decode(file.bytes, file.len - palette_len, &defaults, &decoded),
                     HASHVEIL_ERR_FORMAT);
    free(file.bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image_png");
    TCase *pixels = tcase_create("pixels");
    TCase *refusal = tcase_create("refusal");

    tcase_add_loop_test(pixels, pixels_are_those_encoded_over_white, 0,
                        2 * COUNT(sizes) * COUNT(kinds));
    tcase_add_loop_test(pixels, chunks_that_are_not_used_change_nothing, 0, COUNT(unused_chunks));
    tcase_add_test(pixels, bytes_after_the_pixels_do_not_matter);
    suite_add_tcase(suite, pixels);

    tcase_add_loop_test(refusal, a_damaged_file_is_refused, 0, COUNT(damages));
    tcase_add_test(refusal, a_critical_chunk_that_is_not_known_is_refused);
    tcase_add_test(refusal, a_palette_file_needs_its_palette);
    suite_add_tcase(suite, refusal);
    return run_suite(suite);
}
