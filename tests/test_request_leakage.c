/* SPDX-License-Identifier: Apache-2.0 */
/* What an evaluator sees of different files: nothing but that there is one. Random numbers come
 * from a seed where they are counted, so that the statistics come out the same each time. */
#include <hashveil/scanner.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/random_stream.h"
#include "draw.h"
#include "hashdb/sealed/reader.h"
#include "match/subject.h"
#include "psi/group.h"
#include "run_suite.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

enum {
    ENTRIES = 8,
    HEADER_BYTES = 52,
    COUNT_OFFSET = 48,
    ELEMENTS = HASHVEIL_PROBES + 1,
    REQUEST_BYTES = HEADER_BYTES + ELEMENTS * HV_ELEMENT_BYTES
};

/* In standard deviations. Chance passes it once in 1.7 million times. */
static const double unlikely = 5.0;

static char path[] = "/tmp/hashveil-request-leakage-XXXXXX";
static hashveil_sealed_db *db;
static hashveil_scanner *scanner;

/* Entry 0's picture is listed, and the digest of its file beside it. */
static void set_up(void)
{
    const hashveil_scanner_options options = {.verified_percent = 0};
    const char *where;
    hashveil_key key = draw_evaluator_key();
    hashveil_entries entries = draw_entries(ENTRIES);
    memcpy(path + sizeof path - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    entries.exact = hv_alloc_array(1, sizeof *entries.exact);
    ck_assert_ptr_nonnull(entries.exact);
    entries.exact_count = 1;
    entries.exact[0] = (hashveil_exact_entry){.digest = {.kind = HASHVEIL_DIGEST_MD5},
                                              .record = entries.entries[0].record};
    draw_database(path, &entries, &key);
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_scanner_create(db, &options, &scanner), HASHVEIL_OK);
    hashveil_entries_clear(&entries);
    hashveil_key_clear(&key);
}

static void tear_down(void)
{
    hashveil_scanner_destroy(scanner);
    hashveil_sealed_db_close(db);
    unlink(path);
}

static const hashveil_digests listed_digests;
static const hashveil_digests other_digests = {.md5 = {1}, .sha1 = {1}, .sha256 = {1}};

/* number: of the drawn fingerprint; those below ENTRIES are listed. */
static const struct {
    const char *what;
    uint64_t number;
    size_t form_count;
    unsigned quality;
    bool is_flat; /* no margin at all */
    const hashveil_digests *digests;
} subjects[] = {
    {"a listed picture", 0, 1, 100, false, NULL},
    {"the same by its digest too", 0, 1, 100, false, &listed_digests},
    {"another picture", 1000, 1, 100, false, &other_digests},
    {"a picture of low quality", 0, 1, 49, false, NULL},
    {"the same by its digest too", 0, 1, 49, false, &listed_digests},
    {"a picture without features", 1000, 1, 0, true, &other_digests},
    {"one that is said to have some", 1000, 1, 100, true, &other_digests},
    {"a picture in eight equal forms", 1, 8, 100, false, &other_digests},
    {"a listed file that is no picture", 0, 0, 0, false, &listed_digests},
    {"another", 0, 0, 0, false, &other_digests},
    {"one of which nothing is known", 0, 0, 0, false, NULL},
};

static hashveil_subject subject_of(size_t row, hashveil_fingerprint forms[HASHVEIL_MAX_FORMS])
{
    for (size_t i = 0; i < subjects[row].form_count; i++) {
        forms[i] = draw_fingerprint(subjects[row].number);
        forms[i].quality = subjects[row].quality;
        if (subjects[row].is_flat) {
            memset(forms[i].margin, 0, sizeof forms[i].margin);
        }
    }
    return (hashveil_subject){
        .forms = forms, .form_count = subjects[row].form_count, .digests = subjects[row].digests};
}

static hashveil_query *begin(size_t row)
{
    hashveil_fingerprint forms[HASHVEIL_MAX_FORMS];
    const hashveil_subject subject = subject_of(row, forms);
    hashveil_query *query;
    ck_assert_int_eq(hashveil_scanner_begin(scanner, &subject, &query), HASHVEIL_OK);
    return query;
}

static int compare_elements(const void *a, const void *b)
{
    return memcmp(a, b, HV_ELEMENT_BYTES);
}

