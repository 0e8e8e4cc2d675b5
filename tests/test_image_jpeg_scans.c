/* SPDX-License-Identifier: Apache-2.0 */
/* The first scans of a progressive JPEG stand for all only where the file's own script says so:
 * what is read from them is what the whole shows, and no file is read that the whole way refuses.
 */
#include "image/rows.h"
#include "jpeg_pieces.h"
#include "run_suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum { WIDTH = 203, HEIGHT = 149, ROOM = 256 };

/* Decoders differ in how they enlarge luma that is sent at half size. */
static const double max_mean_difference = 6;
static const double max_mean_difference_of_first_scans = 2.5;

/* What a decoder gave: luma, of blocks or of pixels. */
struct rows {
    hashveil_status status;
    struct hv_row_shape shape;
    uint32_t count;
    double luma[ROOM][ROOM];
};

static hashveil_status begin(void *context, const struct hv_row_shape *shape)
{
    struct rows *rows = context;
    ck_assert_uint_eq(rows->count, 0);
    ck_assert_uint_le(shape->width_px, ROOM);
    ck_assert_uint_le(shape->height_px, ROOM);
    rows->shape = *shape;
    return HASHVEIL_OK;
}

static hashveil_status take_row(void *context, const uint8_t *samples)
{
    struct rows *rows = context;
    const uint32_t width = hv_blocks_along(rows->shape.width_px, rows->shape.block_px);
    for (uint32_t x = 0; x < width; x++) {
        const uint8_t *at = samples + (size_t)x * rows->shape.channels;
        rows->luma[rows->count][x] =
            rows->shape.channels == 1 ? at[0] : 0.299 * at[0] + 0.587 * at[1] + 0.114 * at[2];
    }
    rows->count++;
    return HASHVEIL_OK;
}

static const hashveil_image_limits limits = HASHVEIL_IMAGE_LIMITS_DEFAULT;

/* min_blocks: 0 for the exact way. */
static void decode(const struct jpeg_bytes *file, uint32_t min_blocks, uint32_t max_scans,
                   struct rows *out)
{
    struct hv_row_options options = {.limits = limits, .min_blocks = min_blocks};
    const struct hv_row_sink sink = {out, begin, take_row};
    options.limits.max_scans = max_scans;
    memset(out, 0, sizeof *out);
    out->status = hv_image_decode_rows(file->bytes, file->len, &options, &sink);
    if (out->status == HASHVEIL_OK) {
        ck_assert_uint_eq(out->count, hv_blocks_along(out->shape.height_px, out->shape.block_px));
    }
}

static double mean_of_block(const struct rows *pixels, uint32_t block_x, uint32_t block_y,
                            uint32_t block_px)
{
    double sum = 0;
    unsigned count = 0;
    for (uint32_t y = block_y * block_px;
         y < (block_y + 1) * block_px && y < pixels->shape.height_px; y++) {
        for (uint32_t x = block_x * block_px;
             x < (block_x + 1) * block_px && x < pixels->shape.width_px; x++) {
            sum += pixels->luma[y][x];
            count++;
        }
    }
    return sum / count;
}

/* Returns how far what was read is from what is shown, in levels of grey a block. */
static double difference(const struct rows *ours, const struct rows *shown)
{
    const uint32_t block_px = ours->shape.block_px;
    const uint32_t width = ours->shape.width_px / block_px; /* whole blocks */
    const uint32_t height = ours->shape.height_px / block_px;
    double sum = 0;
    ck_assert_uint_eq(ours->shape.width_px, shown->shape.width_px);
    ck_assert_uint_eq(ours->shape.height_px, shown->shape.height_px);
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            sum += fabs(ours->luma[y][x] - mean_of_block(shown, x, y, block_px));
        }
    }
    return sum / width / height;
}

/* Samples wanted along the smaller side of pictures of WIDTH x HEIGHT: whole blocks give enough, or
 * quarters of them. */
