/* SPDX-License-Identifier: Apache-2.0 */
/* Digests beside PDQ: in the same request, for any file, and surer than a hash that is only near.
 */
#include <hashveil/evaluator.h>
#include <hashveil/scanner.h>

#include "base/memory.h"
#include "draw.h"
#include "run_suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ENTRIES = 8, /* of PDQ; records 0 to 7 */
    FIRST_EXACT = 100,
    ALL_KINDS = FIRST_EXACT + HASHVEIL_DIGEST_KINDS, /* one file by all its digests */
    OF_A_PICTURE,                                    /* a file whose picture is listed too */
    EXACT = HASHVEIL_DIGEST_KINDS + HASHVEIL_DIGEST_KINDS + 1,
    REQUEST_BYTES = 8276
};

static char path[] = "/tmp/hashveil-exact-XXXXXX";
static hashveil_key key;
static hashveil_sealed_db *db;
static hashveil_evaluator *evaluator;
static hashveil_scanner *scanner, *turning;

/* The digests of a made-up file. */
static hashveil_digests digests_of(uint32_t number)
{
    hashveil_digests digests;
    ck_assert_int_eq(hashveil_digests_of((const uint8_t *)&number, sizeof number, &digests),
                     HASHVEIL_OK);
    return digests;
}

static hashveil_exact_entry exact_entry(uint32_t file, hashveil_digest_kind kind, uint8_t record)
{
    const hashveil_digests digests = digests_of(file);
    return (hashveil_exact_entry){.digest = hashveil_digests_get(&digests, kind),
                                  .record = {.id = {record}, .lists = 1, .labels = {"exact"}}};
}

/* Files 100, 101, 102 by one digest each; file 103 by all, in one record; and that of PDQ's record
 * 3 in a record of its own. */
static void add_exact(hashveil_entries *entries)
{
    entries->exact = hv_alloc_array(EXACT, sizeof *entries->exact);
    ck_assert_ptr_nonnull(entries->exact);
    for (unsigned kind = 0; kind < HASHVEIL_DIGEST_KINDS; kind++) {
        entries->exact[entries->exact_count++] = exact_entry(
            FIRST_EXACT + kind, (hashveil_digest_kind)kind, (uint8_t)(FIRST_EXACT + kind));
        entries->exact[entries->exact_count++] =
            exact_entry(ALL_KINDS, (hashveil_digest_kind)kind, ALL_KINDS);
    }
    entries->exact[entries->exact_count++] =
        exact_entry(OF_A_PICTURE, HASHVEIL_DIGEST_SHA1, OF_A_PICTURE);
    ck_assert_uint_eq(entries->exact_count, EXACT);
}

static void set_up_with(bool has_exact)
{
    const hashveil_scanner_options dihedral = {.verified_percent = 0, .is_dihedral = true};
    const hashveil_scanner_options plain = {.verified_percent = 0};
    const char *where;
    memcpy(path + sizeof path - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    key = draw_evaluator_key();
    hashveil_entries entries = draw_entries(ENTRIES);
    if (has_exact) {
        add_exact(&entries);
    }
    draw_database(path, &entries, &key);
    hashveil_entries_clear(&entries);
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_create(db, &plain, &scanner), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_create(db, &dihedral, &turning), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_evaluator_create(&key, &evaluator), HASHVEIL_OK);
}

static void set_up(void)
{
    set_up_with(true);
}

static void set_up_without_exact(void)
{
    set_up_with(false);
}

static void tear_down(void)
{
    hashveil_evaluator_destroy(evaluator);
    hashveil_scanner_destroy(turning);
    hashveil_scanner_destroy(scanner);
    hashveil_sealed_db_close(db);
    hashveil_key_clear(&key);
    unlink(path);
}

