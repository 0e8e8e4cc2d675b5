/* SPDX-License-Identifier: Apache-2.0 */
/* The nearest of plaintext hashes, beside a count of bits one by one, and listed digests. */
#include <hashveil/index.h>

#include "base/threads.h"
#include "draw.h"
#include "run_suite.h"

#include <string.h>

enum { HASHES = 67, QUERIES = 200, WORKERS = 3 };

static unsigned count_differing_bits(const hashveil_pdq *a, const hashveil_pdq *b)
{
    unsigned count = 0;
    for (unsigned bit = 0; bit < HASHVEIL_PDQ_BITS; bit++) {
        const uint64_t differing = a->word[bit / 64] ^ b->word[bit / 64];
        count += (unsigned)(differing >> (bit % 64) & 1);
    }
    return count;
}

static unsigned find_nearest(const hashveil_entries *entries, const hashveil_pdq *query)
{
    unsigned nearest = HASHVEIL_PDQ_BITS + 1;
    for (size_t i = 0; i < entries->count; i++) {
        const unsigned distance = count_differing_bits(&entries->entries[i].hash, query);
        nearest = distance < nearest ? distance : nearest;
    }
    return nearest;
}

/* All zeros, all ones, the listed ones, edited copies of them, and some that are near none. */
static hashveil_pdq draw_query(unsigned number)
{
    const hashveil_fingerprint original = draw_fingerprint(number / 2);
    if (number < 2) {
        const uint64_t word = number ? UINT64_MAX : 0;
        return (hashveil_pdq){{word, word, word, word}};
    }
    return number % 2 ? original.hash : draw_edited(&original, number % 50).hash;
}

static hashveil_index *create_index(const hashveil_entries *entries)
{
    hashveil_index *index;
    ck_assert_int_eq(hashveil_index_create(entries, &index), HASHVEIL_OK);
    ck_assert_uint_eq(hashveil_index_count(index), entries->count);
    return index;
}

START_TEST(an_empty_index_has_no_nearest)
{
    const hashveil_entries entries = {0};
    hashveil_index *index = create_index(&entries);
    for (unsigned i = 0; i < 4; i++) {
        const hashveil_pdq query = draw_query(i);
        ck_assert_uint_eq(hashveil_index_nearest(index, &query), HASHVEIL_PDQ_BITS + 1);
    }
    hashveil_index_destroy(index);
    hashveil_index_destroy(NULL);
}
END_TEST

static const size_t counts[] = {1, 2, 3, HASHES};

START_TEST(the_nearest_is_that_of_a_plain_count)
{
    hashveil_entries entries = draw_entries(counts[_i]);
    hashveil_index *index = create_index(&entries);
    for (unsigned i = 0; i < QUERIES; i++) {
        const hashveil_pdq query = draw_query(i);
        ck_assert_msg(hashveil_index_nearest(index, &query) == find_nearest(&entries, &query),
                      "query %u of %zu hashes", i, counts[_i]);
    }
    hashveil_index_destroy(index);
    hashveil_entries_clear(&entries);
}
END_TEST

START_TEST(every_distance_is_counted)
{
    hashveil_entries entries = draw_entries(1);
    hashveil_index *index = create_index(&entries);
    hashveil_pdq query = entries.entries[0].hash;
    for (unsigned bit = 0; bit < HASHVEIL_PDQ_BITS; bit++) {
        ck_assert_uint_eq(hashveil_index_nearest(index, &query), bit);
        query.word[bit / 64] ^= UINT64_C(1) << (bit % 64);
    }
    ck_assert_uint_eq(hashveil_index_nearest(index, &query), HASHVEIL_PDQ_BITS);
    hashveil_index_destroy(index);
    hashveil_entries_clear(&entries);
}
END_TEST

/* First, between others and last. */
static const size_t places[] = {0, 1, HASHES / 2, HASHES - 2, HASHES - 1};

START_TEST(the_nearest_is_found_wherever_it_stands)
{
    const hashveil_fingerprint original = draw_fingerprint(HASHES); /* none of the entries */
    hashveil_entries entries = draw_entries(HASHES);
    entries.entries[places[_i]].hash = draw_edited(&original, HASHVEIL_PDQ_MATCH_BITS).hash;
    hashveil_index *index = create_index(&entries);
    ck_assert_uint_eq(hashveil_index_nearest(index, &original.hash), HASHVEIL_PDQ_MATCH_BITS);
    hashveil_index_destroy(index);
    hashveil_entries_clear(&entries);
}
END_TEST

START_TEST(a_hash_that_is_there_twice_is_found)
{
    hashveil_entries entries = draw_entries(HASHES);
    const hashveil_pdq query = entries.entries[0].hash;
    for (size_t i = 1; i < HASHES; i += 2) {
        entries.entries[i].hash = query;
    }
    hashveil_index *index = create_index(&entries);
    ck_assert_uint_eq(hashveil_index_nearest(index, &query), 0);
    hashveil_index_destroy(index);
    hashveil_entries_clear(&entries);
}
END_TEST

