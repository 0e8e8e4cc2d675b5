/* SPDX-License-Identifier: Apache-2.0 */
/* The whole private match without pictures or sockets: seal, open, begin, respond, finish. */
#include <hashveil/evaluator.h>
#include <hashveil/scanner.h>

#include "draw.h"
#include "run_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ENTRIES = 40,
    HEADER_BYTES = 52,
    ELEMENT_BYTES = 32,
    ELEMENTS = HASHVEIL_PROBES + 1,
    REQUEST_BYTES = 8276, /* 8 KiB and 84 */
    PROOF_OFFSET = 7
};

static char path[] = "/tmp/hashveil-scanner-XXXXXX";
static hashveil_key key;
static hashveil_entries entries;
static hashveil_sealed_db *db;
static hashveil_scanner *scanner;
static hashveil_evaluator *evaluator;

static void set_up(void)
{
    const hashveil_scanner_options verify_all = {.verified_percent = 100};
    const char *where;
    memcpy(path + sizeof path - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    key = draw_evaluator_key();
    entries = draw_entries(ENTRIES);
    draw_database(path, &entries, &key);
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_create(db, &verify_all, &scanner), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_evaluator_create(&key, &evaluator), HASHVEIL_OK);
}

static void tear_down(void)
{
    hashveil_evaluator_destroy(evaluator);
    hashveil_scanner_destroy(scanner);
    hashveil_sealed_db_close(db);
    hashveil_entries_clear(&entries);
    hashveil_key_clear(&key);
    unlink(path);
}

static hashveil_query *begin(const hashveil_fingerprint *fingerprint)
{
    const hashveil_subject subject = {.forms = fingerprint, .form_count = fingerprint != NULL};
    hashveil_query *query;
    ck_assert_int_eq(hashveil_scanner_begin(scanner, &subject, &query), HASHVEIL_OK);
    return query;
}

/* The request, and that it has the size that all have. */
static const uint8_t *request_of(const hashveil_query *query)
{
    size_t len;
    const uint8_t *request = hashveil_query_request(query, 0, &len);
    ck_assert_uint_eq(len, REQUEST_BYTES);
    return request;
}

static void respond(const hashveil_query *query, uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES],
                    size_t *len)
{
    ck_assert_int_eq(
        hashveil_evaluator_respond(evaluator, request_of(query), REQUEST_BYTES, response, len),
        HASHVEIL_OK);
}

static hashveil_verdict scan(const hashveil_fingerprint *fingerprint)
{
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    size_t len;
    hashveil_verdict verdict;
    hashveil_query *query = begin(fingerprint);
    respond(query, response, &len);
    ck_assert_int_eq(hashveil_scanner_finish(query, 0, response, len, &verdict), HASHVEIL_OK);
    hashveil_query_destroy(query);
    return verdict;
}

START_TEST(a_listed_hash_opens_its_record_and_no_other)
{
    const hashveil_fingerprint fingerprint = draw_fingerprint((uint64_t)_i);
    const hashveil_verdict verdict = scan(&fingerprint);
    const hashveil_record *expected = &entries.entries[_i].record;
    ck_assert_int_eq(verdict.kind, HASHVEIL_VERDICT_MATCH);
    ck_assert_int_eq(verdict.matched_by, HASHVEIL_SIGNAL_PDQ);
    ck_assert_mem_eq(verdict.record.id, expected->id, sizeof expected->id);
    ck_assert_str_eq(verdict.record.labels[0], expected->labels[0]);
    ck_assert_uint_eq(verdict.record.lists, expected->lists);
    ck_assert_uint_ge(verdict.masks_hit, 16); /* the likeliest probes need not try every mask */
}
END_TEST

/* The least sure bits are what an edit flips. */
START_TEST(an_edited_copy_within_31_bits_opens_its_record)
{
    const hashveil_fingerprint original = draw_fingerprint(3);
    const hashveil_fingerprint edited = draw_edited(&original, (unsigned)_i);
    ck_assert_uint_eq(hashveil_pdq_distance(&original.hash, &edited.hash), (unsigned)_i);
    const hashveil_verdict verdict = scan(&edited);
    ck_assert_int_eq(verdict.kind, HASHVEIL_VERDICT_MATCH);
    ck_assert_str_eq(verdict.record.labels[0], "label 3");
    ck_assert_uint_ge(verdict.masks_hit, 2);
}
END_TEST

START_TEST(an_unlisted_hash_opens_nothing)
{
    const hashveil_fingerprint fingerprint = draw_fingerprint(1000 + (uint64_t)_i);
    const hashveil_verdict verdict = scan(&fingerprint);
    const hashveil_record empty = {0};
    ck_assert_int_eq(verdict.kind, HASHVEIL_VERDICT_NO_MATCH);
    ck_assert_int_eq(verdict.matched_by, HASHVEIL_SIGNAL_NONE);
    ck_assert_mem_eq(&verdict.record, &empty, sizeof empty);
    ck_assert_uint_eq(verdict.masks_hit, 0);
}
END_TEST

