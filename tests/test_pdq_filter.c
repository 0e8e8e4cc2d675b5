/* SPDX-License-Identifier: Apache-2.0 */
/* Pixels to 64 x 64 luma, beside the oracle's box passes over whole planes. */
#include "pdq/filter.h"
#include "pdq/kernels.h"
#include "pdq_oracle.h"
#include "run_suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SIDE = 65500 };

static const struct {
    uint32_t width_px, height_px;
} sizes[] = {
    {5, 5},     {5, 64},    {63, 65},   {64, 64},   {65, 63},      {127, 9},      {128, 128},
    {129, 300}, {191, 193}, {256, 257}, {512, 512}, {1000, 37},    {640, 1031},   {1024, 513},
    {6, 2047},  {2048, 7},  {1600, 64}, {64, 1600}, {MAX_SIDE, 5}, {5, MAX_SIDE},
};
enum { SIZE_COUNT = sizeof sizes / sizeof sizes[0], HUGE_COUNT = 2 /* the last rows */ };

/* Returns the plane of a picture, in the filter to be cleared. */
static const float *filtered(const hashveil_image *image, struct hv_filter *filter)
{
    const struct hv_row_shape shape = {image->width_px, image->height_px, image->channels, 1};
    ck_assert_int_eq(hv_filter_init(hv_kernels_for(0), &shape, filter), HASHVEIL_OK);
    for (size_t y = 0; y < image->height_px; y++) {
        hv_filter_add_row(filter, image->pixels + y * image->stride_bytes);
    }
    ck_assert_uint_eq(filter->window, HV_PDQ_SIDE);
    return filter->plane;
}

/* Of a number that single precision rounds once, as a part of it. */
static const double half_step = 0x1p-24;

/* Returns how often a place of the plane is rounded, at most: all that is added is positive, so
 * that each rounding costs half_step of the result at most. */
static double roundings_of(uint32_t width_px, uint32_t height_px, uint32_t channels)
{
    const double along_row = 2 * ceil(width_px / 128.0) - 1;
    const double along_column = 2 * ceil(height_px / 128.0) - 1;
    /* Up to 2,048 pixels a side, whole numbers stay below 2^24: only the division is rounded. */
    if (channels == 1 && width_px <= 2048 && height_px <= 2048) {
        return 1;
    }
    const double luma = 4;                            /* a constant, a product, two sums */
    const double rows = 1 + along_column;             /* a product, then a sum a row */
    const double lanes = 1 + ceil(along_row / 8) + 3; /* a product, sums, lanes to one */
    const double division = 4;                        /* two totals, their product, itself */
    return luma + rows + lanes + division;
}

/* expected: the oracle's, with roundings of its own that are too small to count. */
static void check_plane(const hashveil_image *image, const float *plane, const double *expected)
{
    const double roundings = roundings_of(image->width_px, image->height_px, image->channels);
    for (size_t i = 0; i < HV_PDQ_PLANE; i++) {
        const double bound = roundings * half_step * expected[i] + 1e-9;
        if (!(fabs((double)plane[i] - expected[i]) <= bound)) {
            ck_abort_msg("%u x %u x %u, place %zu: %.9g, not %.9g", image->width_px,
                         image->height_px, image->channels, i, (double)plane[i], expected[i]);
        }
    }
}

static void check_noise(uint32_t width_px, uint32_t height_px, uint32_t channels)
{
    const hashveil_image image =
        oracle_noise_image(width_px + 7 * height_px, width_px, height_px, channels);
    struct hv_filter filter;
    struct oracle oracle;
    const float *plane = filtered(&image, &filter);
    oracle_image(&image, &oracle);
    check_plane(&image, plane, oracle.plane);
    hv_filter_clear(&filter);
    free(image.pixels);
}

/* Loop index: size, then 1 or 3 channels. */
START_TEST(the_plane_is_the_oracles)
{
    check_noise(sizes[_i / 2].width_px, sizes[_i / 2].height_px, _i % 2 ? 3 : 1);
}
END_TEST