static hashveil_verdict scan_with(const hashveil_scanner *with, const hashveil_subject *subject)
{
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    hashveil_verdict verdict;
    hashveil_query *query;
    size_t len;
    ck_assert_int_eq(hashveil_scanner_begin(with, subject, &query), HASHVEIL_OK);
    const uint8_t *request = hashveil_query_request(query, 0, &len);
    ck_assert_uint_eq(len, with == scanner ? REQUEST_BYTES : HASHVEIL_REQUEST_MAX_BYTES);
    ck_assert_int_eq(hashveil_evaluator_respond(evaluator, request, len, response, &len),
                     HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_finish(query, 0, response, len, &verdict), HASHVEIL_OK);
    hashveil_query_destroy(query);
    return verdict;
}

/* A file without a picture, or with one. */
static hashveil_verdict scan(uint32_t file, const hashveil_fingerprint *fingerprint)
{
    const hashveil_digests digests = digests_of(file);
    const hashveil_subject subject = {
        .forms = fingerprint, .form_count = fingerprint != NULL, .digests = &digests};
    return scan_with(scanner, &subject);
}

static void ck_assert_matches(const hashveil_verdict *verdict, hashveil_signal by, unsigned record)
{
    ck_assert_int_eq(verdict->kind, HASHVEIL_VERDICT_MATCH);
    ck_assert_int_eq(verdict->matched_by, by);
    ck_assert_uint_eq(verdict->record.id[0], record);
}

/* In the order of the kinds. */
static const hashveil_signal signals[HASHVEIL_DIGEST_KINDS] = {
    HASHVEIL_SIGNAL_MD5, HASHVEIL_SIGNAL_SHA1, HASHVEIL_SIGNAL_SHA256};

START_TEST(a_digest_of_each_kind_opens_its_record)
{
    const hashveil_digests digests = digests_of(FIRST_EXACT + (uint32_t)_i);
    const hashveil_subject subject = {.digests = &digests};
    const hashveil_scanner *const with[] = {scanner, turning};
    for (size_t i = 0; i < 2; i++) {
        const hashveil_verdict verdict = scan_with(with[i], &subject);
        ck_assert_matches(&verdict, signals[_i], FIRST_EXACT + (unsigned)_i);
        ck_assert_str_eq(verdict.record.labels[0], "exact");
        ck_assert_uint_eq(verdict.masks_hit, 0);
    }
    ck_assert_str_eq(hashveil_signal_text(signals[_i]),
                     hashveil_digest_kind_text((hashveil_digest_kind)_i));
}
END_TEST

START_TEST(another_file_opens_nothing)
{
    const hashveil_verdict verdict = scan(FIRST_EXACT + 1000 + (uint32_t)_i, NULL);
    ck_assert_int_eq(verdict.kind, HASHVEIL_VERDICT_NO_MATCH);
    ck_assert_int_eq(verdict.matched_by, HASHVEIL_SIGNAL_NONE);
}
END_TEST

START_TEST(a_digest_of_another_kind_opens_nothing)
{
    /* The bytes of a listed SHA-256 where SHA-1 and MD5 are looked for, and none of its own. */
    const hashveil_digests listed = digests_of(FIRST_EXACT + HASHVEIL_DIGEST_SHA256);
    hashveil_digests digests = digests_of(FIRST_EXACT + 1000);
    memcpy(digests.md5, listed.sha256, sizeof digests.md5);
    memcpy(digests.sha1, listed.sha256, sizeof digests.sha1);
    const hashveil_subject subject = {.digests = &digests};
    ck_assert_int_eq(scan_with(scanner, &subject).kind, HASHVEIL_VERDICT_NO_MATCH);
}
END_TEST

START_TEST(the_surest_of_several_digests_is_named)
{
    const hashveil_verdict verdict = scan(ALL_KINDS, NULL);
    ck_assert_matches(&verdict, HASHVEIL_SIGNAL_SHA256, ALL_KINDS);
}
END_TEST

