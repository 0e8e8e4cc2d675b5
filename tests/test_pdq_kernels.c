/* SPDX-License-Identifier: Apache-2.0 */
/* Every set of kernels that this processor can run, beside plain C: the same bits, and not a byte
 * read or written beyond what each was given. */
#include "float_kinds.h"
#include "guarded.h"
#include "pdq/filter.h"
#include "pdq/kernels.h"
#include "pdq/transform.h"
#include "pdq_oracle.h"
#include "run_suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_runnable(const struct hv_kernels *kernels)
{
    return (kernels->needs & ~hv_cpu_features()) == 0;
}

/* Returns row number of those that this processor can run, where 0 is plain C, or NULL. */
static const struct hv_kernels *runnable(size_t number)
{
    size_t found = 0;
    for (size_t k = 0; hv_kernels_all[k]; k++) {
        if (is_runnable(hv_kernels_all[k]) && found++ == number) {
            return hv_kernels_all[k];
        }
    }
    return NULL;
}

/* Bit by bit: zeros of different signs are different, and NaNs may be the same. */
static bool is_same(const void *left, const void *right, size_t len)
{
    return memcmp(left, right, len) == 0;
}

/* Samples: noise, black, white, and one beside the other. */
enum { SAMPLE_KINDS = 4 };

static void fill_samples(size_t kind, uint32_t seed, size_t count, uint8_t *out)
{
    oracle_noise(seed, out, count);
    for (size_t i = 0; i < count && kind > 0; i++) {
        out[i] = kind == 1 || (kind == 3 && i % 2) ? 0 : 255;
    }
}

/* What a kernel reads, what it writes, and what plain C writes. */
struct room {
    struct guarded in, out, expected;
};

static void room_init(size_t in_bytes, size_t out_bytes, struct room *out)
{
    guarded_init(in_bytes, &out->in);
    guarded_init(out_bytes, &out->out);
    guarded_init(out_bytes, &out->expected);
}

static void room_clear(struct room *room)
{
    guarded_clear(&room->in);
    guarded_clear(&room->out);
    guarded_clear(&room->expected);
}

static void add(const struct hv_kernels *kernels, size_t channels, const uint8_t *samples,
                size_t count, float weight, float *sums)
{
    (channels == 1 ? kernels->add_grey : kernels->add_rgb)(samples, count, weight, sums);
}

static void check_add(const struct hv_kernels *kernels, size_t channels, size_t count,
                      bool is_at_end, const struct room *room)
{
    static const float weights[] = {0, -0.0F, 1, 3, 63, 0.1F, -7, 1e-44F, 1e20F};
    const size_t sums_bytes = count * sizeof(float);
    uint8_t *samples = guarded_bytes(&room->in, count * channels, is_at_end);
    float *sums = guarded_bytes(&room->out, sums_bytes, is_at_end);
    float *expected = guarded_bytes(&room->expected, sums_bytes, is_at_end);

    for (size_t w = 0; w < sizeof weights / sizeof weights[0]; w++) {
        const size_t kind = (count + w) % FLOAT_KINDS_FINITE;
        fill_samples((count + w) % SAMPLE_KINDS, (uint32_t)count, count * channels, samples);
        float_kind_fill(kind, (uint32_t)(count + w), count, sums);
        memcpy(expected, sums, sums_bytes);
        add(kernels, channels, samples, count, weights[w], sums);
        add(&hv_kernels_plain, channels, samples, count, weights[w], expected);
        ck_assert_msg(is_same(sums, expected, sums_bytes),
                      "%s differs: %zu channels, %zu samples, weight %g, sums: %s", kernels->name,
                      channels, count, (double)weights[w], float_kinds[kind].name);
    }
}

/* Loop index: kernels, here and below. */
START_TEST(rows_are_added_as_plain_c_adds_them)
{
    enum { MOST = 4001 };
    static const size_t large[] = {255, 257, 511, 512, 513, 1000, 1021, MOST};
    const struct hv_kernels *kernels = runnable((size_t)_i);
    struct room room;

    room_init((size_t)3 * MOST, MOST * sizeof(float), &room);
    for (size_t channels = 1; channels <= 3; channels += 2) {
        for (int end = 0; end < 2; end++) {
            for (size_t count = 0; count <= 210; count++) {
                check_add(kernels, channels, count, end, &room);
            }
            for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
                check_add(kernels, channels, large[i], end, &room);
            }
        }
    }
    room_clear(&room);
}
END_TEST

