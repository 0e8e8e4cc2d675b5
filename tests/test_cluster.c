/* SPDX-License-Identifier: Apache-2.0 */
/* Which entries become one record, and what a device has of it. */
#include <hashveil/evaluator.h>
#include <hashveil/scanner.h>
#include <hashveil/sealed_db.h>

#include "base/files.h"
#include "base/memory.h"
#include "base/random_stream.h"
#include "draw.h"
#include "hashdb/sealed/cluster.h"
#include "run_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum {
    MANY = 100000,
    POOL_BITS = 204,
    OUTSIDE = HASHVEIL_PDQ_BITS - POOL_BITS,
    MOST_APART = 2 * HASHVEIL_PDQ_MATCH_BITS /* when both match the one that leads them */
};

static const uint8_t seed[HV_SEED_BYTES] = {5, 6};
static const uint8_t mask_seed[HASHVEIL_MASK_SEED_BYTES] = {7, 8};
static const hashveil_mask_params params = {.masks = 32, .bits = 34, .pool_bits = POOL_BITS};

static struct hv_masks masks;
static uint8_t outside[OUTSIDE]; /* positions that no mask shows */
static hashveil_entries entries;
static struct hv_clusters clusters;

static void set_bit(hashveil_pdq *hash, unsigned position, bool is_set)
{
    const uint64_t bit = UINT64_C(1) << (position % 64);
    hash->word[position / 64] = (hash->word[position / 64] & ~bit) | (is_set ? bit : 0);
}

static void set_up(void)
{
    bool is_shown[HASHVEIL_PDQ_BITS] = {false};
    size_t count = 0;
    hv_masks_from_seed(mask_seed, &params, &masks);
    for (unsigned mask = 0; mask < params.masks; mask++) {
        for (unsigned k = 0; k < params.bits; k++) {
            is_shown[masks.position[mask][k]] = true;
        }
    }
    for (unsigned i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        if (!is_shown[i]) {
            ck_assert_uint_lt(count, OUTSIDE);
            outside[count++] = (uint8_t)i;
        }
    }
    ck_assert_uint_eq(count, OUTSIDE);
}

static void tear_down(void)
{
    hv_clusters_clear(&clusters);
    hashveil_entries_clear(&entries);
}

/* A hash with the first of the bits outside set, and the rest of them not: all share every token,
 * two of them are as far apart as their counts, and a higher count is a higher hash. */
static hashveil_pdq hash_with(unsigned count)
{
    hashveil_pdq hash = draw_fingerprint(1).hash;
    for (unsigned i = 0; i < OUTSIDE; i++) {
        set_bit(&hash, outside[i], i < count);
    }
    return hash;
}

static void cluster(void)
{
    hv_clusters_clear(&clusters);
    ck_assert_int_eq(hv_clusters_make(&entries, &masks, &clusters), HASHVEIL_OK);
    ck_assert_uint_ge(clusters.count, 1);
}

/* Entries that differ in bits outside by these counts. */
static void list_counts(const unsigned *counts, size_t count)
{
    entries = draw_entries(count);
    for (size_t i = 0; i < count; i++) {
        entries.entries[i].hash = hash_with(counts[i]);
    }
    cluster();
}

/* The record's number of an entry, as it was given. */
static uint32_t record_of(size_t entry)
{
    for (size_t place = 0; place < entries.count; place++) {
        if (clusters.order[place] == entry) {
            return clusters.of_entry[place];
        }
    }
    ck_abort_msg("entry %zu has no place", entry);
}

static const struct {
    unsigned distance;
    size_t records;
} distances[] = {{0, 1}, {1, 1}, {30, 1}, {31, 1}, {32, 2}, {52, 2}};

START_TEST(near_duplicates_are_one_record_up_to_the_distance_of_a_match)
{
    const unsigned counts[] = {0, distances[_i].distance};
    list_counts(counts, 2);
    ck_assert_uint_eq(clusters.count, distances[_i].records);
}
END_TEST