START_TEST(a_listed_hash_of_low_quality_asks_for_nothing)
{
    hashveil_fingerprint fingerprint = draw_fingerprint(0);
    fingerprint.quality = HASHVEIL_PDQ_MIN_QUALITY - 1;
    ck_assert_int_eq(scan(&fingerprint).kind, HASHVEIL_VERDICT_LOW_QUALITY);
    fingerprint.quality = HASHVEIL_PDQ_MIN_QUALITY;
    ck_assert_int_eq(scan(&fingerprint).kind, HASHVEIL_VERDICT_MATCH);
}
END_TEST

/* The evaluator's whole view: one size, one header, and elements that never come again. */
START_TEST(requests_tell_nothing_of_the_file)
{
    hashveil_fingerprint fingerprint[4] = {draw_fingerprint(0), draw_fingerprint(0),
                                           draw_fingerprint(2000), draw_fingerprint(1)};
    fingerprint[3].quality = 0;
    enum { QUERIES = 5 };
    hashveil_query *query[QUERIES];
    for (size_t i = 0; i < QUERIES; i++) {
        query[i] = begin(i < 4 ? &fingerprint[i] : NULL); /* the last one is no picture */
        ck_assert_mem_eq(request_of(query[i]), request_of(query[0]), HEADER_BYTES);
    }
    const size_t count = (size_t)QUERIES * ELEMENTS;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *a =
            request_of(query[i / ELEMENTS]) + HEADER_BYTES + i % ELEMENTS * ELEMENT_BYTES;
        for (size_t k = 0; k < i; k++) {
            const uint8_t *b =
                request_of(query[k / ELEMENTS]) + HEADER_BYTES + k % ELEMENTS * ELEMENT_BYTES;
            ck_assert_int_ne(memcmp(a, b, ELEMENT_BYTES), 0);
        }
    }
    for (size_t i = 0; i < QUERIES; i++) {
        hashveil_query_destroy(query[i]);
    }
}
END_TEST

START_TEST(what_is_no_picture_opens_nothing)
{
    ck_assert_int_eq(scan(NULL).kind, HASHVEIL_VERDICT_NO_MATCH);
}
END_TEST

START_TEST(another_evaluators_answer_is_refused)
{
    const hashveil_fingerprint fingerprint = draw_fingerprint(0);
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    size_t len;
    hashveil_verdict verdict;
    hashveil_key other = draw_evaluator_key();
    hashveil_evaluator *stranger;
    hashveil_query *query = begin(&fingerprint);
    ck_assert_int_eq(hashveil_evaluator_create(&other, &stranger), HASHVEIL_OK);
    ck_assert_int_eq(
        hashveil_evaluator_respond(stranger, request_of(query), REQUEST_BYTES, response, &len),
        HASHVEIL_ERR_KEY);
    respond(query, response, &len);
    response[16] ^= 1; /* the key that the response names */
    ck_assert_int_eq(hashveil_scanner_finish(query, 0, response, len, &verdict), HASHVEIL_ERR_KEY);
    hashveil_query_destroy(query);
    hashveil_evaluator_destroy(stranger);
}
END_TEST

/* Offsets of one byte to change, by field of docs/PROTOCOL.md. */
static const struct {
    const char *what;
    size_t offset;
    hashveil_status request_status, response_status;
} damages[] = {
    {"magic", 0, HASHVEIL_ERR_PROTOCOL, HASHVEIL_ERR_PROTOCOL},
    {"version", 4, HASHVEIL_ERR_VERSION, HASHVEIL_ERR_VERSION},
    {"mode", 6, HASHVEIL_ERR_VERSION, HASHVEIL_ERR_VERSION},
    {"whether with proof", PROOF_OFFSET, HASHVEIL_ERR_PROTOCOL, HASHVEIL_ERR_PROTOCOL},
    {"epoch", 8, HASHVEIL_OK, HASHVEIL_ERR_PROTOCOL},
    {"public key", 16, HASHVEIL_ERR_KEY, HASHVEIL_ERR_KEY},
    {"count", 48, HASHVEIL_ERR_PROTOCOL, HASHVEIL_ERR_PROTOCOL},
    {"high byte of count", 51, HASHVEIL_ERR_PROTOCOL, HASHVEIL_ERR_PROTOCOL},
    {"sign of an element", HEADER_BYTES, HASHVEIL_ERR_PROTOCOL, HASHVEIL_ERR_PROTOCOL},
    {"top bit of an element", HEADER_BYTES + 31, HASHVEIL_ERR_PROTOCOL, HASHVEIL_ERR_PROTOCOL},
};
enum { DAMAGES = sizeof damages / sizeof damages[0] };

