/* SPDX-License-Identifier: Apache-2.0 */
/* Lists made under the other policy: large pictures are asked for under both, and reported with the
 * hash that the list can have. */
#include <hashveil/evaluator.h>
#include <hashveil/scanner.h>

#include "evaluator_peer.h"
#include "picture.h"
#include "run_suite.h"
#include "scan_folder.h"

#include <png.h>
#include <stdlib.h>

enum { SECONDS = 80, SIDE_PX = 1024 };

static const struct scan_folder *folder;

struct file {
    uint8_t *bytes;
    size_t len;
};

/* Of 1,024 pixels a side, nearest512 takes one motif and leaves the other. */
static hashveil_image draw_woven(uint32_t side_px)
{
    hashveil_image picture;
    hashveil_image taken;
    picture_draw(&picture, side_px, side_px, 1, 21);
    picture_draw(&taken, side_px, side_px, 1, 22);
    for (size_t y = 0; y < side_px; y += 2) {
        for (size_t x = 0; x < side_px; x += 2) {
            picture.pixels[y * picture.stride_bytes + x] = taken.pixels[y * taken.stride_bytes + x];
        }
    }
    hashveil_image_clear(&taken);
    return picture;
}

static struct file put_woven_png(const char *name)
{
    const struct picture_png kind = {.colour_type = PNG_COLOR_TYPE_GRAY, .bit_depth = 8};
    struct file file;
    hashveil_image picture = draw_woven(SIDE_PX);
    picture_to_png(&picture, &kind, &file.bytes, &file.len);
    put_scan_file(name, file.bytes, file.len);
    hashveil_image_clear(&picture);
    return file;
}

static struct file put_woven_jpeg(const char *name)
{
    const struct picture_jpeg kind = {.quality = 95, .colour = PICTURE_JPEG_GREY};
    struct file file;
    hashveil_image picture = draw_woven(SIDE_PX);
    picture_to_jpeg(&picture, &kind, &file.bytes, &file.len);
    put_scan_file(name, file.bytes, file.len);
    hashveil_image_clear(&picture);
    return file;
}

static void fingerprint(const struct file *file, bool is_exact, hashveil_pdq_policy policy,
                        hashveil_fingerprint out[HASHVEIL_PDQ_POLICIES])
{
    const hashveil_fingerprint_options options = {
        .image = HASHVEIL_IMAGE_OPTIONS_DEFAULT, .policy = policy, .is_exact_decode = is_exact};
    ck_assert_int_eq(hashveil_fingerprint_file_policies(file->bytes, file->len, &options, out),
                     HASHVEIL_OK);
}

static hashveil_pdq listed; /* by the test under way */

static void ck_assert_near_the_listed(struct scan_seen *seen, const hashveil_file_result *result)
{
    (void)seen;
    ck_assert_uint_le(hashveil_pdq_distance(&result->fingerprint.hash, &listed),
                      HASHVEIL_PDQ_MATCH_BITS);
}

static void ck_assert_scan_finds(const hashveil_fingerprint_options *options)
{
    struct scan_seen seen;
    hashveil_scan_options scan = scan_options(&seen);
    scan.fingerprint_options = *options;
    seen.after_result = ck_assert_near_the_listed;
    struct evaluator_peer *evaluator =
        evaluator_peer_start(folder->evaluator_path, &folder->evaluator_key, 0, "");
    scan_pictures(&scan);
    ck_assert_str_eq(seen.results, "picture: match label 0\n");
    ck_assert_uint_eq(evaluator_peer_stop(evaluator), 1);
}