/* Puts the weights between guards as well. */
static void guard_weights(struct hv_windows *windows, const struct guarded *room, bool is_at_end)
{
    size_t total = 0;
    for (size_t k = 0; k < HV_PDQ_SIDE; k++) {
        total += windows->shape[k].padded_count;
    }
    float *weights = guarded_bytes(room, total * sizeof(float), is_at_end);
    for (size_t k = 0; k < HV_PDQ_SIDE; k++) {
        struct hv_window_shape *shape = &windows->shape[k];
        memcpy(weights, shape->weights, shape->padded_count * sizeof(float));
        shape->weights = weights;
        weights += shape->padded_count;
    }
}

static void check_windows(const struct hv_kernels *kernels, uint32_t side, uint32_t block_px,
                          const struct guarded *weights, const struct room *room)
{
    static const float row_totals[] = {1, 3, 16, 63 * 63, 1e-30F};
    const size_t plane_bytes = HV_PDQ_SIDE * sizeof(float);
    const size_t count = hv_blocks_along(side, block_px) + HV_PDQ_LANES;
    struct hv_windows windows = {0};

    ck_assert_int_eq(hv_windows_init(side, &windows), HASHVEIL_OK);
    if (block_px > 1) {
        ck_assert_int_eq(hv_windows_to_blocks(&windows, block_px), HASHVEIL_OK);
    }
    for (int end = 0; end < 2; end++) {
        const size_t kind = (side + (size_t)end) % FLOAT_KINDS_FINITE;
        const float row_total = row_totals[side % (sizeof row_totals / sizeof row_totals[0])];
        struct hv_windows guarded = windows;
        float *sums = guarded_bytes(&room->in, count * sizeof(float), end);
        float *out = guarded_bytes(&room->out, plane_bytes, end);
        float *expected = guarded_bytes(&room->expected, plane_bytes, end);

        guard_weights(&guarded, weights, end);
        float_kind_fill(kind, side, count, sums);
        kernels->average_windows(sums, &guarded, row_total, out);
        hv_kernels_plain.average_windows(sums, &guarded, row_total, expected);
        ck_assert_msg(is_same(out, expected, plane_bytes),
                      "%s differs: side %u, blocks of %u, sums: %s", kernels->name, side, block_px,
                      float_kinds[kind].name);
    }
    hv_windows_clear(&windows);
}

START_TEST(windows_are_averaged_as_plain_c_averages_them)
{
    enum { MOST = 8193 };
    static const uint32_t large[] = {384, 511, 512, 513, 640, 1000, 1031, 2048, 4000, 8191, MOST};
    const struct hv_kernels *kernels = runnable((size_t)_i);
    struct guarded weights;
    struct room room;

    guarded_init((size_t)4 * MOST * sizeof(float), &weights);
    room_init((MOST + HV_PDQ_LANES) * sizeof(float), HV_PDQ_SIDE * sizeof(float), &room);
    for (uint32_t block_px = 1; block_px <= 8; block_px *= 2) {
        for (uint32_t side = 1; side <= 300; side++) {
            check_windows(kernels, side, block_px, &weights, &room);
        }
        for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
            check_windows(kernels, large[i], block_px, &weights, &room);
        }
    }
    room_clear(&room);
    guarded_clear(&weights);
}
END_TEST

enum { SEEDS = 20, PLANE_BYTES = HV_PDQ_PLANE * sizeof(float) };

START_TEST(gradients_are_summed_as_plain_c_sums_them)
{
    const struct hv_kernels *kernels = runnable((size_t)_i);
    struct guarded room;

    guarded_init(PLANE_BYTES, &room);
    for (uint32_t n = 0; n < 2 * SEEDS * FLOAT_KINDS_MODEST; n++) {
        const size_t kind = n / 2 % FLOAT_KINDS_MODEST;
        float *plane = guarded_bytes(&room, PLANE_BYTES, n % 2);
        float_kind_fill(kind, n, HV_PDQ_PLANE, plane);
        const unsigned sum = kernels->gradient_sum(plane);
        ck_assert_msg(sum == hv_kernels_plain.gradient_sum(plane), "%s differs: seed %u, %s",
                      kernels->name, n, float_kinds[kind].name);
    }
    guarded_clear(&room);
}
END_TEST

/* One step at each place in turn: each pair of neighbours counts, and nothing else does. */
START_TEST(every_neighbour_counts_once)
{
    const struct hv_kernels *kernels = runnable((size_t)_i);
    float plane[HV_PDQ_PLANE] = {0};
    for (size_t i = 0; i < HV_PDQ_PLANE; i++) {
        const size_t row = i / HV_PDQ_SIDE;
        const size_t column = i % HV_PDQ_SIDE;
        const unsigned neighbours = 4U - (row == 0) - (row == HV_PDQ_SIDE - 1) - (column == 0) -
                                    (column == HV_PDQ_SIDE - 1);
        plane[i] = 255;
        ck_assert_uint_eq(kernels->gradient_sum(plane), (size_t)100 * neighbours);
        plane[i] = 0;
    }
}
END_TEST

