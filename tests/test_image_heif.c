/* SPDX-License-Identifier: Apache-2.0 */
/* HEIF and AVIF to pixels: the files of data/heif, which hold four quarters of one colour each;
 * what is refused. */
#include "base/files.h"
#include "picture_contract.h"
#include "run_suite.h"

#include <hashveil/image.h>

#include <stdio.h>
#include <stdlib.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum { MAGIC_LEN = 12, MARGIN_PX = 9, CODING_LOSS = 6 };

static const hashveil_image_options defaults = HASHVEIL_IMAGE_OPTIONS_DEFAULT;

static struct picture_bytes read(const char *name)
{
    struct picture_bytes file;
    char path[4096];
    const char *folder = getenv("HASHVEIL_TEST_DATA");
    ck_assert_ptr_nonnull(folder);
    ck_assert_int_lt(snprintf(path, sizeof path, "%s/heif/%s", folder, name), sizeof path);
    ck_assert_msg(hv_read_file(path, 1 << 20, &file.bytes, &file.len) == HASHVEIL_OK, "%s", path);
    return file;
}

/* R G B of a quarter; alpha in hundredths, over white. */
struct colour {
    int rgb[3];
};

#define RED                                                                                        \
    {                                                                                              \
        200, 30, 30                                                                                \
    }
#define GREEN                                                                                      \
    {                                                                                              \
        30, 160, 40                                                                                \
    }
#define BLUE                                                                                       \
    {                                                                                              \
        40, 50, 200                                                                                \
    }
#define LIGHT                                                                                      \
    {                                                                                              \
        220, 220, 210                                                                              \
    }
/* Of which 102 / 255 are left, over white. */
#define GREEN_40                                                                                   \
    {                                                                                              \
        165, 217, 169                                                                              \
    }
#define LIGHT_40                                                                                   \
    {                                                                                              \
        241, 241, 237                                                                              \
    }
/* The same where the file claims to hold what is left, which no sample of 102 and less is. */
#define GREEN_102                                                                                  \
    {                                                                                              \
        183, 255, 193                                                                              \
    }
#define WHITE                                                                                      \
    {                                                                                              \
        255, 255, 255                                                                              \
    }

static const struct {
    const char *name;
    uint32_t width_px, height_px;
    struct colour quarters[4]; /* in the order of reading */
} pictures[] = {
    {"plain.heic", 74, 66, {{RED}, {GREEN}, {BLUE}, {LIGHT}}},
    {"plain.avif", 74, 66, {{RED}, {GREEN}, {BLUE}, {LIGHT}}},
    {"alpha.heic", 74, 66, {{RED}, {GREEN_40}, {BLUE}, {LIGHT_40}}},
    {"alpha.avif", 74, 66, {{RED}, {GREEN_40}, {BLUE}, {LIGHT_40}}},
    {"premultiplied.heic", 74, 66, {{RED}, {GREEN_102}, {BLUE}, {WHITE}}},
    {"turned.heic", 66, 74, {{GREEN}, {LIGHT}, {RED}, {BLUE}}},
    {"exif.heic", 74, 66, {{RED}, {GREEN}, {BLUE}, {LIGHT}}},
    {"cut.heic", 40, 30, {{RED}, {GREEN}, {BLUE}, {LIGHT}}},
};

enum { ALL_SHOWN = COUNT(pictures) - 1 /* those of which nothing is cut off */ };

/* The largest difference from the colour in the middle of a quarter, where no other reaches. */
static int difference_in(const hashveil_image *image, unsigned quarter,
                         const struct colour *expected)
{
    const uint32_t left = quarter % 2 * image->width_px / 2 + MARGIN_PX;
    const uint32_t top = quarter / 2 * image->height_px / 2 + MARGIN_PX;
    int largest = 0;
    for (uint32_t y = top; y < top + image->height_px / 2 - 2 * MARGIN_PX; y++) {
        for (uint32_t x = left; x < left + image->width_px / 2 - 2 * MARGIN_PX; x++) {
            for (size_t i = 0; i < 3; i++) {
                const int sample = image->pixels[y * image->stride_bytes + 3 * (size_t)x + i];
                const int difference = abs(sample - expected->rgb[i]);
                largest = difference > largest ? difference : largest;
            }
        }
    }
    return largest;
}