START_TEST(an_index_outlives_its_entries)
{
    hashveil_entries entries = draw_entries(HASHES);
    const hashveil_pdq query = entries.entries[HASHES - 1].hash;
    hashveil_index *index = create_index(&entries);
    memset(entries.entries, 0, entries.count * sizeof *entries.entries);
    hashveil_entries_clear(&entries);
    ck_assert_uint_eq(hashveil_index_count(index), HASHES);
    ck_assert_uint_eq(hashveil_index_nearest(index, &query), 0);
    hashveil_index_destroy(index);
}
END_TEST

/* Digest number of a kind; it differs from others in its first byte alone, or in its last. */
static hashveil_digest draw_digest(hashveil_digest_kind kind, uint8_t first, uint8_t last)
{
    hashveil_digest digest = {.kind = kind};
    digest.bytes[0] = first;
    digest.bytes[hashveil_digest_len(kind) - 1] = last;
    return digest;
}

static const size_t digest_counts[] = {0, 1, 2, HASHES};

START_TEST(listed_digests_are_found_and_no_others)
{
    hashveil_exact_entry exact[HASHVEIL_DIGEST_KINDS * HASHES];
    hashveil_entries entries = {.exact = exact};
    for (unsigned kind = 0; kind < HASHVEIL_DIGEST_KINDS; kind++) {
        for (size_t i = 0; i < digest_counts[_i]; i++) {
            exact[entries.exact_count++] = (hashveil_exact_entry){
                .digest = draw_digest((hashveil_digest_kind)kind, (uint8_t)(3 * (HASHES - i)), 7)};
        }
    }
    hashveil_index *index = create_index(&entries);
    ck_assert_uint_eq(hashveil_index_digest_count(index),
                      HASHVEIL_DIGEST_KINDS * digest_counts[_i]);
    for (size_t i = 0; i < entries.exact_count; i++) {
        hashveil_digest digest = exact[i].digest;
        ck_assert(hashveil_index_has_digest(index, &digest));
        digest.bytes[0]++;
        ck_assert(!hashveil_index_has_digest(index, &digest));
        digest = draw_digest(digest.kind, (uint8_t)(digest.bytes[0] - 1), 8);
        ck_assert(!hashveil_index_has_digest(index, &digest));
    }
    const hashveil_digest zeros = {.kind = HASHVEIL_DIGEST_SHA256};
    ck_assert(!hashveil_index_has_digest(index, &zeros));
    hashveil_index_destroy(index);
}
END_TEST

START_TEST(a_digest_of_one_kind_is_none_of_another)
{
    hashveil_exact_entry exact[] = {
        {.digest = draw_digest(HASHVEIL_DIGEST_SHA1, 1, 0)},
        {.digest = draw_digest(HASHVEIL_DIGEST_SHA1, 1, 0)}, /* and twice is once */
    };
    const hashveil_entries entries = {.exact = exact, .exact_count = 2};
    hashveil_index *index = create_index(&entries);
    ck_assert_uint_eq(hashveil_index_digest_count(index), 1);
    for (unsigned kind = 0; kind < HASHVEIL_DIGEST_KINDS; kind++) {
        hashveil_digest digest = exact[0].digest;
        digest.kind = (hashveil_digest_kind)kind;
        ck_assert(hashveil_index_has_digest(index, &digest) == (kind == HASHVEIL_DIGEST_SHA1));
    }
    hashveil_index_destroy(index);
}
END_TEST

struct shared {
    const hashveil_index *index;
    unsigned nearest[QUERIES];
};

static hashveil_status nearest_job(void *context, size_t number, unsigned worker)
{
    struct shared *shared = context;
    const hashveil_pdq query = draw_query((unsigned)number);
    (void)worker;
    shared->nearest[number] = hashveil_index_nearest(shared->index, &query);
    return HASHVEIL_OK;
}

START_TEST(threads_may_share_an_index)
{
    hashveil_entries entries = draw_entries(HASHES);
    hashveil_index *index = create_index(&entries);
    struct shared shared = {.index = index};
    ck_assert_int_eq(hv_parallel(QUERIES, WORKERS, nearest_job, &shared), HASHVEIL_OK);
    for (unsigned i = 0; i < QUERIES; i++) {
        const hashveil_pdq query = draw_query(i);
        ck_assert_uint_eq(shared.nearest[i], find_nearest(&entries, &query));
    }
    hashveil_index_destroy(index);
    hashveil_entries_clear(&entries);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("index");
    TCase *nearest = tcase_create("nearest");
    tcase_add_test(nearest, an_empty_index_has_no_nearest);
    tcase_add_loop_test(nearest, the_nearest_is_that_of_a_plain_count, 0,
                        sizeof counts / sizeof counts[0]);
    tcase_add_test(nearest, every_distance_is_counted);
    tcase_add_loop_test(nearest, the_nearest_is_found_wherever_it_stands, 0,
                        sizeof places / sizeof places[0]);
    tcase_add_test(nearest, a_hash_that_is_there_twice_is_found);
    tcase_add_test(nearest, an_index_outlives_its_entries);
    tcase_add_test(nearest, threads_may_share_an_index);
    suite_add_tcase(suite, nearest);
    TCase *digests = tcase_create("digests");
    tcase_add_loop_test(digests, listed_digests_are_found_and_no_others, 0,
                        sizeof digest_counts / sizeof digest_counts[0]);
    tcase_add_test(digests, a_digest_of_one_kind_is_none_of_another);
    suite_add_tcase(suite, digests);
    return run_suite(suite);
}