static const struct {
    uint32_t min_blocks, block_px;
} scales[] = {{1, 8}, {20, 4}};

enum { SCALES = COUNT(scales) };

static struct rows ours;  /* too large for the stack */
static struct rows shown; /* likewise */

/* Both ways refuse, or show the same. */
static void check_both_ways(const char *what, const struct jpeg_bytes *file, uint32_t min_blocks)
{
    decode(file, min_blocks, limits.max_scans, &ours);
    decode(file, 0, limits.max_scans, &shown);
    ck_assert_msg(ours.status == shown.status, "%s: %s, but shown: %s", what,
                  hashveil_status_text(ours.status), hashveil_status_text(shown.status));
    if (ours.status == HASHVEIL_OK) {
        const double levels = difference(&ours, &shown);
        ck_assert_msg(levels <= max_mean_difference, "%s: off by %.1f", what, levels);
    }
}

#define USUAL                                                                                      \
    "012:0-0:0,1 0:1-5:0,2 2:1-63:0,1 1:1-63:0,1 0:6-63:0,2 0:1-63:2,1 012:0-0:1,0 2:1-63:1,0 "    \
    "1:1-63:1,0 0:1-63:1,0"

enum { USUAL_SCANS = 10, MEANS_SCAN = 0, SLOPES_SCAN = 1, LAST_MEANS_SCAN = 6 };

/* Regular ways of coding. */
static const struct jpeg_coding codings[] = {
    {.sampling = {2, 2, 1, 1, 1, 1}, .scans = USUAL},
    {.sampling = {1, 1, 1, 1, 1, 1}, .scans = USUAL},
    {.sampling = {2, 1, 1, 1, 1, 1}, .scans = USUAL},
    {.sampling = {1, 2, 1, 1, 1, 1}, .scans = USUAL},
    {.sampling = {4, 1, 1, 1, 1, 1}, .scans = USUAL},
    {.sampling = {3, 1, 1, 1, 1, 1}, .scans = USUAL},
    {.sampling = {2, 2, 2, 1, 1, 2}, .scans = USUAL},
    {.sampling = {2, 2, 2, 2, 1, 1}, .scans = USUAL},
    {.sampling = {2, 2, 1, 1, 1, 1}, .scans = USUAL, .restart_rows = 1},
    {.sampling = {0}, .scans = "0:0-0:0,0 0:1-63:0,0"},
    {.sampling = {0}, .scans = "0:0-0:0,0 0:1-63:0,0", .restart_rows = 3},
    {.sampling = {0},
     .scans = "0:0-0:0,5 0:0-0:5,4 0:0-0:4,3 0:0-0:3,2 0:1-63:0,0 0:0-0:2,1 "
              "0:0-0:1,0"},
    {.sampling = {2, 2, 1, 1, 1, 1},
     .scans = "0:0-0:0,0 1:0-0:0,0 2:0-0:0,0 0:1-63:0,0 1:1-63:0,0 2:1-63:0,0"},
    {.sampling = {2, 1, 1, 1, 1, 1},
     .scans = "0:0-0:0,2 12:0-0:0,1 0:1-9:0,0 0:0-0:2,1 0:10-63:0,0 1:1-63:0,0 2:1-63:0,0 "
              "012:0-0:1,0"},
};

START_TEST(first_scans_show_what_all_scans_show)
{
    const struct jpeg_bytes file = jpeg_encode(WIDTH, HEIGHT, 1, &codings[_i]);
    for (int i = 0; i < SCALES; i++) {
        check_both_ways(codings[_i].scans, &file, scales[i].min_blocks);
        ck_assert_int_eq(ours.status, HASHVEIL_OK);
        ck_assert_uint_eq(ours.shape.block_px, scales[i].block_px);
        ck_assert_uint_eq(ours.shape.channels, 1);
        ck_assert(difference(&ours, &shown) <= max_mean_difference_of_first_scans);
    }
    free(file.bytes);
}
END_TEST