/* Loop index: the picture, and whether EXIF is to turn it, which the container has done. */
START_TEST(pixels_are_those_that_a_viewer_shows)
{
    const int row = _i / 2;
    const struct picture_bytes file = read(pictures[row].name);
    hashveil_image_options options = defaults;
    hashveil_image decoded;
    options.applies_orientation = _i % 2;
    ck_assert_int_eq(contract_decode(file.bytes, file.len, &options, &decoded), HASHVEIL_OK);
    ck_assert_uint_eq(decoded.width_px, pictures[row].width_px);
    ck_assert_uint_eq(decoded.height_px, pictures[row].height_px);
    ck_assert_uint_eq(decoded.channels, 3);
    for (unsigned quarter = 0; quarter < 4; quarter++) {
        const int difference = difference_in(&decoded, quarter, &pictures[row].quarters[quarter]);
        ck_assert_msg(difference <= CODING_LOSS, "%s, quarter %u: off by %d", pictures[row].name,
                      quarter, difference);
    }
    hashveil_image_clear(&decoded);
    free(file.bytes);
}
END_TEST

START_TEST(a_grid_is_its_tiles_side_by_side)
{
    const struct picture_bytes tile = read("plain.heic");
    const struct picture_bytes file = read("grid.heic");
    hashveil_image one;
    hashveil_image grid;
    ck_assert_int_eq(contract_decode(tile.bytes, tile.len, &defaults, &one), HASHVEIL_OK);
    ck_assert_int_eq(contract_decode(file.bytes, file.len, &defaults, &grid), HASHVEIL_OK);
    ck_assert_uint_eq(grid.width_px / 2, one.width_px);
    ck_assert_uint_eq(grid.height_px, one.height_px);
    for (uint32_t y = 0; y < one.height_px; y++) {
        const uint8_t *row = grid.pixels + y * grid.stride_bytes;
        const size_t row_bytes = 3 * (size_t)one.width_px;
        /* Chroma is spread over the seam or not, by libheif's version. */
        ck_assert_mem_eq(row, one.pixels + y * one.stride_bytes, row_bytes - 6);
        ck_assert_mem_eq(row + row_bytes + 6, one.pixels + y * one.stride_bytes + 6, row_bytes - 6);
    }
    hashveil_image_clear(&grid);
    hashveil_image_clear(&one);
    free(file.bytes);
    free(tile.bytes);
}
END_TEST

START_TEST(limits_are_inclusive)
{
    const struct picture_bytes file = read(pictures[_i].name);
    contract_check_limits(&file, pictures[_i].width_px, pictures[_i].height_px);
    free(file.bytes);
}
END_TEST

START_TEST(a_cut_file_is_truncated_or_whole)
{
    const struct picture_bytes file = read(pictures[_i].name);
    ck_assert_uint_gt(contract_check_cuts(&file, MAGIC_LEN), file.len / 2);
    free(file.bytes);
}
END_TEST

/* Each way through libheif; all files would take their time. */
static const char *const damaged[] = {"plain.heic", "alpha.avif", "grid.heic"};

START_TEST(a_damaged_byte_gives_a_picture_or_a_documented_status)
{
    const struct picture_bytes file = read(damaged[_i]);
    contract_check_damage(&file);
    free(file.bytes);
}
END_TEST

static const struct {
    const char *name;
    hashveil_status expected;
} refused[] = {
    {"giant.heic", HASHVEIL_ERR_LIMIT},
    {"giant_grid.heic", HASHVEIL_ERR_LIMIT},
    {"giant_coded.heic", HASHVEIL_ERR_LIMIT}, /* where the container has 8 x 8 */
    {"large_coded.heic", HASHVEIL_ERR_FORMAT},
    {"many_tiles.heic", HASHVEIL_ERR_LIMIT},
    {"too_few_tiles.heic", HASHVEIL_ERR_FORMAT},
    {"derived_from_itself.heic", HASHVEIL_ERR_UNSUPPORTED},
    {"two_derivations.heic", HASHVEIL_ERR_UNSUPPORTED},
    {"identity.heic", HASHVEIL_ERR_UNSUPPORTED},
    {"of_another_codec.heic", HASHVEIL_ERR_UNSUPPORTED},
    {"sequence_alone.heic", HASHVEIL_ERR_UNSUPPORTED},
};