START_TEST(a_digest_wins_over_a_hash)
{
    const hashveil_fingerprint listed = draw_fingerprint(3);
    const hashveil_verdict both = scan(OF_A_PICTURE, &listed);
    ck_assert_matches(&both, HASHVEIL_SIGNAL_SHA1, OF_A_PICTURE);
    ck_assert_uint_eq(both.masks_hit, 0); /* of that record */
    const hashveil_verdict without = scan(FIRST_EXACT + 1000, &listed);
    ck_assert_matches(&without, HASHVEIL_SIGNAL_PDQ, 3);
    ck_assert_uint_ge(without.masks_hit, 2);
}
END_TEST

START_TEST(a_picture_of_low_quality_is_found_by_its_digest_alone)
{
    hashveil_fingerprint unclear = draw_fingerprint(3);
    unclear.quality = HASHVEIL_PDQ_MIN_QUALITY - 1;
    const hashveil_verdict listed = scan(FIRST_EXACT, &unclear);
    ck_assert_matches(&listed, HASHVEIL_SIGNAL_MD5, FIRST_EXACT);
    ck_assert_int_eq(scan(FIRST_EXACT + 1000, &unclear).kind, HASHVEIL_VERDICT_LOW_QUALITY);
}
END_TEST

START_TEST(an_edited_copy_is_still_found_beside_the_digests)
{
    const hashveil_fingerprint original = draw_fingerprint(5);
    const hashveil_fingerprint edited = draw_edited(&original, (unsigned)_i);
    const hashveil_verdict verdict = scan(FIRST_EXACT + 1000, &edited);
    ck_assert_matches(&verdict, HASHVEIL_SIGNAL_PDQ, 5);
}
END_TEST

START_TEST(without_digests_only_the_hash_is_asked_for)
{
    const hashveil_fingerprint listed = draw_fingerprint(3);
    const hashveil_subject subject = {.forms = &listed, .form_count = 1};
    const hashveil_verdict verdict = scan_with(scanner, &subject);
    ck_assert_matches(&verdict, HASHVEIL_SIGNAL_PDQ, 3);
}
END_TEST

START_TEST(a_database_without_digests_is_not_asked_for_any)
{
    const hashveil_fingerprint listed = draw_fingerprint(3);
    ck_assert_uint_eq(hashveil_sealed_db_describe(db)->padded_exact_count, 0);
    const hashveil_verdict verdict = scan(FIRST_EXACT, &listed);
    ck_assert_matches(&verdict, HASHVEIL_SIGNAL_PDQ, 3);
    ck_assert_int_eq(scan(FIRST_EXACT, NULL).kind, HASHVEIL_VERDICT_NO_MATCH);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scanner exact");
    TCase *exact = tcase_create("exact");
    TCase *none = tcase_create("none");

    tcase_set_timeout(exact, 120);
    tcase_add_unchecked_fixture(exact, set_up, tear_down);
    tcase_add_loop_test(exact, a_digest_of_each_kind_opens_its_record, 0, HASHVEIL_DIGEST_KINDS);
    tcase_add_loop_test(exact, another_file_opens_nothing, 0, 3);
    tcase_add_test(exact, a_digest_of_another_kind_opens_nothing);
    tcase_add_test(exact, the_surest_of_several_digests_is_named);
    tcase_add_test(exact, a_digest_wins_over_a_hash);
    tcase_add_test(exact, a_picture_of_low_quality_is_found_by_its_digest_alone);
    tcase_add_loop_test(exact, an_edited_copy_is_still_found_beside_the_digests, 0, 32);
    tcase_add_test(exact, without_digests_only_the_hash_is_asked_for);
    suite_add_tcase(suite, exact);

    tcase_set_timeout(none, 120);
    tcase_add_unchecked_fixture(none, set_up_without_exact, tear_down);
    tcase_add_test(none, a_database_without_digests_is_not_asked_for_any);
    suite_add_tcase(suite, none);
    return run_suite(suite);
}
