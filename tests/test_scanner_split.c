/* SPDX-License-Identifier: Apache-2.0 */
/* A key in two shares: what two evaluators answer together is what one with the whole key would,
 * and nothing less will do. */
#include <hashveil/evaluator.h>
#include <hashveil/scanner.h>

#include "draw.h"
#include "run_suite.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum {
    ENTRIES = 40,
    HEADER_BYTES = 52,
    ELEMENT_BYTES = 32,
    ELEMENTS = HASHVEIL_PROBES + 1,
    LISTED = 3,
    PLACES = 16
};

static char path[] = "/tmp/hashveil-split-XXXXXX";
static hashveil_key key;
static hashveil_key shares[HASHVEIL_KEY_SHARES];
static hashveil_sealed_db *db;
static hashveil_evaluator *evaluators[HASHVEIL_KEY_SHARES];

struct response {
    uint8_t bytes[HASHVEIL_RESPONSE_MAX_BYTES];
    size_t len;
};

static void set_up(void)
{
    const char *where;
    hashveil_entries entries = draw_entries(ENTRIES);
    memcpy(path + sizeof path - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    key = draw_evaluator_key();
    draw_database(path, &entries, &key);
    hashveil_entries_clear(&entries);
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_key_split(&key, shares), HASHVEIL_OK);
    for (size_t i = 0; i < HASHVEIL_KEY_SHARES; i++) {
        ck_assert_int_eq(hashveil_evaluator_create(&shares[i], &evaluators[i]), HASHVEIL_OK);
    }
}

static void tear_down(void)
{
    for (size_t i = 0; i < HASHVEIL_KEY_SHARES; i++) {
        hashveil_evaluator_destroy(evaluators[i]);
        hashveil_key_clear(&shares[i]);
    }
    hashveil_sealed_db_close(db);
    hashveil_key_clear(&key);
    unlink(path);
}

static hashveil_scanner *make_scanner(unsigned verified_percent)
{
    const hashveil_scanner_options options = {.verified_percent = verified_percent,
                                              .key_shares = shares};
    hashveil_scanner *scanner;
    ck_assert_int_eq(hashveil_scanner_create(db, &options, &scanner), HASHVEIL_OK);
    ck_assert_uint_eq(hashveil_scanner_evaluators(scanner), HASHVEIL_KEY_SHARES);
    return scanner;
}

static hashveil_query *begin(const hashveil_scanner *scanner, uint64_t number)
{
    const hashveil_fingerprint fingerprint = draw_fingerprint(number);
    const hashveil_subject subject = {.forms = &fingerprint, .form_count = 1};
    hashveil_query *query;
    ck_assert_int_eq(hashveil_scanner_begin(scanner, &subject, &query), HASHVEIL_OK);
    return query;
}

static void respond(const hashveil_query *query, unsigned evaluator, struct response *out)
{
    size_t len;
    const uint8_t *request = hashveil_query_request(query, evaluator, &len);
    ck_assert_int_eq(
        hashveil_evaluator_respond(evaluators[evaluator], request, len, out->bytes, &out->len),
        HASHVEIL_OK);
}

static hashveil_status finish(hashveil_query *query, unsigned evaluator,
                              const struct response *response, hashveil_verdict *out)
{
    return hashveil_scanner_finish(query, evaluator, response->bytes, response->len, out);
}

/* Asks both, again where a proof is wanted. order: 0, or 1 for the second one first. */
static hashveil_verdict scan(const hashveil_scanner *scanner, uint64_t number, unsigned order)
{
    struct response response;
    hashveil_verdict verdict;
    hashveil_query *query = begin(scanner, number);
    do {
        respond(query, order, &response);
        ck_assert_int_eq(finish(query, order, &response, &verdict), HASHVEIL_OK);
        ck_assert_int_eq(verdict.kind, HASHVEIL_VERDICT_RESPONSE_WANTED);
        respond(query, 1 - order, &response);
        ck_assert_int_eq(finish(query, 1 - order, &response, &verdict), HASHVEIL_OK);
    } while (verdict.kind == HASHVEIL_VERDICT_PROOF_WANTED);
    hashveil_query_destroy(query);
    return verdict;
}

static const unsigned percents[] = {0, 50, 100};

START_TEST(two_find_what_one_with_the_whole_key_sealed)
{
    hashveil_scanner *scanner = make_scanner(percents[_i]);
    for (uint64_t number = 0; number < ENTRIES; number += 5) {
        ck_assert_int_eq(scan(scanner, number, number % 2).kind, HASHVEIL_VERDICT_MATCH);
        ck_assert_int_eq(scan(scanner, 1000 + number, number % 2).kind, HASHVEIL_VERDICT_NO_MATCH);
    }
    hashveil_scanner_destroy(scanner);
}
END_TEST

