/* SPDX-License-Identifier: Apache-2.0 */
/* Files of any type, found by their digests: what is no picture, cannot be decoded, or deceives. */
#include "evaluator_peer.h"
#include "run_suite.h"
#include "scan_folder.h"

#include <string.h>

#define ANSWER(number) "HTTP/1.1 " #number " Text\r\nContent-Length: 0\r\n\r\n"

enum { SECONDS = 80, OTHER = LISTED };

static const struct scan_folder *folder;

/* In order of their names. The first letter says whether a file is listed by its digest. */
static void put_files(void)
{
    put_scan_file("a listed text", "text", 4);
    put_scan_file("b text", "texts", 5);
    put_scan_half_picture("c listed half", 1);
    put_scan_half_picture("d half", 2);
    put_scan_flat_picture("e listed flat");
    put_scan_two_faced_picture("f listed two faces", 1, OTHER);
    put_scan_picture("g listed picture", 2); /* which is listed by its hash too */
    put_scan_picture("h picture", 3);
    put_scan_picture("i picture", OTHER);
    put_scan_file("j listed nothing", "", 0);
}
enum { FILES = 10 };

static const char *const listed[] = {"a listed text",      "c listed half",    "e listed flat",
                                     "f listed two faces", "g listed picture", "j listed nothing"};
enum { LISTED_FILES = sizeof listed / sizeof listed[0] };

static void ck_assert_signals(struct scan_seen *seen, const hashveil_file_result *result)
{
    const char *name = strrchr(result->path, '/') + 1;
    const bool is_exact = strstr(name, "listed") != NULL;
    const bool is_match = is_exact || strcmp(name, "h picture") == 0;
    (void)seen;
    ck_assert_int_eq(result->verdict.matched_by, is_exact   ? HASHVEIL_SIGNAL_SHA1
                                                 : is_match ? HASHVEIL_SIGNAL_PDQ
                                                            : HASHVEIL_SIGNAL_NONE);
    const bool is_picture =
        strstr(name, "picture") || strstr(name, "flat") || strstr(name, "faces");
    ck_assert(result->is_decoded == is_picture);
    hashveil_digests digests;
    ck_assert_int_eq(hashveil_digests_of_file(result->path, &digests), HASHVEIL_OK);
    ck_assert_mem_eq(&result->digests, &digests, sizeof digests);
}

START_TEST(listed_files_of_any_type_match)
{
    struct scan_seen seen;
    put_files();
    list_scan_files(listed, LISTED_FILES, HASHVEIL_DIGEST_SHA1);
    const hashveil_scan_options options = scan_options(&seen);
    seen.after_result = ck_assert_signals;
    struct evaluator_peer *evaluator =
        evaluator_peer_start(folder->evaluator_path, &folder->evaluator_key, 0, "");
    scan_pictures(&options);
    ck_assert_str_eq(seen.results, "a listed text: match file a listed text\n"
                                   "b text: not an image\n"
                                   "c listed half: match file c listed half\n"
                                   "d half: undecodable: it ends too early\n"
                                   "e listed flat: match file e listed flat\n"
                                   "f listed two faces: match file f listed two faces\n"
                                   "g listed picture: match file g listed picture\n"
                                   "h picture: match label 3\n"
                                   "i picture: no known match\n"
                                   "j listed nothing: match file j listed nothing\n");
    ck_assert_uint_eq(evaluator_peer_stop(evaluator), FILES); /* one a file, whatever it is */
}
END_TEST

START_TEST(what_could_not_be_asked_for_is_unchecked)
{
    static const char *const text[] = {"a listed text"};
    struct scan_seen seen;
    put_scan_file("a listed text", "text", 4);
    put_scan_file("b text", "texts", 5);
    put_scan_half_picture("c half", 1);
    list_scan_files(text, 1, (hashveil_digest_kind)_i);
    const hashveil_scan_options options = scan_options(&seen);
    struct evaluator_peer *evaluator =
        evaluator_peer_start(folder->evaluator_path, &folder->evaluator_key, 2, ANSWER(500));
    scan_pictures(&options);
    ck_assert_str_eq(seen.results, "a listed text: match file a listed text\n"
                                   "b text: unchecked: the peer refused the request\n"
                                   "c half: undecodable: it ends too early\n");
    ck_assert_uint_eq(evaluator_peer_stop(evaluator), 3);
}
END_TEST

START_TEST(files_too_large_to_decode_are_found_too)
{
    static const char *const large[] = {"a listed picture", "b listed text"};
    struct scan_seen seen;
    put_scan_picture("a listed picture", OTHER);
    put_scan_file("b listed text", "text", 4);
    put_scan_picture("c picture", 1);
    put_scan_file("d text", "texts", 5);
    list_scan_files(large, 2, HASHVEIL_DIGEST_MD5);
    hashveil_scan_options options = scan_options(&seen);
    options.fingerprint_options.image.limits.max_file_bytes = 3;
    struct evaluator_peer *evaluator =
        evaluator_peer_start(folder->evaluator_path, &folder->evaluator_key, 0, "");
    scan_pictures(&options);
    ck_assert_str_eq(seen.results, "a listed picture: match file a listed picture\n"
                                   "b listed text: match file b listed text\n"
                                   "c picture: undecodable: above a configured limit\n"
                                   "d text: not an image\n");
    ck_assert_uint_eq(evaluator_peer_stop(evaluator), 4);
}
END_TEST

static void set_up(void)
{
    folder = make_scan_folder();
}

int main(void)
{
    Suite *suite = suite_create("scan exact");
    TCase *exact = tcase_create("exact");
    tcase_set_timeout(exact, SECONDS);
    tcase_add_checked_fixture(exact, set_up, remove_scan_folder);
    tcase_add_test(exact, listed_files_of_any_type_match);
    tcase_add_loop_test(exact, what_could_not_be_asked_for_is_unchecked, 0, HASHVEIL_DIGEST_KINDS);
    tcase_add_test(exact, files_too_large_to_decode_are_found_too);
    suite_add_tcase(suite, exact);
    return run_suite(suite);
}