/* As close to a whole percent as floats come, on both sides. */
START_TEST(percents_are_truncated_as_plain_c_truncates_them)
{
    const struct hv_kernels *kernels = runnable((size_t)_i);
    float plane[HV_PDQ_PLANE] = {0};
    for (int percent = -100; percent <= 100; percent++) {
        const float step = (float)percent * 2.55F;
        for (int near = -4; near <= 4; near++) {
            float value = step;
            for (int n = 0; n < abs(near); n++) {
                value = nextafterf(value, near < 0 ? -300 : 300);
            }
            plane[(percent + 100) * 18 + near + 4] = value;
        }
    }
    ck_assert_uint_eq(kernels->gradient_sum(plane), hv_kernels_plain.gradient_sum(plane));
}
END_TEST

START_TEST(planes_are_transformed_as_plain_c_transforms_them)
{
    enum { OUT_BYTES = HASHVEIL_PDQ_BITS * sizeof(float) };
    const struct hv_kernels *kernels = runnable((size_t)_i);
    struct room room;

    room_init(PLANE_BYTES, OUT_BYTES, &room);
    for (uint32_t n = 0; n < 2 * SEEDS * FLOAT_KINDS_FINITE; n++) {
        const size_t kind = n / 2 % FLOAT_KINDS_FINITE;
        float *plane = guarded_bytes(&room.in, PLANE_BYTES, n % 2);
        float *out = guarded_bytes(&room.out, OUT_BYTES, n % 2);
        float *expected = guarded_bytes(&room.expected, OUT_BYTES, n % 2);
        float_kind_fill(kind, n, HV_PDQ_PLANE, plane);
        kernels->transform(plane, out);
        hv_kernels_plain.transform(plane, expected);
        ck_assert_msg(is_same(out, expected, OUT_BYTES), "%s differs: seed %u, %s", kernels->name,
                      n, float_kinds[kind].name);
    }
    room_clear(&room);
}
END_TEST

START_TEST(the_median_is_the_one_that_plain_c_finds)
{
    enum { VALUES_BYTES = HASHVEIL_PDQ_BITS * sizeof(float) };
    const struct hv_kernels *kernels = runnable((size_t)_i);
    struct guarded room;

    guarded_init(VALUES_BYTES, &room);
    for (uint32_t n = 0; n < 2 * SEEDS * FLOAT_KINDS; n++) {
        const size_t kind = n / 2 % FLOAT_KINDS;
        float *values = guarded_bytes(&room, VALUES_BYTES, n % 2);
        float_kind_fill(kind, n, HASHVEIL_PDQ_BITS, values);
        const float median = kernels->lower_median(values);
        const float expected = hv_kernels_plain.lower_median(values);
        ck_assert_msg(is_same(&median, &expected, sizeof median),
                      "%s differs: %g, not %g: seed %u, %s", kernels->name, (double)median,
                      (double)expected, n, float_kinds[kind].name);
    }
    guarded_clear(&room);
}
END_TEST

/* One value is larger than all others or smaller, each in turn, and 127 or 128 of them are. */
START_TEST(every_value_counts_for_the_median)
{
    const struct hv_kernels *kernels = runnable((size_t)_i);
    float values[HASHVEIL_PDQ_BITS];
    for (size_t first = 0; first < HASHVEIL_PDQ_BITS; first++) {
        for (size_t count = 127; count <= 128; count++) {
            memset(values, 0, sizeof values);
            for (size_t i = 0; i < count; i++) {
                values[(first + i) % HASHVEIL_PDQ_BITS] = -1;
            }
            ck_assert_float_eq(kernels->lower_median(values), count == 128 ? -1 : 0);
        }
    }
}
END_TEST

/* Rows come between guards too. */
static void take_fingerprint(const struct hv_kernels *kernels, const hashveil_image *image,
                             hashveil_fingerprint *out)
{
    const struct hv_row_shape shape = {image->width_px, image->height_px, image->channels, 1};
    struct hv_filter filter;
    struct hv_transform transform;
    struct guarded room;
    uint8_t *row;

    guarded_init(image->stride_bytes, &room);
    row = guarded_bytes(&room, image->stride_bytes, true);
    ck_assert_int_eq(hv_filter_init(kernels, &shape, &filter), HASHVEIL_OK);
    for (size_t y = 0; y < image->height_px; y++) {
        memcpy(row, image->pixels + y * image->stride_bytes, image->stride_bytes);
        hv_filter_add_row(&filter, row);
    }
    hv_transform_of(kernels, filter.plane, &transform);
    hv_fingerprint_of(kernels, &transform, out);
    hv_filter_clear(&filter);
    guarded_clear(&room);
}