#define SEQUENTIAL                                                                                 \
    {                                                                                              \
        .sampling = {2, 2, 1, 1, 1, 1}, .scans = "0:0-63:0,0 1:0-63:0,0 2:0-63:0,0"                \
    }

/* Other ways: nothing can be left out, or there is nothing to be saved. */
static const struct jpeg_coding other_codings[] = {
    {.sampling = {1, 1, 2, 2, 1, 1}, .scans = USUAL},
    {.sampling = {1, 1, 2, 1, 1, 1}, .scans = USUAL},
    {.sampling = {1, 1, 1, 2, 1, 1}, .scans = USUAL},
    {.sampling = {2, 1, 1, 2, 1, 1}, .scans = USUAL},
    {.sampling = {2, 2, 1, 1, 1, 1}, .scans = USUAL, .is_arithmetic = true},
    {.sampling = {2, 2, 1, 1, 1, 1}},
    {.sampling = {2, 2, 1, 1, 1, 1}, .is_arithmetic = true},
    {.sampling = {1, 1, 2, 2, 2, 2}},
    {.sampling = {1, 1, 2, 1, 1, 2}},
    {.sampling = {1, 1, 1, 1, 4, 1}},
    {.sampling = {2, 1, 2, 1, 1, 1}},
    {.sampling = {1, 4, 1, 1, 1, 1}},
    SEQUENTIAL,
    {.sampling = {1, 2, 1, 1, 1, 1}, .scans = "12:0-63:0,0 0:0-63:0,0"},
};

START_TEST(other_codings_show_the_same_both_ways)
{
    const struct jpeg_bytes file = jpeg_encode(WIDTH, HEIGHT, 1, &other_codings[_i]);
    for (int i = 0; i < SCALES; i++) {
        check_both_ways("other", &file, scales[i].min_blocks);
        ck_assert_int_eq(ours.status, HASHVEIL_OK);
    }
    free(file.bytes);
}
END_TEST

/* libjpeg cannot bring these to one size. */
static const struct jpeg_coding fractional_codings[] = {
    {.sampling = {3, 1, 2, 1, 1, 1}},
    {.sampling = {3, 1, 2, 1, 1, 1}, .scans = USUAL},
    {.sampling = {1, 2, 1, 3, 1, 1}},
    {.sampling = {3, 2, 1, 1, 2, 1}, .scans = USUAL},
    {.sampling = {4, 1, 3, 1, 1, 1}, .scans = USUAL},
};

START_TEST(fractional_sampling_is_refused_both_ways)
{
    const struct jpeg_bytes file = jpeg_encode(WIDTH, HEIGHT, 1, &fractional_codings[_i]);
    for (int i = 0; i < SCALES; i++) {
        check_both_ways("fractional", &file, scales[i].min_blocks);
        ck_assert_int_eq(ours.status, HASHVEIL_ERR_FORMAT);
    }
    free(file.bytes);
}
END_TEST

/* Quarters need more than the means; where most of it comes later, all is read. */
START_TEST(coarse_slopes_are_not_enough_for_quarters)
{
    static const struct jpeg_coding coarse = {.scans = "0:0-0:0,0 0:1-63:0,3 0:1-63:3,2 "
                                                       "0:1-63:2,1 0:1-63:1,0"};
    const struct jpeg_bytes file = jpeg_encode(WIDTH, HEIGHT, 1, &coarse);
    check_both_ways("coarse", &file, scales[0].min_blocks);
    ck_assert_uint_eq(ours.shape.block_px, scales[0].block_px);
    check_both_ways("coarse", &file, scales[1].min_blocks);
    ck_assert_uint_eq(ours.shape.block_px, 1);
    free(file.bytes);
}
END_TEST

/* What comes of a recipe. */
enum way {
    FIRST_SCANS,
    WHOLE, /* exactly what is shown */
    NEITHER,
};