/* Every width with many heights, and every height with many widths. Loop index: 1 or 3 channels. */
START_TEST(the_plane_is_the_oracles_at_every_small_size)
{
    enum { SIDE = 200, PARTNERS = 8 };
    for (uint32_t width_px = 1; width_px <= SIDE; width_px++) {
        for (uint32_t i = 0; i < PARTNERS; i++) {
            check_noise(width_px, 1 + (width_px * 7 + i * 27) % SIDE, _i ? 3 : 1);
        }
    }
}
END_TEST

START_TEST(a_grey_picture_has_the_same_plane_in_rgb)
{
    const hashveil_image grey =
        oracle_noise_image((uint32_t)_i, sizes[_i].width_px, sizes[_i].height_px, 1);
    const hashveil_image rgb = oracle_noise_image(0, grey.width_px, grey.height_px, 3);
    struct hv_filter filter;
    struct oracle oracle;
    for (size_t i = 0; i < rgb.stride_bytes * rgb.height_px; i++) {
        rgb.pixels[i] = grey.pixels[i / 3];
    }
    oracle_image(&grey, &oracle);
    check_plane(&rgb, filtered(&rgb, &filter), oracle.plane);
    hv_filter_clear(&filter);
    free(grey.pixels);
    free(rgb.pixels);
}
END_TEST

/* A picture of even blocks, whose means are then all that there is to know; the last blocks of a
 * row and of a column may be cut. */
static hashveil_image of_even_blocks(const hashveil_image *means, uint32_t width_px,
                                     uint32_t height_px, uint32_t block_px)
{
    const hashveil_image image = oracle_noise_image(0, width_px, height_px, means->channels);
    for (size_t y = 0; y < height_px; y++) {
        for (size_t x = 0; x < width_px; x++) {
            memcpy(image.pixels + y * image.stride_bytes + x * image.channels,
                   means->pixels + y / block_px * means->stride_bytes +
                       x / block_px * means->channels,
                   means->channels);
        }
    }
    return image;
}

static void check_means(uint32_t width_px, uint32_t height_px, uint32_t channels, uint32_t block_px)
{
    const struct hv_row_shape shape = {width_px, height_px, channels, block_px};
    const hashveil_image means = oracle_noise_image(width_px, hv_blocks_along(width_px, block_px),
                                                    hv_blocks_along(height_px, block_px), channels);
    const hashveil_image image = of_even_blocks(&means, width_px, height_px, block_px);
    struct hv_filter filter;
    struct oracle oracle;

    ck_assert_int_eq(hv_filter_init(hv_kernels_for(0), &shape, &filter), HASHVEIL_OK);
    for (size_t y = 0; y < means.height_px; y++) {
        hv_filter_add_row(&filter, means.pixels + y * means.stride_bytes);
    }
    ck_assert_uint_eq(filter.window, HV_PDQ_SIDE);
    oracle_image(&image, &oracle);
    check_plane(&image, filter.plane, oracle.plane);
    hv_filter_clear(&filter);
    free(means.pixels);
    free(image.pixels);
}

/* Loop index: the size, then blocks of 2, 4 or 8. */
START_TEST(means_of_blocks_give_the_plane_of_their_pixels)
{
    static const uint32_t sides[][2] = {{1, 1},     {9, 7},       {64, 64},   {65, 129},
                                        {255, 257}, {511, 640},   {1000, 37}, {37, 1000},
                                        {768, 769}, {1023, 1031}, {2047, 500}};
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        check_means(sides[i][0], sides[i][1], _i % 2 ? 3 : 1, 2U << _i / 2);
    }
}
END_TEST

