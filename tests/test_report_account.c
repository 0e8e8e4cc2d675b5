/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts: below the threshold nothing opens, whatever is tried; from it on, everything. */
#include "base/gf128.h"
#include "key/key.h"
#include "report/report.h"
#include "run_suite.h"

#include <sodium.h>
#include <string.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum { MOST = 100, TRIES = 200 };

static hashveil_key reporter;
static hashveil_account account;

static void set_up(void)
{
    static const uint8_t seed[HV_KEY_SEED_BYTES] = {7};
    ck_assert_int_eq(hv_key_from_seed(HASHVEIL_KEY_REPORTER, seed, &reporter), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_account_generate(3, &account), HASHVEIL_OK);
}

/* A report of a record, as the reporter's key opens it. */
static hashveil_envelope report_of(const hashveil_account *from, uint32_t record, uint32_t number)
{
    hashveil_report report = {.matched_by = HASHVEIL_SIGNAL_PDQ,
                              .has_picture = true,
                              .quality = 50,
                              .record = {.labels = {"harbour"}}};
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    hashveil_envelope envelope;
    memcpy(report.id, &number, sizeof number);
    memcpy(report.record.id, &record, sizeof record);
    ck_assert_int_eq(hashveil_report_seal(&report, from, &reporter, sealed), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_envelope_open(sealed, sizeof sealed, &reporter, &envelope),
                     HASHVEIL_OK);
    return envelope;
}

static void fill(hashveil_envelope *list, const hashveil_envelope **out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        list[i] = report_of(&account, (uint32_t)i, (uint32_t)(1000 + i));
        out[i] = &list[i];
    }
}

static bool opens(const hashveil_envelope *envelope, const uint8_t secret[HASHVEIL_SHARE_BYTES])
{
    hashveil_report report;
    return hashveil_report_open(envelope, secret, &report) == HASHVEIL_OK;
}

static const unsigned thresholds[] = {1, 2, 3, 10, MOST};

START_TEST(as_many_records_as_the_threshold_open_all)
{
    static hashveil_envelope envelopes[MOST + 2];
    const hashveil_envelope *shares[MOST + 2];
    uint8_t secret[HASHVEIL_SHARE_BYTES];
    uint8_t again[HASHVEIL_SHARE_BYTES];
    const unsigned threshold = thresholds[_i];
    account.threshold = threshold;
    fill(envelopes, shares, threshold + 2);
    ck_assert_int_eq(hashveil_account_recover(shares, threshold, secret), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_account_recover(shares + 2, threshold, again), HASHVEIL_OK);
    ck_assert_mem_eq(secret, again, sizeof secret);
    for (unsigned i = 0; i < threshold + 2; i++) {
        ck_assert(opens(&envelopes[i], secret));
    }
}
END_TEST

/* All that a reporter has below the threshold: its key, every envelope, each share as the secret,
 * and a polynomial of the lower degree through them. */
START_TEST(one_record_fewer_opens_nothing)
{
    static hashveil_envelope envelopes[MOST];
    const hashveil_envelope *shares[MOST];
    static hashveil_envelope claimed[MOST];
    const hashveil_envelope *as_if[MOST];
    uint8_t secret[HASHVEIL_SHARE_BYTES] = {0};
    const unsigned threshold = thresholds[_i];
    account.threshold = threshold;
    fill(envelopes, shares, threshold - 1);
    for (unsigned i = 0; i + 1 < threshold; i++) {
        claimed[i] = envelopes[i];
        claimed[i].threshold = threshold - 1;
        as_if[i] = &claimed[i];
        ck_assert(!opens(&envelopes[i], secret));
        ck_assert(!opens(&envelopes[i], envelopes[i].share));
    }
    ck_assert_int_eq(hashveil_account_recover(shares, threshold - 1, secret),
                     HASHVEIL_ERR_ARGUMENT);
    if (threshold > 1) {
        ck_assert_int_eq(hashveil_account_recover(as_if, threshold - 1, secret), HASHVEIL_OK);
        ck_assert(!opens(&envelopes[0], secret));
    }
}
END_TEST

START_TEST(one_record_is_one_share_however_often_it_matches)
{
    hashveil_envelope envelopes[TRIES];
    const hashveil_envelope *shares[3];
    uint8_t secret[HASHVEIL_SHARE_BYTES];
    for (uint32_t i = 0; i < TRIES; i++) {
        envelopes[i] = report_of(&account, i % 2, i);
        ck_assert_mem_eq(envelopes[i].point, envelopes[i % 2].point, HASHVEIL_SHARE_BYTES);
        ck_assert_mem_eq(envelopes[i].share, envelopes[i % 2].share, HASHVEIL_SHARE_BYTES);
        shares[i % 3] = &envelopes[i];
    }
    ck_assert_mem_ne(envelopes[0].point, envelopes[1].point, HASHVEIL_SHARE_BYTES);
    ck_assert_int_eq(hashveil_account_recover(shares, 3, secret), HASHVEIL_ERR_ARGUMENT);
}
END_TEST

