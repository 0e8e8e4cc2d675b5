/* SPDX-License-Identifier: Apache-2.0 */
/* Which way up a picture is shown: the eight orientations of EXIF, and EXIF that is broken. */
#include "base/memory.h"
#include "picture.h"
#include "run_suite.h"

#include <hashveil/image.h>

#include <png.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum { ORIENTATIONS = 8, SEGMENT_START = 2 };

struct file {
    uint8_t *bytes;
    size_t len;
};

static hashveil_image decode(const struct file *file, bool applies_orientation)
{
    hashveil_image decoded = {0};
    hashveil_image_options options = HASHVEIL_IMAGE_OPTIONS_DEFAULT;
    ck_assert(!options.applies_orientation);
    options.applies_orientation = applies_orientation;
    ck_assert_int_eq(hashveil_image_decode(file->bytes, file->len, &options, &decoded),
                     HASHVEIL_OK);
    return decoded;
}

static const uint8_t *pixel_at(const hashveil_image *image, uint32_t x, uint32_t y)
{
    return image->pixels + y * image->stride_bytes + (size_t)x * image->channels;
}

enum side { TOP, BOTTOM, LEFT, RIGHT };

/* EXIF 2.3, section 4.6.4: where the first stored row and the first stored column are seen. */
static const struct {
    enum side row, column;
} seen_at[ORIENTATIONS + 1] = {
    [1] = {TOP, LEFT}, [2] = {TOP, RIGHT}, [3] = {BOTTOM, RIGHT}, [4] = {BOTTOM, LEFT},
    [5] = {LEFT, TOP}, [6] = {RIGHT, TOP}, [7] = {RIGHT, BOTTOM}, [8] = {LEFT, BOTTOM},
};

/* Moves so many pixels inwards from a side. */
static void move_in(const hashveil_image *shown, enum side side, uint32_t count, uint32_t *x,
                    uint32_t *y)
{
    switch (side) {
    case TOP:
        *y = count;
        break;
    case BOTTOM:
        *y = shown->height_px - 1 - count;
        break;
    case LEFT:
        *x = count;
        break;
    case RIGHT:
        *x = shown->width_px - 1 - count;
        break;
    }
}

static void check_turned(const hashveil_image *stored, const hashveil_image *shown,
                         unsigned orientation)
{
    const bool is_sideways = seen_at[orientation].row == LEFT || seen_at[orientation].row == RIGHT;
    ck_assert_uint_eq(shown->width_px, is_sideways ? stored->height_px : stored->width_px);
    ck_assert_uint_eq(shown->height_px, is_sideways ? stored->width_px : stored->height_px);
    ck_assert_uint_eq(shown->channels, stored->channels);
    for (uint32_t row = 0; row < stored->height_px; row++) {
        for (uint32_t column = 0; column < stored->width_px; column++) {
            uint32_t x = 0;
            uint32_t y = 0;
            move_in(shown, seen_at[orientation].row, row, &x, &y);
            move_in(shown, seen_at[orientation].column, column, &x, &y);
            ck_assert_msg(
                memcmp(pixel_at(shown, x, y), pixel_at(stored, column, row), stored->channels) == 0,
                "orientation %u: row %u, column %u", orientation, row, column);
        }
    }
}

/* Smaller and larger than what is turned at a time. */
static const uint32_t sizes[][2] = {{1, 1}, {1, 5}, {7, 1}, {64, 65}, {63, 140}, {131, 70}};

static void check_file(struct file *file, unsigned orientation)
{
    hashveil_image stored = decode(file, false);
    hashveil_image shown = decode(file, true);
    check_turned(&stored, &shown, orientation);
    hashveil_image_clear(&stored);
    hashveil_image_clear(&shown);
    free(file->bytes);
}

START_TEST(turns_as_the_orientation_says_when_asked_to)
{
    const uint32_t *size = sizes[_i / ORIENTATIONS];
    const unsigned orientation = (unsigned)_i % ORIENTATIONS + 1;
    struct file file;
    hashveil_image picture;
    for (uint32_t channels = 1; channels <= 3; channels += 2) {
        const struct picture_jpeg jpeg = {.quality = 90,
                                          .colour = channels == 1 ? PICTURE_JPEG_GREY
                                                                  : PICTURE_JPEG_YCBCR,
                                          .orientation = orientation};
        const struct picture_png png = {.colour_type = channels == 1 ? PNG_COLOR_TYPE_GRAY_ALPHA
                                                                     : PNG_COLOR_TYPE_RGB_ALPHA,
                                        .bit_depth = 8,
                                        .is_interlaced = true,
                                        .orientation = orientation};
        picture_draw(&picture, size[0], size[1], channels, 11);
        picture_to_jpeg(&picture, &jpeg, &file.bytes, &file.len);
        check_file(&file, orientation);
        picture_to_png(&picture, &png, &file.bytes, &file.len);
        check_file(&file, orientation);
        hashveil_image_clear(&picture);
    }
}
END_TEST

/* A JPEG file with this segment right behind its first marker. */
static struct file with_segment(const char *segment, size_t segment_len)
{
    struct file plain;
    hashveil_image picture;
    picture_draw(&picture, 9, 5, 3, 11);
    picture_to_jpeg(&picture, &(struct picture_jpeg){.quality = 90, .orientation = 6}, &plain.bytes,
                    &plain.len);
    struct file file = {hv_alloc_array(plain.len + segment_len, 1), plain.len + segment_len};
    ck_assert_ptr_nonnull(file.bytes);
    memcpy(file.bytes, plain.bytes, SEGMENT_START);
    memcpy(file.bytes + SEGMENT_START, segment, segment_len);
    memcpy(file.bytes + SEGMENT_START + segment_len, plain.bytes + SEGMENT_START,
           plain.len - SEGMENT_START);
    hashveil_image_clear(&picture);
    free(plain.bytes);
    return file;
}