START_TEST(every_file_sends_one_size_one_header_and_257_different_elements)
{
    uint8_t elements[ELEMENTS][HV_ELEMENT_BYTES];
    size_t len;
    size_t first_len;
    hashveil_query *first = begin(0);
    hashveil_query *query = begin((size_t)_i);
    const uint8_t *request = hashveil_query_request(query, 0, &len);
    ck_assert_uint_eq(len, REQUEST_BYTES);
    ck_assert_msg(memcmp(request, hashveil_query_request(first, 0, &first_len), HEADER_BYTES) == 0,
                  "another header: %s", subjects[_i].what);
    ck_assert_uint_eq(hv_load_le(request + COUNT_OFFSET, 4), ELEMENTS);
    memcpy(elements, request + HEADER_BYTES, sizeof elements);
    qsort(elements, ELEMENTS, sizeof elements[0], compare_elements);
    for (size_t i = 0; i < ELEMENTS; i++) {
        ck_assert(hv_element_is_valid(elements[i]));
        ck_assert_msg(i == 0 || compare_elements(elements[i - 1], elements[i]) != 0,
                      "a repeated element: %s", subjects[_i].what);
    }
    hashveil_query_destroy(query);
    hashveil_query_destroy(first);
}
END_TEST

static int compare_inputs(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct hv_token_input));
}

/* What the file would be asked for by, before it is blinded: of equal bytes equal ones. */
static void choose(size_t row, struct hv_probe probe[HASHVEIL_PROBES])
{
    hashveil_fingerprint form[HASHVEIL_MAX_FORMS];
    struct hv_forms forms = {0};
    const hashveil_subject subject = subject_of(row, form);
    if (hv_subject_is_clear(&subject)) {
        ck_assert_int_eq(hv_forms_init(&subject, false, &forms), HASHVEIL_OK);
    }
    ck_assert_int_eq(hv_subject_probes(&forms, subject.digests, hv_sealed_db_masks(db),
                                       HASHVEIL_PROBES, NULL, probe),
                     HASHVEIL_OK);
    hv_forms_clear(&forms);
}

START_TEST(every_file_asks_for_256_different_things)
{
    struct hv_probe probe[HASHVEIL_PROBES];
    static struct hv_token_input input[HASHVEIL_PROBES];
    size_t exact = 0;
    choose((size_t)_i, probe);
    for (size_t i = 0; i < HASHVEIL_PROBES; i++) {
        memset(&input[i], 0, sizeof input[i]);
        hv_probe_encode(&probe[i], subjects[_i].digests, 7, &input[i]);
        exact += probe[i].signal > HASHVEIL_SIGNAL_PDQ;
    }
    ck_assert_uint_eq(exact, subjects[_i].digests ? HASHVEIL_DIGEST_KINDS : 0);
    qsort(input, HASHVEIL_PROBES, sizeof input[0], compare_inputs);
    for (size_t i = 1; i < HASHVEIL_PROBES; i++) {
        ck_assert_msg(compare_inputs(&input[i - 1], &input[i]) != 0, "a repeated input: %s",
                      subjects[_i].what);
    }
}
END_TEST

START_TEST(what_stands_for_nothing_is_fresh_each_time)
{
    struct hv_probe probe[2][HASHVEIL_PROBES];
    const size_t last = COUNT(subjects) - 1; /* of which nothing is known */
    choose(last, probe[0]);
    choose(last, probe[1]);
    for (size_t i = 0; i < HASHVEIL_PROBES; i++) {
        ck_assert_int_eq(probe[0][i].signal, HASHVEIL_SIGNAL_NONE);
        for (size_t k = 0; k < HASHVEIL_PROBES; k++) {
            ck_assert(probe[0][i].token.mask != probe[1][k].token.mask ||
                      probe[0][i].token.bits != probe[1][k].token.bits);
        }
    }
}
END_TEST

static struct hv_random_stream stream; /* in place of the system's random numbers */

static uint32_t seeded_u32(void)
{
    return (uint32_t)hv_random_stream_u64(&stream);
}

static void seeded_fill(void *out, size_t len)
{
    hv_random_stream_fill(&stream, out, len);
}

static const char *seeded_name(void)
{
    return "seeded";
}

/* Each test is a process of its own, so nothing else sees this. */
static void seed_random_numbers(void)
{
    static const uint8_t seed[HV_SEED_BYTES] = {7, 8, 9};
    static randombytes_implementation seeded = {
        .implementation_name = seeded_name, .random = seeded_u32, .buf = seeded_fill};
    hv_random_stream_init(seed, "requests", 0, &stream);
    ck_assert_int_eq(randombytes_set_implementation(&seeded), 0);
}