/* Quality truncates, so that a value of 254.99998 instead of 255 would cost a percent. */
START_TEST(an_even_grey_keeps_its_exact_value)
{
    const hashveil_image image = oracle_noise_image(0, sizes[_i].width_px, sizes[_i].height_px, 1);
    static const uint8_t values[] = {0, 1, 51, 127, 255};
    for (size_t v = 0; v < sizeof values; v++) {
        struct hv_filter filter;
        memset(image.pixels, values[v], image.stride_bytes * image.height_px);
        const float *plane = filtered(&image, &filter);
        for (size_t i = 0; i < HV_PDQ_PLANE; i++) {
            if (plane[i] != (float)values[v]) {
                ck_abort_msg("place %zu: %.9g, not %u", i, (double)plane[i], values[v]);
            }
        }
        hv_filter_clear(&filter);
    }
    free(image.pixels);
}
END_TEST

START_TEST(pixels_of_64_by_64_are_the_plane)
{
    const hashveil_image image = oracle_noise_image(9, HV_PDQ_SIDE, HV_PDQ_SIDE, 1);
    struct hv_filter filter;
    const float *plane = filtered(&image, &filter);
    for (size_t i = 0; i < HV_PDQ_PLANE; i++) {
        ck_assert_float_eq(plane[i], (float)image.pixels[i]);
    }
    hv_filter_clear(&filter);
    free(image.pixels);
}
END_TEST

START_TEST(luma_is_single_precision_and_not_rounded)
{
    uint8_t rgb[3 * 1001];
    float luma[1001] = {0};
    oracle_noise(5, rgb, sizeof rgb);
    hv_kernels_for(0)->add_rgb(rgb, 1001, 1, luma);
    for (size_t x = 0; x < 1001; x++) {
        const float expected = 0.299F * (float)rgb[3 * x] + 0.587F * (float)rgb[3 * x + 1] +
                               0.114F * (float)rgb[3 * x + 2];
        ck_assert_float_eq(luma[x], expected);
    }
}
END_TEST

/* All 2^24 colours. */
START_TEST(luma_of_every_colour_is_the_formulas)
{
    enum { SHADES = 256 * 256 }; /* of one red */
    static uint8_t rgb[3 * SHADES];
    static float luma[SHADES];
    for (unsigned red = 0; red < 256; red++) {
        double most = 0;
        for (size_t i = 0; i < SHADES; i++) {
            rgb[3 * i] = (uint8_t)red;
            rgb[3 * i + 1] = (uint8_t)(i >> 8);
            rgb[3 * i + 2] = (uint8_t)i;
        }
        memset(luma, 0, sizeof luma);
        hv_kernels_for(0)->add_rgb(rgb, SHADES, 1, luma);
        for (size_t i = 0; i < SHADES; i++) {
            const double exact = 0.299 * red + 0.587 * (double)(i >> 8) + 0.114 * (double)(i & 255);
            /* A constant, a product, two sums. */
            const double excess = fabs((double)luma[i] - exact) - 4 * half_step * exact;
            most = excess > most ? excess : most;
        }
        ck_assert_double_le(most, 1e-12); /* what double precision loses */
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pdq filter");
    TCase *filter = tcase_create("filter");

    tcase_set_timeout(filter, 60); /* with sanitizers, on a busy machine */
    tcase_add_loop_test(filter, the_plane_is_the_oracles, 0, 2 * SIZE_COUNT);
    tcase_add_loop_test(filter, the_plane_is_the_oracles_at_every_small_size, 0, 2);
    tcase_add_loop_test(filter, a_grey_picture_has_the_same_plane_in_rgb, 0, SIZE_COUNT);
    tcase_add_loop_test(filter, means_of_blocks_give_the_plane_of_their_pixels, 0, 6);
    tcase_add_loop_test(filter, an_even_grey_keeps_its_exact_value, 0, SIZE_COUNT - HUGE_COUNT);
    tcase_add_test(filter, pixels_of_64_by_64_are_the_plane);
    tcase_add_test(filter, luma_is_single_precision_and_not_rounded);
    tcase_add_test(filter, luma_of_every_colour_is_the_formulas);
    suite_add_tcase(suite, filter);
    return run_suite(suite);
}