START_TEST(near_ones_that_share_no_token_stay_two_records)
{
    hashveil_pdq other = hash_with(0);
    entries = draw_entries(2);
    entries.entries[0].hash = other;
    for (unsigned mask = 0; mask < params.masks; mask++) {
        if (hv_masks_token(&masks, mask, &other).bits ==
            hv_masks_token(&masks, mask, &entries.entries[0].hash).bits) {
            other.word[masks.position[mask][0] / 64] ^= UINT64_C(1)
                                                        << (masks.position[mask][0] % 64);
        }
    }
    /* A bit may have been flipped twice, and back: what matters is what came of it. */
    ck_assert_uint_le(hashveil_pdq_distance(&other, &entries.entries[0].hash),
                      HASHVEIL_PDQ_MATCH_BITS);
    unsigned shared = 0;
    for (unsigned mask = 0; mask < params.masks; mask++) {
        shared += hv_masks_token(&masks, mask, &other).bits ==
                  hv_masks_token(&masks, mask, &entries.entries[0].hash).bits;
    }
    ck_assert_uint_eq(shared, 0);
    entries.entries[1].hash = other;
    cluster();
    ck_assert_uint_eq(clusters.count, 2);
}
END_TEST

START_TEST(near_ones_do_not_make_chains)
{
    const unsigned counts[] = {40, 0, 20}; /* the last is near both, the lowest leads */
    list_counts(counts, 3);
    ck_assert_uint_eq(clusters.count, 2);
    ck_assert_uint_eq(record_of(1), record_of(2));
    ck_assert_uint_ne(record_of(0), record_of(1));
}
END_TEST

/* The middle one leads the last under the first mask, where the first is no neighbour, and would
 * bring it along to the first under the second. */
START_TEST(one_that_leads_others_joins_nobody)
{
    const unsigned position = masks.position[0][0];
    entries = draw_entries(3);
    for (unsigned i = 0; i < 3; i++) {
        entries.entries[i].hash = hash_with(20 * i);
        set_bit(&entries.entries[i].hash, position, i > 0);
    }
    cluster();
    ck_assert_uint_eq(clusters.count, 2);
    ck_assert_uint_eq(record_of(1), record_of(2));
    ck_assert_uint_ne(record_of(0), record_of(1));
}
END_TEST

START_TEST(a_record_has_the_lowest_hashes_id_and_the_lists_of_all)
{
    const unsigned counts[] = {2, 1, 3};
    list_counts(counts, 3);
    ck_assert_uint_eq(clusters.count, 1);
    ck_assert_uint_eq(clusters.records[0].id[0], 1);
    ck_assert_uint_eq(clusters.records[0].lists, 3);
}
END_TEST

static const struct {
    const char *labels[5][HASHVEIL_MAX_LABELS]; /* of each entry */
    const char *kept[HASHVEIL_MAX_LABELS];
    uint64_t left_out;
} label_rows[] = {
    {{{"a"}, {"a"}, {"a"}, {"a"}, {"a"}}, {"a", "", ""}, 0},
    {{{"c"}, {"b"}, {"a"}, {"b"}, {"c"}}, {"a", "b", "c"}, 0},
    {{{"c"}, {"b"}, {"a"}, {"d"}, {""}}, {"a", "b", "c"}, 1},
    {{{"b", "d"}, {"a", "c"}, {"c", "d"}, {"d"}, {"b"}}, {"a", "b", "d"}, 2},
    {{{""}, {""}, {""}, {""}, {""}}, {"", "", ""}, 0},
};

