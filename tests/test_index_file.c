/* SPDX-License-Identifier: Apache-2.0 */
/* An index written to a file answers as it did, and what is damaged is refused with its place. */
#include <hashveil/index.h>

#include "base/files.h"
#include "base/memory.h"
#include "base/threads.h"
#include "draw.h"
#include "hashdb/index/index.h"
#include "run_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const size_t page = 4096;

enum {
    SMALL = 3,
    MANY = 200,
    WORKERS = 4,
    LARGE = HV_BUCKET_MIN_COUNT, /* the fewest with tables */
    EXACT = 3,
    QUERIES = 200,
    ROOM = 8,
    MAX_FILE_BYTES = 1 << 24
};

static char folder[32];
static char path[64];

static void setup(void)
{
    snprintf(folder, sizeof folder, "/tmp/hashveil-index-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/listed.hvindex", folder);
}

static void teardown(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else is left */
}

static hashveil_index *make_index(size_t count)
{
    static hashveil_exact_entry exact[EXACT];
    hashveil_entries entries = draw_entries(count);
    hashveil_index *index;
    for (size_t i = 0; i < EXACT; i++) {
        exact[i].digest = (hashveil_digest){HASHVEIL_DIGEST_MD5, {(uint8_t)i}};
    }
    entries.exact = exact;
    entries.exact_count = EXACT;
    ck_assert_int_eq(hashveil_index_create(&entries, &index), HASHVEIL_OK);
    entries.exact = NULL;
    entries.exact_count = 0;
    hashveil_entries_clear(&entries);
    return index;
}

static void save(size_t count)
{
    hashveil_index *index = make_index(count);
    ck_assert_int_eq(hashveil_index_save(index, path), HASHVEIL_OK);
    hashveil_index_destroy(index);
}

static hashveil_index *open_saved(void)
{
    hashveil_index *index;
    const char *where;
    ck_assert_int_eq(hashveil_index_open(path, &index, &where), HASHVEIL_OK);
    ck_assert_str_eq(where, "");
    return index;
}

static void ck_assert_same_answers(const hashveil_index *a, const hashveil_index *b)
{
    for (unsigned i = 0; i < QUERIES; i++) {
        hashveil_index_hit hits[2][ROOM] = {0};
        size_t found[2];
        const unsigned radius = i % (HASHVEIL_PDQ_MATCH_BITS + 1);
        const hashveil_fingerprint original = draw_fingerprint(i / 2);
        const hashveil_pdq query = draw_edited(&original, i % 34).hash;
        ck_assert_int_eq(hashveil_index_within(a, &query, radius, hits[0], ROOM, &found[0]),
                         HASHVEIL_OK);
        ck_assert_int_eq(hashveil_index_within(b, &query, radius, hits[1], ROOM, &found[1]),
                         HASHVEIL_OK);
        ck_assert_uint_eq(found[0], found[1]);
        ck_assert_mem_eq(hits[0], hits[1], sizeof hits[0]);
        ck_assert_uint_eq(hashveil_index_nearest(a, &query), hashveil_index_nearest(b, &query));
    }
}

static const size_t counts[] = {0, 1, SMALL, LARGE - 1, LARGE};
enum { COUNTS = sizeof counts / sizeof counts[0] };

START_TEST(an_index_read_again_answers_as_before)
{
    hashveil_index *index = make_index(counts[_i]);
    ck_assert_int_eq(hashveil_index_save(index, path), HASHVEIL_OK);
    hashveil_index *again = open_saved();
    ck_assert_uint_eq(hashveil_index_count(again), counts[_i]);
    ck_assert_uint_eq(hashveil_index_digest_count(again), EXACT);
    for (unsigned i = 0; i < 2 * EXACT; i++) {
        const hashveil_digest digest = {HASHVEIL_DIGEST_MD5, {(uint8_t)i}};
        ck_assert_int_eq(hashveil_index_has_digest(again, &digest), i < EXACT);
    }
    for (size_t i = 0; i < counts[_i]; i++) {
        ck_assert_mem_eq(hashveil_index_hash(again, i), hashveil_index_hash(index, i),
                         sizeof(hashveil_pdq));
    }
    ck_assert_ptr_null(hashveil_index_hash(again, counts[_i]));
    ck_assert_same_answers(index, again);
    hashveil_index_destroy(again);
    hashveil_index_destroy(index);
}
END_TEST

struct pair_of_indexes {
    const hashveil_index *made, *mapped;
};

