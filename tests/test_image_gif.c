/* SPDX-License-Identifier: Apache-2.0 */
/* GIF to pixels: palettes, transparency, interlacing, pictures beside their canvas, the first of
 * several; what is refused. */
#include "base/memory.h"
#include "picture_contract.h"
#include "run_suite.h"

#include <hashveil/image.h>

#include <gif_lib.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum { MAGIC_LEN = 6, FILE_ROOM = 1 << 18, NONE = NO_TRANSPARENT_COLOR };

static const hashveil_image_options defaults = HASHVEIL_IMAGE_OPTIONS_DEFAULT;

struct gif_kind {
    const char *what;
    int canvas_width, canvas_height;
    int left, top, width, height;
    int depth; /* bits of an index */
    bool is_interlaced;
    bool has_own_colours; /* beside those of the file, which are others */
    int transparent;      /* index, or NONE */
    /* What is to be seen: the whole picture, at this place of so large a canvas. */
    uint32_t shown_width, shown_height, shown_left, shown_top;
};

static const struct gif_kind kinds[] = {
    {"one pixel", 1, 1, 0, 0, 1, 1, 8, false, false, NONE, 1, 1, 0, 0},
    {"one interlaced pixel", 1, 1, 0, 0, 1, 1, 8, true, false, NONE, 1, 1, 0, 0},
    {"odd sides", 37, 29, 0, 0, 37, 29, 8, false, false, NONE, 37, 29, 0, 0},
    {"interlaced", 37, 29, 0, 0, 37, 29, 8, true, false, NONE, 37, 29, 0, 0},
    {"interlaced, two lines", 5, 2, 0, 0, 5, 2, 8, true, false, NONE, 5, 2, 0, 0},
    {"interlaced, five lines", 5, 5, 0, 0, 5, 5, 8, true, false, NONE, 5, 5, 0, 0},
    {"two colours", 37, 29, 0, 0, 37, 29, 1, false, false, NONE, 37, 29, 0, 0},
    {"sixteen colours", 37, 29, 0, 0, 37, 29, 4, false, false, NONE, 37, 29, 0, 0},
    {"colours of its own", 37, 29, 0, 0, 37, 29, 8, false, true, NONE, 37, 29, 0, 0},
    {"transparent", 37, 29, 0, 0, 37, 29, 4, false, false, 3, 37, 29, 0, 0},
    {"transparent, interlaced", 37, 29, 0, 0, 37, 29, 4, true, true, 0, 37, 29, 0, 0},
    {"smaller than the canvas", 50, 40, 7, 9, 37, 29, 8, false, false, NONE, 50, 40, 7, 9},
    {"in the last corner", 50, 40, 13, 11, 37, 29, 8, true, false, NONE, 50, 40, 13, 11},
    {"half beside the canvas", 50, 40, 30, 25, 37, 29, 8, false, false, NONE, 50, 40, 30, 25},
    {"half beside it, interlaced", 50, 40, 30, 25, 37, 29, 8, true, false, 5, 50, 40, 30, 25},
    {"beside the canvas", 50, 40, 60, 50, 37, 29, 8, false, false, NONE, 50, 40, 60, 50},
    {"wider than the canvas", 36, 40, 5, 5, 37, 29, 8, false, false, NONE, 37, 29, 0, 0},
    {"higher than the canvas", 50, 28, 5, 5, 37, 29, 8, true, false, NONE, 37, 29, 0, 0},
    {"on no canvas", 0, 0, 5, 5, 37, 29, 8, false, false, NONE, 37, 29, 0, 0},
};

/* Every colour of the larger palettes has another red. */
static GifColorType colour(int index, bool is_own)
{
    const int number = is_own ? 255 - index : index;
    return (GifColorType){(GifByteType)(number * 7), (GifByteType)(number * 29),
                          (GifByteType)(number * 101)};
}

