/* SPDX-License-Identifier: Apache-2.0 */
/* 64 x 64 luma to coefficients, quality, median and bits, beside the oracle's. */
#include "pdq/dct.h"
#include "pdq/kernels.h"
#include "pdq/transform.h"
#include "pdq_oracle.h"
#include "run_suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What single precision may lose of a number, as a part of it. */
static const double half_step = 0x1p-24;

/* The product of a row of D with 64 numbers that are themselves off by errors: returns how far it
 * may be off. Each sum on the way is rounded (Higham, Accuracy and Stability of Numerical
 * Algorithms, 3.3); each product too, and each entry of D twice. */
static double error_of_product(const double *row, const double *numbers, const double *errors,
                               size_t stride)
{
    double sum = 0;
    double error = 0;
    for (size_t k = 0; k < HV_PDQ_SIDE; k++) {
        const double product = row[k] * numbers[k * stride];
        sum += product;
        error += half_step * (fabs(sum) + 3 * fabs(product)) + fabs(row[k]) * errors[k * stride];
    }
    return error * (1 + 128 * half_step); /* of the sums as they are, which are off themselves */
}

/* How far each coefficient may be off, in grey levels. */
static void bound_errors(const double plane[HV_PDQ_PLANE], double out[HASHVEIL_PDQ_BITS])
{
    static const double none[HV_PDQ_PLANE];
    struct oracle_room room;
    oracle_room_init(1, &room);
    for (size_t i = 0; i < HV_PDQ_FREQUENCIES; i++) {
        double row[HV_PDQ_SIDE] = {0};
        double errors[HV_PDQ_SIDE];
        for (size_t j = 0; j < HV_PDQ_SIDE; j++) {
            for (size_t k = 0; k < HV_PDQ_SIDE; k++) {
                row[j] += room.dct[i][k] * plane[k * HV_PDQ_SIDE + j];
            }
            errors[j] = error_of_product(room.dct[i], plane + j, none, HV_PDQ_SIDE);
        }
        for (size_t j = 0; j < HV_PDQ_FREQUENCIES; j++) {
            out[HV_PDQ_FREQUENCIES * i + j] = error_of_product(room.dct[j], row, errors, 1);
        }
    }
    oracle_room_clear(&room);
}

static double largest(const double values[HASHVEIL_PDQ_BITS])
{
    double most = 0;
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        most = fmax(most, values[i]);
    }
    return most;
}

START_TEST(the_matrix_is_the_cosine_formula)
{
    struct oracle_room room;
    oracle_room_init(1, &room);
    for (size_t i = 0; i < HV_PDQ_FREQUENCIES; i++) {
        for (size_t k = 0; k < HV_PDQ_SIDE; k++) {
            /* The reference rounds the scale before the product: 2 roundings of 2^-25. */
            ck_assert_double_eq_tol((double)hv_dct[k][i], room.dct[i][k], 0.18 / (1 << 23));
        }
    }
    oracle_room_clear(&room);
}
END_TEST

/* A plane of noise; with it, the oracle's idea of all that follows. */
static void make_plane(uint32_t seed, float plane[HV_PDQ_PLANE], struct oracle *out)
{
    struct oracle_room room;
    uint8_t bytes[2 * HV_PDQ_PLANE];

    oracle_noise(seed, bytes, sizeof bytes);
    oracle_room_init(1, &room);
    for (size_t i = 0; i < HV_PDQ_PLANE; i++) {
        plane[i] = (float)bytes[2 * i] + (float)bytes[2 * i + 1] / 256;
        out->plane[i] = (double)plane[i];
    }
    oracle_finish(&room, out);
    oracle_room_clear(&room);
}