static hashveil_status ask_both(void *context, size_t index, unsigned worker)
{
    const struct pair_of_indexes *both = context;
    hashveil_pdq query = *hashveil_index_hash(both->made, index);
    hashveil_index_hit hits[2][ROOM] = {0};
    size_t found[2] = {0};
    (void)worker;
    query.word[index % 4] ^= index;
    hashveil_status status = hashveil_index_within(both->made, &query, HASHVEIL_PDQ_MATCH_BITS,
                                                   hits[0], ROOM, &found[0]);
    if (status == HASHVEIL_OK) {
        status = hashveil_index_within(both->mapped, &query, HASHVEIL_PDQ_MATCH_BITS, hits[1], ROOM,
                                       &found[1]);
    }
    bool is_same = found[0] > 0 && found[0] == found[1];
    for (size_t i = 0; i < ROOM; i++) {
        is_same &=
            hits[0][i].number == hits[1][i].number && hits[0][i].distance == hits[1][i].distance;
    }
    return status == HASHVEIL_OK && !is_same ? HASHVEIL_ERR_FORMAT : status;
}

START_TEST(threads_share_a_mapped_index)
{
    hashveil_index *index = make_index(LARGE);
    ck_assert_int_eq(hashveil_index_save(index, path), HASHVEIL_OK);
    hashveil_index *again = open_saved();
    struct pair_of_indexes both = {index, again};
    ck_assert_int_eq(hv_parallel(MANY, WORKERS, ask_both, &both), HASHVEIL_OK);
    hashveil_index_destroy(again);
    hashveil_index_destroy(index);
}
END_TEST

START_TEST(a_new_index_takes_the_place_of_an_old_one)
{
    save(SMALL);
    hashveil_index *old = open_saved();
    save(1);
    hashveil_index *now = open_saved();
    ck_assert_uint_eq(hashveil_index_count(old), SMALL);
    ck_assert_uint_eq(hashveil_index_count(now), 1);
    hashveil_index_destroy(old);
    hashveil_index_destroy(now);
}
END_TEST

static uint8_t *read_saved(size_t *len_out)
{
    uint8_t *bytes;
    ck_assert_int_eq(hv_read_file(path, MAX_FILE_BYTES, &bytes, len_out), HASHVEIL_OK);
    return bytes;
}

static void ck_assert_refused(const uint8_t *bytes, size_t len, hashveil_status expected,
                              const char *expected_where, size_t place)
{
    hashveil_index *index;
    const char *where;
    const hashveil_status status = hv_index_open_bytes(bytes, len, &index, &where);
    ck_assert_msg(status == expected && strcmp(where, expected_where) == 0,
                  "at %zu: got '%s' in '%s', not '%s' in '%s'", place, hashveil_status_text(status),
                  where, hashveil_status_text(expected), expected_where);
    ck_assert_ptr_null(index);
}

/* Header, three hashes, no tables, three digests. */
START_TEST(a_flipped_bit_anywhere_is_refused_with_its_section)
{
    size_t len;
    save(SMALL);
    uint8_t *bytes = read_saved(&len);
    ck_assert_uint_eq(len, 3 * page);
    for (size_t place = 0; place < len; place++) {
        const char *where = place < page ? "header" : place < 2 * page ? "hashes" : "digests";
        const hashveil_status expected = place < 8    ? HASHVEIL_ERR_UNSUPPORTED
                                         : place < 12 ? HASHVEIL_ERR_VERSION
                                                      : HASHVEIL_ERR_FORMAT;
        bytes[place] ^= (uint8_t)(1 << place % 8);
        ck_assert_refused(bytes, len, expected, where, place);
        bytes[place] ^= (uint8_t)(1 << place % 8);
    }
    free(bytes);
}
END_TEST

START_TEST(damaged_tables_are_refused_with_their_section)
{
    const size_t starts = page + (size_t)LARGE * sizeof(hashveil_pdq);
    const size_t starts_len = hv_bucket_start_count(hv_bucket_bits(LARGE)) * sizeof(uint32_t);
    const size_t numbers = starts + (starts_len + page - 1) / page * page;
    const size_t numbers_len = (size_t)HV_BUCKET_PARTS * LARGE * sizeof(uint32_t);
    const struct {
        size_t place;
        const char *where;
    } damages[] = {
        {starts - 1, "hashes"},
        {starts, "starts"},
        {numbers - 1, "starts"},
        {numbers, "numbers"},
        {numbers + numbers_len - 1, "numbers"},
        {numbers + numbers_len, "digests"},
    };
    size_t len;
    save(LARGE);
    uint8_t *bytes = read_saved(&len);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        bytes[damages[i].place] ^= 1;
        ck_assert_refused(bytes, len, HASHVEIL_ERR_FORMAT, damages[i].where, damages[i].place);
        bytes[damages[i].place] ^= 1;
    }
    free(bytes);
}
END_TEST

