/* SPDX-License-Identifier: Apache-2.0 */
/* The 64 weighted windows along an axis, beside the oracle's box passes. */
#include "pdq/windows.h"
#include "pdq_oracle.h"
#include "run_suite.h"

#include <math.h>
#include <stdlib.h>

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

int main(void)
{
    Suite *suite = suite_create("pdq windows");
    TCase *windows = tcase_create("windows");
    tcase_set_timeout(windows, 60); /* with sanitizers, on a busy machine */
    tcase_add_test(windows, windows_are_two_box_passes_and_the_decimation);
    tcase_add_test(windows, no_more_than_two_windows_overlap);
    tcase_add_loop_test(windows, a_block_weighs_what_its_pixels_weigh, 0, 4);
    suite_add_tcase(suite, windows);
    return run_suite(suite);
}
