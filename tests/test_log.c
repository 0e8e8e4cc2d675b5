/* SPDX-License-Identifier: Apache-2.0 */
/* The transparency log: what is added stays, what is changed is refused, and proofs hold for what
 * they prove alone. */
#include <hashveil/log.h>

#include "base/files.h"
#include "draw.h"
#include "hashdb/log/head.h"
#include "run_suite.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EDITIONS = 5, ENTRIES = 2 };

static char root[] = "/tmp/hashveil-log-XXXXXX";
static char folder[sizeof root + 8];
static hashveil_key key, other_key;
static hashveil_sealed_db *editions[EDITIONS];

static void set_up(void)
{
    const hashveil_key evaluator = draw_evaluator_key();
    hashveil_entries entries = draw_entries(ENTRIES);
    char path[sizeof root + 16];
    const char *where;
    memcpy(root + sizeof root - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(folder, sizeof folder, "%s/log", root);
    snprintf(path, sizeof path, "%s/db", root);
    ck_assert_int_eq(hashveil_key_generate(HASHVEIL_KEY_CURATOR, &key), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_key_generate(HASHVEIL_KEY_CURATOR, &other_key), HASHVEIL_OK);
    for (unsigned i = 0; i < EDITIONS; i++) {
        const hashveil_seal_options options = {
            .evaluator_key = &evaluator, .epoch = 1 + i, .mask_params = {2, 28, 160}, .workers = 1};
        ck_assert_int_eq(hashveil_sealed_db_build(path, &entries, &options, NULL), HASHVEIL_OK);
        ck_assert_int_eq(hashveil_sealed_db_open(path, &editions[i], &where), HASHVEIL_OK);
    }
    hashveil_entries_clear(&entries);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info;
    (void)type;
    (void)place;
    return remove(path);
}

static void tear_down(void)
{
    for (unsigned i = 0; i < EDITIONS; i++) {
        hashveil_sealed_db_close(editions[i]);
    }
    ck_assert_int_eq(nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static const uint8_t *digest_of(unsigned edition)
{
    return hashveil_sealed_db_describe(editions[edition])->digest;
}

static bool append(unsigned edition)
{
    const char *where;
    bool was_added;
    ck_assert_int_eq(hashveil_log_append(folder, &key, editions[edition], &was_added, &where),
                     HASHVEIL_OK);
    return was_added;
}

static void append_first(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        ck_assert(append(i));
    }
}

static hashveil_log *open_log(void)
{
    hashveil_log *log;
    const char *where;
    ck_assert_int_eq(hashveil_log_open(folder, &key, &log, &where), HASHVEIL_OK);
    ck_assert_str_eq(where, "");
    return log;
}

START_TEST(what_was_added_is_found_and_nothing_else)
{
    uint64_t index;
    append_first(3);
    hashveil_log *log = open_log();
    ck_assert_uint_eq(hashveil_log_describe(log)->size, 3);
    for (unsigned i = 0; i < EDITIONS; i++) {
        ck_assert_int_eq(hashveil_log_find(log, digest_of(i), &index), i < 3);
        ck_assert_uint_eq(index, i < 3 ? i : 3);
    }
    hashveil_log_close(log);
}
END_TEST

START_TEST(an_edition_is_added_once)
{
    append_first(2);
    ck_assert(!append(0));
    ck_assert(!append(1));
    hashveil_log *log = open_log();
    ck_assert_uint_eq(hashveil_log_describe(log)->size, 2);
    hashveil_log_close(log);
}
END_TEST

START_TEST(a_log_goes_on_from_what_it_was)
{
    hashveil_log_head heads[EDITIONS];
    for (unsigned i = 0; i < EDITIONS; i++) {
        ck_assert(append(i));
        hashveil_log *log = open_log();
        heads[i] = *hashveil_log_describe(log);
        for (unsigned k = 0; k <= i; k++) {
            ck_assert(hashveil_log_extends(log, heads[k].size, heads[k].root));
            ck_assert(k == 0 || !hashveil_log_extends(log, heads[k].size, heads[k - 1].root));
        }
        ck_assert(!hashveil_log_extends(log, i + 2, heads[i].root));
        hashveil_log_close(log);
    }
}
END_TEST

START_TEST(proofs_hold_for_their_edition_and_their_key_alone)
{
    hashveil_log_proof proof;
    append_first(3);
    hashveil_log *log = open_log();
    const hashveil_log_head old = *hashveil_log_describe(log);
    hashveil_log_close(log);
    append(3);
    append(4);
    log = open_log();
    for (unsigned i = 0; i < EDITIONS; i++) {
        ck_assert_int_eq(hashveil_log_prove(log, digest_of(i), old.size, &proof), HASHVEIL_OK);
        ck_assert_int_eq(hashveil_log_verify(&proof, &key, digest_of(i), old.root), HASHVEIL_OK);
        ck_assert_int_eq(hashveil_log_verify(&proof, &other_key, digest_of(i), old.root),
                         HASHVEIL_ERR_KEY);
        ck_assert_int_eq(hashveil_log_verify(&proof, &key, digest_of((i + 1) % EDITIONS), old.root),
                         HASHVEIL_ERR_DIGEST);
        ck_assert_int_eq(hashveil_log_verify(&proof, &key, digest_of(i), proof.head.root),
                         HASHVEIL_ERR_DIGEST);
        proof.inclusion.count = HASHVEIL_LOG_MAX_PATH + 1;
        ck_assert_int_eq(hashveil_log_verify(&proof, &key, digest_of(i), old.root),
                         HASHVEIL_ERR_DIGEST);
    }
    ck_assert_int_eq(hashveil_log_prove(log, digest_of(0), 6, &proof), HASHVEIL_ERR_ARGUMENT);
    ck_assert_int_eq(hashveil_log_prove(log, old.root, 0, &proof), HASHVEIL_ERR_NOT_FOUND);
    hashveil_log_close(log);
}
END_TEST

static void change_file(const char *name, long offset, uint8_t with)
{
    char path[sizeof folder + 16];
    uint8_t byte;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r+");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, offset, offset < 0 ? SEEK_END : SEEK_SET), 0);
    ck_assert_uint_eq(fread(&byte, 1, 1, file), 1);
    byte ^= with;
    ck_assert_int_eq(fseek(file, -1, SEEK_CUR), 0);
    ck_assert_uint_eq(fwrite(&byte, 1, 1, file), 1);
    ck_assert_int_eq(fclose(file), 0);
}

static hashveil_status open_status(const char **where)
{
    hashveil_log *log;
    const hashveil_status status = hashveil_log_open(folder, &key, &log, where);
    ck_assert((log != NULL) == (status == HASHVEIL_OK));
    hashveil_log_close(log);
    return status;
}

START_TEST(any_changed_byte_is_refused_and_its_file_named)
{
    const char *where;
    append_first(3);
    for (long i = 0; i < HASHVEIL_LOG_HEAD_BYTES; i++) {
        change_file("head", i, 1);
        ck_assert_int_ne(open_status(&where), HASHVEIL_OK);
        ck_assert_str_eq(where, "head");
        change_file("head", i, 1);
    }
    for (long i = 0; i < 3L * HASHVEIL_DIGEST_BYTES; i++) {
        change_file("leaves", i, 0x80);
        ck_assert_int_eq(open_status(&where), HASHVEIL_ERR_DIGEST);
        ck_assert_str_eq(where, "leaves");
        change_file("leaves", i, 0x80);
    }
    ck_assert_int_eq(open_status(&where), HASHVEIL_OK);
}
END_TEST

START_TEST(cut_files_are_refused)
{
    const char *where;
    char path[sizeof folder + 16];
    append_first(2);
    snprintf(path, sizeof path, "%s/leaves", folder);
    ck_assert_int_eq(truncate(path, 63), 0);
    ck_assert_int_eq(open_status(&where), HASHVEIL_ERR_TRUNCATED);
    ck_assert_str_eq(where, "leaves");
    snprintf(path, sizeof path, "%s/head", folder);
    ck_assert_int_eq(truncate(path, HASHVEIL_LOG_HEAD_BYTES - 1), 0);
    ck_assert_int_eq(open_status(&where), HASHVEIL_ERR_TRUNCATED);
    ck_assert_int_eq(truncate(path, HASHVEIL_LOG_HEAD_BYTES + 1), 0);
    ck_assert_int_ne(open_status(&where), HASHVEIL_OK);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(open_status(&where), HASHVEIL_ERR_NOT_FOUND);
}
END_TEST

/* As when the process was killed after it wrote the leaf and before it replaced the head. */
START_TEST(a_leaf_that_no_head_knows_does_no_harm)
{
    const char *where;
    char path[sizeof folder + 16];
    append_first(2);
    snprintf(path, sizeof path, "%s/leaves", folder);
    FILE *file = fopen(path, "a");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs("half of a leaf", file), 0);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(open_status(&where), HASHVEIL_OK);
    ck_assert(append(2));
    hashveil_log *log = open_log();
    ck_assert(hashveil_log_find(log, digest_of(2), NULL));
    hashveil_log_close(log);
}
END_TEST

START_TEST(only_its_own_key_adds_to_a_log)
{
    const hashveil_key evaluator = draw_evaluator_key();
    hashveil_key public_half = key;
    const char *where;
    bool was_added;
    append_first(1);
    public_half.has_secret = false;
    ck_assert_int_eq(hashveil_log_append(folder, &other_key, editions[1], &was_added, &where),
                     HASHVEIL_ERR_KEY);
    ck_assert_str_eq(where, "head");
    ck_assert_int_eq(hashveil_log_append(folder, &evaluator, editions[1], &was_added, &where),
                     HASHVEIL_ERR_KEY);
    ck_assert_int_eq(hashveil_log_append(folder, &public_half, editions[1], &was_added, &where),
                     HASHVEIL_ERR_KEY);
    ck_assert(!was_added);
    hashveil_log *log = open_log();
    ck_assert_uint_eq(hashveil_log_describe(log)->size, 1);
    hashveil_log_close(log);
}
END_TEST

START_TEST(the_manifests_are_there_for_whoever_audits)
{
    char path[sizeof folder + 96];
    char hex[2 * HASHVEIL_DIGEST_BYTES + 1];
    struct stat info;
    append_first(1);
    for (size_t i = 0; i < HASHVEIL_DIGEST_BYTES; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest_of(0)[i]);
    }
    snprintf(path, sizeof path, "%s/manifests/%s", folder, hex);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_gt(info.st_size, 200);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *log = tcase_create("log");
    tcase_add_checked_fixture(log, set_up, tear_down);
    tcase_set_timeout(log, 60);
    tcase_add_test(log, what_was_added_is_found_and_nothing_else);
    tcase_add_test(log, an_edition_is_added_once);
    tcase_add_test(log, a_log_goes_on_from_what_it_was);
    tcase_add_test(log, proofs_hold_for_their_edition_and_their_key_alone);
    tcase_add_test(log, any_changed_byte_is_refused_and_its_file_named);
    tcase_add_test(log, cut_files_are_refused);
    tcase_add_test(log, a_leaf_that_no_head_knows_does_no_harm);
    tcase_add_test(log, only_its_own_key_adds_to_a_log);
    tcase_add_test(log, the_manifests_are_there_for_whoever_audits);
    suite_add_tcase(suite, log);
    return run_suite(suite);
}
