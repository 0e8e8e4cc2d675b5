/* SPDX-License-Identifier: Apache-2.0 */
/* Curators' signatures: whose are taken, what does not hold, and that the file outlives all of it.
 * That another implementation verifies them: tests/sealed_format. */
#include <hashveil/sealed_db.h>

#include "base/files.h"
#include "draw.h"
#include "hashdb/sealed/signatures.h"
#include "run_suite.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NAMED = 3, ENTRIES = 3, ROUNDS = 5 };

static const size_t signed_len = HASHVEIL_KEY_BYTES + HV_SIGNATURE_BYTES;

static char path[] = "/tmp/hashveil-signatures-XXXXXX";
static hashveil_key curators[NAMED + 1]; /* the last is not named */

static void seal(void)
{
    const hashveil_key evaluator = draw_evaluator_key();
    hashveil_entries entries = draw_entries(ENTRIES);
    const hashveil_seal_options options = {.evaluator_key = &evaluator,
                                           .curator_keys = curators,
                                           .curator_count = NAMED,
                                           .epoch = 7,
                                           .mask_params = {2, 28, 160},
                                           .workers = 1};
    ck_assert_int_eq(hashveil_sealed_db_build(path, &entries, &options, NULL), HASHVEIL_OK);
    hashveil_entries_clear(&entries);
}