/* Scans of the usual coding: a first bits of means; b, e lower and upper band of luma; c, d the
 * other two components; g last bit of means; f, j and h, i last bits of the others. Capital letters
 * are scans of another picture. */
static const struct {
    const char *what, *recipe;
    enum way way;
} recipes[] = {
    {"as encoded", "abcdefghij.", FIRST_SCANS},
    {"in another order", "acdbegfihj.", FIRST_SCANS},
    {"the last bit of another picture's means", "abcdefGhij.", FIRST_SCANS},
    {"another picture's texture", "aBCDEFgHIJ.", FIRST_SCANS},
    {"segments between scans", "ab!cde!fg!hij!.", FIRST_SCANS},
    {"an end to restarts", "abcde0fghij.", FIRST_SCANS},
    {"stray bytes after texture", "abc?defghij?.", FIRST_SCANS},
    {"a restart after texture", "abc^defghij.", FIRST_SCANS},
    {"bytes after the end", "abcdefghij.?", FIRST_SCANS},
    {"another file after the end", "abcdefghij.@", FIRST_SCANS},
    {"another file's scans after the end", "abcdefghij.ABCDEFGHIJ.", FIRST_SCANS},

    {"no last bit of means", "abcdefhij.", WHOLE},
    {"no last bit of luma", "abcdefghi.", WHOLE},
    {"no last bit of a colour", "abcdefgij.", WHOLE},
    {"a band left out", "abcdfghij.", WHOLE},
    {"a colour left out", "abdefgij.", WHOLE},
    {"means alone", "a.", WHOLE},
    {"means and their last bit alone", "ag.", WHOLE},
    {"means twice", "aabcdefghij.", WHOLE},
    {"a band twice", "abbcdefghij.", WHOLE},
    {"a last bit twice", "abcdefgghij.", WHOLE},
    {"another picture's means before", "Aabcdefghij.", WHOLE},
    {"another picture's means after", "abcdefghijAG.", WHOLE},
    {"another picture's means between", "aAbcdefghij.", WHOLE},
    {"texture before means", "bacdefghij.", WHOLE},
    {"the last bit of means first", "gabcdefhij.", WHOLE},
    {"another quantisation between", "abcde%fghij.", WHOLE},
    {"another quantisation at the end", "abcdefghij%.", WHOLE},
    {"another quantisation after means", "a%bcdefghij.", WHOLE},
    {"the number of lines again", "abc~defghij.", WHOLE},
    {"stray bytes after means", "a?bcdefghij.", WHOLE},
    {"stray bytes after their last bit", "abcdefg?hij.", WHOLE},
    {"a restart after means", "a^bcdefghij.", WHOLE},

    {"nothing", ".", NEITHER},
    {"another picture after the first", "abcdefghijABCDEFGHIJ.", NEITHER},
    {"bits out of order", "abcdejghif.", NEITHER},
    {"no end", "abcdefghij", NEITHER},
    {"no end, but stray bytes", "abcdefghij?", NEITHER},
    {"a second start", "ab*cdefghij.", NEITHER},
    {"a second start at the end", "abcdefghij*.", NEITHER},
    {"another file before the end", "abcdefghij@", NEITHER},
    {"another file between", "ab@cdefghij.", NEITHER},
    {"another frame", "ab#cdefghij.", NEITHER},
    {"another frame at the end", "abcdefghij#.", NEITHER},
};

/* Two pictures of one size and coding. */
static struct jpeg_bytes put_together(const struct jpeg_coding *coding, const char *recipe)
{
    const struct jpeg_bytes one = jpeg_encode(WIDTH, HEIGHT, 1, coding);
    const struct jpeg_bytes other = jpeg_encode(WIDTH, HEIGHT, 2, coding);
    const struct jpeg_pieces pieces = jpeg_take_apart(&one);
    const struct jpeg_pieces other_pieces = jpeg_take_apart(&other);
    const struct jpeg_bytes file = jpeg_put_together(&pieces, &other_pieces, recipe);
    free(one.bytes);
    free(other.bytes);
    return file;
}

