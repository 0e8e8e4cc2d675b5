/* SPDX-License-Identifier: Apache-2.0 */
/* What a database's bytes tell: of digests as of hashes, of padding as of what is listed. Keys and
 * seeds are fixed, so that the statistics come out the same each time. */
#include "draw.h"
#include "run_suite.h"

#include "base/bytes.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/random_stream.h"
#include "hashdb/sealed/format.h"
#include "hashdb/sealed/reader.h"
#include "psi/token.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* In standard deviations of chi-square. */
static const double unlikely = 5.0;

static const uint8_t seed[HV_SEED_BYTES] = {1, 6, 1};
static char path[] = "/tmp/hashveil-file-leakage-XXXXXX";
static hashveil_key key;
static hashveil_entries entries;
static hashveil_sealed_db *db;
static uint8_t *file;
static size_t file_len;
static struct hv_manifest manifest;

/* Each digest has a record of its own. */
static void add_digests(size_t count)
{
    struct hv_random_stream stream;
    hv_random_stream_init(seed, "digests", 0, &stream);
    entries.exact = hv_alloc_array(count, sizeof *entries.exact);
    ck_assert_ptr_nonnull(entries.exact);
    entries.exact_count = count;
    for (size_t i = 0; i < count; i++) {
        hashveil_exact_entry *entry = &entries.exact[i];
        entry->digest.kind = (hashveil_digest_kind)(i % HASHVEIL_DIGEST_KINDS);
        hv_random_stream_fill(&stream, entry->digest.bytes,
                              hashveil_digest_len(entry->digest.kind));
        entry->record = (hashveil_record){.lists = 1, .labels = {"exact"}};
        hv_store_le(entry->record.id, 1 + i, 8);
        entry->record.id[HASHVEIL_RECORD_ID_BYTES - 1] = 1; /* no picture's */
    }
}

