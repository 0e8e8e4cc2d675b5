/* SPDX-License-Identifier: Apache-2.0 */
/* Searching by parts finds exactly what a scan finds, whatever the hashes and whatever the kernel.
 */
#include <hashveil/index.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "base/random_stream.h"
#include "base/threads.h"
#include "hashdb/index/buckets.h"
#include "run_suite.h"

#include <stdlib.h>
#include <string.h>

enum { HASHES = 2000, QUERIES = 24, RADII = HV_BUCKET_MAX_RADIUS + 1, WORKERS = 3 };

static hashveil_pdq hashes[HASHES];
static struct hv_random_stream stream;

static hashveil_pdq draw_hash(void)
{
    hashveil_pdq hash;
    hv_random_stream_fill(&stream, (uint8_t *)&hash, sizeof hash);
    return hash;
}

static hashveil_pdq flipped(hashveil_pdq hash, unsigned count)
{
    while (count > 0) {
        const unsigned bit = (unsigned)hv_random_stream_below(&stream, HASHVEIL_PDQ_BITS);
        hash.word[bit / 64] ^= UINT64_C(1) << (bit % 64);
        count--;
    }
    return hash;
}

static void draw_random(size_t i)
{
    hashes[i] = draw_hash();
}

/* Around a few centres, so that many are within every radius. */
static void draw_clustered(size_t i)
{
    hashes[i] = i < 10 ? draw_hash() : flipped(hashes[i % 10], (unsigned)(i % 40));
}

static void draw_equal(size_t i)
{
    hashes[i] = i == 0 ? draw_hash() : hashes[0];
}

/* All bits of all parts but the last alike, so that a few values have all the hashes. */
static void draw_crowded(size_t i)
{
    hashes[i] = (hashveil_pdq){{0, 0, 0, 0}};
    for (unsigned bit = 10; bit < HASHVEIL_PDQ_BITS; bit += HV_BUCKET_PARTS) {
        hashes[i].word[bit / 64] |= hv_random_stream_below(&stream, 2) << (bit % 64);
    }
}

static const struct {
    const char *what;
    void (*draw)(size_t i);
} kinds[] = {{"random", draw_random},
             {"clustered", draw_clustered},
             {"equal", draw_equal},
             {"crowded", draw_crowded}};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void draw(int kind)
{
    static const uint8_t seed[HV_SEED_BYTES] = {7};
    hv_random_stream_init(seed, "buckets", (uint64_t)kind, &stream);
    for (size_t i = 0; i < HASHES; i++) {
        kinds[kind].draw(i);
    }
}

/* Near a listed hash, or near none. */
static hashveil_pdq draw_query(unsigned number)
{
    return number % 4 == 0 ? draw_hash() : flipped(hashes[number * 31 % HASHES], number);
}

/* How often each hash was told of, and that each was at its distance. */
struct told {
    const hashveil_pdq *query;
    unsigned radius;
    unsigned char times[HASHES];
};

static hashveil_status note(void *context, uint64_t number, unsigned distance)
{
    struct told *told = context;
    if (number >= HASHES || distance > told->radius ||
        distance != hashveil_pdq_distance(&hashes[number], told->query)) {
        return HASHVEIL_ERR_FORMAT;
    }
    told->times[number]++;
    return HASHVEIL_OK;
}

static void ck_assert_exact(const struct told *told)
{
    size_t wrong = 0;
    for (size_t i = 0; i < HASHES; i++) {
        const bool is_near = hashveil_pdq_distance(&hashes[i], told->query) <= told->radius;
        wrong += told->times[i] != is_near;
    }
    ck_assert_msg(wrong == 0, "radius %u: %zu of the hashes", told->radius, wrong);
}

START_TEST(every_hash_within_the_radius_is_told_of_once)
{
    struct hv_buckets buckets;
    draw(_i);
    ck_assert_int_eq(hv_buckets_make(hashes, HASHES, &buckets), HASHVEIL_OK);
    for (unsigned i = 0; i < QUERIES; i++) {
        const hashveil_pdq query = draw_query(i);
        for (unsigned radius = 0; radius < RADII; radius++) {
            struct told told = {.query = &query, .radius = radius};
            ck_assert_int_eq(
                hv_buckets_within(&buckets, &(struct hv_scan_query){&query, radius, note, &told}),
                HASHVEIL_OK);
            ck_assert_exact(&told);
        }
    }
    hv_buckets_clear(&buckets);
}
END_TEST