static void set_up(void)
{
    memcpy(path + sizeof path - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    for (size_t i = 0; i <= NAMED; i++) {
        ck_assert_int_eq(hashveil_key_generate(HASHVEIL_KEY_CURATOR, &curators[i]), HASHVEIL_OK);
    }
    seal();
}

static void tear_down(void)
{
    unlink(path);
}

static hashveil_status sign(size_t curator)
{
    const char *where;
    return hashveil_sealed_db_sign(path, &curators[curator], &where);
}

static uint8_t *read_database(size_t *len)
{
    uint8_t *bytes;
    ck_assert_int_eq(hv_read_file(path, SIZE_MAX, &bytes, len), HASHVEIL_OK);
    return bytes;
}

static void write_database(const uint8_t *bytes, size_t len)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

static hashveil_sealed_db *open_database(void)
{
    hashveil_sealed_db *db;
    const char *where;
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
    return db;
}

static size_t count_signatures(void)
{
    hashveil_sealed_db *db = open_database();
    const size_t count = hashveil_sealed_db_describe(db)->signature_count;
    hashveil_sealed_db_close(db);
    return count;
}

START_TEST(each_signature_says_who_signed)
{
    ck_assert_int_eq(sign(1), HASHVEIL_OK);
    hashveil_sealed_db *db = open_database();
    const hashveil_sealed_db_info *info = hashveil_sealed_db_describe(db);
    ck_assert_uint_eq(info->signature_count, 1);
    ck_assert_mem_eq(info->signed_by[0], curators[1].public_bytes, HASHVEIL_KEY_BYTES);
    hashveil_sealed_db_close(db);
    ck_assert_int_eq(sign(0), HASHVEIL_OK);
    ck_assert_int_eq(sign(2), HASHVEIL_OK);
    db = open_database();
    info = hashveil_sealed_db_describe(db);
    ck_assert_uint_eq(info->signature_count, NAMED);
    for (size_t i = 1; i < NAMED; i++) {
        ck_assert_int_lt(memcmp(info->signed_by[i - 1], info->signed_by[i], HASHVEIL_KEY_BYTES), 0);
    }
    hashveil_sealed_db_close(db);
}
END_TEST

START_TEST(the_order_of_signing_does_not_matter_and_signing_again_changes_nothing)
{
    size_t len[4];
    uint8_t *bytes[4];
    bytes[0] = read_database(&len[0]);
    ck_assert_int_eq(sign(0), HASHVEIL_OK);
    ck_assert_int_eq(sign(1), HASHVEIL_OK);
    bytes[1] = read_database(&len[1]);
    ck_assert_uint_eq(len[1], len[0] + 2 * signed_len);
    ck_assert_int_eq(sign(1), HASHVEIL_OK);
    bytes[2] = read_database(&len[2]);
    write_database(bytes[0], len[0]);
    ck_assert_int_eq(sign(1), HASHVEIL_OK);
    ck_assert_int_eq(sign(0), HASHVEIL_OK);
    bytes[3] = read_database(&len[3]);
    for (size_t i = 2; i < 4; i++) {
        ck_assert_uint_eq(len[i], len[1]);
        ck_assert_mem_eq(bytes[i], bytes[1], len[1]);
    }
    for (size_t i = 0; i < 4; i++) {
        free(bytes[i]);
    }
}
END_TEST

START_TEST(only_a_named_curator_signs)
{
    const hashveil_key evaluator = draw_evaluator_key();
    const char *where;
    size_t len;
    size_t len_after;
    uint8_t *bytes = read_database(&len);
    ck_assert_int_eq(sign(NAMED), HASHVEIL_ERR_KEY);
    ck_assert_int_eq(hashveil_sealed_db_sign(path, &evaluator, &where), HASHVEIL_ERR_KEY);
    curators[0].has_secret = false;
    ck_assert_int_eq(sign(0), HASHVEIL_ERR_KEY);
    uint8_t *after = read_database(&len_after);
    ck_assert_uint_eq(len_after, len);
    ck_assert_mem_eq(after, bytes, len);
    free(bytes);
    free(after);
}
END_TEST

START_TEST(a_damaged_database_is_not_signed)
{
    hashveil_sealed_db *db = open_database();
    const char *where;
    size_t len;
    hashveil_sealed_db_close(db);
    uint8_t *bytes = read_database(&len);
    bytes[len - 1000] ^= 1;
    write_database(bytes, len);
    ck_assert_int_eq(hashveil_sealed_db_sign(path, &curators[0], &where), HASHVEIL_ERR_DIGEST);
    ck_assert_str_eq(where, "records");
    free(bytes);
}
END_TEST

static void ck_assert_refused(const uint8_t *bytes, size_t len, hashveil_status status)
{
    hashveil_sealed_db *db;
    const char *where;
    ck_assert_int_eq(hashveil_sealed_db_open_bytes(bytes, len, &db, &where), status);
    ck_assert_str_eq(where, "signatures");
}

START_TEST(any_changed_byte_of_a_signature_is_refused)
{
    size_t len;
    ck_assert_int_eq(sign(0), HASHVEIL_OK);
    ck_assert_int_eq(sign(1), HASHVEIL_OK);
    uint8_t *bytes = read_database(&len);
    for (size_t i = len - 2 * signed_len - 8; i < len; i++) {
        hashveil_sealed_db *db;
        const char *where;
        bytes[i] ^= 1; /* of a key the order may be broken by it too */
        const hashveil_status status = hashveil_sealed_db_open_bytes(bytes, len, &db, &where);
        ck_assert_msg(status == HASHVEIL_ERR_FORMAT || status == HASHVEIL_ERR_KEY, "byte %zu", i);
        ck_assert_str_eq(where, "signatures");
        bytes[i] ^= 1;
    }
    free(bytes);
}
END_TEST

START_TEST(signatures_out_of_order_or_twice_are_refused)
{
    uint8_t first[HASHVEIL_KEY_BYTES + HV_SIGNATURE_BYTES];
    size_t len;
    ck_assert_int_eq(sign(0), HASHVEIL_OK);
    ck_assert_int_eq(sign(1), HASHVEIL_OK);
    uint8_t *bytes = read_database(&len);
    uint8_t *signatures = bytes + len - 2 * signed_len;
    memcpy(first, signatures, sizeof first);
    memcpy(signatures, signatures + signed_len, signed_len);
    ck_assert_refused(bytes, len, HASHVEIL_ERR_FORMAT);
    memcpy(signatures + signed_len, first, signed_len);
    ck_assert_refused(bytes, len, HASHVEIL_ERR_FORMAT);
    free(bytes);
}
END_TEST

START_TEST(a_signature_of_another_edition_is_refused)
{
    size_t len;
    size_t len_other;
    ck_assert_int_eq(sign(0), HASHVEIL_OK);
    uint8_t *bytes = read_database(&len);
    seal();
    ck_assert_int_eq(sign(0), HASHVEIL_OK);
    uint8_t *other = read_database(&len_other);
    ck_assert_uint_eq(len_other, len);
    memcpy(other + len - HV_SIGNATURE_BYTES, bytes + len - HV_SIGNATURE_BYTES, HV_SIGNATURE_BYTES);
    ck_assert_refused(other, len, HASHVEIL_ERR_KEY);
    free(bytes);
    free(other);
}
END_TEST

START_TEST(there_is_room_for_as_many_as_curators)
{
    struct hv_signatures signatures = {0};
    struct hv_signature signature = {{0}, {0}};
    for (unsigned i = 0; i <= HASHVEIL_MAX_CURATORS; i++) {
        signature.curator[0] = (uint8_t)(37 * i);
        ck_assert_int_eq(hv_signatures_add(&signatures, &signature),
                         i < HASHVEIL_MAX_CURATORS ? HASHVEIL_OK : HASHVEIL_ERR_LIMIT);
    }
    ck_assert_uint_eq(hv_signatures_len(&signatures), HV_SIGNATURES_MAX_BYTES);
}
END_TEST

START_TEST(what_cannot_be_written_leaves_the_database_as_it_was)
{
    const char *where;
    ck_assert_int_eq(hashveil_sealed_db_sign("/nonexistent/x.hvdb", &curators[0], &where),
                     HASHVEIL_ERR_NOT_FOUND);
    ck_assert_int_eq(hashveil_sealed_db_sign("/dev/null", &curators[0], &where),
                     HASHVEIL_ERR_NOT_A_FILE);
}
END_TEST

START_TEST(of_a_link_the_file_behind_it_is_signed)
{
    char link_path[sizeof path + 8];
    struct stat info;
    snprintf(link_path, sizeof link_path, "%s.link", path);
    ck_assert_int_eq(symlink(path, link_path), 0);
    const char *where;
    ck_assert_int_eq(hashveil_sealed_db_sign(link_path, &curators[0], &where), HASHVEIL_OK);
    ck_assert_int_eq(lstat(link_path, &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    unlink(link_path);
    ck_assert_uint_eq(count_signatures(), 1);
}
END_TEST

static const mode_t modes[] = {0600, 0644, 0664};
enum { MODES = sizeof modes / sizeof modes[0] };

START_TEST(who_could_read_the_database_still_can)
{
    struct stat info;
    const mode_t mask = umask(077);
    ck_assert_int_eq(chmod(path, modes[_i]), 0);
    ck_assert_int_eq(sign(0), HASHVEIL_OK);
    umask(mask);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, modes[_i]);
}
END_TEST

START_TEST(of_curators_who_sign_at_once_none_is_lost)
{
    for (size_t round = 0; round < ROUNDS; round++) {
        int code;
        seal();
        for (size_t i = 0; i < NAMED; i++) {
            const pid_t child = fork();
            ck_assert_int_ge(child, 0);
            if (child == 0) {
                _exit(sign(i) == HASHVEIL_OK ? EXIT_SUCCESS : EXIT_FAILURE);
            }
        }
        for (size_t i = 0; i < NAMED; i++) {
            ck_assert_int_gt(wait(&code), 0);
            ck_assert_int_eq(code, 0);
        }
        ck_assert_uint_eq(count_signatures(), NAMED);
    }
}
END_TEST

/* How much of the signed database there is room for. */
static const struct {
    size_t eighths, missing;
    hashveil_status wanted;
} disks[] = {
    {0, 0, HASHVEIL_ERR_NO_SPACE},
    {4, 0, HASHVEIL_ERR_NO_SPACE},
    {8, HASHVEIL_KEY_BYTES + HV_SIGNATURE_BYTES, HASHVEIL_ERR_NO_SPACE},
    {8, 1, HASHVEIL_ERR_NO_SPACE},
    {8, 0, HASHVEIL_OK},
};
enum { DISKS = sizeof disks / sizeof disks[0] };

static hashveil_status sign_within(rlim_t room)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){room, limit.rlim_max}), 0);
    const hashveil_status status = sign(0);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    return status;
}