/* Loop index: the device's policy; the list is of the other. */
START_TEST(a_list_of_the_other_policy_finds_a_picture_that_looks_otherwise_there)
{
    hashveil_fingerprint both[HASHVEIL_PDQ_POLICIES];
    hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    const struct file file = put_woven_png("picture");
    options.policy = (hashveil_pdq_policy)_i;
    fingerprint(&file, false, options.policy, both);
    ck_assert_uint_gt(hashveil_pdq_distance(&both[0].hash, &both[1].hash), HASHVEIL_PDQ_MATCH_BITS);
    listed = both[1].hash;
    list_scan_hash(&listed);
    for (int is_exact = 0; is_exact < 2; is_exact++) {
        options.is_exact_decode = is_exact;
        ck_assert_scan_finds(&options);
    }
    free(file.bytes);
}
END_TEST

static hashveil_verdict_kind ask(const hashveil_subject *subject)
{
    static const hashveil_scanner_options unproved = {.verified_percent = 0};
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    hashveil_evaluator *evaluator;
    hashveil_scanner *scanner;
    hashveil_query *query;
    hashveil_verdict verdict;
    size_t len;
    ck_assert_int_eq(hashveil_evaluator_create(&folder->evaluator_key, &evaluator), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_create(folder->database, &unproved, &scanner), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_begin(scanner, subject, &query), HASHVEIL_OK);
    const uint8_t *request = hashveil_query_request(query, 0, &len);
    ck_assert_int_eq(hashveil_evaluator_respond(evaluator, request, len, response, &len),
                     HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_finish(query, 0, response, len, &verdict), HASHVEIL_OK);
    hashveil_query_destroy(query);
    hashveil_scanner_destroy(scanner);
    hashveil_evaluator_destroy(evaluator);
    return verdict.kind;
}

START_TEST(one_policy_alone_does_not_find_it)
{
    hashveil_fingerprint both[HASHVEIL_PDQ_POLICIES];
    const struct file file = put_woven_png("picture");
    fingerprint(&file, false, HASHVEIL_PDQ_POLICY_FULL, both);
    list_scan_hash(&both[1].hash);
    hashveil_subject subject = {.forms = both, .form_count = 1};
    ck_assert_int_eq(ask(&subject), HASHVEIL_VERDICT_NO_MATCH);
    subject.form_count = HASHVEIL_PDQ_POLICIES;
    ck_assert_int_eq(ask(&subject), HASHVEIL_VERDICT_MATCH);
    free(file.bytes);
}
END_TEST

/* nearest512 of the means is near full then, and matches for it; of the pixels it is far away. */
START_TEST(a_match_by_means_of_blocks_is_reported_with_the_hash_of_the_list)
{
    const hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    hashveil_fingerprint means[HASHVEIL_PDQ_POLICIES];
    hashveil_fingerprint shown[HASHVEIL_PDQ_POLICIES];
    const struct file file = put_woven_jpeg("picture");
    fingerprint(&file, false, HASHVEIL_PDQ_POLICY_FULL, means);
    fingerprint(&file, true, HASHVEIL_PDQ_POLICY_FULL, shown);
    listed = means[1].hash;
    ck_assert_uint_gt(hashveil_pdq_distance(&listed, &means[0].hash), 0);
    ck_assert_uint_gt(hashveil_pdq_distance(&listed, &shown[1].hash), HASHVEIL_PDQ_MATCH_BITS);
    list_scan_hash(&listed);
    ck_assert_scan_finds(&options);
    free(file.bytes);
}
END_TEST

static void set_up(void)
{
    folder = make_scan_folder();
}

int main(void)
{
    Suite *suite = suite_create("scan policies");
    TCase *policies = tcase_create("policies");
    tcase_set_timeout(policies, SECONDS);
    tcase_add_checked_fixture(policies, set_up, remove_scan_folder);
    tcase_add_loop_test(policies,
                        a_list_of_the_other_policy_finds_a_picture_that_looks_otherwise_there, 0,
                        HASHVEIL_PDQ_POLICIES);
    tcase_add_test(policies, one_policy_alone_does_not_find_it);
    tcase_add_test(policies, a_match_by_means_of_blocks_is_reported_with_the_hash_of_the_list);
    suite_add_tcase(suite, policies);
    return run_suite(suite);
}