START_TEST(three_labels_are_kept_in_byte_order_and_the_rest_counted)
{
    const unsigned counts[] = {0, 1, 2, 3, 4};
    entries = draw_entries(5);
    for (size_t i = 0; i < 5; i++) {
        entries.entries[i].hash = hash_with(counts[i]);
        memset(entries.entries[i].record.labels, 0, sizeof entries.entries[i].record.labels);
        for (size_t k = 0; k < HASHVEIL_MAX_LABELS && label_rows[_i].labels[i][k]; k++) {
            snprintf(entries.entries[i].record.labels[k],
                     sizeof entries.entries[i].record.labels[k], "%s", label_rows[_i].labels[i][k]);
        }
    }
    cluster();
    ck_assert_uint_eq(clusters.count, 1);
    for (size_t k = 0; k < HASHVEIL_MAX_LABELS; k++) {
        ck_assert_str_eq(clusters.records[0].labels[k], label_rows[_i].kept[k]);
    }
    ck_assert_uint_eq(clusters.labels_left_out, label_rows[_i].left_out);
}
END_TEST

START_TEST(what_has_one_id_is_one_record_hashes_and_digests_alike)
{
    entries = draw_entries(3); /* three hashes far apart */
    entries.exact = hv_alloc_array(3, sizeof *entries.exact);
    entries.exact_count = 3;
    for (size_t i = 0; i < 3; i++) {
        entries.exact[i] = (hashveil_exact_entry){
            .digest = {.kind = HASHVEIL_DIGEST_SHA1, .bytes = {(uint8_t)(9 - i)}},
            .record = {.id = {0, 1}, .lists = 4, .labels = {"of digests"}}};
    }
    memcpy(entries.exact[0].record.id, entries.entries[2].record.id, HASHVEIL_RECORD_ID_BYTES);
    memcpy(entries.entries[1].record.id, entries.entries[2].record.id, HASHVEIL_RECORD_ID_BYTES);
    cluster();
    ck_assert_uint_eq(clusters.count, 3); /* the first hash; two and a digest; two digests */
    ck_assert_uint_eq(record_of(1), record_of(2));
    ck_assert_uint_ne(record_of(0), record_of(1));
    ck_assert_uint_eq(clusters.of_exact[2], record_of(1)); /* digest 9 comes last */
    ck_assert_uint_eq(clusters.of_exact[0], clusters.of_exact[1]);
    ck_assert_uint_eq(clusters.records[record_of(1)].lists, 7);
    ck_assert_str_eq(clusters.records[record_of(1)].labels[2], "of digests");
}
END_TEST

/* Many masks for a list that is made to cost much. */
static const hashveil_mask_params hostile = {.masks = 32, .bits = 16, .pool_bits = POOL_BITS};

/* Hashes that all share as many tokens, of the first deck's masks, and have random bits where these
 * do not look: with all its masks most are near each other, with fewer few are. */
static void list_many(unsigned shared)
{
    struct hv_random_stream stream;
    const hashveil_pdq common = hash_with(0);
    bool is_common[HASHVEIL_PDQ_BITS] = {false};
    hv_masks_from_seed(mask_seed, &hostile, &masks);
    for (unsigned i = 0; i < shared * hostile.bits; i++) {
        is_common[masks.position[i / hostile.bits][i % hostile.bits]] = true;
    }
    hv_random_stream_init(seed, "hostile", shared, &stream);
    entries.entries = hv_alloc_array(MANY, sizeof *entries.entries);
    entries.count = MANY;
    for (uint32_t i = 0; i < MANY; i++) {
        hashveil_entry *entry = &entries.entries[i];
        entry->hash = common;
        for (unsigned position = 0; position < HASHVEIL_PDQ_BITS; position++) {
            if (!is_common[position]) {
                set_bit(&entry->hash, position, hv_random_stream_below(&stream, 2) == 1);
            }
        }
        memcpy(entry->record.id, &i, sizeof i);
    }
}

static const unsigned shared[] = {1, 9, 12};

/* Comparing all with all would take hours. */
START_TEST(many_that_share_tokens_are_clustered_in_bounded_time)
{
    list_many(shared[_i]);
    cluster();
    hashveil_pdq *first = hv_alloc_array(clusters.count, sizeof *first);
    bool *has_first = hv_alloc_array(clusters.count, sizeof *has_first);
    for (size_t place = 0; place < MANY; place++) {
        const uint32_t record = clusters.of_entry[place];
        const hashveil_pdq *hash = &entries.entries[clusters.order[place]].hash;
        ck_assert_uint_lt(record, clusters.count);
        if (!has_first[record]) {
            has_first[record] = true;
            first[record] = *hash;
        }
        ck_assert_uint_le(hashveil_pdq_distance(&first[record], hash), MOST_APART);
    }
    free(first);
    free(has_first);
}
END_TEST