static double chi_square_in_deviations(const uint32_t *found, size_t count, double expected)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (found[i] - expected) * (found[i] - expected) / expected;
    }
    return (sum - (double)(count - 1)) / sqrt(2 * (double)(count - 1));
}

START_TEST(the_place_of_a_probe_is_a_random_one)
{
    enum { DRAWS = 16 * HASHVEIL_PROBES };
    static uint32_t digest_at[HASHVEIL_PROBES];
    static uint32_t likeliest_at[HASHVEIL_PROBES];
    struct hv_probe probe[HASHVEIL_PROBES];
    const hashveil_fingerprint own = draw_fingerprint(subjects[1].number);
    seed_random_numbers();
    choose(1, probe);
    /* Some mask's own bits are always among the likeliest. */
    struct hv_token likeliest = {.mask = UINT8_MAX};
    for (size_t i = 0; i < HASHVEIL_PROBES; i++) {
        const struct hv_token token =
            hv_masks_token(hv_sealed_db_masks(db), probe[i].token.mask, &own.hash);
        if (probe[i].signal == HASHVEIL_SIGNAL_PDQ && token.bits == probe[i].token.bits &&
            token.mask < likeliest.mask) {
            likeliest = token;
        }
    }
    for (size_t draw = 0; draw < DRAWS; draw++) {
        choose(1, probe);
        for (size_t i = 0; i < HASHVEIL_PROBES; i++) {
            digest_at[i] += probe[i].signal == HASHVEIL_SIGNAL_MD5;
            likeliest_at[i] += probe[i].signal == HASHVEIL_SIGNAL_PDQ &&
                               probe[i].token.mask == likeliest.mask &&
                               probe[i].token.bits == likeliest.bits;
        }
    }
    const double expected = (double)DRAWS / HASHVEIL_PROBES;
    ck_assert_double_lt(chi_square_in_deviations(digest_at, HASHVEIL_PROBES, expected), unlikely);
    ck_assert_double_lt(chi_square_in_deviations(likeliest_at, HASHVEIL_PROBES, expected),
                        unlikely);
}
END_TEST

/* Bits 0 and 255 of a ristretto255 encoding are always zero, and all others even but for 2^-250. */
START_TEST(elements_of_one_picture_are_uniform)
{
    enum { REQUESTS = 40, BITS = 8 * HV_ELEMENT_BYTES };
    uint32_t set[BITS] = {0};
    uint32_t equal[BITS] = {0}; /* to the next bit */
    const double half = REQUESTS * ELEMENTS / 2.0;
    seed_random_numbers();
    for (size_t i = 0; i < REQUESTS; i++) {
        size_t len;
        hashveil_query *query = begin((size_t)_i);
        const uint8_t *request = hashveil_query_request(query, 0, &len);
        for (size_t at = HEADER_BYTES; at < len; at += HV_ELEMENT_BYTES) {
            for (unsigned bit = 0; bit < BITS; bit++) {
                const unsigned next = (bit + 1) % BITS;
                const unsigned value = request[at + bit / 8] >> bit % 8 & 1;
                set[bit] += value;
                equal[bit] += value == (unsigned)(request[at + next / 8] >> next % 8 & 1);
            }
        }
        hashveil_query_destroy(query);
    }
    ck_assert_uint_eq(set[0], 0);
    ck_assert_uint_eq(set[BITS - 1], 0);
    for (unsigned bit = 1; bit < BITS - 1; bit++) {
        ck_assert_double_lt(fabs(set[bit] - half) / sqrt(half / 2), unlikely);
        ck_assert_double_lt(fabs(equal[bit] - half) / sqrt(half / 2), unlikely);
    }
}
END_TEST

int main(void)
{
    enum { SECONDS = 240 };
    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    const int rows = (int)COUNT(subjects);
    Suite *suite = suite_create("request leakage");
    TCase *requests = tcase_create("requests");
    tcase_set_timeout(requests, SECONDS);
    tcase_add_checked_fixture(requests, set_up, tear_down);
    tcase_add_loop_test(requests, every_file_sends_one_size_one_header_and_257_different_elements,
                        0, rows);
    tcase_add_loop_test(requests, every_file_asks_for_256_different_things, 0, rows);
    tcase_add_test(requests, what_stands_for_nothing_is_fresh_each_time);
    tcase_add_test(requests, the_place_of_a_probe_is_a_random_one);
    tcase_add_loop_test(requests, elements_of_one_picture_are_uniform, 0, 3);
    suite_add_tcase(suite, requests);
    return run_suite(suite);
}