#define SEGMENT(text) (text), sizeof(text) - 1
#define EXIF "Exif\0\0"
#define TIFF_LITTLE "II*\0\x8\0\0\0"
#define TIFF_BIG "MM\0*\0\0\0\x8"

/* Segments before the sound one, which asks for orientation 6, and what then holds. */
static const struct {
    const char *what;
    const char *segment;
    size_t segment_len;
    unsigned expected;
} segments[] = {
    {"none", "", 0, 6},
    {"another APP1 segment", SEGMENT("\xFF\xE1\0\x0Chttp://ns\0"), 6},
    {"fill bytes", SEGMENT("\xFF\xFF\xFF\xE1\0\4xx"), 6},
    {"a segment of another kind", SEGMENT("\xFF\xE2\0\x0A" EXIF "II"), 6},
    {"3, lowest byte first",
     SEGMENT("\xFF\xE1\0\x1E" EXIF TIFF_LITTLE "\1\0\x12\1\3\0\1\0\0\0\3\0\0\0"), 3},
    {"3, highest byte first",
     SEGMENT("\xFF\xE1\0\x1E" EXIF TIFF_BIG "\0\1\1\x12\0\3\0\0\0\1\0\3\0\0"), 3},
    {"8, second of two entries",
     SEGMENT("\xFF\xE1\0\x2A" EXIF TIFF_LITTLE
             "\2\0\x11\1\3\0\1\0\0\0\3\0\0\0\x12\1\3\0\1\0\0\0\x8\0\0\0"),
     8},
    {"8, in a directory that stands apart",
     SEGMENT("\xFF\xE1\0\x21" EXIF "II*\0\x0B\0\0\0...\1\0\x12\1\3\0\1\0\0\0\x8\0\0\0"), 8},
    {"no TIFF header", SEGMENT("\xFF\xE1\0\x08" EXIF), 1},
    {"half a TIFF header", SEGMENT("\xFF\xE1\0\x0C" EXIF "II*\0"), 1},
    {"no directory", SEGMENT("\xFF\xE1\0\x10" EXIF TIFF_LITTLE), 1},
    {"an empty directory", SEGMENT("\xFF\xE1\0\x12" EXIF TIFF_LITTLE "\0\0"), 1},
    {"another byte order",
     SEGMENT("\xFF\xE1\0\x1E" EXIF "IM*\0\x8\0\0\0\1\0\x12\1\3\0\1\0\0\0\3\0\0\0"), 1},
    {"another version",
     SEGMENT("\xFF\xE1\0\x1E" EXIF "II+\0\x8\0\0\0\1\0\x12\1\3\0\1\0\0\0\3\0\0\0"), 1},
    {"a directory inside the header",
     SEGMENT("\xFF\xE1\0\x1E" EXIF "II*\0\x7\0\0\0\1\0\x12\1\3\0\1\0\0\0\3\0\0\0"), 1},
    {"a directory beyond the end",
     SEGMENT("\xFF\xE1\0\x1E" EXIF "II*\0\xFF\xFF\xFF\xFF\1\0\x12\1\3\0\1\0\0\0\3\0\0\0"), 1},
    {"more entries than bytes", SEGMENT("\xFF\xE1\0\x18" EXIF TIFF_LITTLE "\xFF\xFF\x11\1\3\0\1\0"),
     1},
    {"a cut entry", SEGMENT("\xFF\xE1\0\x1D" EXIF TIFF_LITTLE "\1\0\x12\1\3\0\1\0\0\0\3\0\0"), 1},
    {"another type", SEGMENT("\xFF\xE1\0\x1E" EXIF TIFF_LITTLE "\1\0\x12\1\4\0\1\0\0\0\3\0\0\0"),
     1},
    {"two values", SEGMENT("\xFF\xE1\0\x1E" EXIF TIFF_LITTLE "\1\0\x12\1\3\0\2\0\0\0\3\0\3\0"), 1},
    {"value 0", SEGMENT("\xFF\xE1\0\x1E" EXIF TIFF_LITTLE "\1\0\x12\1\3\0\1\0\0\0\0\0\0\0"), 1},
    {"value 9", SEGMENT("\xFF\xE1\0\x1E" EXIF TIFF_LITTLE "\1\0\x12\1\3\0\1\0\0\0\x9\0\0\0"), 1},
    {"value 259", SEGMENT("\xFF\xE1\0\x1E" EXIF TIFF_LITTLE "\1\0\x12\1\3\0\1\0\0\0\3\1\0\0"), 1},
};

START_TEST(the_first_exif_block_counts_and_a_broken_one_turns_nothing)
{
    struct file file = with_segment(segments[_i].segment, segments[_i].segment_len);
    hashveil_image stored = decode(&file, false);
    hashveil_image shown = decode(&file, true);
    ck_assert_msg(shown.width_px == (segments[_i].expected >= 5 ? 5 : 9), "%s", segments[_i].what);
    check_turned(&stored, &shown, segments[_i].expected);
    hashveil_image_clear(&stored);
    hashveil_image_clear(&shown);
    free(file.bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image_orientation");
    TCase *orientation = tcase_create("orientation");
    tcase_add_loop_test(orientation, turns_as_the_orientation_says_when_asked_to, 0,
                        ORIENTATIONS * COUNT(sizes));
    tcase_add_loop_test(orientation, the_first_exif_block_counts_and_a_broken_one_turns_nothing, 0,
                        COUNT(segments));
    suite_add_tcase(suite, orientation);
    return run_suite(suite);
}