static char path[] = "/tmp/hashveil-cluster-XXXXXX";
static hashveil_key key;

static void set_up_file(void)
{
    set_up();
    memcpy(path + sizeof path - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    key = draw_evaluator_key();
}

static void tear_down_file(void)
{
    tear_down();
    hashveil_key_clear(&key);
    unlink(path);
}

static hashveil_seal_summary seal(hashveil_mask_params with)
{
    const hashveil_seal_options options = {.evaluator_key = &key,
                                           .epoch = 7,
                                           .mask_params = with,
                                           .seed = seed,
                                           .created_s = 1234,
                                           .mask_seed = mask_seed,
                                           .workers = 1};
    hashveil_seal_summary summary;
    ck_assert_int_eq(hashveil_sealed_db_build(path, &entries, &options, &summary), HASHVEIL_OK);
    return summary;
}

static void turn_round(void *array, size_t count, size_t size)
{
    uint8_t *bytes = array;
    uint8_t kept[256];
    ck_assert_uint_le(size, sizeof kept);
    for (size_t i = 0; i < count / 2; i++) {
        uint8_t *other = bytes + (count - 1 - i) * size;
        memcpy(kept, bytes + i * size, size);
        memcpy(bytes + i * size, other, size);
        memcpy(other, kept, size);
    }
}

START_TEST(the_order_of_entries_does_not_matter)
{
    uint8_t *bytes[2];
    size_t len[2];
    entries = draw_entries(12);
    for (unsigned i = 0; i < 6; i++) {
        entries.entries[i].hash = hash_with(9 * i); /* some near, some not */
    }
    entries.entries[7] = entries.entries[6]; /* the same once more */
    entries.entries[8].hash = entries.entries[6].hash;
    entries.exact = hv_alloc_array(3, sizeof *entries.exact);
    entries.exact_count = 3;
    for (size_t i = 0; i < 3; i++) {
        entries.exact[i].digest = (hashveil_digest){HASHVEIL_DIGEST_MD5, {(uint8_t)(i / 2)}};
        entries.exact[i].record = entries.entries[4 * i].record;
    }
    for (size_t run = 0; run < 2; run++) {
        seal((hashveil_mask_params){.masks = 4, .bits = 34, .pool_bits = POOL_BITS});
        ck_assert_int_eq(hv_read_file(path, SIZE_MAX, &bytes[run], &len[run]), HASHVEIL_OK);
        turn_round(entries.entries, entries.count, sizeof *entries.entries);
        turn_round(entries.exact, entries.exact_count, sizeof *entries.exact);
    }
    ck_assert_uint_eq(len[0], len[1]);
    ck_assert_mem_eq(bytes[0], bytes[1], len[0]);
    free(bytes[0]);
    free(bytes[1]);
}
END_TEST

START_TEST(what_was_lost_is_told)
{
    entries = draw_entries(3);
    entries.entries[0].hash = hash_with(0);
    entries.entries[1].hash = hash_with(32); /* too far for one record, and every token in common */
    entries.exact = hv_alloc_array(2, sizeof *entries.exact);
    entries.exact_count = 2; /* the same digest of two items */
    entries.exact[0].record = entries.entries[0].record;
    entries.exact[1].record = entries.entries[2].record;
    const hashveil_seal_summary summary =
        seal((hashveil_mask_params){.masks = 4, .bits = 34, .pool_bits = POOL_BITS});
    ck_assert_uint_eq(summary.records, 3);
    ck_assert_uint_eq(summary.tokens_lost, 4 + 1);
    ck_assert_uint_eq(summary.labels_left_out, 0);
}
END_TEST

/* Returns how many masks a picture hits in the sealed file. */
static unsigned hits_of(const hashveil_fingerprint *fingerprint)
{
    const hashveil_scanner_options options = {.verified_percent = 0};
    const hashveil_subject subject = {.forms = fingerprint, .form_count = 1};
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    hashveil_sealed_db *db;
    hashveil_scanner *scanner;
    hashveil_evaluator *evaluator;
    hashveil_query *query;
    hashveil_verdict verdict;
    const char *where;
    size_t len;
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_create(db, &options, &scanner), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_evaluator_create(&key, &evaluator), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_begin(scanner, &subject, &query), HASHVEIL_OK);
    const uint8_t *request = hashveil_query_request(query, 0, &len);
    ck_assert_int_eq(hashveil_evaluator_respond(evaluator, request, len, response, &len),
                     HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_finish(query, 0, response, len, &verdict), HASHVEIL_OK);
    hashveil_query_destroy(query);
    hashveil_evaluator_destroy(evaluator);
    hashveil_scanner_destroy(scanner);
    hashveil_sealed_db_close(db);
    return verdict.kind == HASHVEIL_VERDICT_MATCH ? verdict.masks_hit : 0;
}

