/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens compared in the clear, beside the private match of the same hashes. */
#include <hashveil/evaluator.h>
#include <hashveil/masks.h>
#include <hashveil/scanner.h>

#include "draw.h"
#include "run_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum { ENTRIES = 20, MOST_FLIPPED = 72, STEP = 3, MOST_MASKS = 32 };

static const uint8_t seed[HASHVEIL_MASK_SEED_BYTES] = {7, 7, 7};
static const hashveil_mask_params default_params = HASHVEIL_MASK_PARAMS_DEFAULT;
static const hashveil_scanner_options never_proved = {.verified_percent = 0};

/* A database sealed with the seed, and its evaluator. */
static char path[] = "/tmp/hashveil-masks-XXXXXX";
static hashveil_entries entries;
static hashveil_sealed_db *db;
static hashveil_scanner *scanner;
static hashveil_evaluator *evaluator;
static hashveil_masks *masks;

static void set_up(void)
{
    const char *where;
    memcpy(path + sizeof path - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    hashveil_key key = draw_evaluator_key();
    entries = draw_entries(ENTRIES);
    const hashveil_seal_options options = {.evaluator_key = &key,
                                           .epoch = 7,
                                           .mask_params = default_params,
                                           .mask_seed = seed,
                                           .workers = 1};
    ck_assert_int_eq(hashveil_sealed_db_build(path, &entries, &options, NULL), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_create(db, &never_proved, &scanner), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_evaluator_create(&key, &evaluator), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_masks_create(&default_params, seed, &masks), HASHVEIL_OK);
    hashveil_key_clear(&key);
}

static void tear_down(void)
{
    hashveil_masks_destroy(masks);
    hashveil_evaluator_destroy(evaluator);
    hashveil_scanner_destroy(scanner);
    hashveil_sealed_db_close(db);
    hashveil_entries_clear(&entries);
    unlink(path);
}

static hashveil_verdict match(const hashveil_fingerprint *fingerprint)
{
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    const hashveil_subject subject = {.forms = fingerprint, .form_count = 1};
    size_t request_len;
    size_t len;
    hashveil_query *query;
    hashveil_verdict verdict = {0};
    ck_assert_int_eq(hashveil_scanner_begin(scanner, &subject, &query), HASHVEIL_OK);
    const uint8_t *request = hashveil_query_request(query, 0, &request_len);
    ck_assert_int_eq(hashveil_evaluator_respond(evaluator, request, request_len, response, &len),
                     HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_finish(query, 0, response, len, &verdict), HASHVEIL_OK);
    hashveil_query_destroy(query);
    return verdict;
}

/* How many masks' tokens of this hash are among the probes. */
static unsigned count_in_common(const hashveil_token *probes, const hashveil_pdq *hash)
{
    hashveil_token tokens[MOST_MASKS];
    unsigned count = 0;
    hashveil_masks_tokens(masks, hash, tokens);
    for (size_t i = 0; i < HASHVEIL_PROBES; i++) {
        count += tokens[probes[i].mask].bits == probes[i].bits;
    }
    return count;
}

START_TEST(tokens_in_the_clear_give_the_verdict_of_the_private_match)
{
    hashveil_token probes[HASHVEIL_PROBES];
    unsigned matches = 0;
    for (unsigned flipped = 0; flipped <= MOST_FLIPPED; flipped += STEP) {
        const size_t number = flipped % ENTRIES;
        const hashveil_fingerprint original = draw_fingerprint(number);
        const hashveil_fingerprint edited = draw_edited(&original, flipped);
        const hashveil_verdict verdict = match(&edited);
        ck_assert_int_eq(hashveil_masks_probes(masks, &edited, HASHVEIL_PROBES, probes),
                         HASHVEIL_OK);
        const unsigned in_common = count_in_common(probes, &original.hash);
        ck_assert_msg(verdict.masks_hit == (in_common >= 2 ? in_common : 0),
                      "%u bits flipped: %u masks hit, %u tokens in common", flipped,
                      verdict.masks_hit, in_common);
        matches += verdict.kind == HASHVEIL_VERDICT_MATCH;
    }
    ck_assert_uint_gt(matches, 0);
    ck_assert_uint_lt(matches, MOST_FLIPPED / STEP);
}
END_TEST

START_TEST(probes_do_not_depend_on_their_count)
{
    enum { MANY = 1000 };
    hashveil_token few[HASHVEIL_PROBES];
    hashveil_token many[MANY];
    const hashveil_fingerprint fingerprint = draw_fingerprint(3);
    ck_assert_int_eq(hashveil_masks_probes(masks, &fingerprint, HASHVEIL_PROBES, few), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_masks_probes(masks, &fingerprint, MANY, many), HASHVEIL_OK);
    for (size_t i = 0; i < HASHVEIL_PROBES; i++) {
        ck_assert_uint_eq(few[i].bits, many[i].bits);
        ck_assert_uint_eq(few[i].mask, many[i].mask);
    }
}
END_TEST

START_TEST(another_seed_gives_other_masks)
{
    static const uint8_t other_seed[HASHVEIL_MASK_SEED_BYTES] = {7, 7, 8};
    hashveil_masks *other;
    hashveil_token tokens[2][MOST_MASKS];
    const hashveil_pdq hash = draw_fingerprint(1).hash;
    ck_assert_int_eq(hashveil_masks_create(&default_params, other_seed, &other), HASHVEIL_OK);
    hashveil_masks_tokens(masks, &hash, tokens[0]);
    hashveil_masks_tokens(other, &hash, tokens[1]);
    for (size_t i = 0; i < MOST_MASKS; i++) {
        ck_assert_uint_ne(tokens[0][i].bits, tokens[1][i].bits);
    }
    hashveil_masks_destroy(other);
    hashveil_masks_destroy(NULL);
}
END_TEST

START_TEST(more_probes_than_are_ranked_are_refused)
{
    static hashveil_token out[HASHVEIL_MAX_RANKED_PROBES];
    const hashveil_fingerprint fingerprint = draw_fingerprint(3);
    ck_assert_int_eq(
        hashveil_masks_probes(masks, &fingerprint, HASHVEIL_MAX_RANKED_PROBES + 1, out),
        HASHVEIL_ERR_ARGUMENT);
    ck_assert_int_eq(hashveil_masks_probes(masks, &fingerprint, HASHVEIL_MAX_RANKED_PROBES, out),
                     HASHVEIL_OK);
}
END_TEST

static const hashveil_mask_params bad_params[] = {
    {.masks = 1, .bits = 28, .pool_bits = 160},  {.masks = 33, .bits = 28, .pool_bits = 160},
    {.masks = 32, .bits = 15, .pool_bits = 160}, {.masks = 32, .bits = 65, .pool_bits = 160},
    {.masks = 32, .bits = 28, .pool_bits = 27},  {.masks = 32, .bits = 28, .pool_bits = 257},
};

START_TEST(parameters_outside_their_ranges_are_refused)
{
    hashveil_masks *refused;
    ck_assert_int_eq(hashveil_masks_create(&bad_params[_i], seed, &refused), HASHVEIL_ERR_ARGUMENT);
    ck_assert_ptr_null(refused);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("masks");
    TCase *database = tcase_create("database");
    TCase *refusal = tcase_create("refusal");

    tcase_add_checked_fixture(database, set_up, tear_down);
    tcase_set_timeout(database, 60);
    tcase_add_test(database, tokens_in_the_clear_give_the_verdict_of_the_private_match);
    tcase_add_test(database, probes_do_not_depend_on_their_count);
    tcase_add_test(database, another_seed_gives_other_masks);
    tcase_add_test(database, more_probes_than_are_ranked_are_refused);
    suite_add_tcase(suite, database);

    tcase_add_loop_test(refusal, parameters_outside_their_ranges_are_refused, 0, COUNT(bad_params));
    suite_add_tcase(suite, refusal);
    return run_suite(suite);
}