START_TEST(the_answers_add_up_to_those_of_the_whole_key)
{
    hashveil_scanner *scanner = make_scanner(0);
    struct response one;
    struct response two;
    uint8_t sum[ELEMENT_BYTES];
    uint8_t expected[ELEMENT_BYTES];
    size_t len;
    hashveil_query *query = begin(scanner, LISTED);
    const uint8_t *request = hashveil_query_request(query, 0, &len);
    respond(query, 0, &one);
    respond(query, 1, &two);
    for (size_t at = HEADER_BYTES; at < len; at += ELEMENT_BYTES) {
        ck_assert_int_eq(crypto_core_ristretto255_add(sum, one.bytes + at, two.bytes + at), 0);
        ck_assert_int_eq(crypto_scalarmult_ristretto255(expected, key.secret_bytes, request + at),
                         0);
        ck_assert_mem_eq(sum, expected, sizeof sum);
    }
    hashveil_query_destroy(query);
    hashveil_scanner_destroy(scanner);
}
END_TEST

/* One answer wrong, of either, at any place, with and without proofs asked for. */
START_TEST(a_wrong_answer_of_either_is_noticed_with_its_proof)
{
    hashveil_scanner *scanner = make_scanner(100);
    const unsigned liar = (unsigned)_i % 2;
    const size_t place = (size_t)_i * (ELEMENTS - 1) / (PLACES - 1);
    struct response responses[HASHVEIL_KEY_SHARES];
    hashveil_verdict verdict;
    hashveil_query *query = begin(scanner, LISTED);
    respond(query, 0, &responses[0]);
    respond(query, 1, &responses[1]);
    crypto_core_ristretto255_random(responses[liar].bytes + HEADER_BYTES + place * ELEMENT_BYTES);
    ck_assert_int_eq(finish(query, 0, &responses[0], &verdict), HASHVEIL_OK);
    ck_assert_int_eq(finish(query, 1, &responses[1], &verdict), HASHVEIL_ERR_KEY);
    respond(query, liar, &responses[liar]);
    ck_assert_int_eq(finish(query, 0, &responses[0], &verdict), HASHVEIL_OK);
    ck_assert_int_eq(verdict.kind, HASHVEIL_VERDICT_RESPONSE_WANTED);
    ck_assert_int_eq(finish(query, 1, &responses[1], &verdict), HASHVEIL_OK);
    ck_assert_int_eq(verdict.kind, HASHVEIL_VERDICT_MATCH);
    hashveil_query_destroy(query);
    hashveil_scanner_destroy(scanner);
}
END_TEST

/* Two liars whose errors cancel out in the sum: the answers are right, the proofs are not. */
START_TEST(errors_that_cancel_each_other_out_fail_the_proofs_alone)
{
    const unsigned percent = _i == 0 ? 0 : 100;
    hashveil_scanner *scanner = make_scanner(percent);
    struct response responses[HASHVEIL_KEY_SHARES];
    uint8_t error[ELEMENT_BYTES];
    hashveil_verdict verdict;
    hashveil_query *query = begin(scanner, LISTED);
    respond(query, 0, &responses[0]);
    respond(query, 1, &responses[1]);
    crypto_core_ristretto255_random(error);
    uint8_t *first = responses[0].bytes + HEADER_BYTES;
    uint8_t *second = responses[1].bytes + HEADER_BYTES;
    ck_assert_int_eq(crypto_core_ristretto255_add(first, first, error), 0);
    ck_assert_int_eq(crypto_core_ristretto255_sub(second, second, error), 0);
    ck_assert_int_eq(finish(query, 0, &responses[0], &verdict), HASHVEIL_OK);
    ck_assert_int_eq(finish(query, 1, &responses[1], &verdict),
                     percent == 0 ? HASHVEIL_OK : HASHVEIL_ERR_KEY);
    hashveil_query_destroy(query);
    hashveil_scanner_destroy(scanner);
}
END_TEST

START_TEST(a_response_counts_for_its_own_evaluator_alone)
{
    hashveil_scanner *scanner = make_scanner(100);
    struct response responses[HASHVEIL_KEY_SHARES];
    hashveil_verdict verdict;
    hashveil_query *query = begin(scanner, LISTED);
    respond(query, 0, &responses[0]);
    respond(query, 1, &responses[1]);
    ck_assert_int_eq(finish(query, 1, &responses[0], &verdict), HASHVEIL_ERR_KEY);
    ck_assert_int_eq(finish(query, 0, &responses[1], &verdict), HASHVEIL_ERR_KEY);
    ck_assert_int_eq(finish(query, 2, &responses[0], &verdict), HASHVEIL_ERR_ARGUMENT);
    ck_assert_int_eq(finish(query, 0, &responses[0], &verdict), HASHVEIL_OK);
    ck_assert_int_eq(finish(query, 0, &responses[0], &verdict), HASHVEIL_OK);
    ck_assert_int_eq(verdict.kind, HASHVEIL_VERDICT_RESPONSE_WANTED);
    hashveil_query_destroy(query);
    hashveil_scanner_destroy(scanner);
}
END_TEST

