/* SPDX-License-Identifier: Apache-2.0 */
/* The device and an evaluator that may lie: when a proof is wanted, and what is refused. */
#include <hashveil/evaluator.h>
#include <hashveil/scanner.h>

#include "draw.h"
#include "run_suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ENTRIES = 10,
    HEADER_BYTES = 52,
    REQUEST_BYTES = 8276,
    ELEMENT_BYTES = 32,
    PROOF_BYTES = 64,
    PROOF_OFFSET = 7, /* of the header's byte for it */
    TRIES = 40        /* where chance decides */
};

static char path[] = "/tmp/hashveil-proof-XXXXXX";
static hashveil_key key;
static hashveil_sealed_db *db;
static hashveil_evaluator *evaluator;
static hashveil_evaluator *liar; /* names the pinned key and uses another */
static hashveil_fingerprint listed;

static void set_up(void)
{
    const char *where;
    memcpy(path + sizeof path - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    key = draw_evaluator_key();
    listed = draw_fingerprint(0);
    hashveil_entries entries = draw_entries(ENTRIES);
    draw_database(path, &entries, &key);
    hashveil_entries_clear(&entries);
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_evaluator_create(&key, &evaluator), HASHVEIL_OK);
    hashveil_key other = draw_evaluator_key();
    memcpy(other.public_bytes, key.public_bytes, sizeof other.public_bytes);
    ck_assert_int_eq(hashveil_evaluator_create(&other, &liar), HASHVEIL_OK);
}

static void tear_down(void)
{
    hashveil_evaluator_destroy(liar);
    hashveil_evaluator_destroy(evaluator);
    hashveil_sealed_db_close(db);
    hashveil_key_clear(&key);
    unlink(path);
}

/* One picture's way, up to where it may be finished. */
struct exchange {
    hashveil_scanner *scanner;
    hashveil_query *query;
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    size_t len;
};

static void respond(struct exchange *exchange, const hashveil_evaluator *by)
{
    size_t len;
    const uint8_t *request = hashveil_query_request(exchange->query, 0, &len);
    ck_assert_uint_eq(len, REQUEST_BYTES);
    ck_assert_int_eq(
        hashveil_evaluator_respond(by, request, len, exchange->response, &exchange->len),
        HASHVEIL_OK);
}

static void begin(struct exchange *exchange, unsigned percent, const hashveil_evaluator *by)
{
    const hashveil_scanner_options options = {.verified_percent = percent};
    const hashveil_subject subject = {.forms = &listed, .form_count = 1};
    ck_assert_int_eq(hashveil_scanner_create(db, &options, &exchange->scanner), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_begin(exchange->scanner, &subject, &exchange->query),
                     HASHVEIL_OK);
    respond(exchange, by);
}

static void end(struct exchange *exchange)
{
    hashveil_query_destroy(exchange->query);
    hashveil_scanner_destroy(exchange->scanner);
}

static hashveil_status finish(struct exchange *exchange, hashveil_verdict *out)
{
    return hashveil_scanner_finish(exchange->query, 0, exchange->response, exchange->len, out);
}

static void expect(struct exchange *exchange, hashveil_status expected)
{
    hashveil_verdict verdict = {0};
    ck_assert_int_eq(finish(exchange, &verdict), expected);
    ck_assert(expected != HASHVEIL_OK || verdict.kind == HASHVEIL_VERDICT_MATCH);
}

/* Begins until a proof of the first answer is wanted: at 90 % the first or second time, mostly. */
static void begin_held(struct exchange *exchange, const hashveil_evaluator *by)
{
    hashveil_verdict verdict = {0};
    for (unsigned i = 0; i < TRIES; i++) {
        begin(exchange, 90, by);
        if (finish(exchange, &verdict) == HASHVEIL_OK &&
            verdict.kind == HASHVEIL_VERDICT_PROOF_WANTED) {
            return;
        }
        end(exchange);
    }
    ck_abort_msg("no proof was wanted");
}

/* Of TRIES responses, for how many a proof is wanted: percent of them, within five standard
 * deviations. Where it is wanted for all, the first request asks for it. */
static const struct {
    unsigned percent, least, most;
    size_t proof_bytes;
} shares[] = {{0, 0, 0, 0}, {50, 4, 36, 0}, {100, 0, 0, PROOF_BYTES}};
enum { SHARES = sizeof shares / sizeof shares[0] };

