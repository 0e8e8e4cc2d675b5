/* SPDX-License-Identifier: Apache-2.0 */
/* Matches to reports: on disk before anybody is told, then to the reporter, and nothing else. */
#include "evaluator_peer.h"
#include "run_suite.h"
#include "scan_folder.h"
#include "scripted_peer.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define ANSWER(number) "HTTP/1.1 " #number " Text\r\nContent-Length: 0\r\n\r\n"

enum { SECONDS = 80, OTHER = LISTED };

static const struct peer_step takes_all = {ANSWER(200), PEER_KEEPS, NULL};

static const struct scan_folder *folder;
static struct evaluator_peer *evaluator;
static hashveil_key reporter_key;

static void set_up(void)
{
    folder = make_scan_folder();
    ck_assert_int_eq(hashveil_key_generate(HASHVEIL_KEY_REPORTER, &reporter_key), HASHVEIL_OK);
    evaluator = evaluator_peer_start(folder->evaluator_path, &folder->evaluator_key, 0, "");
}

static void tear_down(void)
{
    evaluator_peer_stop(evaluator);
    hashveil_key_clear(&reporter_key);
    remove_scan_folder();
}

static hashveil_scan_options reporting_options(struct scan_seen *seen)
{
    hashveil_scan_options options = scan_options(seen);
    options.reporter_key = &reporter_key;
    options.spool_path = folder->spool_path;
    return options;
}

static void put_three_matches(void)
{
    put_scan_picture("a", 1);
    put_scan_picture("b", OTHER);
    put_scan_picture("c", 2);
    put_scan_file("d", "text", 4);
    put_scan_picture("e", 3);
}

static uint64_t count_waiting(void)
{
    hashveil_spool *spool;
    uint64_t count;
    ck_assert_int_eq(hashveil_spool_open(folder->spool_path, &spool), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_spool_count(spool, &count), HASHVEIL_OK);
    hashveil_spool_close(spool);
    return count;
}