static void seal(const hashveil_mask_params *params)
{
    const char *where;
    struct hv_sealed_header header;
    const hashveil_seal_options options = {.evaluator_key = &key,
                                           .epoch = 7,
                                           .seed = seed,
                                           .created_s = 1,
                                           .mask_params = *params,
                                           .workers = 2};
    ck_assert_int_eq(hashveil_sealed_db_build(path, &entries, &options, NULL), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
    ck_assert_int_eq(hv_read_file(path, SIZE_MAX, &file, &file_len), HASHVEIL_OK);
    ck_assert_int_eq(hv_sealed_header_parse(file, file_len, &header), HASHVEIL_OK);
    ck_assert_int_eq(
        hv_manifest_parse(file + HV_SEALED_HEADER_BYTES, header.manifest_len, &manifest),
        HASHVEIL_OK);
}

static void unseal(void)
{
    hashveil_sealed_db_close(db);
    hashveil_entries_clear(&entries);
    free(file);
    db = NULL;
    file = NULL;
}

static void set_up(void)
{
    memcpy(path + sizeof path - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    key = (hashveil_key){.kind = HASHVEIL_KEY_EVALUATOR, .has_secret = true};
    key.secret_bytes[0] = 9;
    ck_assert_int_eq(crypto_scalarmult_ristretto255_base(key.public_bytes, key.secret_bytes), 0);
}

static void tear_down(void)
{
    unseal();
    unlink(path);
}

static void evaluate(const struct hv_token_input *input, uint8_t y[HV_OPRF_OUTPUT_BYTES])
{
    const struct hv_piece piece = hv_token_piece(input);
    ck_assert(hv_oprf_evaluate(HV_OPRF_MODE, key.secret_bytes, &piece, y));
}

static struct hv_table_value value_of_token(size_t entry, unsigned mask)
{
    struct hv_token_input input;
    struct hv_table_value value;
    uint8_t y[HV_OPRF_OUTPUT_BYTES];
    const struct hv_token token =
        hv_masks_token(hv_sealed_db_masks(db), mask, &entries.entries[entry].hash);
    hv_token_encode(&token, 7, &input);
    evaluate(&input, y);
    ck_assert_int_eq(hv_sealed_db_lookup(db, mask, y, &value), HASHVEIL_OK);
    return value;
}

static void evaluate_digest(size_t entry, uint8_t y[HV_OPRF_OUTPUT_BYTES])
{
    struct hv_token_input input;
    hv_token_encode_exact(&entries.exact[entry].digest, 7, &input);
    evaluate(&input, y);
}

enum { BYTE_VALUES = 256 };

static double deviations(const uint32_t *found, size_t count)
{
    double total = 0;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        total += found[i];
    }
    const double expected = total / (double)count;
    for (size_t i = 0; i < count; i++) {
        sum += (found[i] - expected) * (found[i] - expected) / expected;
    }
    return (sum - (double)(count - 1)) / sqrt(2 * (double)(count - 1));
}

/* The deviation of how often each value of a byte comes up; planted_out: the same if one byte in a
 * hundred were zero. */
static double byte_deviations(const uint8_t *bytes, size_t len, double *planted_out)
{
    uint32_t found[BYTE_VALUES] = {0};
    uint32_t planted[BYTE_VALUES] = {0};
    for (size_t i = 0; i < len; i++) {
        found[bytes[i]]++;
        planted[i % 100 == 0 ? 0 : bytes[i]]++;
    }
    *planted_out = deviations(planted, BYTE_VALUES);
    return deviations(found, BYTE_VALUES);
}

static void expect_random_bytes(const uint8_t *bytes, size_t len, const char *what)
{
    double planted;
    const double found = byte_deviations(bytes, len, &planted);
    ck_assert_msg(fabs(found) < unlikely, "%s: %g deviations", what, found);
    ck_assert_msg(planted > unlikely, "%s: too few bytes to tell: %zu", what, len);
}

static void expect_random_section(const struct hv_section *section, const char *what)
{
    expect_random_bytes(file + section->offset, (size_t)section->len, what);
}

/* Two masks are all that a record needs to be found. */
static const hashveil_mask_params two_masks = {.masks = 2, .bits = 28, .pool_bits = 56};

START_TEST(every_table_looks_random_throughout)
{
    entries = draw_entries(1100);
    add_digests(1100);
    seal(&two_masks);
    expect_random_section(&manifest.tables[0].section, "a mask's table");
    expect_random_section(&manifest.tables[1].section, "another mask's table");
    expect_random_section(&manifest.exact.section, "the table of digests");
}
END_TEST

START_TEST(records_and_padding_look_random_alike)
{
    enum { LISTED = 500, PADDED = 1024 };
    bool is_record[PADDED] = {false};
    uint8_t *split[2]; /* padding, records */
    size_t len[2] = {0, 0};
    entries = draw_entries(LISTED);
    seal(&two_masks);
    for (size_t i = 0; i < LISTED; i++) {
        is_record[value_of_token(i, 0).slot] = true;
    }
    split[0] = hv_alloc_array(PADDED, HV_RECORD_BYTES);
    split[1] = hv_alloc_array(PADDED, HV_RECORD_BYTES);
    ck_assert(split[0] && split[1]);
    for (size_t i = 0; i < PADDED; i++) {
        const bool which = is_record[i];
        memcpy(split[which] + len[which], file + manifest.records.offset + i * HV_RECORD_BYTES,
               HV_RECORD_BYTES);
        len[which] += HV_RECORD_BYTES;
    }
    ck_assert_uint_eq(len[1], (size_t)LISTED * HV_RECORD_BYTES);
    expect_random_bytes(split[0], len[0], "padding");
    expect_random_bytes(split[1], len[1], "records");
    free(split[0]);
    free(split[1]);
}
END_TEST

/* Where a record stands says nothing of its hash, nor of its place in the list. */
START_TEST(slots_of_records_are_random_ones)
{
    enum { LISTED = 1000, EIGHTHS = 8, ORDERS = 3 };
    uint32_t found[ORDERS][EIGHTHS * EIGHTHS] = {{0}};
    entries = draw_entries(LISTED);
    seal(&two_masks);
    for (size_t i = 0; i < LISTED; i++) {
        const uint64_t *word = entries.entries[i].hash.word;
        const uint64_t eighth = value_of_token(i, 0).slot * EIGHTHS >> manifest.slot_bits;
        const uint64_t order[ORDERS] = {i * EIGHTHS / LISTED, word[3] >> 61, word[0] >> 5 & 7};
        for (unsigned k = 0; k < ORDERS; k++) {
            found[k][order[k] * EIGHTHS + eighth]++;
        }
    }
    for (unsigned k = 0; k < ORDERS; k++) {
        ck_assert_double_lt(deviations(found[k], COUNT(found[k])), unlikely);
    }
}
END_TEST

/* All bits of a value of the table of digests, those above the slot too. */
static void raw_exact_value(const uint8_t y[HV_OPRF_OUTPUT_BYTES], uint8_t out[HV_VALUE_MAX_BYTES])
{
    const size_t value_bytes = hv_value_bytes(manifest.slot_bits);
    hv_fuse_get(&manifest.exact.shape, file + manifest.exact.section.offset, value_bytes,
                hv_load_le(y, HV_TOKEN_KEY_BYTES), out);
    for (size_t i = 0; i < value_bytes; i++) {
        out[i] ^= y[HV_TOKEN_KEY_BYTES + i];
    }
}

START_TEST(values_of_listed_and_of_unlisted_digests_look_random_alike)
{
    enum { LISTED = 8000, VALUE_BYTES = HV_SHARE_BYTES + 2 };
    static uint8_t listed[LISTED][VALUE_BYTES];
    static uint8_t unlisted[LISTED][VALUE_BYTES];
    static uint8_t tops[2][LISTED]; /* 5 bits of the slot and the 3 above it */
    struct hv_random_stream stream;
    hv_random_stream_init(seed, "unlisted", 0, &stream);
    add_digests(LISTED);
    seal(&two_masks);
    ck_assert_uint_eq(hv_value_bytes(manifest.slot_bits), VALUE_BYTES);
    ck_assert_uint_eq(manifest.slot_bits, 13);
    for (size_t i = 0; i < LISTED; i++) {
        struct hv_table_value value;
        uint8_t y[HV_OPRF_OUTPUT_BYTES];
        evaluate_digest(i, y);
        raw_exact_value(y, listed[i]);
        hv_random_stream_fill(&stream, y, sizeof y);
        raw_exact_value(y, unlisted[i]);
        ck_assert_int_eq(hv_sealed_db_lookup_exact(db, y, &value), HASHVEIL_OK);
        ck_assert_uint_lt(value.slot, hashveil_sealed_db_describe(db)->padded_count);
        tops[0][i] = listed[i][VALUE_BYTES - 1];
        tops[1][i] = unlisted[i][VALUE_BYTES - 1];
    }
    expect_random_bytes(listed[0], sizeof listed, "values of listed digests");
    expect_random_bytes(unlisted[0], sizeof unlisted, "values of unlisted digests");
    expect_random_bytes(tops[0], sizeof tops[0], "the top of listed digests' values");
    expect_random_bytes(tops[1], sizeof tops[1], "the top of unlisted digests' values");
}
END_TEST

/* Rows of one step, and rows of another. */
static const struct {
    size_t hashes, digests;
    unsigned step;
} sizes[] = {{1, 0, 0},       {700, 0, 0},     {1024, 0, 0}, {1, 1, 1},
             {900, 124, 1},   {1, 1023, 1},    {1, 1024, 2}, {1024, 1024, 2},
             {1000, 1000, 2}, {1025, 1023, 3}, {1, 1025, 4}, {1023, 1025, 4}};

START_TEST(the_size_of_a_file_tells_hashes_digests_and_records_only_in_powers_of_two)
{
    size_t len_of_step[COUNT(sizes)] = {0};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        const unsigned step = sizes[i].step;
        entries = draw_entries(sizes[i].hashes);
        if (sizes[i].digests > 0) {
            add_digests(sizes[i].digests);
        }
        seal(&two_masks);
        ck_assert_msg(len_of_step[step] == 0 || len_of_step[step] == file_len,
                      "%zu hashes and %zu digests: %zu bytes, not %zu", sizes[i].hashes,
                      sizes[i].digests, file_len, len_of_step[step]);
        len_of_step[step] = file_len;
        for (unsigned other = 0; other < COUNT(sizes); other++) {
            ck_assert(other == step || len_of_step[other] != file_len);
        }
        unseal();
    }
}
END_TEST