static void check_way(const char *what, enum way way)
{
    const bool is_first_scans = ours.shape.block_px > 1;
    ck_assert_msg((ours.status == HASHVEIL_OK) == (way != NEITHER), "%s: %s", what,
                  hashveil_status_text(ours.status));
    if (way != NEITHER) {
        ck_assert_msg(is_first_scans == (way == FIRST_SCANS), "%s: blocks of %u", what,
                      ours.shape.block_px);
    }
    if (way == WHOLE) {
        ck_assert_msg(difference(&ours, &shown) == 0, "%s: not what is shown", what);
    }
}

START_TEST(what_is_shown_is_what_is_read)
{
    const struct jpeg_bytes file = put_together(&codings[0], recipes[_i].recipe);
    for (int i = 0; i < SCALES; i++) {
        check_both_ways(recipes[_i].what, &file, scales[i].min_blocks);
        check_way(recipes[_i].what, recipes[_i].way);
    }
    free(file.bytes);
}
END_TEST

/* The coefficients of a single scan can come in several too; what is sent last counts. */
static const struct jpeg_coding sequential = SEQUENTIAL;

static const char *const sequential_recipes[] = {
    "abc.",     "cab.",  "abcA.", "Aabc.", "ab.", "ac.", "bc.",   "abcB.", "abcABC.",
    "abc.ABC.", "ab%c.", "a*bc.", "abc*.", "abc", "ab",  "abc.@", "abc@",
};

START_TEST(sequential_scans_show_the_same_both_ways)
{
    const struct jpeg_bytes file = put_together(&sequential, sequential_recipes[_i]);
    for (int i = 0; i < SCALES; i++) {
        check_both_ways(sequential_recipes[_i], &file, scales[i].min_blocks);
    }
    free(file.bytes);
}
END_TEST

enum { CUT_WIDTH = 64, CUT_HEIGHT = 48 };

START_TEST(a_cut_file_is_refused_both_ways)
{
    const struct jpeg_bytes file = jpeg_encode(CUT_WIDTH, CUT_HEIGHT, 1, &codings[_i]);
    for (size_t len = 0; len < file.len; len++) {
        struct jpeg_bytes cut = {malloc(len + 1), len};
        memcpy(cut.bytes, file.bytes, len);
        for (uint32_t blocks = 1; blocks <= CUT_HEIGHT / 4; blocks += CUT_HEIGHT / 4 - 1) {
            check_both_ways("cut", &cut, blocks);
            ck_assert_int_ne(ours.status, HASHVEIL_OK);
        }
        free(cut.bytes);
    }
    free(file.bytes);
}
END_TEST

/* Data that ends early is noticed by decoding it alone. Of what is not decoded some may be missing,
 * and then the exact way refuses what is read here. Loop index: the scale and the scan. */
START_TEST(a_scan_cut_short_never_shows_another_picture)
{
    const struct jpeg_bytes file = jpeg_encode(WIDTH, HEIGHT, 1, &codings[0]);
    struct jpeg_pieces pieces = jpeg_take_apart(&file);
    const int scan = _i % USUAL_SCANS;
    const uint32_t min_blocks = scales[_i / USUAL_SCANS].min_blocks;
    const bool is_read =
        scan == MEANS_SCAN || scan == LAST_MEANS_SCAN || (scan == SLOPES_SCAN && min_blocks > 1);
    const size_t len = pieces.scan_len[scan];
    for (size_t cut = 1; cut < len / 4; cut += 1 + cut / 8) {
        pieces.scan_len[scan] = len - cut;
        const struct jpeg_bytes shorter = jpeg_put_together(&pieces, &pieces, "abcdefghij.");
        decode(&shorter, min_blocks, limits.max_scans, &ours);
        decode(&shorter, 0, limits.max_scans, &shown);
        ck_assert_int_ne(shown.status, HASHVEIL_OK);
        if (is_read || shown.status != HASHVEIL_ERR_TRUNCATED) { /* or a header is cut */
            ck_assert_int_eq(ours.status, shown.status);
        } else {
            ck_assert_int_eq(ours.status, HASHVEIL_OK);
            decode(&file, 0, limits.max_scans, &shown);
            ck_assert(difference(&ours, &shown) <= max_mean_difference);
        }
        free(shorter.bytes);
    }
    free(file.bytes);
}
END_TEST