START_TEST(coefficients_bits_and_margins_are_the_oracles)
{
    float plane[HV_PDQ_PLANE];
    struct hv_transform transform;
    hashveil_fingerprint fingerprint;
    struct oracle oracle;

    double errors[HASHVEIL_PDQ_BITS];

    make_plane((uint32_t)_i, plane, &oracle);
    bound_errors(oracle.plane, errors);
    hv_transform_of(hv_kernels_for(0), plane, &transform);
    hv_fingerprint_of(hv_kernels_for(0), &transform, &fingerprint);
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        /* The median is off by no more than the coefficient that is off most. */
        const double margin_error =
            errors[i] + largest(errors) + half_step * (fabs(oracle.margin[i]) + 1);
        ck_assert_double_eq_tol((double)transform.coefficients[i], oracle.coefficients[i],
                                errors[i]);
        ck_assert_double_eq_tol((double)fingerprint.margin[i], oracle.margin[i], margin_error);
        if (fabs(oracle.margin[i]) > margin_error) {
            ck_assert_int_eq(fingerprint.margin[i] > 0, oracle.margin[i] > 0);
            ck_assert_uint_eq(fingerprint.hash.word[i / 64] >> (i % 64) & 1, oracle.margin[i] > 0);
        }
    }
}
END_TEST

START_TEST(a_wave_fills_the_coefficient_of_its_frequencies)
{
    static const size_t frequencies[][2] = {{1, 1}, {1, 16}, {16, 1}, {3, 11}, {16, 16}};
    const size_t row_frequency = frequencies[_i][0];
    const size_t column_frequency = frequencies[_i][1];
    float plane[HV_PDQ_PLANE];
    float coefficients[HASHVEIL_PDQ_BITS];

    for (size_t r = 0; r < HV_PDQ_SIDE; r++) {
        for (size_t c = 0; c < HV_PDQ_SIDE; c++) {
            plane[r * HV_PDQ_SIDE + c] =
                (float)(cos(M_PI / 128 * (double)(row_frequency * (2 * r + 1))) *
                        cos(M_PI / 128 * (double)(column_frequency * (2 * c + 1))));
        }
    }
    hv_kernels_for(0)->transform(plane, coefficients);
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        const bool is_it = i == 16 * (row_frequency - 1) + column_frequency - 1;
        ck_assert_float_eq_tol(coefficients[i], is_it ? 32.0F : 0.0F, 1e-4F);
    }
}
END_TEST

static int compare(const void *left, const void *right)
{
    const float a = *(const float *)left;
    const float b = *(const float *)right;
    return (a > b) - (a < b);
}

START_TEST(the_median_is_the_128th_smallest)
{
    float values[HASHVEIL_PDQ_BITS];
    uint8_t bytes[HASHVEIL_PDQ_BITS];
    /* Few different values, so that there are ties; then ever more. */
    const int modulus = 2 + 3 * _i;

    oracle_noise((uint32_t)_i, bytes, sizeof bytes);
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        const int level = bytes[i] % modulus - modulus / 2;
        values[i] = (float)level * 1.7F;
    }
    const float median = hv_kernels_for(0)->lower_median(values);
    qsort(values, HASHVEIL_PDQ_BITS, sizeof values[0], compare);
    ck_assert_float_eq(median, values[127]);
}
END_TEST

START_TEST(the_median_takes_any_finite_value)
{
    float values[HASHVEIL_PDQ_BITS];
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        values[i] = i < 127 ? -3e38F : 3e38F;
    }
    ck_assert_float_eq(hv_kernels_for(0)->lower_median(values), 3e38F);
    values[200] = -0.0F;
    ck_assert_float_eq(hv_kernels_for(0)->lower_median(values), 0);
    values[201] = -3e38F;
    ck_assert_float_eq(hv_kernels_for(0)->lower_median(values), -3e38F);
}
END_TEST

/* A plane of columns that go up and down by a step: so many pairs across differ, none down. */
static const size_t step_pairs = (size_t)64 * 63;

static unsigned gradients_of_step(float step)
{
    float plane[HV_PDQ_PLANE];
    for (size_t i = 0; i < HV_PDQ_PLANE; i++) {
        plane[i] = i % 2 ? 0 : step;
    }
    return hv_kernels_for(0)->gradient_sum(plane);
}