/* No two rows and columns are alike. */
static GifPixelType index_at(const struct gif_kind *kind, int x, int y)
{
    return (GifPixelType)((x * 3 + y * 5 + x * y) & ((1 << kind->depth) - 1));
}

static ColorMapObject *palette(const struct gif_kind *kind, bool is_own)
{
    GifColorType colours[256];
    const int count = 1 << kind->depth;
    for (int i = 0; i < count; i++) {
        colours[i] = colour(i, is_own);
    }
    ColorMapObject *map = GifMakeMapObject(count, colours);
    ck_assert_ptr_nonnull(map);
    return map;
}

static int append(GifFileType *gif, const GifByteType *bytes, int len)
{
    struct picture_bytes *file = gif->UserData;
    ck_assert_uint_le(file->len + (size_t)len, FILE_ROOM);
    memcpy(file->bytes + file->len, bytes, (size_t)len);
    file->len += (size_t)len;
    return len;
}

static void check(int result)
{
    ck_assert_int_eq(result, GIF_OK);
}

static void put_control(GifFileType *gif, int transparent)
{
    GifByteType block[4];
    const GraphicsControlBlock control = {.DelayTime = 10, .TransparentColor = transparent};
    ck_assert_uint_eq(EGifGCBToExtension(&control, block), sizeof block);
    check(EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, sizeof block, block));
}

static void put_picture(GifFileType *gif, const struct gif_kind *kind)
{
    static const int steps[][2] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};
    ColorMapObject *own = kind->has_own_colours ? palette(kind, true) : NULL;
    GifPixelType *line = hv_alloc_array((size_t)kind->width, 1);
    ck_assert_ptr_nonnull(line);
    check(EGifPutImageDesc(gif, kind->left, kind->top, kind->width, kind->height,
                           kind->is_interlaced, own));
    for (int pass = kind->is_interlaced ? 0 : COUNT(steps) - 1; pass < COUNT(steps); pass++) {
        const int step = kind->is_interlaced ? steps[pass][1] : 1;
        for (int y = kind->is_interlaced ? steps[pass][0] : 0; y < kind->height; y += step) {
            for (int x = 0; x < kind->width; x++) {
                line[x] = index_at(kind, x, y);
            }
            check(EGifPutLine(gif, line, kind->width));
        }
    }
    free(line);
    GifFreeMapObject(own);
}

/* Between a comment and a second, smaller picture. */
static struct picture_bytes encode(const struct gif_kind *kind)
{
    /* Without colours of its own giflib would lose those of the first. */
    static const struct gif_kind second = {
        .width = 1, .height = 1, .depth = 1, .has_own_colours = true};
    struct picture_bytes file = {hv_alloc_array(1, FILE_ROOM), 0};
    ColorMapObject *colours = palette(kind, false);
    int error;
    GifFileType *gif = EGifOpen(&file, append, &error);
    ck_assert_ptr_nonnull(gif);
    EGifSetGifVersion(gif, true);
    check(EGifPutScreenDesc(gif, kind->canvas_width, kind->canvas_height, 8, 1, colours));
    check(EGifPutComment(gif, "not a picture"));
    put_control(gif, kind->transparent);
    put_picture(gif, kind);
    put_control(gif, 0);
    put_picture(gif, &second);
    check(EGifCloseFile(gif, &error));
    GifFreeMapObject(colours);
    return file;
}

/* out: released by hashveil_image_clear */
static void draw(const struct gif_kind *kind, hashveil_image *out)
{
    const size_t stride_bytes = 3 * (size_t)kind->width;
    *out = (hashveil_image){.pixels = hv_alloc_array((size_t)kind->height, stride_bytes),
                            .width_px = (uint32_t)kind->width,
                            .height_px = (uint32_t)kind->height,
                            .stride_bytes = stride_bytes,
                            .channels = 3};
    ck_assert_ptr_nonnull(out->pixels);
    uint8_t *to = out->pixels;
    for (int y = 0; y < kind->height; y++) {
        for (int x = 0; x < kind->width; x++, to += 3) {
            const int index = index_at(kind, x, y);
            const GifColorType shown = index == kind->transparent
                                           ? (GifColorType){255, 255, 255}
                                           : colour(index, kind->has_own_colours);
            memcpy(to, (const uint8_t[]){shown.Red, shown.Green, shown.Blue}, 3);
        }
    }
}