START_TEST(a_full_disk_leaves_the_database_as_it_was)
{
    char pattern[sizeof path + 8];
    glob_t left;
    size_t len;
    size_t len_after;
    uint8_t *bytes = read_database(&len);
    const bool is_done = disks[_i].wanted == HASHVEIL_OK;
    ck_assert_int_eq(sign_within((len + signed_len) * disks[_i].eighths / 8 - disks[_i].missing),
                     disks[_i].wanted);
    uint8_t *after = read_database(&len_after);
    ck_assert_uint_eq(len_after, len + (is_done ? signed_len : 0));
    ck_assert(is_done || memcmp(after, bytes, len) == 0);
    snprintf(pattern, sizeof pattern, "%s.*", path);
    ck_assert_int_eq(glob(pattern, 0, NULL, &left), GLOB_NOMATCH);
    free(bytes);
    free(after);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("signatures");
    TCase *sign_case = tcase_create("sign");
    TCase *file = tcase_create("file");
    TCase *refuse = tcase_create("refuse");

    tcase_add_checked_fixture(sign_case, set_up, tear_down);
    tcase_add_test(sign_case, each_signature_says_who_signed);
    tcase_add_test(sign_case,
                   the_order_of_signing_does_not_matter_and_signing_again_changes_nothing);
    tcase_add_test(sign_case, only_a_named_curator_signs);
    tcase_add_test(sign_case, a_damaged_database_is_not_signed);
    suite_add_tcase(suite, sign_case);

    tcase_add_checked_fixture(file, set_up, tear_down);
    tcase_set_timeout(file, 60);
    tcase_add_test(file, of_a_link_the_file_behind_it_is_signed);
    tcase_add_loop_test(file, who_could_read_the_database_still_can, 0, MODES);
    tcase_add_test(file, of_curators_who_sign_at_once_none_is_lost);
    tcase_add_loop_test(file, a_full_disk_leaves_the_database_as_it_was, 0, DISKS);
    tcase_add_test(file, what_cannot_be_written_leaves_the_database_as_it_was);
    suite_add_tcase(suite, file);

    tcase_add_checked_fixture(refuse, set_up, tear_down);
    tcase_add_test(refuse, any_changed_byte_of_a_signature_is_refused);
    tcase_add_test(refuse, signatures_out_of_order_or_twice_are_refused);
    tcase_add_test(refuse, a_signature_of_another_edition_is_refused);
    tcase_add_test(refuse, there_is_room_for_as_many_as_curators);
    suite_add_tcase(suite, refuse);
    return run_suite(suite);
}
