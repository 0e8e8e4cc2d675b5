/* SPDX-License-Identifier: Apache-2.0 */
/* The sum hidden in every request: right answers always fit it, wrong ones as rarely as promised.
 */
#include "psi/hidden_sum.h"

#include <hashveil/scanner.h>

#include "psi/oprf.h"
#include "run_suite.h"

#include <math.h>
#include <sodium.h>
#include <string.h>

enum { COUNT = 8, DRAWS = 1000, USUAL = HASHVEIL_PROBES + 1, FULL = HV_MESSAGE_MAX_ELEMENTS };

static uint8_t secret[32], other_secret[32], public_key[32];
static uint8_t elements[FULL][32], answers[FULL][32];

static void set_up(void)
{
    ck_assert_int_eq(hv_random_scalar(secret), HASHVEIL_OK);
    ck_assert_int_eq(hv_random_scalar(other_secret), HASHVEIL_OK);
    ck_assert_int_eq(crypto_scalarmult_ristretto255_base(public_key, secret), 0);
    for (size_t i = 0; i < FULL; i++) {
        crypto_core_ristretto255_random(elements[i]);
    }
}

static void answer(uint32_t first, uint32_t end, const uint8_t key[32])
{
    for (uint32_t i = first; i < end; i++) {
        ck_assert(hv_oprf_blind_evaluate(key, elements[i], answers[i]));
    }
}

static void draw(uint32_t count, struct hv_hidden_sum *out)
{
    ck_assert_int_eq(hv_hidden_sum_draw(count, NULL, out), HASHVEIL_OK);
    ck_assert(hv_hidden_sum_write(out, count, elements[0]));
}

static const uint32_t counts[] = {1, 2, 3, COUNT, USUAL, FULL};
enum { COUNTS = sizeof counts / sizeof counts[0] };

START_TEST(right_answers_fit)
{
    const uint32_t count = counts[_i];
    for (unsigned i = 0; i < 20; i++) {
        struct hv_hidden_sum sum;
        draw(count, &sum);
        ck_assert_uint_lt(sum.place, count);
        answer(0, count, secret);
        ck_assert(hv_hidden_sum_holds(&sum, count, public_key, answers[0]));
    }
}
END_TEST

START_TEST(its_element_is_new_each_time_and_at_any_place)
{
    static uint8_t seen[DRAWS][32];
    unsigned at_place[COUNT] = {0};
    for (size_t i = 0; i < DRAWS; i++) {
        struct hv_hidden_sum sum;
        draw(COUNT, &sum);
        memcpy(seen[i], elements[sum.place], 32);
        at_place[sum.place]++;
        for (size_t k = 0; k < i; k++) {
            ck_assert_mem_ne(seen[i], seen[k], 32);
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert_uint_gt(at_place[i], DRAWS / COUNT / 2);
    }
}
END_TEST

static void subtract_from(uint8_t element[32], const uint8_t error[32])
{
    ck_assert_int_eq(crypto_core_ristretto255_sub(element, element, error), 0);
}

static void add_to(uint8_t element[32], const uint8_t error[32])
{
    ck_assert(hv_add(element, error));
}

static void all_under_another_key(void)
{
    answer(0, COUNT, other_secret);
}

static void all_but_one_under_another_key(void)
{
    answer(1, COUNT, other_secret);
}

static void half_under_another_key(void)
{
    answer(0, COUNT / 2, other_secret);
}

static void two_under_another_key(void)
{
    answer(0, 2, other_secret);
}

static void one_under_another_key(void)
{
    answer(0, 1, other_secret);
}

static void two_exchanged(void)
{
    uint8_t kept[32];
    memcpy(kept, answers[2], sizeof kept);
    memcpy(answers[2], answers[5], sizeof kept);
    memcpy(answers[5], kept, sizeof kept);
}

/* The same error everywhere, with signs that cancel in the sum of all. */
static void errors_that_cancel(void)
{
    uint8_t error[32];
    crypto_core_ristretto255_random(error);
    for (size_t i = 0; i < COUNT; i += 2) {
        add_to(answers[i], error);
        subtract_from(answers[i + 1], error);
    }
}

/* The share of draws that they fit: the place is one of COUNT, and each other element is added with
 * chance 1/2. Of wrong answers under another key none may be added; of an error and its opposite
 * both or none. Of three like the one at the sum's place and four opposite ones, one more must be
 * added than of the others: as likely as five heads of seven coins. */
static const struct {
    const char *what;
    void (*spoil)(void);
    double chance;
} spoilers[] = {
    {"all under another key", all_under_another_key, 0},
    {"all but one under another key", all_but_one_under_another_key, 1.0 / 8 / 128},
    {"half under another key", half_under_another_key, 4.0 / 8 / 16},
    {"two under another key", two_under_another_key, 6.0 / 8 / 4},
    {"one under another key", one_under_another_key, 7.0 / 8 / 2},
    {"two exchanged", two_exchanged, 6.0 / 8 / 2},
    {"errors that cancel", errors_that_cancel, 21.0 / 128},
};
enum { SPOILERS = sizeof spoilers / sizeof spoilers[0] };

START_TEST(wrong_answers_fit_as_rarely_as_promised)
{
    const double chance = spoilers[_i].chance;
    /* Five standard deviations, and five more for what is rare and so not normal. */
    const double most_apart = chance > 0 ? 5 * sqrt(DRAWS * chance * (1 - chance)) + 5 : 0;
    unsigned fitting = 0;
    for (unsigned i = 0; i < DRAWS; i++) {
        struct hv_hidden_sum sum;
        draw(COUNT, &sum);
        answer(0, COUNT, secret);
        spoilers[_i].spoil();
        fitting += hv_hidden_sum_holds(&sum, COUNT, public_key, answers[0]);
    }
    ck_assert_msg(fabs(fitting - DRAWS * chance) <= most_apart, "%s: %u of %d fit, %f expected",
                  spoilers[_i].what, fitting, DRAWS, DRAWS * chance);
}
END_TEST

START_TEST(what_is_no_element_never_fits)
{
    struct hv_hidden_sum sum;
    draw(COUNT, &sum);
    answer(0, COUNT, secret);
    answers[sum.place][31] |= 0x80;
    ck_assert(!hv_hidden_sum_holds(&sum, COUNT, public_key, answers[0]));

    memset(sum.is_in, 0xff, sizeof sum.is_in);
    const uint32_t other = (sum.place + 1) % COUNT;
    elements[other][31] |= 0x80;
    ck_assert(!hv_hidden_sum_write(&sum, COUNT, elements[0]));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hidden_sum");
    TCase *fitting = tcase_create("fitting");
    TCase *refusal = tcase_create("refusal");

    tcase_set_timeout(fitting, 120);
    tcase_add_checked_fixture(fitting, set_up, NULL);
    tcase_add_loop_test(fitting, right_answers_fit, 0, COUNTS);
    tcase_add_test(fitting, its_element_is_new_each_time_and_at_any_place);
    suite_add_tcase(suite, fitting);

    tcase_set_timeout(refusal, 120);
    tcase_add_checked_fixture(refusal, set_up, NULL);
    tcase_add_loop_test(refusal, wrong_answers_fit_as_rarely_as_promised, 0, SPOILERS);
    tcase_add_test(refusal, what_is_no_element_never_fits);
    suite_add_tcase(suite, refusal);
    return run_suite(suite);
}