START_TEST(proofs_are_wanted_for_the_share_that_was_asked_for)
{
    unsigned wanted = 0;
    for (unsigned i = 0; i < TRIES; i++) {
        struct exchange exchange;
        hashveil_verdict verdict;
        begin(&exchange, shares[_i].percent, evaluator);
        ck_assert_uint_eq(exchange.len, REQUEST_BYTES + shares[_i].proof_bytes);
        ck_assert_int_eq(finish(&exchange, &verdict), HASHVEIL_OK);
        wanted += verdict.kind == HASHVEIL_VERDICT_PROOF_WANTED;
        end(&exchange);
    }
    ck_assert_msg(wanted >= shares[_i].least && wanted <= shares[_i].most,
                  "%u of %d wanted at %u %%", wanted, TRIES, shares[_i].percent);
}
END_TEST

START_TEST(a_proof_is_asked_for_by_the_same_request_and_gives_the_same_verdict)
{
    struct exchange exchange;
    uint8_t first[HASHVEIL_RESPONSE_MAX_BYTES];
    begin_held(&exchange, evaluator);
    memcpy(first, exchange.response, sizeof first);
    ck_assert_uint_eq(exchange.len, REQUEST_BYTES);
    respond(&exchange, evaluator);
    ck_assert_uint_eq(exchange.len, REQUEST_BYTES + PROOF_BYTES);
    ck_assert_uint_eq(exchange.response[PROOF_OFFSET], 1);
    first[PROOF_OFFSET] = 1;
    ck_assert_mem_eq(first, exchange.response, REQUEST_BYTES);
    expect(&exchange, HASHVEIL_OK);
    end(&exchange);
}
END_TEST

START_TEST(the_defaults_are_a_share_between_none_and_all)
{
    const hashveil_scanner_options defaults = HASHVEIL_SCANNER_OPTIONS_DEFAULT;
    ck_assert_uint_gt(defaults.verified_percent, 0);
    ck_assert_uint_le(defaults.verified_percent, 100);
}
END_TEST

START_TEST(a_share_above_the_whole_is_refused)
{
    const hashveil_scanner_options options = {.verified_percent = 101};
    hashveil_scanner *none;
    ck_assert_int_eq(hashveil_scanner_create(db, &options, &none), HASHVEIL_ERR_ARGUMENT);
    ck_assert_ptr_null(none);
}
END_TEST

/* Whether there is a proof or not: where there is none, the hidden sum tells. */
START_TEST(an_answer_under_a_key_of_the_devices_own_is_refused)
{
    struct exchange exchange;
    begin(&exchange, _i % 2 ? 100 : 0, liar);
    expect(&exchange, HASHVEIL_ERR_KEY);
    respond(&exchange, evaluator);
    expect(&exchange, HASHVEIL_OK);
    end(&exchange);
}
END_TEST

static void spoil_element(struct exchange *exchange, size_t index)
{
    uint8_t other[HASHVEIL_RESPONSE_MAX_BYTES];
    size_t len;
    const size_t offset = HEADER_BYTES + index * ELEMENT_BYTES;
    const uint8_t *request = hashveil_query_request(exchange->query, 0, &len);
    ck_assert_int_eq(hashveil_evaluator_respond(liar, request, len, other, &len), HASHVEIL_OK);
    memcpy(exchange->response + offset, other + offset, ELEMENT_BYTES);
}

START_TEST(one_element_under_another_key_is_refused_where_proved)
{
    struct exchange exchange;
    begin(&exchange, 100, evaluator);
    spoil_element(&exchange, (size_t)_i * HASHVEIL_PROBES / 4);
    expect(&exchange, HASHVEIL_ERR_KEY);
    end(&exchange);
}
END_TEST