/* An evaluator that answered without proof has to give the same answers with it. */
START_TEST(either_is_held_to_the_answers_that_it_gave_first)
{
    hashveil_scanner *scanner = make_scanner(99);
    struct response responses[HASHVEIL_KEY_SHARES];
    hashveil_verdict verdict = {.kind = HASHVEIL_VERDICT_NO_MATCH};
    hashveil_query *query = NULL;
    while (verdict.kind != HASHVEIL_VERDICT_PROOF_WANTED) {
        hashveil_query_destroy(query);
        query = begin(scanner, LISTED);
        respond(query, 0, &responses[0]);
        respond(query, 1, &responses[1]);
        crypto_core_ristretto255_random(responses[_i].bytes + HEADER_BYTES);
        ck_assert_int_eq(finish(query, 0, &responses[0], &verdict), HASHVEIL_OK);
        const hashveil_status status = finish(query, 1, &responses[1], &verdict);
        ck_assert(status == HASHVEIL_OK || status == HASHVEIL_ERR_KEY);
    }
    respond(query, 0, &responses[0]);
    respond(query, 1, &responses[1]);
    ck_assert_int_eq(finish(query, 0, &responses[0], &verdict), HASHVEIL_OK);
    ck_assert_int_eq(finish(query, 1, &responses[1], &verdict), HASHVEIL_ERR_KEY);
    hashveil_query_destroy(query);
    hashveil_scanner_destroy(scanner);
}
END_TEST

START_TEST(shares_of_another_key_make_no_scanner)
{
    const hashveil_key stranger = draw_evaluator_key();
    hashveil_key others[HASHVEIL_KEY_SHARES] = {shares[0], shares[0]};
    const hashveil_scanner_options options = {.key_shares = others};
    hashveil_scanner *scanner;
    ck_assert_int_eq(hashveil_scanner_create(db, &options, &scanner), HASHVEIL_ERR_KEY);
    ck_assert_int_eq(hashveil_key_split(&stranger, others), HASHVEIL_OK);
    others[1] = shares[1];
    ck_assert_int_eq(hashveil_scanner_create(db, &options, &scanner), HASHVEIL_ERR_KEY);
    others[0] = shares[0];
    others[1].kind = HASHVEIL_KEY_REPORTER;
    ck_assert_int_eq(hashveil_scanner_create(db, &options, &scanner), HASHVEIL_ERR_KEY);
}
END_TEST

START_TEST(shares_join_to_the_key_and_change_with_every_split)
{
    hashveil_key joined;
    hashveil_key again[HASHVEIL_KEY_SHARES];
    uint8_t sum[HASHVEIL_KEY_BYTES];
    ck_assert_int_eq(hashveil_key_join(shares, &joined), HASHVEIL_OK);
    ck_assert(!joined.has_secret);
    ck_assert_mem_eq(joined.public_bytes, key.public_bytes, sizeof joined.public_bytes);
    crypto_core_ristretto255_scalar_add(sum, shares[0].secret_bytes, shares[1].secret_bytes);
    ck_assert_mem_eq(sum, key.secret_bytes, sizeof sum);
    ck_assert_int_eq(hashveil_key_split(&key, again), HASHVEIL_OK);
    ck_assert_mem_ne(again[0].secret_bytes, shares[0].secret_bytes, sizeof sum);
}
END_TEST

START_TEST(what_is_no_share_is_refused)
{
    hashveil_key two[HASHVEIL_KEY_SHARES] = {shares[0], shares[0]};
    hashveil_key out;
    crypto_core_ristretto255_scalar_negate(two[1].secret_bytes, shares[0].secret_bytes);
    ck_assert_int_eq(crypto_scalarmult_ristretto255_base(two[1].public_bytes, two[1].secret_bytes),
                     0);
    ck_assert_int_eq(hashveil_key_join(two, &out), HASHVEIL_ERR_KEY); /* they cancel out */
    two[1] = shares[1];
    two[1].kind = HASHVEIL_KEY_REPORTER;
    ck_assert_int_eq(hashveil_key_join(two, &out), HASHVEIL_ERR_KEY);
    two[1] = shares[1];
    memset(two[1].public_bytes, 0xff, sizeof two[1].public_bytes);
    ck_assert_int_eq(hashveil_key_join(two, &out), HASHVEIL_ERR_KEY);
    hashveil_key public_half = key;
    public_half.has_secret = false;
    ck_assert_int_eq(hashveil_key_split(&public_half, two), HASHVEIL_ERR_KEY);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scanner_split");
    TCase *cases = tcase_create("cases");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, two_find_what_one_with_the_whole_key_sealed, 0, COUNT(percents));
    tcase_add_test(cases, the_answers_add_up_to_those_of_the_whole_key);
    tcase_add_loop_test(cases, a_wrong_answer_of_either_is_noticed_with_its_proof, 0, PLACES);
    tcase_add_loop_test(cases, errors_that_cancel_each_other_out_fail_the_proofs_alone, 0, 2);
    tcase_add_test(cases, a_response_counts_for_its_own_evaluator_alone);
    tcase_add_loop_test(cases, either_is_held_to_the_answers_that_it_gave_first, 0,
                        HASHVEIL_KEY_SHARES);
    tcase_add_test(cases, shares_of_another_key_make_no_scanner);
    tcase_add_test(cases, shares_join_to_the_key_and_change_with_every_split);
    tcase_add_test(cases, what_is_no_share_is_refused);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