/* Differing bits put where they hide best: as evenly over the parts as can be. */
START_TEST(a_hash_at_31_bits_is_found_wherever_they_are)
{
    struct hv_buckets buckets;
    draw(0);
    ck_assert_int_eq(hv_buckets_make(hashes, HASHES, &buckets), HASHVEIL_OK);
    for (unsigned first = 0; first < HV_BUCKET_PARTS; first++) {
        for (unsigned radius = 0; radius < RADII; radius++) {
            hashveil_pdq query = hashes[first];
            for (unsigned i = 0; i < radius; i++) {
                const unsigned part = (first + i) % HV_BUCKET_PARTS;
                const unsigned bit = part + i / HV_BUCKET_PARTS * HV_BUCKET_PARTS;
                query.word[bit / 64] ^= UINT64_C(1) << (bit % 64);
            }
            struct told told = {.query = &query, .radius = radius};
            ck_assert_int_eq(
                hv_buckets_within(&buckets, &(struct hv_scan_query){&query, radius, note, &told}),
                HASHVEIL_OK);
            ck_assert_uint_eq(told.times[first], 1);
        }
    }
    hv_buckets_clear(&buckets);
}
END_TEST

START_TEST(kernels_agree_at_every_radius_and_length)
{
    const unsigned features = hv_cpu_features();
    draw(_i);
    for (size_t k = 0; hv_scan_kernels[k]; k++) {
        const struct hv_scan_kernel *kernel = hv_scan_kernels[k];
        for (unsigned i = 0; i < QUERIES && (kernel->features & ~features) == 0; i++) {
            const hashveil_pdq query = draw_query(i);
            const unsigned radius = i % 5 == 0 ? HASHVEIL_PDQ_BITS : 3 * i;
            struct told told = {.query = &query, .radius = radius};
            ck_assert_int_eq(hv_scan_within(kernel, hashes, HASHES - i,
                                            &(struct hv_scan_query){&query, radius, note, &told}),
                             HASHVEIL_OK);
            for (size_t n = HASHES - i; n < HASHES; n++) {
                told.times[n] = hashveil_pdq_distance(&hashes[n], &query) <= radius;
            }
            ck_assert_exact(&told);
        }
    }
}
END_TEST

static void ck_assert_side_by_side(const struct hv_scan_kernel *kernel, size_t scanned,
                                   unsigned first_query, unsigned count)
{
    struct told told[HV_SCAN_QUERIES];
    struct hv_scan_query looked_for[HV_SCAN_QUERIES];
    hashveil_pdq queries[HV_SCAN_QUERIES];
    for (unsigned q = 0; q < count; q++) {
        queries[q] = draw_query(first_query + q);
        const unsigned radius = q == 3 ? HASHVEIL_PDQ_BITS : 5 * first_query + q;
        told[q] = (struct told){.query = &queries[q], .radius = radius};
        looked_for[q] = (struct hv_scan_query){&queries[q], radius, note, &told[q]};
    }
    ck_assert_int_eq(hv_scan_each(kernel, hashes, scanned, looked_for, count), HASHVEIL_OK);
    for (unsigned q = 0; q < count; q++) {
        for (size_t n = scanned; n < HASHES; n++) {
            told[q].times[n] = hashveil_pdq_distance(&hashes[n], &queries[q]) <= told[q].radius;
        }
        ck_assert_exact(&told[q]);
    }
}

START_TEST(queries_side_by_side_find_what_each_finds_alone)
{
    const unsigned features = hv_cpu_features();
    draw(_i);
    for (size_t k = 0; hv_scan_kernels[k]; k++) {
        const struct hv_scan_kernel *kernel = hv_scan_kernels[k];
        for (unsigned i = 0; i < QUERIES && (kernel->features & ~features) == 0; i++) {
            ck_assert_side_by_side(kernel, HASHES - i, i, 1 + i % HV_SCAN_QUERIES);
        }
    }
}
END_TEST