static void expect_no_window(const uint8_t *bytes, size_t len, const uint8_t *secret,
                             size_t secret_len, const char *where)
{
    enum { WINDOW = 8 };
    for (size_t i = 0; i + WINDOW <= secret_len; i++) {
        ck_assert_msg(!memmem(bytes, len, secret + i, WINDOW), "bytes %zu to %zu are in %s", i,
                      i + WINDOW, where);
    }
}

START_TEST(no_listed_digest_is_in_the_file_or_in_a_record)
{
    enum { LISTED = 60 };
    static hashveil_record opened[LISTED];
    add_digests(LISTED);
    seal(&two_masks);
    for (size_t i = 0; i < LISTED; i++) {
        struct hv_table_value value;
        uint8_t y[HV_OPRF_OUTPUT_BYTES];
        evaluate_digest(i, y);
        ck_assert_int_eq(hv_sealed_db_lookup_exact(db, y, &value), HASHVEIL_OK);
        ck_assert_int_eq(hv_sealed_db_open_record(db, value.slot, value.share, &opened[i]),
                         HASHVEIL_OK);
    }
    for (size_t i = 0; i < LISTED; i++) {
        const hashveil_digest *digest = &entries.exact[i].digest;
        const size_t len = hashveil_digest_len(digest->kind);
        expect_no_window(file, file_len, digest->bytes, len, "the file");
        expect_no_window((const uint8_t *)opened, sizeof opened, digest->bytes, len, "a record");
    }
}
END_TEST

int main(void)
{
    enum { SECONDS = 240 };
    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create("file leakage");
    TCase *files = tcase_create("files");
    tcase_set_timeout(files, SECONDS);
    tcase_add_checked_fixture(files, set_up, tear_down);
    tcase_add_test(files, every_table_looks_random_throughout);
    tcase_add_test(files, records_and_padding_look_random_alike);
    tcase_add_test(files, slots_of_records_are_random_ones);
    tcase_add_test(files, values_of_listed_and_of_unlisted_digests_look_random_alike);
    tcase_add_test(files,
                   the_size_of_a_file_tells_hashes_digests_and_records_only_in_powers_of_two);
    tcase_add_test(files, no_listed_digest_is_in_the_file_or_in_a_record);
    suite_add_tcase(suite, files);
    return run_suite(suite);
}