START_TEST(a_file_is_refused_for_what_it_asks_for)
{
    const struct picture_bytes file = read(refused[_i].name);
    const hashveil_status status = contract_status(file.bytes, file.len, &defaults);
    ck_assert_msg(status == refused[_i].expected, "%s: %s", refused[_i].name,
                  hashveil_status_text(status));
    free(file.bytes);
}
END_TEST

/* The container's size is within the limits, the coded picture is not. */
START_TEST(a_picture_that_is_larger_than_it_says_is_held_to_the_limits)
{
    const struct picture_bytes file = read("larger_than_it_says.heic");
    hashveil_image_options options = defaults;
    options.limits.max_pixels = UINT64_C(74) * 66;
    ck_assert_int_eq(contract_status(file.bytes, file.len, &options), HASHVEIL_OK);
    options.limits.max_pixels--;
    ck_assert_int_eq(contract_status(file.bytes, file.len, &options), HASHVEIL_ERR_LIMIT);
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
    {"a video",
     BYTES("\0\0\0\x18"
           "ftypmp42\0\0\0\0mp42isom"),
     HASHVEIL_ERR_UNSUPPORTED},
    {"a version that reads like a brand",
     BYTES("\0\0\0\x18"
           "ftypmp42heicmp42isom"),
     HASHVEIL_ERR_UNSUPPORTED},
    {"a brand behind the list",
     BYTES("\0\0\0\x14"
           "ftypmp42\0\0\0\0isomheic"),
     HASHVEIL_ERR_UNSUPPORTED},
    {"another first box",
     BYTES("\0\0\0\x18"
           "moovheic\0\0\0\0mif1heic"),
     HASHVEIL_ERR_UNSUPPORTED},
    {"a box without room for brands",
     BYTES("\0\0\0\x0C"
           "ftypheic\0\0\0\0"),
     HASHVEIL_ERR_UNSUPPORTED},
    {"eleven bytes",
     BYTES("\0\0\0\x18"
           "ftyphei"),
     HASHVEIL_ERR_UNSUPPORTED},
    {"twelve bytes",
     BYTES("\0\0\0\x18"
           "ftypheic"),
     HASHVEIL_ERR_TRUNCATED},
    {"brands alone",
     BYTES("\0\0\0\x18"
           "ftypisom\0\0\0\0isomheic"),
     HASHVEIL_ERR_TRUNCATED},
};

START_TEST(a_file_is_told_apart_by_its_brands)
{
    const hashveil_status status = contract_status(files[_i].bytes, files[_i].len, &defaults);
    ck_assert_msg(status == files[_i].expected, "%s: %s", files[_i].what,
                  hashveil_status_text(status));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image_heif");
    TCase *pixels = tcase_create("pixels");
    TCase *refusals = tcase_create("refusals");

    tcase_add_loop_test(pixels, pixels_are_those_that_a_viewer_shows, 0, 2 * COUNT(pictures));
    tcase_add_test(pixels, a_grid_is_its_tiles_side_by_side);
    suite_add_tcase(suite, pixels);

    tcase_set_timeout(refusals, 240);
    tcase_add_loop_test(refusals, a_file_is_told_apart_by_its_brands, 0, COUNT(files));
    tcase_add_loop_test(refusals, a_file_is_refused_for_what_it_asks_for, 0, COUNT(refused));
    tcase_add_test(refusals, a_picture_that_is_larger_than_it_says_is_held_to_the_limits);
    tcase_add_loop_test(refusals, limits_are_inclusive, 0, ALL_SHOWN);
    tcase_add_loop_test(refusals, a_cut_file_is_truncated_or_whole, 0, COUNT(pictures));
    tcase_add_loop_test(refusals, a_damaged_byte_gives_a_picture_or_a_documented_status, 0,
                        COUNT(damaged));
    suite_add_tcase(suite, refusals);
    return run_suite(suite);
}
