/* SPDX-License-Identifier: Apache-2.0 */
/* Whose databases are used, how old they may be, and that no older edition comes back. */
#include <hashveil/trust.h>

#include "draw.h"
#include "run_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CURATORS = 3, ENTRIES = 3, NOW = 1000, EPOCH = 7 };

static char base_path[] = "/tmp/hashveil-trust-XXXXXX";
static char other_path[sizeof base_path + 8];
static char editions_path[sizeof base_path + 8];
static hashveil_key evaluator, other_evaluator;
static hashveil_key curators[CURATORS + 1]; /* the last is not named by the database */
static hashveil_entries entries;

static void set_up(void)
{
    memcpy(base_path + sizeof base_path - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    const int fd = mkstemp(base_path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    snprintf(other_path, sizeof other_path, "%s.other", base_path);
    snprintf(editions_path, sizeof editions_path, "%s.seen", base_path);
    evaluator = draw_evaluator_key();
    other_evaluator = draw_evaluator_key();
    entries = draw_entries(ENTRIES);
    for (size_t i = 0; i <= CURATORS; i++) {
        ck_assert_int_eq(hashveil_key_generate(HASHVEIL_KEY_CURATOR, &curators[i]), HASHVEIL_OK);
    }
}

static void tear_down(void)
{
    hashveil_entries_clear(&entries);
    unlink(base_path);
    unlink(other_path);
    unlink(editions_path);
}

/* How a database is sealed: base NULL for a whole one; signers are a bit each. */
struct recipe {
    const char *path;
    uint64_t epoch, expires_s;
    unsigned signers;
    const hashveil_sealed_db *base;
};

static hashveil_sealed_db *seal(const struct recipe *recipe)
{
    const hashveil_seal_options options = {.evaluator_key = &evaluator,
                                           .curator_keys = curators,
                                           .curator_count = CURATORS,
                                           .epoch = recipe->epoch,
                                           .expires_s = recipe->expires_s,
                                           .mask_params = {2, 28, 160},
                                           .base = recipe->base,
                                           .workers = 1};
    hashveil_sealed_db *db;
    const char *where;
    ck_assert_int_eq(hashveil_sealed_db_build(recipe->path, &entries, &options, NULL), HASHVEIL_OK);
    for (size_t i = 0; i < CURATORS; i++) {
        if (recipe->signers >> i & 1) {
            ck_assert_int_eq(hashveil_sealed_db_sign(recipe->path, &curators[i], &where),
                             HASHVEIL_OK);
        }
    }
    ck_assert_int_eq(hashveil_sealed_db_open(recipe->path, &db, &where), HASHVEIL_OK);
    return db;
}

/* Which of the curators have signed, which are pinned, how many are needed. */
static const struct {
    unsigned signers, pinned_from, pinned_to, needed;
    hashveil_distrust wanted;
} signings[] = {
    {0, 0, 0, 0, HASHVEIL_DISTRUST_NONE},       {0, 0, 3, 0, HASHVEIL_DISTRUST_NONE},
    {0, 0, 1, 1, HASHVEIL_DISTRUST_SIGNATURES}, {1, 0, 1, 1, HASHVEIL_DISTRUST_NONE},
    {1, 1, 3, 1, HASHVEIL_DISTRUST_SIGNATURES}, /* signed, but by none that is pinned */
    {3, 0, 3, 2, HASHVEIL_DISTRUST_NONE},       {5, 0, 3, 2, HASHVEIL_DISTRUST_NONE},
    {4, 0, 3, 2, HASHVEIL_DISTRUST_SIGNATURES}, {3, 0, 3, 3, HASHVEIL_DISTRUST_SIGNATURES},
    {7, 0, 3, 3, HASHVEIL_DISTRUST_NONE},       {7, 0, 4, 4, HASHVEIL_DISTRUST_SIGNATURES},
    {7, 2, 4, 1, HASHVEIL_DISTRUST_NONE},
};
enum { SIGNINGS = sizeof signings / sizeof signings[0] };

START_TEST(enough_of_the_pinned_curators_must_have_signed)
{
    hashveil_sealed_db *db =
        seal(&(struct recipe){.path = base_path, .epoch = EPOCH, .signers = signings[_i].signers});
    const hashveil_trust trust = {
        .curators = curators + signings[_i].pinned_from,
        .curator_count = signings[_i].pinned_to - signings[_i].pinned_from,
        .needed = signings[_i].needed,
        .now_s = NOW,
    };
    ck_assert_int_eq(hashveil_trust_check(db, &trust, 0, NULL), signings[_i].wanted);
    hashveil_sealed_db_close(db);
}
END_TEST

START_TEST(a_pinned_evaluator_is_the_databases)
{
    hashveil_sealed_db *db = seal(&(struct recipe){.path = base_path, .epoch = EPOCH});
    hashveil_trust trust = {.evaluator = &evaluator, .now_s = NOW};
    ck_assert_int_eq(hashveil_trust_check(db, &trust, 0, NULL), HASHVEIL_DISTRUST_NONE);
    trust.evaluator = &other_evaluator;
    ck_assert_int_eq(hashveil_trust_check(db, &trust, 0, NULL), HASHVEIL_DISTRUST_EVALUATOR);
    hashveil_sealed_db_close(db);
}
END_TEST

START_TEST(a_database_expires_at_its_second)
{
    static const hashveil_distrust wanted[] = {HASHVEIL_DISTRUST_NONE, HASHVEIL_DISTRUST_EXPIRED,
                                               HASHVEIL_DISTRUST_EXPIRED};
    hashveil_sealed_db *db =
        seal(&(struct recipe){.path = base_path, .epoch = EPOCH, .expires_s = NOW});
    for (uint64_t i = 0; i < 3; i++) {
        const hashveil_trust trust = {.now_s = NOW - 1 + i};
        ck_assert_int_eq(hashveil_trust_check(db, &trust, 0, NULL), wanted[i]);
    }
    hashveil_sealed_db_close(db);
    db = seal(&(struct recipe){.path = base_path, .epoch = EPOCH});
    const hashveil_trust at_the_end = {.now_s = UINT64_MAX};
    ck_assert_int_eq(hashveil_trust_check(db, &at_the_end, 0, NULL), HASHVEIL_DISTRUST_NONE);
    hashveil_sealed_db_close(db);
}
END_TEST

START_TEST(a_segment_must_be_trusted_as_its_base)
{
    const hashveil_trust trust = {
        .curators = curators, .curator_count = CURATORS, .needed = 1, .now_s = NOW};
    size_t part = 0;
    hashveil_sealed_db *db =
        seal(&(struct recipe){.path = base_path, .epoch = EPOCH, .signers = 1});
    const struct recipe recipe = {.path = other_path, .epoch = EPOCH + 1, .base = db};
    ck_assert_int_eq(hashveil_sealed_db_attach(db, seal(&recipe)), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_trust_check(db, &trust, 0, &part), HASHVEIL_DISTRUST_SIGNATURES);
    ck_assert_uint_eq(part, 1);
    hashveil_sealed_db_close(db);
}
END_TEST

static uint64_t newest(const hashveil_sealed_db *db, const hashveil_trust *trust)
{
    hashveil_editions *editions;
    uint64_t epoch;
    ck_assert_int_eq(hashveil_editions_open(editions_path, &editions), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_editions_newest(editions, db, trust, &epoch), HASHVEIL_OK);
    hashveil_editions_close(editions);
    return epoch;
}

static void note(const hashveil_sealed_db *db, const hashveil_trust *trust)
{
    hashveil_editions *editions;
    ck_assert_int_eq(hashveil_editions_open(editions_path, &editions), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_editions_note(editions, db, trust), HASHVEIL_OK);
    hashveil_editions_close(editions);
}

START_TEST(an_edition_that_was_used_is_remembered_and_never_a_lower_one)
{
    const hashveil_trust trust = {.curators = curators, .curator_count = 1, .now_s = NOW};
    static const uint64_t epochs[] = {7, 9, 8, UINT64_MAX, 9};
    static const uint64_t remembered[] = {7, 9, 9, UINT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof epochs / sizeof epochs[0]; i++) {
        hashveil_sealed_db *db = seal(&(struct recipe){.path = base_path, .epoch = epochs[i]});
        const uint64_t before = newest(db, &trust);
        ck_assert_int_eq(hashveil_trust_check(db, &trust, before, NULL),
                         epochs[i] < before ? HASHVEIL_DISTRUST_OLDER : HASHVEIL_DISTRUST_NONE);
        note(db, &trust);
        ck_assert_uint_eq(newest(db, &trust), remembered[i]);
        hashveil_sealed_db_close(db);
    }
}
END_TEST

START_TEST(a_database_without_its_segment_is_an_older_edition)
{
    const hashveil_trust trust = {.now_s = NOW};
    const char *where;
    hashveil_sealed_db *db = seal(&(struct recipe){.path = base_path, .epoch = EPOCH});
    const struct recipe recipe = {.path = other_path, .epoch = EPOCH + 1, .base = db};
    ck_assert_int_eq(hashveil_sealed_db_attach(db, seal(&recipe)), HASHVEIL_OK);
    note(db, &trust);
    ck_assert_int_eq(hashveil_trust_check(db, &trust, newest(db, &trust), NULL),
                     HASHVEIL_DISTRUST_NONE);
    hashveil_sealed_db_close(db);
    ck_assert_int_eq(hashveil_sealed_db_open(base_path, &db, &where), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_trust_check(db, &trust, newest(db, &trust), NULL),
                     HASHVEIL_DISTRUST_OLDER);
    hashveil_sealed_db_close(db);
}
END_TEST

START_TEST(a_series_is_of_one_evaluator_and_one_set_of_curators)
{
    const hashveil_key swapped[2] = {curators[1], curators[0]};
    const hashveil_trust two = {.curators = curators, .curator_count = 2, .now_s = NOW};
    const hashveil_trust the_same = {.curators = swapped, .curator_count = 2, .now_s = NOW};
    const hashveil_trust one = {.curators = curators, .curator_count = 1, .now_s = NOW};
    hashveil_sealed_db *db = seal(&(struct recipe){.path = base_path, .epoch = EPOCH});
    note(db, &two);
    ck_assert_uint_eq(newest(db, &the_same), EPOCH);
    ck_assert_uint_eq(newest(db, &one), 0);
    hashveil_sealed_db_close(db);
    evaluator = other_evaluator;
    db = seal(&(struct recipe){.path = base_path, .epoch = EPOCH});
    ck_assert_uint_eq(newest(db, &two), 0);
    hashveil_sealed_db_close(db);
}
END_TEST

START_TEST(what_is_no_file_of_editions_is_refused)
{
    hashveil_editions *editions;
    FILE *file = fopen(editions_path, "w");
    ck_assert_ptr_nonnull(file);
    fputs("no database, and longer than the header of one would be ................"
          "............................................................",
          file);
    fclose(file);
    ck_assert_int_eq(hashveil_editions_open(editions_path, &editions), HASHVEIL_ERR_UNSUPPORTED);
    ck_assert_ptr_null(editions);
    ck_assert_int_eq(hashveil_editions_open("/nonexistent/x", &editions), HASHVEIL_ERR_NOT_FOUND);
}
END_TEST

START_TEST(every_reason_has_words)
{
    ck_assert_str_eq(hashveil_distrust_text(HASHVEIL_DISTRUST_EXPIRED), "it has expired");
    ck_assert_str_eq(hashveil_distrust_text((hashveil_distrust)5), "unknown reason");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trust");
    TCase *check = tcase_create("check");
    TCase *editions = tcase_create("editions");

    tcase_add_checked_fixture(check, set_up, tear_down);
    tcase_add_loop_test(check, enough_of_the_pinned_curators_must_have_signed, 0, SIGNINGS);
    tcase_add_test(check, a_pinned_evaluator_is_the_databases);
    tcase_add_test(check, a_database_expires_at_its_second);
    tcase_add_test(check, a_segment_must_be_trusted_as_its_base);
    tcase_add_test(check, every_reason_has_words);
    suite_add_tcase(suite, check);

    tcase_add_checked_fixture(editions, set_up, tear_down);
    tcase_set_timeout(editions, 60);
    tcase_add_test(editions, an_edition_that_was_used_is_remembered_and_never_a_lower_one);
    tcase_add_test(editions, a_database_without_its_segment_is_an_older_edition);
    tcase_add_test(editions, a_series_is_of_one_evaluator_and_one_set_of_curators);
    tcase_add_test(editions, what_is_no_file_of_editions_is_refused);
    suite_add_tcase(suite, editions);
    return run_suite(suite);
}
