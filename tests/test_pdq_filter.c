/* SPDX-License-Identifier: Apache-2.0 */
/* Pixels to 64 x 64 luma, beside the oracle's box passes over whole planes. */
#include "pdq/filter.h"
#include "pdq/kernels.h"
#include "pdq/windows.h"
#include "pdq_oracle.h"
#include "run_suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In grey levels. Single precision keeps 24 bits, 1.5e-5 of a level at 255; then some roundings. */
static const double plane_tolerance = 2e-4;

enum { MAX_SIDE = 65500 };

static void check_windows(size_t side)
{
    struct hv_windows windows = {0};
    double *in = calloc(side, sizeof *in);
    double *pass = calloc(side, sizeof *pass);
    double ours[HV_PDQ_SIDE];
    double expected[HV_PDQ_SIDE];
    uint8_t *bytes = malloc(side);

    ck_assert(in && pass && bytes);
    oracle_noise((uint32_t)side, bytes, side);
    ck_assert_int_eq(hv_windows_init((uint32_t)side, &windows), HASHVEIL_OK);
    for (size_t i = 0; i < side; i++) {
        in[i] = bytes[i];
    }
    for (size_t k = 0; k < HV_PDQ_SIDE; k++) {
        const struct hv_window_shape *shape = hv_window_shape_of(&windows, k);
        double sum = 0;
        double total = 0;
        bool is_whole = true;
        ck_assert_uint_le(windows.first[k] + shape->count, side);
        for (size_t t = 0; t < shape->padded_count; t++) {
            is_whole = is_whole && shape->weights[t] == floorf(shape->weights[t]);
            is_whole = is_whole && (shape->weights[t] > 0) == (t < shape->count);
            total += (double)shape->weights[t];
            sum += t < shape->count ? (double)shape->weights[t] * in[windows.first[k] + t] : 0;
        }
        ck_assert(is_whole && windows.total[k] == (float)total);
        ours[k] = sum / total;
    }
    oracle_axis(in, pass, side, expected);
    for (size_t k = 0; k < HV_PDQ_SIDE; k++) {
        if (fabs(ours[k] - expected[k]) > 1e-9) {
            ck_abort_msg("side %zu, window %zu: %.12f, not %.12f", side, k, ours[k], expected[k]);
        }
    }
    hv_windows_clear(&windows);
    free(in);
    free(pass);
    free(bytes);
}

START_TEST(windows_are_two_box_passes_and_the_decimation)
{
    static const size_t large[] = {4000, 8191, 8192, 8193, 16383, 32768, 65408, 65409, MAX_SIDE};
    for (size_t side = 1; side < 1300; side++) {
        check_windows(side);
    }
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        check_windows(large[i]);
    }
}
END_TEST

/* The filter keeps sums of two windows at once, where boxes are wider than one pixel. */
START_TEST(no_more_than_two_windows_overlap)
{
    for (uint32_t side = 129; side <= MAX_SIDE; side += side < 5000 ? 1 : 97) {
        struct hv_windows windows = {0};
        ck_assert_int_eq(hv_windows_init(side, &windows), HASHVEIL_OK);
        bool is_apart = true;
        for (size_t k = 0; k + 2 < HV_PDQ_SIDE; k++) {
            is_apart =
                is_apart && windows.first[k] + windows.shape[k].count <= windows.first[k + 2];
        }
        ck_assert_msg(is_apart, "side %u", side);
        hv_windows_clear(&windows);
    }
}
END_TEST

/* A picture whose blocks are even: then their means tell as much as the pixels. */
static void check_blocks(uint32_t side, uint32_t block_px)
{
    struct hv_windows pixels = {0};
    struct hv_windows blocks = {0};
    ck_assert_int_eq(hv_windows_init(side, &pixels), HASHVEIL_OK);
    ck_assert_int_eq(hv_windows_init(side, &blocks), HASHVEIL_OK);
    ck_assert_int_eq(hv_windows_to_blocks(&blocks, block_px), HASHVEIL_OK);
    for (size_t k = 0; k < HV_PDQ_SIDE; k++) {
        const struct hv_window_shape *of_blocks = hv_window_shape_of(&blocks, k);
        const struct hv_window_shape *of_pixels = hv_window_shape_of(&pixels, k);
        const size_t end = pixels.first[k] + of_pixels->count;
        size_t t = 0;
        ck_assert_uint_eq(blocks.first[k], pixels.first[k] / block_px);
        ck_assert_uint_eq(blocks.first[k] + of_blocks->count, (end + block_px - 1) / block_px);
        ck_assert_float_eq(blocks.total[k], pixels.total[k]);
        for (size_t b = 0; b < of_blocks->padded_count; b++) {
            float sum = 0;
            for (; t < of_pixels->count && (pixels.first[k] + t) / block_px == blocks.first[k] + b;
                 t++) {
                sum += of_pixels->weights[t];
            }
            ck_assert_float_eq(of_blocks->weights[b], sum);
        }
    }
    hv_windows_clear(&pixels);
    hv_windows_clear(&blocks);
}

/* Loop index: the power of two. */
START_TEST(a_block_weighs_what_its_pixels_weigh)
{
    static const uint32_t large[] = {8191, 8192, 8193, MAX_SIDE};
    for (uint32_t side = 1; side < 1300; side++) {
        check_blocks(side, 1U << _i);
    }
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        check_blocks(large[i], 1U << _i);
    }
}
END_TEST

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

/* Loop index: size, then 1 or 3 channels. */
START_TEST(the_plane_is_the_oracles)
{
    const uint32_t width_px = sizes[_i / 2].width_px;
    const uint32_t height_px = sizes[_i / 2].height_px;
    const uint32_t channels = _i % 2 ? 3 : 1;
    const hashveil_image image = oracle_noise_image((uint32_t)_i, width_px, height_px, channels);
    struct hv_filter filter;
    struct oracle oracle;
    const float *plane = filtered(&image, &filter);

    oracle_image(&image, &oracle);
    for (size_t i = 0; i < HV_PDQ_PLANE; i++) {
        if (fabs((double)plane[i] - oracle.plane[i]) > plane_tolerance) {
            ck_abort_msg("%u x %u x %u, place %zu: %.9g, not %.9g", width_px, height_px, channels,
                         i, (double)plane[i], oracle.plane[i]);
        }
    }
    hv_filter_clear(&filter);
    free(image.pixels);
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

int main(void)
{
    Suite *suite = suite_create("pdq filter");
    TCase *windows = tcase_create("windows");
    TCase *filter = tcase_create("filter");

    tcase_add_test(windows, windows_are_two_box_passes_and_the_decimation);
    tcase_add_test(windows, no_more_than_two_windows_overlap);
    tcase_add_loop_test(windows, a_block_weighs_what_its_pixels_weigh, 0, 4);
    suite_add_tcase(suite, windows);

    tcase_add_loop_test(filter, the_plane_is_the_oracles, 0, 2 * SIZE_COUNT);
    tcase_add_loop_test(filter, an_even_grey_keeps_its_exact_value, 0, SIZE_COUNT - HUGE_COUNT);
    tcase_add_test(filter, pixels_of_64_by_64_are_the_plane);
    tcase_add_test(filter, luma_is_single_precision_and_not_rounded);
    suite_add_tcase(suite, filter);
    return run_suite(suite);
}
