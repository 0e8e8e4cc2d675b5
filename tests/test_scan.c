/* SPDX-License-Identifier: Apache-2.0 */
/* Folders to verdicts: every file in its class, told in order, with an evaluator that answers and
 * with some that do not. */
#include "evaluator_peer.h"
#include "files/line.h"
#include "run_suite.h"
#include "scan_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

#define ANSWER(number) "HTTP/1.1 " #number " Text\r\nContent-Length: 0\r\n\r\n"

enum { NOBODY = 65534, SECONDS = 80, SHORT_MS = 50, OTHER = LISTED };

static const struct scan_folder *folder;
static struct evaluator_peer *evaluator;

static void make_folder(void)
{
    folder = make_scan_folder();
}

static void start_evaluator(void)
{
    evaluator = evaluator_peer_start(folder->evaluator_path, &folder->evaluator_key, 0, "");
}

static size_t stop_evaluator(void)
{
    return evaluator_peer_stop(evaluator);
}

START_TEST(every_file_ends_in_its_class)
{
    struct scan_seen seen;
    const hashveil_scan_options options = scan_options(&seen);
    const char *const paths[] = {folder->pictures_path, "/nowhere"};
    evaluator = evaluator_peer_start(folder->evaluator_path, &folder->evaluator_key, 4,
                                     ANSWER(500)); /* the fourth picture's */
    put_scan_picture("a", 1);
    put_scan_picture("b", OTHER);
    put_scan_flat_picture("c");
    put_scan_picture("d", 2);
    put_scan_file("e", "text", 4);
    put_scan_half_picture("f", 3);
    put_scan_picture("g", 3);
    put_scan_file("h", "", 0);
    scan_paths(paths, 2, &options);
    ck_assert_int_eq(seen.status, HASHVEIL_OK);
    ck_assert_str_eq(seen.results, "a: match label 1\n"
                                   "b: no known match\n"
                                   "c: low quality\n"
                                   "d: unchecked: the peer refused the request\n"
                                   "e: not an image\n"
                                   "f: undecodable: it ends too early\n"
                                   "g: match label 3\n"
                                   "h: not an image\n"
                                   "/nowhere: unreadable: no such file or folder\n");
    ck_assert_str_eq(seen.troubles, "evaluator: the peer refused the request\n");
    ck_assert_uint_eq(seen.summary.files, 9);
    ck_assert_uint_eq(seen.summary.by_class[HASHVEIL_FILE_NO_MATCH], 1);
    ck_assert_uint_eq(seen.summary.by_class[HASHVEIL_FILE_MATCH], 2);
    ck_assert_uint_eq(seen.summary.by_class[HASHVEIL_FILE_LOW_QUALITY], 1);
    ck_assert_uint_eq(seen.summary.by_class[HASHVEIL_FILE_NOT_AN_IMAGE], 2);
    ck_assert_uint_eq(seen.summary.by_class[HASHVEIL_FILE_UNDECODABLE], 1);
    ck_assert_uint_eq(seen.summary.by_class[HASHVEIL_FILE_UNREADABLE], 1);
    ck_assert_uint_eq(seen.summary.by_class[HASHVEIL_FILE_UNCHECKED], 1);
    ck_assert(seen.summary.is_complete);
    ck_assert_uint_eq(seen.summary.reports_spooled, 0);
    ck_assert_int_eq(seen.summary.report_status, HASHVEIL_OK);
    ck_assert_uint_eq(stop_evaluator(), 5); /* one a picture that was decoded */
}
END_TEST