/* With two of three shares every secret is as likely: each guess at the third gives another one. */
START_TEST(every_secret_fits_what_is_there_below_the_threshold)
{
    hashveil_envelope envelopes[3];
    const hashveil_envelope *shares[3];
    uint8_t secrets[TRIES][HASHVEIL_SHARE_BYTES];
    fill(envelopes, shares, 3);
    for (size_t i = 0; i < TRIES; i++) {
        randombytes_buf(envelopes[2].share, sizeof envelopes[2].share);
        ck_assert_int_eq(hashveil_account_recover(shares, 3, secrets[i]), HASHVEIL_OK);
        ck_assert(!opens(&envelopes[0], secrets[i]));
        for (size_t j = 0; j < i; j++) {
            ck_assert_mem_ne(secrets[i], secrets[j], HASHVEIL_SHARE_BYTES);
        }
    }
}
END_TEST

START_TEST(accounts_do_not_mix)
{
    hashveil_account other;
    hashveil_envelope envelopes[3];
    const hashveil_envelope *shares[3];
    uint8_t secret[HASHVEIL_SHARE_BYTES];
    ck_assert_int_eq(hashveil_account_generate(3, &other), HASHVEIL_OK);
    fill(envelopes, shares, 3);
    ck_assert_int_eq(hashveil_account_recover(shares, 3, secret), HASHVEIL_OK);
    const hashveil_envelope foreign = report_of(&other, 2, 5);
    ck_assert(!opens(&foreign, secret));
    shares[2] = &foreign;
    ck_assert_int_eq(hashveil_account_recover(shares, 3, secret), HASHVEIL_ERR_ARGUMENT);
    envelopes[2] = foreign;
    memcpy(envelopes[2].account, envelopes[0].account, sizeof foreign.account);
    shares[2] = &envelopes[2];
    ck_assert_int_eq(hashveil_account_recover(shares, 3, secret), HASHVEIL_OK);
    ck_assert(!opens(&envelopes[0], secret));
}
END_TEST

START_TEST(an_account_has_another_name_for_each_reporter_and_threshold)
{
    static const uint8_t seed[HV_KEY_SEED_BYTES] = {8};
    const hashveil_envelope first = report_of(&account, 1, 1);
    account.threshold = 4;
    const hashveil_envelope second = report_of(&account, 1, 1);
    account.threshold = 3;
    ck_assert_int_eq(hv_key_from_seed(HASHVEIL_KEY_REPORTER, seed, &reporter), HASHVEIL_OK);
    const hashveil_envelope third = report_of(&account, 1, 1);
    const hashveil_envelope *const all[] = {&first, &second, &third};
    for (size_t i = 0; i < 3; i++) {
        const hashveil_envelope *next = all[(i + 1) % 3];
        ck_assert_mem_ne(all[i]->account, next->account, HASHVEIL_ACCOUNT_ID_BYTES);
        ck_assert_mem_ne(all[i]->point, next->point, HASHVEIL_SHARE_BYTES);
        ck_assert_mem_ne(all[i]->share, next->share, HASHVEIL_SHARE_BYTES);
    }
}
END_TEST

/* The derivations of account.c, made again from its comment. */
static void derive(uint8_t purpose, const void *more, size_t len, uint8_t out[HV_GF128_BYTES])
{
    uint8_t text[19 + 32 + 2 + 1 + 16];
    memcpy(text, "hashveil/v1/account", 19);
    memcpy(text + 19, reporter.public_bytes, 32);
    text[51] = (uint8_t)account.threshold;
    text[52] = 0;
    text[53] = purpose;
    memcpy(text + 54, more, len);
    crypto_generichash(out, HV_GF128_BYTES, text, 54 + len, account.key, sizeof account.key);
}

START_TEST(every_part_is_derived_as_documented)
{
    const uint8_t record[HASHVEIL_RECORD_ID_BYTES] = {5};
    uint8_t expected[HV_GF128_BYTES];
    uint8_t secret[HV_GF128_BYTES];
    struct hv_gf128 value = {0, 0};
    const hashveil_envelope envelope = report_of(&account, 5, 1);
    derive(0, "", 0, expected);
    ck_assert_mem_eq(envelope.account, expected, sizeof expected);
    derive(2, record, sizeof record, expected);
    ck_assert_mem_eq(envelope.point, expected, sizeof expected);
    for (unsigned j = account.threshold; j-- > 0;) {
        const uint8_t number[4] = {(uint8_t)j};
        derive(1, number, sizeof number, secret);
        value = hv_gf128_add(hv_gf128_multiply(value, hv_gf128_load(envelope.point)),
                             hv_gf128_load(secret));
    }
    hv_gf128_store(value, expected);
    ck_assert_mem_eq(envelope.share, expected, sizeof expected);
    ck_assert(opens(&envelope, secret));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report_account");
    TCase *cases = tcase_create("cases");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_loop_test(cases, as_many_records_as_the_threshold_open_all, 0, COUNT(thresholds));
    tcase_add_loop_test(cases, one_record_fewer_opens_nothing, 0, COUNT(thresholds));
    tcase_add_test(cases, one_record_is_one_share_however_often_it_matches);
    tcase_add_test(cases, every_secret_fits_what_is_there_below_the_threshold);
    tcase_add_test(cases, accounts_do_not_mix);
    tcase_add_test(cases, an_account_has_another_name_for_each_reporter_and_threshold);
    tcase_add_test(cases, every_part_is_derived_as_documented);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