/* The last byte's top bit makes an encoding not canonical; the first byte's lowest one negative. */
static uint8_t damage_of(size_t offset)
{
    if (offset == PROOF_OFFSET) {
        return 2; /* no other value has a meaning */
    }
    return offset == HEADER_BYTES + 31 ? 0x80 : 1;
}

START_TEST(damaged_messages_are_refused)
{
    const size_t offset = damages[_i].offset;
    const hashveil_fingerprint fingerprint = draw_fingerprint(0);
    uint8_t request[REQUEST_BYTES];
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    uint8_t other[HASHVEIL_RESPONSE_MAX_BYTES];
    size_t len;
    size_t other_len;
    hashveil_verdict verdict;
    hashveil_query *query = begin(&fingerprint);
    respond(query, response, &len);

    memcpy(request, request_of(query), sizeof request);
    request[offset] ^= damage_of(offset);
    ck_assert_msg(hashveil_evaluator_respond(evaluator, request, sizeof request, other,
                                             &other_len) == damages[_i].request_status,
                  "request: %s", damages[_i].what);
    memcpy(other, response, len);
    other[offset] ^= damage_of(offset);
    ck_assert_msg(hashveil_scanner_finish(query, 0, other, len, &verdict) ==
                      damages[_i].response_status,
                  "response: %s", damages[_i].what);
    /* Nothing is lost: the true response still serves. */
    ck_assert_int_eq(hashveil_scanner_finish(query, 0, response, len, &verdict), HASHVEIL_OK);
    ck_assert_int_eq(verdict.kind, HASHVEIL_VERDICT_MATCH);
    hashveil_query_destroy(query);
}
END_TEST

START_TEST(messages_of_another_length_are_refused)
{
    const hashveil_fingerprint fingerprint = draw_fingerprint(0);
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES] = {0};
    uint8_t other[HASHVEIL_RESPONSE_MAX_BYTES];
    size_t len;
    size_t other_len;
    hashveil_verdict verdict;
    hashveil_query *query = begin(&fingerprint);
    const uint8_t *request = request_of(query);
    respond(query, response, &len);
    for (size_t cut = 0; cut < len; cut++) {
        ck_assert_int_eq(hashveil_scanner_finish(query, 0, response, cut, &verdict),
                         HASHVEIL_ERR_PROTOCOL);
    }
    for (size_t cut = 0; cut < REQUEST_BYTES; cut++) {
        ck_assert_int_eq(hashveil_evaluator_respond(evaluator, request, cut, other, &other_len),
                         HASHVEIL_ERR_PROTOCOL);
    }
    ck_assert_int_eq(hashveil_scanner_finish(query, 0, response, len + 1, &verdict),
                     HASHVEIL_ERR_PROTOCOL);
    hashveil_query_destroy(query);
}
END_TEST

START_TEST(an_evaluator_needs_an_evaluators_secret)
{
    hashveil_evaluator *none;
    hashveil_key other = key;
    other.has_secret = false;
    ck_assert_int_eq(hashveil_evaluator_create(&other, &none), HASHVEIL_ERR_KEY);
    other = key;
    other.kind = HASHVEIL_KEY_REPORTER;
    ck_assert_int_eq(hashveil_evaluator_create(&other, &none), HASHVEIL_ERR_KEY);
    other = key;
    memset(other.secret_bytes, 0, sizeof other.secret_bytes);
    ck_assert_int_eq(hashveil_evaluator_create(&other, &none), HASHVEIL_ERR_KEY);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scanner");
    TCase *match = tcase_create("match");
    TCase *refusal = tcase_create("refusal");

    tcase_set_timeout(match, 120);
    tcase_add_unchecked_fixture(match, set_up, tear_down);
    tcase_add_loop_test(match, a_listed_hash_opens_its_record_and_no_other, 0, 4);
    tcase_add_loop_test(match, an_edited_copy_within_31_bits_opens_its_record, 1, 32);
    tcase_add_loop_test(match, an_unlisted_hash_opens_nothing, 0, 4);
    tcase_add_test(match, a_listed_hash_of_low_quality_asks_for_nothing);
    tcase_add_test(match, what_is_no_picture_opens_nothing);
    tcase_add_test(match, requests_tell_nothing_of_the_file);
    suite_add_tcase(suite, match);

    tcase_set_timeout(refusal, 120);
    tcase_add_unchecked_fixture(refusal, set_up, tear_down);
    tcase_add_test(refusal, another_evaluators_answer_is_refused);
    tcase_add_loop_test(refusal, damaged_messages_are_refused, 0, DAMAGES);
    tcase_add_test(refusal, messages_of_another_length_are_refused);
    tcase_add_test(refusal, an_evaluator_needs_an_evaluators_secret);
    suite_add_tcase(suite, refusal);
    return run_suite(suite);
}