/* Their first halves are as far apart as the whole may be. */
START_TEST(a_hash_at_the_radius_by_its_first_half_alone_is_found)
{
    const unsigned features = hv_cpu_features();
    draw(0);
    const hashveil_pdq query = hashes[0];
    for (unsigned place = 0; place < HV_SCAN_BLOCK; place++) {
        const unsigned radius = 1 + place % HV_BUCKET_MAX_RADIUS;
        hashes[place] = query;
        hashes[place].word[place % 2] ^= ((UINT64_C(1) << radius) - 1) << (place / 2);
        for (size_t k = 0; hv_scan_kernels[k]; k++) {
            struct told told = {.query = &query, .radius = radius};
            const struct hv_scan_query looked_for = {&query, radius, note, &told};
            if ((hv_scan_kernels[k]->features & ~features) == 0) {
                ck_assert_int_eq(hv_scan_each(hv_scan_kernels[k], hashes, HASHES, &looked_for, 1),
                                 HASHVEIL_OK);
                ck_assert_exact(&told);
            }
        }
    }
}
END_TEST

static hashveil_status refuse(void *context, uint64_t number, unsigned distance)
{
    unsigned *calls = context;
    (void)number;
    (void)distance;
    return ++*calls == 2 ? HASHVEIL_ERR_CANCELLED : HASHVEIL_OK;
}

START_TEST(whoever_is_told_may_end_it)
{
    struct hv_buckets buckets;
    unsigned calls = 0;
    const struct hv_scan_query query = {&hashes[3], HV_BUCKET_MAX_RADIUS, refuse, &calls};
    draw(1);
    ck_assert_int_eq(hv_buckets_make(hashes, HASHES, &buckets), HASHVEIL_OK);
    ck_assert_int_eq(hv_buckets_within(&buckets, &query), HASHVEIL_ERR_CANCELLED);
    ck_assert_uint_eq(calls, 2);
    calls = 0;
    ck_assert_int_eq(hv_scan_within(hv_scan_kernel_here(), hashes, HASHES, &query),
                     HASHVEIL_ERR_CANCELLED);
    ck_assert_uint_eq(calls, 2);
    calls = 0;
    ck_assert_int_eq(hv_scan_each(hv_scan_kernel_here(), hashes, HASHES, &query, 1),
                     HASHVEIL_ERR_CANCELLED);
    ck_assert_uint_eq(calls, 2);
    hv_buckets_clear(&buckets);
}
END_TEST

enum { LARGE = HV_BUCKET_MIN_COUNT + 100, ROOM = 5 };

/* Of an index that is large enough for buckets, and of one that is not. */
static const size_t index_sizes[] = {0, 1, HASHES, LARGE};
enum { INDEX_SIZES = sizeof index_sizes / sizeof index_sizes[0] };

static hashveil_index *make_index(size_t count, hashveil_pdq **listed_out)
{
    hashveil_index *index;
    hashveil_pdq *listed = hv_alloc_array(count, sizeof *listed);
    draw(1);
    for (size_t i = 0; i < count; i++) {
        listed[i] = i < HASHES ? hashes[i] : draw_hash();
    }
    ck_assert_int_eq(hashveil_index_create_hashes(listed, count, &index), HASHVEIL_OK);
    *listed_out = listed;
    return index;
}

START_TEST(an_index_gives_the_nearest_first_and_counts_all)
{
    const size_t count = index_sizes[_i];
    hashveil_pdq *listed;
    hashveil_index *index = make_index(count, &listed);
    for (unsigned i = 0; i < QUERIES; i++) {
        const hashveil_pdq query = draw_query(i);
        hashveil_index_hit hits[ROOM];
        size_t near = 0;
        size_t found;
        unsigned nearest = HASHVEIL_PDQ_BITS + 1;
        for (size_t k = 0; k < count; k++) {
            const unsigned distance = hashveil_pdq_distance(&listed[k], &query);
            near += distance <= i % RADII;
            nearest = distance < nearest ? distance : nearest;
        }
        ck_assert_int_eq(hashveil_index_within(index, &query, i % RADII, hits, ROOM, &found),
                         HASHVEIL_OK);
        ck_assert_uint_eq(found, near);
        ck_assert_uint_eq(hashveil_index_nearest(index, &query), nearest);
        ck_assert(found == 0 || hits[0].distance == nearest);
        for (size_t k = 1; k < found && k < ROOM; k++) {
            ck_assert(
                hits[k - 1].distance < hits[k].distance ||
                (hits[k - 1].distance == hits[k].distance && hits[k - 1].number < hits[k].number));
        }
        ck_assert_int_eq(hashveil_index_within(index, &query, i % RADII, NULL, 0, &found),
                         HASHVEIL_OK);
        ck_assert_uint_eq(found, near);
    }
    hashveil_index_destroy(index);
    free(listed);
}
END_TEST

