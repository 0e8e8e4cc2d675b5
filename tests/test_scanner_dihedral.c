/* SPDX-License-Identifier: Apache-2.0 */
/* Turned and mirrored pictures: found where they are asked for, at one price for every file. */
#include <hashveil/evaluator.h>
#include <hashveil/scanner.h>

#include "draw.h"
#include "run_suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENTRIES = 20, REQUEST_BYTES = 8276, LISTED = 3, EDITED_BITS = 16 };

static char path[] = "/tmp/hashveil-dihedral-XXXXXX";
static hashveil_key key;
static hashveil_sealed_db *db;
static hashveil_evaluator *evaluator;
static hashveil_scanner *scanner, *plain;

/* What is drawn is not quite what a transform gives: its median is not the middle one. */
static hashveil_fingerprint draw_picture(uint64_t number)
{
    hashveil_fingerprint fingerprint = draw_fingerprint(number);
    hashveil_pdq_turn(&fingerprint, HASHVEIL_DIHEDRAL_ORIGINAL, &fingerprint);
    return fingerprint;
}

static void set_up(void)
{
    const hashveil_scanner_options turning = {.verified_percent = 0, .is_dihedral = true};
    const char *where;
    memcpy(path + sizeof path - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    key = draw_evaluator_key();
    hashveil_entries entries = draw_entries(ENTRIES);
    for (size_t i = 0; i < ENTRIES; i++) {
        entries.entries[i].hash = draw_picture(i).hash;
    }
    draw_database(path, &entries, &key);
    hashveil_entries_clear(&entries);
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_create(db, &turning, &scanner), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_create(db, NULL, &plain), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_evaluator_create(&key, &evaluator), HASHVEIL_OK);
}

static void tear_down(void)
{
    hashveil_evaluator_destroy(evaluator);
    hashveil_scanner_destroy(plain);
    hashveil_scanner_destroy(scanner);
    hashveil_sealed_db_close(db);
    hashveil_key_clear(&key);
    unlink(path);
}

static hashveil_verdict scan(const hashveil_scanner *with, const hashveil_subject *subject)
{
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    hashveil_verdict verdict;
    hashveil_query *query;
    ck_assert_int_eq(hashveil_scanner_begin(with, subject, &query), HASHVEIL_OK);
    do {
        size_t len;
        const uint8_t *request = hashveil_query_request(query, 0, &len);
        ck_assert_uint_eq(len, with == plain ? REQUEST_BYTES : HASHVEIL_REQUEST_MAX_BYTES);
        ck_assert_int_eq(hashveil_evaluator_respond(evaluator, request, len, response, &len),
                         HASHVEIL_OK);
        ck_assert_int_eq(hashveil_scanner_finish(query, 0, response, len, &verdict), HASHVEIL_OK);
    } while (verdict.kind == HASHVEIL_VERDICT_PROOF_WANTED);
    hashveil_query_destroy(query);
    return verdict;
}

/* The turn that takes each turn back: all but the quarter turns are their own. */
static hashveil_dihedral back_from(hashveil_dihedral turn)
{
    return turn == HASHVEIL_DIHEDRAL_ROTATE_90    ? HASHVEIL_DIHEDRAL_ROTATE_270
           : turn == HASHVEIL_DIHEDRAL_ROTATE_270 ? HASHVEIL_DIHEDRAL_ROTATE_90
                                                  : turn;
}

START_TEST(a_turned_and_edited_copy_is_found_and_how_it_is_turned)
{
    const hashveil_dihedral turn = (hashveil_dihedral)_i;
    const hashveil_fingerprint listed = draw_picture(LISTED);
    hashveil_fingerprint copy = draw_edited(&listed, EDITED_BITS);
    hashveil_pdq_turn(&copy, turn, &copy);
    const hashveil_subject subject = {.forms = &copy, .form_count = 1};
    const bool is_found = scan(plain, &subject).kind == HASHVEIL_VERDICT_MATCH;
    ck_assert(is_found == (turn == HASHVEIL_DIHEDRAL_ORIGINAL));

    const hashveil_verdict verdict = scan(scanner, &subject);
    ck_assert_int_eq(verdict.kind, HASHVEIL_VERDICT_MATCH);
    ck_assert_uint_eq(verdict.record.id[0], LISTED);
    ck_assert_uint_ge(verdict.masks_hit, 2);
    ck_assert_uint_eq(verdict.form, 0);
    ck_assert_int_eq(verdict.turn, back_from(turn));
    hashveil_pdq_turn(&copy, verdict.turn, &copy);
    ck_assert_uint_le(hashveil_pdq_distance(&copy.hash, &listed.hash), HASHVEIL_PDQ_MATCH_BITS);
}
END_TEST