static void run_spool_sql(const char *sql)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(folder->spool_path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

/* The report that was added last, as the reporter opens it. */
static hashveil_report read_last_report(void)
{
    static const char sql[] = "SELECT sealed FROM report ORDER BY sequence DESC LIMIT 1";
    sqlite3 *db;
    sqlite3_stmt *row;
    hashveil_report report;
    hashveil_envelope envelope;
    uint8_t secret[HASHVEIL_SHARE_BYTES];
    const hashveil_envelope *const shares[] = {&envelope};
    ck_assert_int_eq(sqlite3_open(folder->spool_path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
    ck_assert_int_eq(hashveil_envelope_open(sqlite3_column_blob(row, 0),
                                            (size_t)sqlite3_column_bytes(row, 0), &reporter_key,
                                            &envelope),
                     HASHVEIL_OK);
    ck_assert_int_eq(hashveil_account_recover(shares, 1, secret), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_report_open(&envelope, secret, &report), HASHVEIL_OK);
    sqlite3_finalize(row);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    return report;
}

static void ck_assert_is_on_disk(struct scan_seen *seen, const hashveil_file_result *result)
{
    static const uint64_t waiting[] = {1, 1, 2, 2, 3};
    const hashveil_sealed_db_info *database = hashveil_sealed_db_describe(folder->database);
    ck_assert_uint_eq(count_waiting(), waiting[seen->told - 1]);
    if (result->file_class != HASHVEIL_FILE_MATCH) {
        ck_assert(!result->is_reported);
        return;
    }
    const hashveil_report report = read_last_report();
    ck_assert(result->is_reported);
    ck_assert_mem_eq(report.id, result->report_id, sizeof report.id);
    ck_assert_uint_eq(report.epoch, database->epoch);
    ck_assert_mem_eq(report.database_digest, database->digest, sizeof report.database_digest);
    ck_assert_str_eq(report.record.labels[0], result->verdict.record.labels[0]);
    ck_assert_mem_eq(report.record.id, result->verdict.record.id, sizeof report.record.id);
    ck_assert_uint_eq(report.record.lists, result->verdict.record.lists);
    ck_assert_uint_eq(hashveil_pdq_distance(&report.hash, &result->fingerprint.hash), 0);
    ck_assert_uint_eq(report.quality, result->fingerprint.quality);
}

START_TEST(a_match_is_in_the_spool_before_it_is_told)
{
    struct scan_seen seen;
    hashveil_scan_options options = reporting_options(&seen);
    options.workers = (unsigned)_i;
    seen.after_result = ck_assert_is_on_disk;
    put_three_matches();
    scan_pictures(&options);
    ck_assert_str_eq(seen.results, "a: match label 1 (reported)\n"
                                   "b: no known match\n"
                                   "c: match label 2 (reported)\n"
                                   "d: not an image\n"
                                   "e: match label 3 (reported)\n");
    ck_assert_str_eq(seen.troubles, "");
    ck_assert_uint_eq(seen.summary.reports_spooled, 3);
    ck_assert_uint_eq(seen.summary.reports_delivered, 0);
    ck_assert_int_eq(seen.summary.report_status, HASHVEIL_OK);
}
END_TEST

START_TEST(a_turned_match_is_reported_as_the_listed_picture_lies)
{
    static const hashveil_scanner_options turning = {.verified_percent = 100, .is_dihedral = true};
    const hashveil_fingerprint listed = scan_picture_fingerprint(1);
    struct scan_seen seen;
    hashveil_scan_options options = reporting_options(&seen);
    options.fingerprint_options.is_exact_decode = _i == 1;
    put_scan_turned_picture("a", 1);
    scan_pictures(&options);
    ck_assert_str_eq(seen.results, "a: no known match\n");

    options = reporting_options(&seen);
    options.scanner_options = &turning;
    scan_pictures(&options);
    ck_assert_str_eq(seen.results, "a: match label 1 (reported)\n");
    const hashveil_report report = read_last_report();
    ck_assert_uint_le(hashveil_pdq_distance(&report.hash, &listed.hash), HASHVEIL_PDQ_MATCH_BITS);
}
END_TEST

START_TEST(a_match_by_digest_is_reported_with_its_digests)
{
    static const char *const listed[] = {"a text"};
    static const hashveil_pdq no_hash;
    struct scan_seen seen;
    hashveil_digests digests;
    put_scan_file("a text", "text", 4);
    list_scan_files(listed, 1, HASHVEIL_DIGEST_SHA1);
    const hashveil_scan_options options = reporting_options(&seen);
    scan_pictures(&options);
    ck_assert_str_eq(seen.results, "a text: match file a text (reported)\n");
    ck_assert_int_eq(hashveil_digests_of((const uint8_t *)"text", 4, &digests), HASHVEIL_OK);
    const hashveil_report report = read_last_report();
    ck_assert_int_eq(report.matched_by, HASHVEIL_SIGNAL_SHA1);
    ck_assert_mem_eq(&report.digests, &digests, sizeof digests);
    ck_assert(!report.has_picture);
    ck_assert_uint_eq(hashveil_pdq_distance(&report.hash, &no_hash), 0);
}
END_TEST

START_TEST(without_a_key_nothing_is_reported)
{
    struct scan_seen seen;
    hashveil_scan_options options = scan_options(&seen);
    options.spool_path = folder->spool_path;
    put_three_matches();
    scan_pictures(&options);
    ck_assert_uint_eq(seen.summary.by_class[HASHVEIL_FILE_MATCH], 3);
    ck_assert_uint_eq(seen.summary.reports_spooled, 0);
    ck_assert_uint_eq(count_waiting(), 0);
}
END_TEST

START_TEST(a_scan_whose_spool_cannot_be_opened_does_not_begin)
{
    struct scan_seen seen;
    hashveil_scan_options options = reporting_options(&seen);
    put_three_matches();
    options.spool_path = "/nowhere/spool";
    scan_pictures(&options);
    ck_assert_int_eq(seen.status, HASHVEIL_ERR_NOT_FOUND);
    ck_assert_uint_eq(seen.told, 0);
    options.spool_path = folder->database_path;
    scan_pictures(&options);
    ck_assert_int_eq(seen.status, HASHVEIL_ERR_UNSUPPORTED);
    ck_assert_uint_eq(seen.told, 0);
}
END_TEST

static void break_spool_once(struct scan_seen *seen, const hashveil_file_result *result)
{
    (void)result;
    if (seen->told == 1) {
        run_spool_sql("DROP TABLE report");
    }
}

START_TEST(a_report_that_cannot_be_kept_is_trouble_told_once)
{
    struct scan_seen seen;
    hashveil_scan_options options = reporting_options(&seen);
    seen.after_result = break_spool_once;
    put_three_matches();
    scan_pictures(&options);
    ck_assert_int_eq(seen.status, HASHVEIL_OK);
    ck_assert_str_eq(seen.results, "a: match label 1 (reported)\n"
                                   "b: no known match\n"
                                   "c: match label 2\n"
                                   "d: not an image\n"
                                   "e: match label 3\n");
    ck_assert_str_eq(seen.troubles, "spool: malformed or damaged\n");
    ck_assert_int_eq(seen.summary.report_status, HASHVEIL_ERR_FORMAT);
    ck_assert_uint_eq(seen.summary.reports_spooled, 1);
}
END_TEST

START_TEST(a_key_that_is_no_reporters_is_trouble_told_once)
{
    struct scan_seen seen;
    hashveil_scan_options options = reporting_options(&seen);
    options.reporter_key = &folder->evaluator_key;
    put_three_matches();
    scan_pictures(&options);
    ck_assert_uint_eq(seen.summary.by_class[HASHVEIL_FILE_MATCH], 3);
    ck_assert_str_eq(seen.troubles, "spool: not the key that is needed here\n");
    ck_assert_int_eq(seen.summary.report_status, HASHVEIL_ERR_KEY);
    ck_assert_uint_eq(seen.summary.reports_spooled, 0);
    ck_assert_uint_eq(count_waiting(), 0);
}
END_TEST

START_TEST(what_waits_is_delivered_that_of_earlier_scans_too)
{
    struct scan_seen seen;
    hashveil_scan_options options = reporting_options(&seen);
    put_scan_picture("a", 1);
    scan_pictures(&options);
    ck_assert_uint_eq(count_waiting(), 1);

    options = reporting_options(&seen);
    options.reporter.address = folder->reporter_address;
    struct peer *reporter = peer_start(folder->reporter_path, &takes_all, 1);
    ck_assert_ptr_nonnull(reporter);
    scan_pictures(&options);
    peer_stop(reporter);
    ck_assert_uint_eq(seen.summary.reports_spooled, 1);
    ck_assert_uint_eq(seen.summary.reports_delivered, 2);
    ck_assert_int_eq(seen.summary.report_status, HASHVEIL_OK);
    ck_assert_uint_eq(reporter->request_count, 2);
    ck_assert_uint_eq(count_waiting(), 0);
    peer_free(reporter);
}
END_TEST

START_TEST(without_a_match_the_reporter_hears_nothing)
{
    struct scan_seen seen;
    hashveil_scan_options options = reporting_options(&seen);
    options.reporter.address = folder->reporter_address;
    put_scan_picture("a", OTHER);
    put_scan_flat_picture("b");
    put_scan_half_picture("c", 1);
    put_scan_file("d", "text", 4);
    struct peer *reporter = peer_start(folder->reporter_path, &takes_all, 1);
    ck_assert_ptr_nonnull(reporter);
    scan_pictures(&options);
    peer_stop(reporter);
    ck_assert_uint_eq(seen.summary.files, 4);
    ck_assert_uint_eq(reporter->connection_count, 0);
    peer_free(reporter);
}
END_TEST

START_TEST(reports_wait_for_a_reporter_that_is_not_there)
{
    struct scan_seen seen;
    hashveil_scan_options options = reporting_options(&seen);
    options.reporter.address = folder->reporter_address;
    put_three_matches();
    scan_pictures(&options);
    ck_assert_int_eq(seen.status, HASHVEIL_OK);
    ck_assert_str_eq(seen.troubles, "reporter: the peer cannot be reached\n");
    ck_assert_int_eq(seen.summary.report_status, HASHVEIL_ERR_UNREACHABLE);
    ck_assert_uint_eq(seen.summary.reports_spooled, 3);
    ck_assert_uint_eq(seen.summary.reports_delivered, 0);
    ck_assert_uint_eq(count_waiting(), 3);
}
END_TEST

START_TEST(a_reporter_that_ends_early_has_what_it_acknowledged)
{
    static const struct peer_step steps[] = {{ANSWER(200), PEER_KEEPS, NULL},
                                             {"", PEER_DIES, NULL}};
    struct scan_seen seen;
    hashveil_scan_options options = reporting_options(&seen);
    options.reporter.address = folder->reporter_address;
    put_three_matches();
    struct peer *reporter = peer_start(folder->reporter_path, steps, 2);
    ck_assert_ptr_nonnull(reporter);
    scan_pictures(&options);
    peer_stop(reporter);
    peer_free(reporter);
    ck_assert_str_eq(seen.troubles, "reporter: the peer cannot be reached\n");
    ck_assert_uint_eq(seen.summary.reports_delivered, 1);
    ck_assert_uint_eq(count_waiting(), 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scan_report");
    TCase *spool = tcase_create("spool");
    TCase *reporter = tcase_create("reporter");

    tcase_add_checked_fixture(spool, set_up, tear_down);
    tcase_set_timeout(spool, SECONDS);
    tcase_add_loop_test(spool, a_match_is_in_the_spool_before_it_is_told, 1, 5);
    tcase_add_loop_test(spool, a_turned_match_is_reported_as_the_listed_picture_lies, 0, 2);
    tcase_add_test(spool, a_match_by_digest_is_reported_with_its_digests);
    tcase_add_test(spool, without_a_key_nothing_is_reported);
    tcase_add_test(spool, a_scan_whose_spool_cannot_be_opened_does_not_begin);
    tcase_add_test(spool, a_report_that_cannot_be_kept_is_trouble_told_once);
    tcase_add_test(spool, a_key_that_is_no_reporters_is_trouble_told_once);
    suite_add_tcase(suite, spool);

    tcase_add_checked_fixture(reporter, set_up, tear_down);
    tcase_set_timeout(reporter, SECONDS);
    tcase_add_test(reporter, what_waits_is_delivered_that_of_earlier_scans_too);
    tcase_add_test(reporter, without_a_match_the_reporter_hears_nothing);
    tcase_add_test(reporter, reports_wait_for_a_reporter_that_is_not_there);
    tcase_add_test(reporter, a_reporter_that_ends_early_has_what_it_acknowledged);
    suite_add_tcase(suite, reporter);
    return run_suite(suite);
}