/* 257 elements, 1 of them wrong: noticed with chance 129/257; of TRIES within five deviations. */
START_TEST(one_element_under_another_key_is_noticed_half_of_the_time_where_not_proved)
{
    unsigned noticed = 0;
    for (unsigned i = 0; i < TRIES; i++) {
        struct exchange exchange;
        hashveil_verdict verdict;
        begin(&exchange, 0, evaluator);
        spoil_element(&exchange, i);
        const hashveil_status status = finish(&exchange, &verdict);
        ck_assert(status == HASHVEIL_OK || status == HASHVEIL_ERR_KEY);
        noticed += status == HASHVEIL_ERR_KEY;
        end(&exchange);
    }
    ck_assert_msg(noticed >= 4 && noticed <= 36, "%u of %d noticed", noticed, TRIES);
}
END_TEST

/* From the end of a response, where the proof is. */
static const size_t proof_bytes[] = {1, 32, 33, PROOF_BYTES};
enum { PROOF_PLACES = sizeof proof_bytes / sizeof proof_bytes[0] };

START_TEST(a_damaged_proof_is_refused)
{
    struct exchange exchange;
    begin(&exchange, 100, evaluator);
    exchange.response[exchange.len - proof_bytes[_i]] ^= 1;
    expect(&exchange, HASHVEIL_ERR_KEY);
    exchange.response[exchange.len - proof_bytes[_i]] ^= 1;
    expect(&exchange, HASHVEIL_OK);
    end(&exchange);
}
END_TEST

START_TEST(what_does_not_prove_the_answer_given_is_refused)
{
    struct exchange exchange;
    begin_held(&exchange, evaluator);
    expect(&exchange, HASHVEIL_ERR_PROTOCOL); /* the first response again, without a proof */
    respond(&exchange, evaluator);
    exchange.response[exchange.len - 1] ^= 1;
    expect(&exchange, HASHVEIL_ERR_KEY);
    exchange.response[exchange.len - 1] ^= 1;
    expect(&exchange, HASHVEIL_OK);
    end(&exchange);
}
END_TEST

START_TEST(an_evaluator_that_mends_its_answer_for_the_proof_is_refused)
{
    struct exchange exchange;
    begin_held(&exchange, liar);
    respond(&exchange, evaluator);
    expect(&exchange, HASHVEIL_ERR_KEY);
    end(&exchange);
}
END_TEST

START_TEST(a_proof_that_was_not_asked_for_is_refused)
{
    struct exchange exchange;
    uint8_t request[REQUEST_BYTES];
    size_t len;
    begin(&exchange, 0, evaluator);
    memcpy(request, hashveil_query_request(exchange.query, 0, &len), sizeof request);
    request[PROOF_OFFSET] = 1;
    ck_assert_int_eq(hashveil_evaluator_respond(evaluator, request, sizeof request,
                                                exchange.response, &exchange.len),
                     HASHVEIL_OK);
    expect(&exchange, HASHVEIL_ERR_PROTOCOL);
    end(&exchange);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scanner_proof");
    TCase *proof = tcase_create("proof");
    TCase *refusal = tcase_create("refusal");

    tcase_set_timeout(proof, 120);
    tcase_add_unchecked_fixture(proof, set_up, tear_down);
    tcase_add_loop_test(proof, proofs_are_wanted_for_the_share_that_was_asked_for, 0, SHARES);
    tcase_add_test(proof, a_proof_is_asked_for_by_the_same_request_and_gives_the_same_verdict);
    tcase_add_test(proof, the_defaults_are_a_share_between_none_and_all);
    suite_add_tcase(suite, proof);

    tcase_set_timeout(refusal, 120);
    tcase_add_unchecked_fixture(refusal, set_up, tear_down);
    tcase_add_test(refusal, a_share_above_the_whole_is_refused);
    tcase_add_loop_test(refusal, an_answer_under_a_key_of_the_devices_own_is_refused, 0, 8);
    tcase_add_loop_test(refusal, one_element_under_another_key_is_refused_where_proved, 0, 5);
    tcase_add_test(refusal,
                   one_element_under_another_key_is_noticed_half_of_the_time_where_not_proved);
    tcase_add_loop_test(refusal, a_damaged_proof_is_refused, 0, PROOF_PLACES);
    tcase_add_test(refusal, what_does_not_prove_the_answer_given_is_refused);
    tcase_add_test(refusal, an_evaluator_that_mends_its_answer_for_the_proof_is_refused);
    tcase_add_test(refusal, a_proof_that_was_not_asked_for_is_refused);
    suite_add_tcase(suite, refusal);
    return run_suite(suite);
}