/* Loop index: the kind. */
START_TEST(pixels_are_the_colours_of_the_first_picture_over_white)
{
    const struct gif_kind *kind = &kinds[_i];
    const struct picture_bytes file = encode(kind);
    hashveil_image picture;
    hashveil_image decoded;
    draw(kind, &picture);
    ck_assert_msg(contract_decode(file.bytes, file.len, &defaults, &decoded) == HASHVEIL_OK, "%s",
                  kind->what);
    ck_assert_uint_eq(decoded.width_px, kind->shown_width);
    ck_assert_uint_eq(decoded.height_px, kind->shown_height);
    ck_assert_uint_eq(decoded.channels, 3);
    ck_assert_msg(contract_difference(&decoded, &picture, kind->shown_left, kind->shown_top) == 0,
                  "%s", kind->what);
    hashveil_image_clear(&decoded);
    hashveil_image_clear(&picture);
    free(file.bytes);
}
END_TEST

START_TEST(a_file_has_the_fingerprint_of_a_png)
{
    static const struct gif_kind kind = {.canvas_width = 180,
                                         .canvas_height = 120,
                                         .width = 180,
                                         .height = 120,
                                         .depth = 6,
                                         .transparent = 9};
    const struct picture_bytes file = encode(&kind);
    hashveil_image picture;
    draw(&kind, &picture);
    contract_check_fingerprint(&file, &picture);
    hashveil_image_clear(&picture);
    free(file.bytes);
}
END_TEST

START_TEST(limits_are_inclusive)
{
    const struct picture_bytes file = encode(&kinds[_i]);
    contract_check_limits(&file, kinds[_i].shown_width, kinds[_i].shown_height);
    free(file.bytes);
}
END_TEST

START_TEST(a_cut_file_is_truncated_or_whole)
{
    enum { SECOND_LEN = 40 };
    const struct gif_kind *kind = &kinds[_i];
    const struct picture_bytes file = encode(kind);
    const size_t refused = contract_check_cuts(&file, MAGIC_LEN);
    if (kind->shown_top + (uint32_t)kind->height <= kind->shown_height) { /* every line is seen */
        ck_assert_uint_gt(refused, file.len - MAGIC_LEN - SECOND_LEN);
    }
    free(file.bytes);
}
END_TEST

START_TEST(a_damaged_byte_gives_a_picture_or_a_documented_status)
{
    const struct picture_bytes file = encode(&kinds[_i]);
    contract_check_damage(&file);
    free(file.bytes);
}
END_TEST

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

#define TWO_COLOURS "\x80\0\0\xFF\0\0\0\0\xFF" /* red, blue */
#define ONE_PIXEL(index) "\2\2" index "\1\0"   /* of so many bits each: clear, index, end */
#define RED "\x44"

