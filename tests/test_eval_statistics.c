/* SPDX-License-Identifier: Apache-2.0 */
/* Published values, and sums done by hand. */
#include "tools/hashveil/eval_statistics.h"

#include "run_suite.h"

#include <stddef.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

/* 81 of 263, 15 of 148, 0 of 20 and 1 of 29: Newcombe, "Two-sided confidence intervals for the
 * single proportion", Statistics in Medicine 17 (1998), table I. The others mirror them. */
static const struct {
    uint64_t found, total;
    double low, high;
} intervals[] = {
    {81, 263, 0.2553, 0.3662},
    {15, 148, 0.0624, 0.1605},
    {0, 20, 0, 0.1611},
    {1, 29, 0.0061, 0.1718},
    {20, 20, 0.8389, 1},
    {28, 29, 0.8282, 0.9939},
    {0, 0, 0, 1},
};

START_TEST(wilson_intervals_are_the_published_ones)
{
    const struct eval_interval interval = eval_wilson(intervals[_i].found, intervals[_i].total);
    ck_assert_double_eq_tol(interval.low, intervals[_i].low, 0.00005);
    ck_assert_double_eq_tol(interval.high, intervals[_i].high, 0.00005);
}
END_TEST

/* Half of the chi-square quantile of 95 % with 2 (count + 1) degrees of freedom, from tables. */
static const struct {
    uint64_t count;
    double upper;
} uppers[] = {{0, 2.9957}, {1, 4.7439}, {2, 6.2958}, {4, 9.1535}, {9, 15.7052}, {49, 62.1711}};

START_TEST(poisson_bounds_are_those_of_the_tables)
{
    ck_assert_double_eq_tol(eval_poisson_upper(uppers[_i].count), uppers[_i].upper, 0.0001);
}
END_TEST

START_TEST(poisson_bounds_have_no_step_where_they_become_normal)
{
    ck_assert_double_eq_tol(eval_poisson_upper(10001) - eval_poisson_upper(10000), 0, 5);
}
END_TEST

static const struct {
    uint64_t counts[5];
    size_t median;
} medians[] = {
    {{0, 0, 0, 0, 0}, 5}, {{1, 0, 0, 0, 0}, 0}, {{0, 0, 0, 0, 7}, 4}, {{1, 0, 0, 0, 1}, 0},
    {{1, 0, 0, 0, 2}, 4}, {{2, 1, 0, 1, 0}, 0}, {{1, 1, 1, 0, 0}, 1}, {{3, 0, 4, 0, 0}, 2},
};

START_TEST(the_median_of_counts_is_the_lower_middle)
{
    ck_assert_uint_eq(eval_median_of_counts(medians[_i].counts, 5), medians[_i].median);
}
END_TEST

START_TEST(the_median_of_values_is_the_lower_middle)
{
    double values[] = {4, 1, 3, 2};
    double one[] = {7};
    ck_assert_double_eq(eval_median(values, 4), 2);
    ck_assert_double_eq(eval_median(values, 3), 2);
    ck_assert_double_eq(eval_median(one, 1), 7);
}
END_TEST

START_TEST(ideal_hits_are_probes_over_tokens)
{
    ck_assert_double_eq(eval_ideal_hits(256, 28), 256.0 / 268435456.0);
    ck_assert_double_eq(eval_ideal_hits(1, 64), 1.0 / 18446744073709551616.0);
}
END_TEST

/* Two masks, one hit in the mean: both are hit with (1 - e^-1/2)^2. */
START_TEST(a_hash_opens_when_two_masks_are_hit)
{
    ck_assert_double_eq_tol(eval_open_chance(1, 2), 0.154818, 1e-6);
    ck_assert_double_eq_tol(eval_open_chance(1e-6, 2) / 0.25e-12, 1, 1e-9);
    ck_assert_double_eq(eval_open_chance(0, 32), 0);
}
END_TEST

START_TEST(small_chances_go_over_into_the_series_smoothly)
{
    const double below = eval_open_chance(0.0009999, 32);
    const double above = eval_open_chance(0.0010001, 32);
    ck_assert_double_eq_tol(above / below, 1.0004, 0.001);
}
END_TEST

START_TEST(a_small_chance_adds_up_over_many_hashes)
{
    ck_assert_double_eq_tol(eval_any_chance(1e-15, 1e6) / 1e-9, 1, 1e-6);
    ck_assert_double_eq_tol(eval_any_chance(0.5, 2), 0.75, 1e-12);
    ck_assert_double_eq(eval_any_chance(0, 1e7), 0);
    ck_assert_double_eq(eval_any_chance(1, 1), 1);
}
END_TEST

START_TEST(longer_masks_are_shared_by_the_chance_of_each_bit)
{
    ck_assert_double_eq(eval_longer_masks(128, 1), 0.25);
    ck_assert_double_eq(eval_longer_masks(64, 2), 0.75 * 0.75 * 0.75 * 0.75);
    ck_assert_double_eq(eval_longer_masks(0, 12), 1);
    ck_assert_double_eq(eval_longer_masks(100, 0), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eval_statistics");
    TCase *cases = tcase_create("cases");
    tcase_add_loop_test(cases, wilson_intervals_are_the_published_ones, 0, COUNT(intervals));
    tcase_add_loop_test(cases, poisson_bounds_are_those_of_the_tables, 0, COUNT(uppers));
    tcase_add_test(cases, poisson_bounds_have_no_step_where_they_become_normal);
    tcase_add_loop_test(cases, the_median_of_counts_is_the_lower_middle, 0, COUNT(medians));
    tcase_add_test(cases, the_median_of_values_is_the_lower_middle);
    tcase_add_test(cases, ideal_hits_are_probes_over_tokens);
    tcase_add_test(cases, a_hash_opens_when_two_masks_are_hit);
    tcase_add_test(cases, small_chances_go_over_into_the_series_smoothly);
    tcase_add_test(cases, a_small_chance_adds_up_over_many_hashes);
    tcase_add_test(cases, longer_masks_are_shared_by_the_chance_of_each_bit);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