static const unsigned edits[] = {0, 5, 15, 25};

/* Each would have half or less of the tokens that both want, were they two records. */
START_TEST(near_duplicates_are_found_by_as_many_masks_as_each_alone)
{
    enum { APART = 10 };
    const hashveil_fingerprint one = draw_fingerprint(20);
    const hashveil_fingerprint two = draw_edited(&one, APART);
    const hashveil_fingerprint listed[] = {one, two};
    ck_assert_uint_eq(hashveil_pdq_distance(&one.hash, &two.hash), APART);
    for (size_t i = 0; i < 2; i++) {
        const hashveil_fingerprint copy = draw_edited(&listed[i], edits[_i]);
        entries = draw_entries(1);
        entries.entries[0].hash = listed[i].hash;
        seal(params);
        const unsigned alone = hits_of(&copy);
        hashveil_entries_clear(&entries);
        entries = draw_entries(2);
        entries.entries[0].hash = one.hash;
        entries.entries[1].hash = two.hash;
        const hashveil_seal_summary summary = seal(params);
        ck_assert_uint_eq(summary.records, 1);
        ck_assert_uint_eq(summary.tokens_lost, 0);
        ck_assert_uint_ge(alone, 2);
        ck_assert_uint_ge(hits_of(&copy), alone);
        hashveil_entries_clear(&entries);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster");
    TCase *records = tcase_create("records");
    TCase *files = tcase_create("files");

    tcase_set_timeout(records, 120);
    tcase_add_checked_fixture(records, set_up, tear_down);
    tcase_add_loop_test(records, near_duplicates_are_one_record_up_to_the_distance_of_a_match, 0,
                        COUNT(distances));
    tcase_add_test(records, near_ones_that_share_no_token_stay_two_records);
    tcase_add_test(records, near_ones_do_not_make_chains);
    tcase_add_test(records, one_that_leads_others_joins_nobody);
    tcase_add_test(records, a_record_has_the_lowest_hashes_id_and_the_lists_of_all);
    tcase_add_loop_test(records, three_labels_are_kept_in_byte_order_and_the_rest_counted, 0,
                        COUNT(label_rows));
    tcase_add_test(records, what_has_one_id_is_one_record_hashes_and_digests_alike);
    tcase_add_loop_test(records, many_that_share_tokens_are_clustered_in_bounded_time, 0,
                        COUNT(shared));
    suite_add_tcase(suite, records);

    tcase_set_timeout(files, 120);
    tcase_add_checked_fixture(files, set_up_file, tear_down_file);
    tcase_add_test(files, the_order_of_entries_does_not_matter);
    tcase_add_test(files, what_was_lost_is_told);
    tcase_add_loop_test(files, near_duplicates_are_found_by_as_many_masks_as_each_alone, 0,
                        COUNT(edits));
    suite_add_tcase(suite, files);
    return run_suite(suite);
}