START_TEST(as_many_scans_as_the_limit_and_no_more)
{
    const struct jpeg_bytes file = jpeg_encode(WIDTH, HEIGHT, 1, &codings[_i]);
    const struct jpeg_pieces pieces = jpeg_take_apart(&file);
    for (int i = 0; i < SCALES; i++) {
        decode(&file, scales[i].min_blocks, pieces.scans, &ours);
        ck_assert_int_eq(ours.status, HASHVEIL_OK);
        ck_assert_uint_eq(ours.shape.block_px, scales[i].block_px);
        decode(&file, scales[i].min_blocks, pieces.scans - 1, &ours);
        ck_assert_int_eq(ours.status, HASHVEIL_ERR_LIMIT);
    }
    free(file.bytes);
}
END_TEST

static hashveil_status status_of(const struct jpeg_bytes *file, uint32_t min_blocks)
{
    struct hv_row_options options = {.limits = limits, .min_blocks = min_blocks};
    const struct hv_row_sink sink = {&ours, begin, take_row};
    options.limits.max_side_px = ROOM;
    ours.count = 0;
    return hv_image_decode_rows(file->bytes, file->len, &options, &sink);
}

/* Each bit of the file, one by one: no file is refused that the exact way reads, and nothing
 * crashes. */
START_TEST(whatever_is_shown_is_read)
{
    const struct jpeg_bytes file = jpeg_encode(32, 24, 1, &codings[_i]);
    for (size_t bit = 0; bit < 8 * file.len; bit++) {
        file.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        const hashveil_status expected = status_of(&file, 0);
        const hashveil_status by_blocks = status_of(&file, 1);
        const hashveil_status by_quarters = status_of(&file, 6);
        file.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_msg(by_blocks == expected || by_blocks == HASHVEIL_OK, "bit %zu", bit);
        ck_assert_msg(by_quarters == expected || by_quarters == HASHVEIL_OK, "bit %zu", bit);
    }
    free(file.bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image_jpeg_scans");
    TCase *regular = tcase_create("regular");
    tcase_add_loop_test(regular, first_scans_show_what_all_scans_show, 0, COUNT(codings));
    tcase_add_loop_test(regular, other_codings_show_the_same_both_ways, 0, COUNT(other_codings));
    tcase_add_loop_test(regular, as_many_scans_as_the_limit_and_no_more, 0, COUNT(codings));
    tcase_add_test(regular, coarse_slopes_are_not_enough_for_quarters);
    suite_add_tcase(suite, regular);

    TCase *crafted = tcase_create("crafted");
    tcase_set_timeout(crafted, 120);
    tcase_add_loop_test(crafted, what_is_shown_is_what_is_read, 0, COUNT(recipes));
    tcase_add_loop_test(crafted, sequential_scans_show_the_same_both_ways, 0,
                        COUNT(sequential_recipes));
    tcase_add_loop_test(crafted, fractional_sampling_is_refused_both_ways, 0,
                        COUNT(fractional_codings));
    tcase_add_loop_test(crafted, a_cut_file_is_refused_both_ways, 0, COUNT(codings));
    tcase_add_loop_test(crafted, a_scan_cut_short_never_shows_another_picture, 0,
                        SCALES * USUAL_SCANS);
    tcase_add_loop_test(crafted, whatever_is_shown_is_read, 0, COUNT(codings));
    suite_add_tcase(suite, crafted);
    return run_suite(suite);
}