START_TEST(a_file_cut_or_made_longer_is_refused)
{
    size_t len;
    save(SMALL);
    uint8_t *bytes = read_saved(&len);
    uint8_t *longer = hv_alloc_array(len + 1, 1);
    memcpy(longer, bytes, len);
    ck_assert_refused(longer, len + 1, HASHVEIL_ERR_FORMAT, "header", len + 1);
    for (size_t cut = 0; cut < len; cut++) {
        const hashveil_status expected = cut == 0  ? HASHVEIL_ERR_EMPTY
                                         : cut < 8 ? HASHVEIL_ERR_UNSUPPORTED
                                                   : HASHVEIL_ERR_TRUNCATED;
        ck_assert_refused(bytes, cut, expected, "header", cut);
    }
    free(longer);
    free(bytes);
}
END_TEST

START_TEST(what_is_no_index_file_is_told_by_its_status)
{
    hashveil_index *index;
    const char *where;
    ck_assert_int_eq(hashveil_index_open(path, &index, &where), HASHVEIL_ERR_NOT_FOUND);
    ck_assert_ptr_null(index);
    ck_assert_int_eq(hashveil_index_open(folder, &index, &where), HASHVEIL_ERR_NOT_A_FILE);
    index = make_index(1);
    ck_assert_int_eq(hashveil_index_save(index, "/nowhere/index"), HASHVEIL_ERR_NOT_FOUND);
    hashveil_index_destroy(index);
}
END_TEST

/* Two hashes, one bit a part; each row breaks the tables in one way. */
static const struct {
    const char *what;
    uint32_t starts[3];
    uint32_t numbers[2];
    hashveil_status expected;
} tables[] = {
    {"sound", {0, 1, 2}, {0, 1}, HASHVEIL_OK},
    {"all of one value", {0, 0, 2}, {1, 0}, HASHVEIL_OK},
    {"a first start above 0", {1, 1, 2}, {0, 1}, HASHVEIL_ERR_FORMAT},
    {"a last start below the count", {0, 1, 1}, {0, 1}, HASHVEIL_ERR_FORMAT},
    {"a last start above the count", {0, 1, 3}, {0, 1}, HASHVEIL_ERR_FORMAT},
    {"starts that fall", {0, 3, 2}, {0, 1}, HASHVEIL_ERR_FORMAT},
    {"a number that is none", {0, 1, 2}, {0, 2}, HASHVEIL_ERR_FORMAT},
};

START_TEST(tables_that_lead_outside_are_refused)
{
    static const hashveil_pdq hashes[2];
    uint32_t starts[HV_BUCKET_PARTS * 3];
    uint32_t numbers[HV_BUCKET_PARTS * 2];
    for (unsigned bad = 0; bad < HV_BUCKET_PARTS; bad++) {
        for (unsigned part = 0; part < HV_BUCKET_PARTS; part++) {
            const int row = part == bad ? _i : 0;
            memcpy(starts + (size_t)part * 3, tables[row].starts, sizeof tables[row].starts);
            memcpy(numbers + (size_t)part * 2, tables[row].numbers, sizeof tables[row].numbers);
        }
        const struct hv_buckets buckets = {
            .hashes = hashes, .count = 2, .bits = 1, .starts = starts, .numbers = numbers};
        ck_assert_msg(hv_buckets_check(&buckets) == tables[_i].expected, "%s in part %u",
                      tables[_i].what, bad);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("index_file");
    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, setup, teardown);
    tcase_add_loop_test(files, an_index_read_again_answers_as_before, 0, COUNTS);
    tcase_add_test(files, threads_share_a_mapped_index);
    tcase_add_test(files, a_new_index_takes_the_place_of_an_old_one);
    tcase_add_test(files, a_flipped_bit_anywhere_is_refused_with_its_section);
    tcase_add_test(files, damaged_tables_are_refused_with_their_section);
    tcase_add_test(files, a_file_cut_or_made_longer_is_refused);
    tcase_add_test(files, what_is_no_index_file_is_told_by_its_status);
    suite_add_tcase(suite, files);
    TCase *foreign = tcase_create("foreign tables");
    tcase_add_loop_test(foreign, tables_that_lead_outside_are_refused, 0,
                        sizeof tables / sizeof tables[0]);
    suite_add_tcase(suite, foreign);
    return run_suite(suite);
}