START_TEST(any_form_of_a_subject_is_found_and_named)
{
    const hashveil_fingerprint forms[] = {draw_picture(500), draw_picture(LISTED)};
    const hashveil_subject subject = {.forms = forms, .form_count = 2};
    const hashveil_scanner *const with[] = {scanner, plain};
    for (size_t i = 0; i < 2; i++) {
        const hashveil_verdict verdict = scan(with[i], &subject);
        ck_assert_int_eq(verdict.kind, HASHVEIL_VERDICT_MATCH);
        ck_assert_uint_eq(verdict.record.id[0], LISTED);
        ck_assert_uint_eq(verdict.form, 1);
        ck_assert_int_eq(verdict.turn, HASHVEIL_DIHEDRAL_ORIGINAL);
    }
}
END_TEST

START_TEST(too_many_forms_are_refused)
{
    static hashveil_fingerprint forms[HASHVEIL_MAX_FORMS + 1];
    const hashveil_subject most = {.forms = forms, .form_count = HASHVEIL_MAX_FORMS};
    const hashveil_subject too_many = {.forms = forms, .form_count = HASHVEIL_MAX_FORMS + 1};
    hashveil_query *query;
    for (size_t i = 0; i <= HASHVEIL_MAX_FORMS; i++) {
        forms[i] = draw_picture(700 + i);
    }
    ck_assert_int_eq(scan(scanner, &most).kind, HASHVEIL_VERDICT_NO_MATCH);
    ck_assert_int_eq(hashveil_scanner_begin(scanner, &too_many, &query), HASHVEIL_ERR_ARGUMENT);
    ck_assert_ptr_null(query);
}
END_TEST

START_TEST(an_unlisted_picture_opens_nothing_however_it_is_turned)
{
    const hashveil_fingerprint fingerprint = draw_picture(600 + (uint64_t)_i);
    const hashveil_subject subject = {.forms = &fingerprint, .form_count = 1};
    ck_assert_int_eq(scan(scanner, &subject).kind, HASHVEIL_VERDICT_NO_MATCH);
}
END_TEST

START_TEST(what_has_nothing_to_turn_sends_as_much)
{
    hashveil_fingerprint unclear = draw_picture(LISTED);
    unclear.quality = HASHVEIL_PDQ_MIN_QUALITY - 1;
    const hashveil_subject low_quality = {.forms = &unclear, .form_count = 1};
    const hashveil_subject no_picture = {0};
    ck_assert_int_eq(scan(scanner, &low_quality).kind, HASHVEIL_VERDICT_LOW_QUALITY);
    ck_assert_int_eq(scan(scanner, &no_picture).kind, HASHVEIL_VERDICT_NO_MATCH);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scanner dihedral");
    TCase *forms = tcase_create("forms");
    tcase_set_timeout(forms, 120);
    tcase_add_unchecked_fixture(forms, set_up, tear_down);
    tcase_add_loop_test(forms, a_turned_and_edited_copy_is_found_and_how_it_is_turned, 0,
                        HASHVEIL_PDQ_DIHEDRAL);
    tcase_add_test(forms, any_form_of_a_subject_is_found_and_named);
    tcase_add_test(forms, too_many_forms_are_refused);
    tcase_add_loop_test(forms, an_unlisted_picture_opens_nothing_however_it_is_turned, 0, 3);
    tcase_add_test(forms, what_has_nothing_to_turn_sends_as_much);
    suite_add_tcase(suite, forms);
    return run_suite(suite);
}
