/* SPDX-License-Identifier: Apache-2.0 */
/* Segments on top of a database: what they add and withdraw, and what does not fit together. */
#include <hashveil/evaluator.h>
#include <hashveil/scanner.h>

#include "base/memory.h"
#include "draw.h"
#include "run_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BEFORE = 20, NOW = 30, BASE_EPOCH = 7, EPOCH = 8 };

static char base_path[] = "/tmp/hashveil-segments-XXXXXX";
static char segment_path[sizeof base_path + 8];
static hashveil_key key;
static hashveil_entries before, now;
static hashveil_sealed_db *base;
static hashveil_evaluator *evaluator;

static hashveil_sealed_db *open_db(const char *path)
{
    hashveil_sealed_db *db;
    const char *where;
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_sealed_db_check(db, &where), HASHVEIL_OK);
    return db;
}

/* The first 20 of 30 entries, and one digest more. */
static void set_up(void)
{
    memcpy(base_path + sizeof base_path - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    const int fd = mkstemp(base_path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    snprintf(segment_path, sizeof segment_path, "%s.seg", base_path);
    key = draw_evaluator_key();
    before = draw_entries(NOW);
    before.count = BEFORE;
    now = draw_entries(NOW);
    now.exact = hv_alloc_array(1, sizeof *now.exact);
    ck_assert_ptr_nonnull(now.exact);
    now.exact_count = 1;
    now.exact[0] = (hashveil_exact_entry){
        .digest = {HASHVEIL_DIGEST_MD5, {1, 2, 3}},
        .record = {.id = {200}, .labels = {"file"}, .lists = 2},
    };
    draw_database(base_path, &before, &key);
    base = open_db(base_path);
    ck_assert_int_eq(hashveil_evaluator_create(&key, &evaluator), HASHVEIL_OK);
}

static void tear_down(void)
{
    hashveil_evaluator_destroy(evaluator);
    hashveil_sealed_db_close(base);
    hashveil_entries_clear(&before);
    hashveil_entries_clear(&now);
    hashveil_key_clear(&key);
    unlink(base_path);
    unlink(segment_path);
}

static hashveil_status seal(const hashveil_delta *delta, const hashveil_key *with, uint64_t epoch)
{
    const hashveil_seal_options options = {.evaluator_key = with,
                                           .epoch = epoch,
                                           .base = base,
                                           .withdrawn = delta->withdrawn,
                                           .withdrawn_count = delta->withdrawn_count,
                                           .workers = 1};
    return hashveil_sealed_db_build(segment_path, &delta->entries, &options, NULL);
}

/* Seals what became of the entries and puts it on the base. */
static void attach_delta(void)
{
    hashveil_delta delta;
    ck_assert_int_eq(hashveil_delta_find(base, &before, &now, &delta), HASHVEIL_OK);
    ck_assert_int_eq(seal(&delta, &key, EPOCH), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_sealed_db_attach(base, open_db(segment_path)), HASHVEIL_OK);
    hashveil_delta_clear(&delta);
}

static hashveil_verdict ask(const hashveil_subject *subject)
{
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    hashveil_scanner *scanner;
    hashveil_query *query;
    hashveil_verdict verdict;
    size_t len;
    ck_assert_int_eq(hashveil_scanner_create(base, NULL, &scanner), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_begin(scanner, subject, &query), HASHVEIL_OK);
    do {
        const uint8_t *request = hashveil_query_request(query, 0, &len);
        ck_assert_int_eq(hashveil_evaluator_respond(evaluator, request, len, response, &len),
                         HASHVEIL_OK);
        ck_assert_int_eq(hashveil_scanner_finish(query, 0, response, len, &verdict), HASHVEIL_OK);
    } while (verdict.kind == HASHVEIL_VERDICT_PROOF_WANTED);
    hashveil_query_destroy(query);
    hashveil_scanner_destroy(scanner);
    return verdict;
}

static hashveil_verdict ask_picture(unsigned number)
{
    const hashveil_fingerprint original = draw_fingerprint(number);
    const hashveil_fingerprint copy = draw_edited(&original, 5);
    return ask(&(hashveil_subject){.forms = &copy, .form_count = 1});
}

static void ck_assert_found(unsigned number, size_t part)
{
    const hashveil_verdict verdict = ask_picture(number);
    ck_assert_int_eq(verdict.kind, HASHVEIL_VERDICT_MATCH);
    ck_assert_uint_eq(verdict.part, part);
    ck_assert_mem_eq(verdict.record.id, now.entries[number].record.id, HASHVEIL_RECORD_ID_BYTES);
}

START_TEST(one_request_finds_what_is_in_the_base_and_what_is_in_the_segment)
{
    attach_delta();
    ck_assert_uint_eq(hashveil_sealed_db_part_count(base), 2);
    for (unsigned i = 0; i < NOW; i++) {
        ck_assert_found(i, i < BEFORE ? 0 : 1);
    }
    ck_assert_int_eq(ask_picture(NOW).kind, HASHVEIL_VERDICT_NO_MATCH);
}
END_TEST

START_TEST(a_digest_that_only_the_segment_lists_is_found)
{
    const hashveil_digests listed = {.md5 = {1, 2, 3}};
    const hashveil_digests other = {.md5 = {1, 2, 4}};
    ck_assert(!hashveil_sealed_db_lists_digests(base));
    attach_delta();
    ck_assert(hashveil_sealed_db_lists_digests(base));
    const hashveil_verdict found = ask(&(hashveil_subject){.digests = &listed});
    ck_assert_int_eq(found.matched_by, HASHVEIL_SIGNAL_MD5);
    ck_assert_uint_eq(found.part, 1);
    ck_assert_int_eq(ask(&(hashveil_subject){.digests = &other}).kind, HASHVEIL_VERDICT_NO_MATCH);
}
END_TEST

START_TEST(a_withdrawn_record_is_found_no_more)
{
    enum { GONE = 3 };
    ck_assert_found(GONE, 0);
    now.entries[GONE] = now.entries[--now.count];
    attach_delta();
    ck_assert_int_eq(ask_picture(GONE).kind, HASHVEIL_VERDICT_NO_MATCH);
    for (unsigned i = 0; i < NOW - 1; i++) {
        ck_assert_int_eq(ask_picture(i).kind,
                         i == GONE ? HASHVEIL_VERDICT_NO_MATCH : HASHVEIL_VERDICT_MATCH);
    }
}
END_TEST

START_TEST(a_record_with_another_label_is_made_anew)
{
    strcpy(now.entries[4].record.labels[0], "new label");
    attach_delta();
    ck_assert_found(4, 1);
    ck_assert_str_eq(ask_picture(4).record.labels[0], "new label");
    ck_assert_found(5, 0);
}
END_TEST

/* Of a record of two pictures one goes: the record is withdrawn, and what is left is in a new one.
 */
START_TEST(what_is_left_of_a_withdrawn_record_is_in_the_segment)
{
    hashveil_sealed_db_close(base);
    before.entries[1].record = before.entries[0].record;
    now.entries[1].record = before.entries[0].record;
    draw_database(base_path, &before, &key);
    base = open_db(base_path);
    now.entries[0] = now.entries[--now.count];
    attach_delta();
    ck_assert_int_eq(ask_picture(0).kind, HASHVEIL_VERDICT_NO_MATCH);
    const hashveil_verdict left = ask_picture(1);
    ck_assert_int_eq(left.kind, HASHVEIL_VERDICT_MATCH);
    ck_assert_uint_eq(left.part, 1);
    ck_assert_mem_eq(left.record.id, before.entries[0].record.id, HASHVEIL_RECORD_ID_BYTES);
}
END_TEST

START_TEST(a_segment_may_only_withdraw)
{
    now.exact_count = 0;
    now.count = 2;
    attach_delta();
    const hashveil_sealed_db_info *info = hashveil_sealed_db_describe_part(base, 1);
    ck_assert_uint_eq(info->withdrawn_count, 64); /* 18 of them, padded */
    ck_assert_found(1, 0);
    ck_assert_int_eq(ask_picture(2).kind, HASHVEIL_VERDICT_NO_MATCH);
}
END_TEST

START_TEST(a_delta_holds_what_changed_alone)
{
    hashveil_delta delta;
    ck_assert_int_eq(hashveil_delta_find(base, &before, &now, &delta), HASHVEIL_OK);
    ck_assert_uint_eq(delta.entries.count, NOW - BEFORE);
    ck_assert_uint_eq(delta.entries.exact_count, 1);
    ck_assert_uint_eq(delta.withdrawn_count, 0);
    hashveil_delta_clear(&delta);
    ck_assert_int_eq(hashveil_delta_find(base, &before, &before, &delta), HASHVEIL_OK);
    ck_assert_uint_eq(delta.entries.count + delta.entries.exact_count + delta.withdrawn_count, 0);
    ck_assert_int_eq(seal(&delta, &key, EPOCH), HASHVEIL_ERR_EMPTY);
    hashveil_delta_clear(&delta);
}
END_TEST

START_TEST(a_delta_of_other_entries_than_the_bases_is_refused)
{
    hashveil_delta delta;
    before.list_count = 1;
    ck_assert_int_eq(hashveil_delta_find(base, &before, &now, &delta), HASHVEIL_ERR_ARGUMENT);
    before.list_count = 2;
    ck_assert_int_eq(hashveil_delta_find(base, &now, &now, &delta), HASHVEIL_ERR_ARGUMENT);
    attach_delta();
    hashveil_sealed_db *segment = open_db(segment_path);
    ck_assert_int_eq(hashveil_delta_find(segment, &now, &now, &delta), HASHVEIL_ERR_ARGUMENT);
    hashveil_sealed_db_close(segment);
}
END_TEST

START_TEST(a_segment_is_sealed_with_its_bases_key_and_a_later_epoch_only)
{
    const hashveil_key other = draw_evaluator_key();
    hashveil_delta delta;
    ck_assert_int_eq(hashveil_delta_find(base, &before, &now, &delta), HASHVEIL_OK);
    ck_assert_int_eq(seal(&delta, &other, EPOCH), HASHVEIL_ERR_KEY);
    ck_assert_int_eq(seal(&delta, &key, BASE_EPOCH), HASHVEIL_ERR_ARGUMENT);
    ck_assert_int_eq(seal(&delta, &key, EPOCH), HASHVEIL_OK);
    hashveil_delta_clear(&delta);
}
END_TEST

START_TEST(withdrawn_ids_out_of_order_are_refused)
{
    uint8_t ids[2 * HASHVEIL_RECORD_ID_BYTES] = {2, [HASHVEIL_RECORD_ID_BYTES] = 1};
    const hashveil_delta delta = {.entries = now, .withdrawn = ids, .withdrawn_count = 2};
    ck_assert_int_eq(seal(&delta, &key, EPOCH), HASHVEIL_ERR_ARGUMENT);
    ids[0] = 1;
    ck_assert_int_eq(seal(&delta, &key, EPOCH), HASHVEIL_ERR_ARGUMENT);
    ids[0] = 0;
    ck_assert_int_eq(seal(&delta, &key, EPOCH), HASHVEIL_OK);
}
END_TEST

START_TEST(only_a_segment_of_this_very_base_is_put_on_it)
{
    hashveil_sealed_db *whole = open_db(base_path);
    attach_delta();
    ck_assert_int_eq(hashveil_sealed_db_attach(base, whole), HASHVEIL_ERR_ARGUMENT);
    hashveil_sealed_db *segment = open_db(segment_path);
    hashveil_sealed_db *again = open_db(segment_path);
    ck_assert_int_eq(hashveil_sealed_db_attach(segment, again), HASHVEIL_ERR_ARGUMENT);
    hashveil_sealed_db_close(whole);
    draw_database(base_path, &before, &key); /* the same entries in another edition */
    whole = open_db(base_path);
    ck_assert_int_eq(hashveil_sealed_db_attach(whole, segment), HASHVEIL_ERR_KEY);
    ck_assert_uint_eq(hashveil_sealed_db_part_count(whole), 1);
    ck_assert_ptr_null(hashveil_sealed_db_describe_part(whole, 1));
    hashveil_sealed_db_close(whole);
    hashveil_sealed_db_close(segment);
    hashveil_sealed_db_close(again);
}
END_TEST

START_TEST(there_is_room_for_so_many_segments_and_no_more)
{
    attach_delta();
    for (size_t i = 1; i < HASHVEIL_MAX_SEGMENTS; i++) {
        ck_assert_int_eq(hashveil_sealed_db_attach(base, open_db(segment_path)), HASHVEIL_OK);
    }
    hashveil_sealed_db *one_more = open_db(segment_path);
    ck_assert_int_eq(hashveil_sealed_db_attach(base, one_more), HASHVEIL_ERR_LIMIT);
    hashveil_sealed_db_close(one_more);
    ck_assert_found(NOW - 1, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("segments");
    TCase *search = tcase_create("search");
    TCase *fit = tcase_create("fit");

    tcase_set_timeout(search, 120);
    tcase_add_checked_fixture(search, set_up, tear_down);
    tcase_add_test(search, one_request_finds_what_is_in_the_base_and_what_is_in_the_segment);
    tcase_add_test(search, a_digest_that_only_the_segment_lists_is_found);
    tcase_add_test(search, a_withdrawn_record_is_found_no_more);
    tcase_add_test(search, a_record_with_another_label_is_made_anew);
    tcase_add_test(search, what_is_left_of_a_withdrawn_record_is_in_the_segment);
    tcase_add_test(search, a_segment_may_only_withdraw);
    suite_add_tcase(suite, search);

    tcase_set_timeout(fit, 120);
    tcase_add_checked_fixture(fit, set_up, tear_down);
    tcase_add_test(fit, a_delta_holds_what_changed_alone);
    tcase_add_test(fit, a_delta_of_other_entries_than_the_bases_is_refused);
    tcase_add_test(fit, a_segment_is_sealed_with_its_bases_key_and_a_later_epoch_only);
    tcase_add_test(fit, withdrawn_ids_out_of_order_are_refused);
    tcase_add_test(fit, only_a_segment_of_this_very_base_is_put_on_it);
    tcase_add_test(fit, there_is_room_for_so_many_segments_and_no_more);
    suite_add_tcase(suite, fit);
    return run_suite(suite);
}