START_TEST(many_queries_at_once_have_the_answers_of_each_alone)
{
    enum { MANY = 2 * HV_SCAN_QUERIES + 3 };
    hashveil_pdq queries[MANY];
    hashveil_index_hit hits[MANY][ROOM];
    size_t counts[MANY];
    hashveil_pdq *listed;
    hashveil_index *index = make_index(index_sizes[_i], &listed);
    for (unsigned i = 0; i < MANY; i++) {
        queries[i] = draw_query(i);
    }
    ck_assert_int_eq(hashveil_index_within_each(index, queries, MANY, 31, hits[0], ROOM, counts),
                     HASHVEIL_OK);
    for (unsigned i = 0; i < MANY; i++) {
        hashveil_index_hit alone[ROOM];
        size_t count;
        ck_assert_int_eq(hashveil_index_within(index, &queries[i], 31, alone, ROOM, &count),
                         HASHVEIL_OK);
        ck_assert_uint_eq(counts[i], count);
        for (size_t k = 0; k < count && k < ROOM; k++) {
            ck_assert_uint_eq(hits[i][k].number, alone[k].number);
            ck_assert_uint_eq(hits[i][k].distance, alone[k].distance);
        }
    }
    ck_assert_int_eq(hashveil_index_within_each(index, queries, MANY, 32, hits[0], ROOM, counts),
                     HASHVEIL_ERR_ARGUMENT);
    hashveil_index_destroy(index);
    free(listed);
}
END_TEST

START_TEST(a_radius_above_31_is_refused)
{
    hashveil_pdq *listed;
    hashveil_index *index = make_index(1, &listed);
    size_t found;
    ck_assert_int_eq(hashveil_index_within(index, &listed[0], 32, NULL, 0, &found),
                     HASHVEIL_ERR_ARGUMENT);
    ck_assert_uint_eq(found, 0);
    hashveil_index_destroy(index);
    free(listed);
}
END_TEST

static hashveil_status ask(void *context, size_t i, unsigned worker)
{
    const hashveil_index *index = context;
    hashveil_index_hit hit;
    size_t found;
    (void)worker;
    const hashveil_status status =
        hashveil_index_within(index, &hashes[i], HV_BUCKET_MAX_RADIUS, &hit, 1, &found);
    return status == HASHVEIL_OK && (found == 0 || hit.distance != 0) ? HASHVEIL_ERR_FORMAT
                                                                      : status;
}

START_TEST(threads_share_an_index)
{
    hashveil_pdq *listed;
    hashveil_index *index = make_index(LARGE, &listed);
    ck_assert_int_eq(hv_parallel(QUERIES, WORKERS, ask, index), HASHVEIL_OK);
    hashveil_index_destroy(index);
    free(listed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("buckets");
    TCase *search = tcase_create("search");
    TCase *index = tcase_create("index");

    tcase_set_timeout(search, 120);
    tcase_add_loop_test(search, every_hash_within_the_radius_is_told_of_once, 0, KINDS);
    tcase_add_test(search, a_hash_at_31_bits_is_found_wherever_they_are);
    tcase_add_loop_test(search, kernels_agree_at_every_radius_and_length, 0, KINDS);
    tcase_add_loop_test(search, queries_side_by_side_find_what_each_finds_alone, 0, KINDS);
    tcase_add_test(search, a_hash_at_the_radius_by_its_first_half_alone_is_found);
    tcase_add_test(search, whoever_is_told_may_end_it);
    suite_add_tcase(suite, search);

    tcase_set_timeout(index, 120);
    tcase_add_loop_test(index, an_index_gives_the_nearest_first_and_counts_all, 0, INDEX_SIZES);
    tcase_add_loop_test(index, many_queries_at_once_have_the_answers_of_each_alone, 0, INDEX_SIZES);
    tcase_add_test(index, a_radius_above_31_is_refused);
    tcase_add_test(index, threads_share_an_index);
    suite_add_tcase(suite, index);
    return run_suite(suite);
}