START_TEST(gradients_are_truncated_to_whole_percents)
{
    ck_assert_uint_eq(gradients_of_step(0), 0);
    ck_assert_uint_eq(gradients_of_step(2.549F), 0);
    ck_assert_uint_eq(gradients_of_step(2.55F), step_pairs);
    ck_assert_uint_eq(gradients_of_step(-2.549F), 0);
    ck_assert_uint_eq(gradients_of_step(51), step_pairs * 20);
    ck_assert_uint_eq(gradients_of_step(-255), step_pairs * 100);
}
END_TEST

/* At each whole percent and beside it, the order of the two operations decides. */
START_TEST(gradients_are_multiplied_before_they_are_divided)
{
    for (int percent = 1; percent <= 100; percent++) {
        const float step = (float)percent * 2.55F;
        const float steps[] = {nextafterf(step, 0), step, nextafterf(step, 256)};
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            const float product = steps[i] * 100.0F;
            ck_assert_uint_eq(gradients_of_step(steps[i]),
                              step_pairs * (unsigned)(product / 255.0F));
        }
    }
}
END_TEST

START_TEST(quality_is_the_oracles_and_at_most_100)
{
    float plane[HV_PDQ_PLANE];
    struct hv_transform transform;
    struct oracle oracle;
    make_plane((uint32_t)_i, plane, &oracle);
    /* Less and less contrast, down to none. */
    for (size_t i = 0; i < HV_PDQ_PLANE; i++) {
        plane[i] *= (float)(20 - _i) / 256;
        oracle.plane[i] = (double)plane[i];
    }
    struct oracle_room room;
    oracle_room_init(1, &room);
    oracle_finish(&room, &oracle);
    oracle_room_clear(&room);
    hv_transform_of(hv_kernels_for(0), plane, &transform);
    ck_assert_uint_eq(transform.quality, oracle.quality);
}
END_TEST

/* The oracle turns the plane and transforms again: our signs and transposition must agree. */
START_TEST(a_turned_transform_is_the_transform_of_the_turned_plane)
{
    const hashveil_dihedral form = (hashveil_dihedral)_i;
    float plane[HV_PDQ_PLANE];
    struct hv_transform original;
    struct hv_transform turned;
    struct oracle oracle;
    struct oracle oracle_turned;
    struct oracle_room room;
    double errors[HASHVEIL_PDQ_BITS];

    make_plane(77, plane, &oracle);
    oracle_room_init(1, &room);
    for (size_t i = 0; i < HV_PDQ_PLANE; i++) {
        oracle_turned.plane[i] = oracle.plane[oracle_turned_from(form, 64, 64, i / 64, i % 64)];
    }
    oracle_finish(&room, &oracle_turned);
    oracle_room_clear(&room);
    bound_errors(oracle.plane, errors);
    hv_transform_of(hv_kernels_for(0), plane, &original);
    hv_transform_turn(&original, form, &turned);
    ck_assert_uint_eq(turned.quality, original.quality);
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        /* Turned, they are those of the original: off by as much, wherever they are now. */
        ck_assert_double_eq_tol((double)turned.coefficients[i], oracle_turned.coefficients[i],
                                largest(errors));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pdq transform");
    TCase *transform = tcase_create("transform");

    tcase_add_test(transform, the_matrix_is_the_cosine_formula);
    tcase_add_loop_test(transform, coefficients_bits_and_margins_are_the_oracles, 0, 20);
    tcase_add_loop_test(transform, a_wave_fills_the_coefficient_of_its_frequencies, 0, 5);
    tcase_add_loop_test(transform, the_median_is_the_128th_smallest, 0, 80);
    tcase_add_test(transform, the_median_takes_any_finite_value);
    tcase_add_test(transform, gradients_are_truncated_to_whole_percents);
    tcase_add_test(transform, gradients_are_multiplied_before_they_are_divided);
    tcase_add_loop_test(transform, quality_is_the_oracles_and_at_most_100, 0, 21);
    tcase_add_loop_test(transform, a_turned_transform_is_the_transform_of_the_turned_plane, 0,
                        HASHVEIL_PDQ_DIHEDRAL);
    suite_add_tcase(suite, transform);
    return run_suite(suite);
}