START_TEST(classes_have_texts_and_some_are_trouble)
{
#define X(name, number, text, is_trouble)                                                          \
    ck_assert_str_eq(hashveil_file_class_text(HASHVEIL_FILE_##name), text);                        \
    ck_assert(hashveil_file_class_is_trouble(HASHVEIL_FILE_##name) == (is_trouble));               \
    ck_assert_int_lt(number, HASHVEIL_FILE_CLASSES);
    HASHVEIL_FILE_CLASS_TABLE(X)
#undef X
}
END_TEST

/* What a result holds beside its class, in order of the files. */
static void ck_assert_contents(struct scan_seen *seen, const hashveil_file_result *result)
{
    static const hashveil_fingerprint no_fingerprint;
    static const hashveil_record no_record;
    static const uint8_t no_id[HASHVEIL_REPORT_ID_BYTES];
    const hashveil_fingerprint listed = scan_picture_fingerprint(1);
    const hashveil_fingerprint other = scan_picture_quick_fingerprint(OTHER);
    const hashveil_fingerprint *expected[] = {&listed, &other, &no_fingerprint, &no_fingerprint};
    const hashveil_fingerprint *fingerprint = expected[seen->told - 1];
    ck_assert_uint_eq(hashveil_pdq_distance(&result->fingerprint.hash, &fingerprint->hash), 0);
    ck_assert_uint_eq(result->fingerprint.quality, fingerprint->quality);
    for (int i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        ck_assert_float_eq(result->fingerprint.margin[i], fingerprint->margin[i]);
    }
    if (result->file_class == HASHVEIL_FILE_MATCH) {
        ck_assert_int_eq(result->verdict.kind, HASHVEIL_VERDICT_MATCH);
        ck_assert_str_eq(result->verdict.record.labels[0], "label 1");
        ck_assert_uint_eq(result->verdict.record.id[0], 1);
        ck_assert_uint_eq(result->verdict.record.lists, 2);
        ck_assert_uint_ge(result->verdict.masks_hit, 2);
    } else {
        ck_assert_mem_eq(&result->verdict.record, &no_record, sizeof no_record);
        ck_assert_uint_eq(result->verdict.masks_hit, 0);
    }
    ck_assert(!result->is_reported);
    ck_assert_mem_eq(result->report_id, no_id, sizeof no_id);
}

START_TEST(a_result_holds_what_belongs_to_its_class)
{
    struct scan_seen seen;
    const hashveil_scan_options options = scan_options(&seen);
    seen.after_result = ck_assert_contents;
    put_scan_picture("a", 1);
    put_scan_picture("b", OTHER);
    put_scan_half_picture("c", 2);
    put_scan_file("d", "text", 4);
    start_evaluator();
    scan_pictures(&options);
    stop_evaluator();
    ck_assert_uint_eq(seen.told, 4);
    ck_assert_uint_eq(seen.summary.bytes,
                      scan_picture_len(1) + scan_picture_len(OTHER) + scan_picture_len(2) / 2 + 4);
}
END_TEST

START_TEST(nobody_is_reported_for_what_no_viewer_shows)
{
    struct scan_seen seen;
    const hashveil_scan_options options = scan_options(&seen);
    put_scan_two_faced_picture("a", 1, OTHER);
    put_scan_two_faced_picture("b", 1, 1); /* the same attempt on a picture that is listed */
    start_evaluator();
    scan_pictures(&options);
    ck_assert_uint_eq(stop_evaluator(), 2); /* the evaluator cannot tell them apart */
    ck_assert_str_eq(seen.results, "a: undecodable: decoded in full it is another picture than "
                                   "decoded in part\n"
                                   "b: match label 1\n");
}
END_TEST

START_TEST(whoever_asks_for_no_picture_asks_for_nothing)
{
    struct scan_seen seen;
    hashveil_scan_options options = scan_options(&seen);
    put_scan_file("a", "text", 4);
    put_scan_half_picture("b", 1);
    start_evaluator();
    scan_pictures(&options);
    ck_assert_uint_eq(stop_evaluator(), 0);
    ck_assert_uint_eq(seen.summary.files, 2);
    options = scan_options(&seen);
    scan_paths(NULL, 0, &options);
    ck_assert_int_eq(seen.status, HASHVEIL_OK);
    ck_assert_uint_eq(seen.summary.files, 0);
    ck_assert(seen.summary.is_complete);
}
END_TEST

/* Slow and quick files in turn, so that workers end them out of order. */
enum { MIXED = 40 };

static void put_mixed(void)
{
    for (unsigned i = 0; i < MIXED; i++) {
        char name[16];
        snprintf(name, sizeof name, "%02u", i);
        if (i % 5 == 0) {
            put_scan_picture(name, i % 3);
        } else if (i % 7 == 0) {
            put_scan_half_picture(name, OTHER);
        } else {
            put_scan_file(name, "text", 4);
        }
    }
}

static const unsigned worker_counts[] = {2, 4, 11, 0};

START_TEST(many_workers_tell_what_one_tells)
{
    static struct scan_seen one;
    static struct scan_seen many;
    hashveil_scan_options options = scan_options(&one);
    put_mixed();
    start_evaluator();
    scan_pictures(&options);
    options = scan_options(&many);
    options.workers = worker_counts[_i];
    scan_pictures(&options);
    ck_assert_uint_eq(stop_evaluator(), (unsigned)(2 * (MIXED / 5)));
    ck_assert_uint_eq(one.told, MIXED);
    ck_assert_str_eq(many.results, one.results);
    ck_assert_uint_eq(many.summary.bytes, one.summary.bytes);
    ck_assert_mem_eq(many.summary.by_class, one.summary.by_class, sizeof one.summary.by_class);
}
END_TEST

static hashveil_atomic_bool is_cancelled;

enum { CANCELLED_AT = 3 };

static void cancel(struct scan_seen *seen, const hashveil_file_result *result)
{
    (void)result;
    if (seen->told == CANCELLED_AT) {
        atomic_store(&is_cancelled, true);
    }
}

START_TEST(a_cancelled_scan_ends_with_the_files_begun)
{
    struct scan_seen seen;
    hashveil_scan_options options = scan_options(&seen);
    options.workers = (unsigned)_i;
    options.is_cancelled = &is_cancelled;
    seen.after_result = cancel;
    atomic_store(&is_cancelled, false);
    put_mixed();
    start_evaluator();
    scan_pictures(&options);
    stop_evaluator();
    ck_assert_int_eq(seen.status, HASHVEIL_OK);
    ck_assert(!seen.summary.is_complete);
    ck_assert_uint_ge(seen.told, CANCELLED_AT);
    ck_assert_uint_lt(seen.told, CANCELLED_AT + HV_LINE_FILES_AHEAD * (unsigned)_i);
    ck_assert_mem_eq(seen.results, "00: match label 0\n01: not an image\n", 35);

    options = scan_options(&seen); /* it stays cancelled */
    options.is_cancelled = &is_cancelled;
    scan_pictures(&options);
    ck_assert_int_eq(seen.status, HASHVEIL_OK);
    ck_assert_uint_eq(seen.told, 0);
    ck_assert(!seen.summary.is_complete);
}
END_TEST

START_TEST(options_that_contradict_each_other_are_refused)
{
    struct scan_seen seen;
    const hashveil_key key = {.kind = HASHVEIL_KEY_REPORTER};
    put_scan_picture("a", 1);
    for (int i = 0; i < 7; i++) {
        hashveil_scan_options options = scan_options(&seen);
        options.database = i == 0 ? NULL : options.database;
        options.evaluators[0].address = i == 1   ? NULL
                                        : i == 2 ? "tcp:1.2.3.4"
                                        : i == 3 ? "unix:"
                                                 : options.evaluators[0].address;
        options.on_result = i == 4 ? NULL : options.on_result;
        options.reporter_key = i == 5 ? &key : NULL;                         /* and no spool */
        options.reporter.address = i == 6 ? folder->reporter_address : NULL; /* and no key */
        scan_pictures(&options);
        ck_assert_msg(seen.status == HASHVEIL_ERR_ARGUMENT, "%d: %s", i,
                      hashveil_status_text(seen.status));
        ck_assert_uint_eq(seen.told, 0);
    }
}
END_TEST

/* The limit on a file's bytes, less or more than it has; what is then told of a picture. */
static const struct {
    int more;
    const char *result;
} limits[] = {
    {1, "a: match label 1\n"},
    {0, "a: match label 1\n"},
    {-1, "a: undecodable: above a configured limit\n"},
    {-1000, "a: undecodable: above a configured limit\n"},
};

START_TEST(a_picture_above_the_limit_is_undecodable)
{
    struct scan_seen seen;
    hashveil_scan_options options = scan_options(&seen);
    put_scan_picture("a", 1);
    options.fingerprint_options.image.limits.max_file_bytes =
        (uint64_t)((int64_t)scan_picture_len(1) + limits[_i].more);
    start_evaluator();
    scan_pictures(&options);
    stop_evaluator();
    ck_assert_str_eq(seen.results, limits[_i].result);
    ck_assert_uint_eq(seen.summary.bytes, limits[_i].more < 0 ? 0 : scan_picture_len(1));
}
END_TEST

START_TEST(another_file_above_the_limit_is_no_image)
{
    static const char text[] = "a text, longer than the limit of some bytes";
    struct scan_seen seen;
    for (uint64_t limit = 0; limit < 3; limit++) {
        hashveil_scan_options options = scan_options(&seen);
        options.fingerprint_options.image.limits.max_file_bytes = limit;
        put_scan_file("a", text, sizeof text);
        put_scan_file("b", "", 0);
        put_scan_file("c", "\xff\xd8", 2); /* as a JPEG begins, but too short to tell */
        put_scan_file("d", "\xff\xd8\xff", 3);
        scan_pictures(&options);
        ck_assert_str_eq(seen.results, "a: not an image\nb: not an image\nc: not an image\n"
                                       "d: undecodable: above a configured limit\n");
    }
}
END_TEST

START_TEST(a_picture_of_too_many_pixels_is_undecodable)
{
    struct scan_seen seen;
    hashveil_scan_options options = scan_options(&seen);
    put_scan_picture("a", 1);
    options.fingerprint_options.image.limits.max_side_px = 95;
    scan_pictures(&options);
    ck_assert_str_eq(seen.results, "a: undecodable: above a configured limit\n");
}
END_TEST

static void remove_the_rest(struct scan_seen *seen, const hashveil_file_result *result)
{
    (void)result;
    if (seen->told == 1) {
        ck_assert_int_eq(unlink(scan_path("b")), 0);
        ck_assert_int_eq(unlink(scan_path("c/x")), 0);
        ck_assert_int_eq(rmdir(scan_path("c")), 0);
    }
}

START_TEST(what_vanishes_during_a_scan_is_unreadable)
{
    struct scan_seen seen;
    const hashveil_scan_options options = scan_options(&seen);
    seen.after_result = remove_the_rest;
    put_scan_file("a", "text", 4);
    put_scan_file("b", "text", 4);
    ck_assert_int_eq(mkdir(scan_path("c"), 0755), 0);
    put_scan_file("c/x", "text", 4);
    put_scan_file("d", "text", 4);
    scan_pictures(&options);
    ck_assert_str_eq(seen.results, "a: not an image\n"
                                   "b: unreadable: no such file or folder\n"
                                   "c: unreadable: no such file or folder\n"
                                   "d: not an image\n");
}
END_TEST

START_TEST(what_may_not_be_read_is_unreadable)
{
    struct scan_seen seen;
    const hashveil_scan_options options = scan_options(&seen);
    const bool is_root = geteuid() == 0;
    put_scan_file("a", "text", 4);
    put_scan_file("b", "text", 4);
    ck_assert_int_eq(mkdir(scan_path("c"), 0000), 0);
    ck_assert_int_eq(chmod(scan_path("a"), 0000), 0);
    ck_assert_int_eq(chmod(folder->path, 0755), 0);
    ck_assert(!is_root || seteuid(NOBODY) == 0);
    scan_pictures(&options);
    ck_assert(!is_root || seteuid(0) == 0);
    ck_assert_int_eq(chmod(scan_path("c"), 0755), 0);
    ck_assert_str_eq(seen.results, "a: unreadable: permission denied\n"
                                   "b: not an image\n"
                                   "c: unreadable: permission denied\n");
}
END_TEST

START_TEST(special_files_that_were_given_are_unreadable)
{
    struct scan_seen seen;
    const hashveil_scan_options options = scan_options(&seen);
    const char *const paths[] = {"/dev/null", folder->pictures_path, ""};
    ck_assert_int_eq(mkfifo(scan_path("pipe"), 0600), 0); /* below a folder it is passed over */
    scan_paths(paths, COUNT(paths), &options);
    ck_assert_str_eq(seen.results, "/dev/null: unreadable: not a regular file\n"
                                   ": unreadable: no such file or folder\n");
}
END_TEST

#define ALL_UNCHECKED(reason)                                                                      \
    "a: unchecked: " reason "\nb: unchecked: " reason "\nc: not an image\nd: unchecked: " reason   \
    "\n"

static void put_some(void)
{
    put_scan_picture("a", 1);
    put_scan_picture("b", OTHER);
    put_scan_file("c", "text", 4);
    put_scan_picture("d", 2);
}

START_TEST(without_an_evaluator_pictures_are_unchecked_and_it_is_told_once)
{
    struct scan_seen seen;
    hashveil_scan_options options = scan_options(&seen);
    put_some();
    options.workers = (unsigned)_i;
    scan_pictures(&options);
    ck_assert_int_eq(seen.status, HASHVEIL_OK);
    ck_assert_str_eq(seen.results, ALL_UNCHECKED("the peer cannot be reached"));
    ck_assert_str_eq(seen.troubles, "evaluator: the peer cannot be reached\n");

    options = scan_options(&seen);
    options.on_trouble = NULL; /* nobody wants to know */
    scan_pictures(&options);
    ck_assert_str_eq(seen.results, ALL_UNCHECKED("the peer cannot be reached"));
}
END_TEST

START_TEST(with_the_key_of_another_evaluator_pictures_are_unchecked)
{
    struct scan_seen seen;
    hashveil_key other;
    const hashveil_scan_options options = scan_options(&seen);
    ck_assert_int_eq(hashveil_key_generate(HASHVEIL_KEY_EVALUATOR, &other), HASHVEIL_OK);
    put_some();
    evaluator = evaluator_peer_start(folder->evaluator_path, &other, 0, "");
    scan_pictures(&options);
    ck_assert_uint_eq(stop_evaluator(), 3);
    ck_assert_str_eq(seen.results, ALL_UNCHECKED("not the key that is needed here"));
    ck_assert_str_eq(seen.troubles, "evaluator: not the key that is needed here\n");
}
END_TEST

START_TEST(an_answer_that_is_none_costs_one_picture)
{
    static const char *const answers[] = {
        ANSWER(200), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "nonsense\r\n\r\n"};
    struct scan_seen seen;
    const hashveil_scan_options options = scan_options(&seen);
    put_some();
    evaluator =
        evaluator_peer_start(folder->evaluator_path, &folder->evaluator_key, 2, answers[_i]);
    scan_pictures(&options);
    stop_evaluator();
    ck_assert_str_eq(seen.results, "a: match label 1\n"
                                   "b: unchecked: the peer's answer is not valid\n"
                                   "c: not an image\n"
                                   "d: match label 2\n");
    ck_assert_str_eq(seen.troubles, "evaluator: the peer's answer is not valid\n");
}
END_TEST

START_TEST(a_silent_evaluator_is_not_waited_for_longer_than_asked)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct scan_seen seen;
    hashveil_scan_options options = scan_options(&seen);
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", folder->evaluator_path);
    ck_assert_int_eq(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    options.evaluators[0].timeout_ms = SHORT_MS;
    put_some();
    scan_pictures(&options);
    close(listener);
    ck_assert_str_eq(seen.results, ALL_UNCHECKED("the peer did not answer in time"));
    ck_assert_str_eq(seen.troubles, "evaluator: the peer did not answer in time\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scan");
    TCase *files = tcase_create("files");
    TCase *oddities = tcase_create("oddities");
    TCase *evaluators = tcase_create("evaluators");

    tcase_add_checked_fixture(files, make_folder, remove_scan_folder);
    tcase_set_timeout(files, SECONDS);
    tcase_add_test(files, every_file_ends_in_its_class);
    tcase_add_test(files, classes_have_texts_and_some_are_trouble);
    tcase_add_test(files, a_result_holds_what_belongs_to_its_class);
    tcase_add_test(files, nobody_is_reported_for_what_no_viewer_shows);
    tcase_add_test(files, whoever_asks_for_no_picture_asks_for_nothing);
    tcase_add_loop_test(files, many_workers_tell_what_one_tells, 0, COUNT(worker_counts));
    tcase_add_loop_test(files, a_cancelled_scan_ends_with_the_files_begun, 1, 5);
    suite_add_tcase(suite, files);

    tcase_add_checked_fixture(oddities, make_folder, remove_scan_folder);
    tcase_set_timeout(oddities, SECONDS);
    tcase_add_test(oddities, options_that_contradict_each_other_are_refused);
    tcase_add_loop_test(oddities, a_picture_above_the_limit_is_undecodable, 0, COUNT(limits));
    tcase_add_test(oddities, another_file_above_the_limit_is_no_image);
    tcase_add_test(oddities, a_picture_of_too_many_pixels_is_undecodable);
    tcase_add_test(oddities, what_vanishes_during_a_scan_is_unreadable);
    tcase_add_test(oddities, what_may_not_be_read_is_unreadable);
    tcase_add_test(oddities, special_files_that_were_given_are_unreadable);
    suite_add_tcase(suite, oddities);

    tcase_add_checked_fixture(evaluators, make_folder, remove_scan_folder);
    tcase_set_timeout(evaluators, SECONDS);
    tcase_add_loop_test(evaluators, without_an_evaluator_pictures_are_unchecked_and_it_is_told_once,
                        1, 4);
    tcase_add_test(evaluators, with_the_key_of_another_evaluator_pictures_are_unchecked);
    tcase_add_loop_test(evaluators, an_answer_that_is_none_costs_one_picture, 0, 3);
    tcase_add_test(evaluators, a_silent_evaluator_is_not_waited_for_longer_than_asked);
    suite_add_tcase(suite, evaluators);
    return run_suite(suite);
}
