/* SPDX-License-Identifier: Apache-2.0 */
/* An account's budget: a bucket that fills by the day. */
#include "tools/hashveil/account.h"

#include "run_suite.h"

#include <string.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

#define DAY UINT64_C(86400)

static struct account account_of(uint64_t per_day, uint64_t burst)
{
    struct account account = {.per_day = per_day, .burst = burst, .updated_s = 1000};
    account_give_back(&account, burst);
    return account;
}

START_TEST(a_full_bucket_gives_its_burst_and_no_more)
{
    struct account account = account_of(1000, 600);
    uint64_t retry_s = 0;
    ck_assert_uint_eq(account_available(&account), 600);
    ck_assert(account_take(&account, 599, &retry_s));
    ck_assert(account_take(&account, 1, &retry_s));
    ck_assert(!account_take(&account, 1, &retry_s));
    ck_assert_uint_eq(account_available(&account), 0);
}
END_TEST

/* seconds after it was emptied; what may be taken then, of 1,000 a day and 600 at once */
static const struct {
    uint64_t seconds, available;
} filled[] = {{0, 0},      {86, 0},          {87, 1},
              {8640, 100}, {51839, 599},     {51840, 600},
              {DAY, 600},  {365 * DAY, 600}, {UINT64_MAX - 1000, 600}};

START_TEST(it_fills_by_the_day_up_to_the_burst)
{
    struct account account = account_of(1000, 600);
    uint64_t retry_s = 0;
    ck_assert(account_take(&account, 600, &retry_s));
    account_refill(&account, 1000 + filled[_i].seconds);
    ck_assert_uint_eq(account_available(&account), filled[_i].available);
}
END_TEST

START_TEST(filling_in_many_steps_is_filling_in_one)
{
    struct account in_steps = account_of(1000, 600);
    uint64_t retry_s = 0;
    ck_assert(account_take(&in_steps, 600, &retry_s));
    struct account at_once = in_steps;
    for (uint64_t second = 1; second <= 5000; second++) {
        account_refill(&in_steps, 1000 + second);
    }
    account_refill(&at_once, 6000);
    ck_assert_uint_eq(in_steps.level, at_once.level);
}
END_TEST

START_TEST(a_clock_that_went_back_fills_nothing)
{
    struct account account = account_of(1000, 600);
    uint64_t retry_s = 0;
    ck_assert(account_take(&account, 600, &retry_s));
    account_refill(&account, 10);
    ck_assert_uint_eq(account_available(&account), 0);
}
END_TEST

START_TEST(what_is_said_to_be_enough_is_enough_and_a_second_less_is_not)
{
    for (uint64_t elements = 1; elements <= 600; elements++) {
        struct account account = account_of(1000, 600);
        uint64_t retry_s = 0;
        ck_assert(account_take(&account, 600, &retry_s));
        ck_assert(!account_take(&account, elements, &retry_s));
        struct account early = account;
        account_refill(&early, 1000 + retry_s - 1);
        ck_assert_uint_lt(account_available(&early), elements);
        account_refill(&account, 1000 + retry_s);
        ck_assert(account_take(&account, elements, &retry_s));
    }
}
END_TEST

START_TEST(more_than_the_burst_is_never_enough)
{
    struct account account = account_of(1000, 600);
    uint64_t retry_s = 0;
    ck_assert(!account_take(&account, 601, &retry_s));
    ck_assert_uint_eq(retry_s, DAY);
    ck_assert_uint_eq(account_available(&account), 600);
}
END_TEST

START_TEST(what_is_given_back_fills_no_more_than_the_bucket)
{
    struct account account = account_of(1000, 600);
    uint64_t retry_s = 0;
    ck_assert(account_take(&account, 10, &retry_s));
    account_give_back(&account, 4);
    ck_assert_uint_eq(account_available(&account), 594);
    account_give_back(&account, 600);
    ck_assert_uint_eq(account_available(&account), 600);
}
END_TEST

START_TEST(the_largest_budget_is_counted_right)
{
    struct account account = account_of(ACCOUNT_MAX_BUDGET, ACCOUNT_MAX_BUDGET);
    uint64_t retry_s = 0;
    ck_assert(account_take(&account, ACCOUNT_MAX_BUDGET, &retry_s));
    ck_assert(!account_take(&account, ACCOUNT_MAX_BUDGET, &retry_s));
    ck_assert_uint_eq(retry_s, DAY);
    account_refill(&account, 1000 + DAY);
    ck_assert_uint_eq(account_available(&account), ACCOUNT_MAX_BUDGET);
}
END_TEST

static const struct {
    const char *name;
    bool is_valid;
} names[] = {{"a", true},     {"phone 1", true}, {"~", true},         {"", false},
             {"\x1f", false}, {"\x7f", false},   {"\xc3\xa9", false}, {"a\n", false}};

START_TEST(a_name_is_what_any_terminal_prints)
{
    ck_assert_int_eq(account_name_is_valid(names[_i].name), names[_i].is_valid);
}
END_TEST

START_TEST(a_name_has_an_end)
{
    char name[ACCOUNT_NAME_BYTES + 1];
    memset(name, 'x', sizeof name);
    name[ACCOUNT_NAME_BYTES] = '\0';
    ck_assert(!account_name_is_valid(name));
    name[ACCOUNT_NAME_BYTES - 1] = '\0';
    ck_assert(account_name_is_valid(name));
}
END_TEST

START_TEST(two_tokens_differ_and_are_known_by_their_digest)
{
    /* SHA-256 of "abc", FIPS 180-4's example. */
    static const uint8_t of_abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                     0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                     0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
                                     0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    char first[ACCOUNT_TOKEN_BYTES];
    char second[ACCOUNT_TOKEN_BYTES];
    uint8_t credential[ACCOUNT_CREDENTIAL_BYTES];
    ck_assert(account_make_token(first) && account_make_token(second));
    ck_assert_uint_eq(strlen(first), ACCOUNT_TOKEN_BYTES - 1);
    ck_assert_str_ne(first, second);
    account_of_token("abc", credential);
    ck_assert_mem_eq(credential, of_abc, sizeof of_abc);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("account");
    TCase *cases = tcase_create("cases");
    tcase_add_test(cases, a_full_bucket_gives_its_burst_and_no_more);
    tcase_add_loop_test(cases, it_fills_by_the_day_up_to_the_burst, 0, COUNT(filled));
    tcase_add_test(cases, filling_in_many_steps_is_filling_in_one);
    tcase_add_test(cases, a_clock_that_went_back_fills_nothing);
    tcase_add_test(cases, what_is_said_to_be_enough_is_enough_and_a_second_less_is_not);
    tcase_add_test(cases, more_than_the_burst_is_never_enough);
    tcase_add_test(cases, what_is_given_back_fills_no_more_than_the_bucket);
    tcase_add_test(cases, the_largest_budget_is_counted_right);
    tcase_add_loop_test(cases, a_name_is_what_any_terminal_prints, 0, COUNT(names));
    tcase_add_test(cases, a_name_has_an_end);
    tcase_add_test(cases, two_tokens_differ_and_are_known_by_their_digest);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