START_TEST(pictures_have_the_fingerprint_that_plain_c_gives_them)
{
    static const uint32_t sizes[][2] = {{5, 5},     {63, 65},   {64, 64},    {127, 9},
                                        {129, 300}, {257, 255}, {512, 512},  {1000, 37},
                                        {6, 2047},  {2047, 6},  {1601, 1203}};
    const struct hv_kernels *kernels = runnable((size_t)_i);
    for (uint32_t n = 0; n < 2 * sizeof sizes / sizeof sizes[0]; n++) {
        const hashveil_image image =
            oracle_noise_image(n, sizes[n / 2][0], sizes[n / 2][1], n % 2 ? 3 : 1);
        hashveil_fingerprint ours;
        hashveil_fingerprint expected;
        take_fingerprint(kernels, &image, &ours);
        take_fingerprint(&hv_kernels_plain, &image, &expected);
        ck_assert_msg(hashveil_pdq_distance(&ours.hash, &expected.hash) == 0 &&
                          ours.quality == expected.quality &&
                          is_same(ours.margin, expected.margin, sizeof ours.margin),
                      "%s differs: %u x %u x %u", kernels->name, image.width_px, image.height_px,
                      image.channels);
        free(image.pixels);
    }
}
END_TEST

START_TEST(a_processor_without_features_runs_plain_c)
{
    ck_assert_ptr_eq(hv_kernels_for(0), &hv_kernels_plain);
    ck_assert_ptr_eq(hv_kernels_all[0], &hv_kernels_plain);
    ck_assert_uint_eq(hv_kernels_plain.needs, 0);
}
END_TEST

START_TEST(the_last_row_that_a_processor_can_run_is_chosen)
{
    const struct hv_kernels *last = NULL;
    for (size_t k = 0; hv_kernels_all[k]; k++) {
        ck_assert_ptr_eq(hv_kernels_for(hv_kernels_all[k]->needs), hv_kernels_all[k]);
        last = is_runnable(hv_kernels_all[k]) ? hv_kernels_all[k] : last;
    }
    ck_assert_ptr_eq(hv_kernels_best(), last);
}
END_TEST

/* The system lists only what it saves for each thread. NEON is part of its architecture. */
START_TEST(no_feature_is_claimed_that_the_system_does_not_list)
{
    static const struct {
        unsigned feature;
        const char *names[4];
    } rows[] = {
        {HV_CPU_AVX2, {" avx2"}},
        {HV_CPU_AVX512, {" avx512f", " avx512bw", " avx512dq", " avx512vl"}},
    };
    char line[8192];
    FILE *list = fopen("/proc/cpuinfo", "re");

    ck_assert_ptr_nonnull(list);
    while (fgets(line, sizeof line, list) && strncmp(line, "flags", 5) != 0) {
    }
    (void)fclose(list);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t n = 0; n < 4 && rows[i].names[n]; n++) {
            ck_assert_msg((hv_cpu_features() & rows[i].feature) == 0 ||
                              strstr(line, rows[i].names[n]),
                          "%s is claimed", rows[i].names[n]);
        }
    }
}
END_TEST

/* What cannot be tested here is said. Returns how many rows can be. */
static int count_runnable(void)
{
    int count = 0;
    for (size_t k = 0; hv_kernels_all[k]; k++) {
        if (is_runnable(hv_kernels_all[k])) {
            count++;
        } else {
            printf("# %s: skipped, since this processor cannot run it\n", hv_kernels_all[k]->name);
        }
    }
    (void)fflush(stdout);
    return count;
}

int main(void)
{
    const TTest *const by_row[] = {
        rows_are_added_as_plain_c_adds_them,
        windows_are_averaged_as_plain_c_averages_them,
        gradients_are_summed_as_plain_c_sums_them,
        every_neighbour_counts_once,
        percents_are_truncated_as_plain_c_truncates_them,
        planes_are_transformed_as_plain_c_transforms_them,
        the_median_is_the_one_that_plain_c_finds,
        every_value_counts_for_the_median,
        pictures_have_the_fingerprint_that_plain_c_gives_them,
    };
    Suite *suite = suite_create("pdq kernels");
    TCase *choice = tcase_create("choice");
    TCase *kernels = tcase_create("kernels");
    const int rows = count_runnable();

    tcase_add_test(choice, a_processor_without_features_runs_plain_c);
    tcase_add_test(choice, the_last_row_that_a_processor_can_run_is_chosen);
    tcase_add_test(choice, no_feature_is_claimed_that_the_system_does_not_list);
    suite_add_tcase(suite, choice);

    tcase_set_timeout(kernels, 60);
    for (size_t i = 0; i < sizeof by_row / sizeof by_row[0]; i++) {
        tcase_add_loop_test(kernels, by_row[i], 0, rows);
    }
    suite_add_tcase(suite, kernels);
    return run_suite(suite);
}