static const struct {
    const char *what;
    const uint8_t *bytes;
    size_t len;
    hashveil_status expected;
} files[] = {
    {"the version of 1987",
     BYTES("GIF87a\1\0\1\0" TWO_COLOURS ",\0\0\0\0\1\0\1\0\0" ONE_PIXEL(RED)), HASHVEIL_OK},
    {"a version that never was", BYTES("GIF88a\1\0\1\0"), HASHVEIL_ERR_UNSUPPORTED},
    {"five bytes", BYTES("GIF89"), HASHVEIL_ERR_UNSUPPORTED},
    {"six bytes", BYTES("GIF89a"), HASHVEIL_ERR_TRUNCATED},
    {"no picture", BYTES("GIF89a\1\0\1\0" TWO_COLOURS ";"), HASHVEIL_ERR_FORMAT},
    {"no colours", BYTES("GIF89a\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\0" ONE_PIXEL(RED)),
     HASHVEIL_ERR_FORMAT},
    {"no width", BYTES("GIF89a\1\0\1\0" TWO_COLOURS ",\0\0\0\0\0\0\1\0\0" ONE_PIXEL(RED)),
     HASHVEIL_ERR_FORMAT},
    {"no height", BYTES("GIF89a\1\0\1\0" TWO_COLOURS ",\0\0\0\0\1\0\0\0\0" ONE_PIXEL(RED)),
     HASHVEIL_ERR_FORMAT},
    {"two pixels, one coded",
     BYTES("GIF89a\2\0\1\0" TWO_COLOURS ",\0\0\0\0\2\0\1\0\0" ONE_PIXEL(RED)),
     HASHVEIL_ERR_TRUNCATED},
    {"codes of nine bits", BYTES("GIF89a\1\0\1\0" TWO_COLOURS ",\0\0\0\0\1\0\1\0\0\x09\1\0\0"),
     HASHVEIL_ERR_FORMAT},
    {"another kind of block", BYTES("GIF89a\1\0\1\0" TWO_COLOURS "?\0\0\0\0\1\0\1\0\0"),
     HASHVEIL_ERR_FORMAT},
    {"65,535 x 65,535",
     BYTES("GIF89a\xFF\xFF\xFF\xFF" TWO_COLOURS ",\0\0\0\0\1\0\1\0\0" ONE_PIXEL(RED)),
     HASHVEIL_ERR_LIMIT},
    {"65,535 x 65,535 on a canvas of one pixel",
     BYTES("GIF89a\1\0\1\0" TWO_COLOURS ",\0\0\0\0\xFF\xFF\xFF\xFF\x40" ONE_PIXEL(RED)),
     HASHVEIL_ERR_LIMIT},
};

START_TEST(a_file_is_told_apart_and_judged_by_what_it_holds)
{
    const hashveil_status status = contract_status(files[_i].bytes, files[_i].len, &defaults);
    ck_assert_msg(status == files[_i].expected, "%s: %s", files[_i].what,
                  hashveil_status_text(status));
}
END_TEST

START_TEST(a_number_without_a_colour_is_white)
{
    static const uint8_t file[] =
        "GIF89a\1\0\1\0" TWO_COLOURS ",\0\0\0\0\1\0\1\0\0" ONE_PIXEL("\x5C");
    hashveil_image decoded;
    ck_assert_int_eq(contract_decode(file, sizeof file - 1, &defaults, &decoded), HASHVEIL_OK);
    ck_assert_mem_eq(decoded.pixels, "\xFF\xFF\xFF", 3);
    hashveil_image_clear(&decoded);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image_gif");
    TCase *pixels = tcase_create("pixels");
    TCase *refusals = tcase_create("refusals");

    tcase_add_loop_test(pixels, pixels_are_the_colours_of_the_first_picture_over_white, 0,
                        COUNT(kinds));
    tcase_add_test(pixels, a_file_has_the_fingerprint_of_a_png);
    tcase_add_test(pixels, a_number_without_a_colour_is_white);
    suite_add_tcase(suite, pixels);

    tcase_set_timeout(refusals, 60);
    tcase_add_loop_test(refusals, a_file_is_told_apart_and_judged_by_what_it_holds, 0,
                        COUNT(files));
    tcase_add_loop_test(refusals, limits_are_inclusive, 2, COUNT(kinds));
    tcase_add_loop_test(refusals, a_cut_file_is_truncated_or_whole, 0, COUNT(kinds));
    tcase_add_loop_test(refusals, a_damaged_byte_gives_a_picture_or_a_documented_status, 0,
                        COUNT(kinds));
    suite_add_tcase(suite, refusals);
    return run_suite(suite);
}
