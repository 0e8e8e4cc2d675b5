/* SPDX-License-Identifier: Apache-2.0 */
/* What a database tells a device that asks for more than its own pictures' tokens. Keys and seeds
 * are fixed, so that the statistics come out the same each time. */
#include "draw.h"
#include "run_suite.h"

#include "base/bytes.h"
#include "base/files.h"
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

/* In standard deviations. Chance passes it once in 1.7 million times. */
static const double unlikely = 5.0;

static const uint8_t seed[HV_SEED_BYTES] = {4, 5, 6};
static char path[] = "/tmp/hashveil-table-leakage-XXXXXX";
static hashveil_key key;
static hashveil_entries entries;
static hashveil_sealed_db *db;

static void seal(size_t count, const hashveil_mask_params *params)
{
    const char *where;
    const hashveil_seal_options options = {.evaluator_key = &key,
                                           .epoch = 7,
                                           .seed = seed,
                                           .created_s = 1,
                                           .mask_params = *params,
                                           .workers = 2};
    entries = draw_entries(count);
    ck_assert_int_eq(hashveil_sealed_db_build(path, &entries, &options, NULL), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
}

static void unseal(void)
{
    hashveil_sealed_db_close(db);
    hashveil_entries_clear(&entries);
    db = NULL;
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

static void evaluate(const struct hv_token *token, uint8_t y[HV_OPRF_OUTPUT_BYTES])
{
    struct hv_token_input input;
    hv_token_encode(token, 7, &input);
    const struct hv_piece piece = hv_token_piece(&input);
    ck_assert(hv_oprf_evaluate(HV_OPRF_MODE, key.secret_bytes, &piece, y));
}

/* The value of a token, as a device that may ask for it gets it. */
static struct hv_table_value value_of(const struct hv_token *token)
{
    struct hv_table_value value;
    uint8_t y[HV_OPRF_OUTPUT_BYTES];
    evaluate(token, y);
    ck_assert_int_eq(hv_sealed_db_lookup(db, token->mask, y, &value), HASHVEIL_OK);
    return value;
}

static struct hv_token token_of(size_t entry, unsigned mask)
{
    return hv_masks_token(hv_sealed_db_masks(db), mask, &entries.entries[entry].hash);
}

/* A value with all its bits: the share, then the slot and the bits above it that are to be ignored.
 */
enum {
    SLOT_BITS = 10,
    SLOT_TOP_BYTE = HV_SHARE_BYTES + 1,
    VALUE_BYTES = HV_SHARE_BYTES + 2,
    VALUE_BITS = 8 * VALUE_BYTES
};

struct raw_tables {
    uint8_t *bytes; /* owned; of the file */
    struct hv_manifest manifest;
};

static struct raw_tables read_tables(void)
{
    struct raw_tables tables;
    struct hv_sealed_header header;
    size_t len;
    ck_assert_int_eq(hv_read_file(path, SIZE_MAX, &tables.bytes, &len), HASHVEIL_OK);
    ck_assert_int_eq(hv_sealed_header_parse(tables.bytes, len, &header), HASHVEIL_OK);
    ck_assert_int_eq(hv_manifest_parse(tables.bytes + HV_SEALED_HEADER_BYTES, header.manifest_len,
                                       &tables.manifest),
                     HASHVEIL_OK);
    return tables;
}

static void raw_value(const struct raw_tables *tables, unsigned mask,
                      const uint8_t y[HV_OPRF_OUTPUT_BYTES], uint8_t out[VALUE_BYTES])
{
    const struct hv_table_section *table = &tables->manifest.tables[mask];
    hv_fuse_get(&table->shape, tables->bytes + table->section.offset, VALUE_BYTES,
                hv_load_le(y, HV_TOKEN_KEY_BYTES), out);
    for (size_t i = 0; i < VALUE_BYTES; i++) {
        out[i] ^= y[HV_TOKEN_KEY_BYTES + i];
    }
}

/* How often each bit of a value is set. */
struct tally {
    uint32_t set[VALUE_BITS];
    uint32_t pairs[VALUE_BITS]; /* that a bit and the next are equal */
    uint32_t count;
};

static bool bit_of(const uint8_t value[VALUE_BYTES], unsigned bit)
{
    return value[bit / 8] >> (bit % 8) & 1;
}

static void add(struct tally *tally, const uint8_t value[VALUE_BYTES])
{
    tally->count++;
    for (unsigned bit = 0; bit < VALUE_BITS; bit++) {
        tally->set[bit] += bit_of(value, bit);
        tally->pairs[bit] += bit_of(value, bit) == bit_of(value, (bit + 1) % VALUE_BITS);
    }
}

/* The largest distance from one half, in standard deviations. */
static double largest_bias(const struct tally *tally)
{
    double largest = 0;
    for (unsigned bit = 0; bit < VALUE_BITS; bit++) {
        const double half = (double)tally->count / 2;
        largest = fmax(largest, fabs(tally->set[bit] - half) / sqrt(half / 2));
        largest = fmax(largest, fabs(tally->pairs[bit] - half) / sqrt(half / 2));
    }
    return largest;
}

enum { LISTED = 1000, MASKS = 32, VALUES = LISTED * MASKS };

static const hashveil_mask_params default_params = HASHVEIL_MASK_PARAMS_DEFAULT;

START_TEST(values_of_listed_and_of_unlisted_tokens_look_random_alike)
{
    struct tally listed = {.count = 0};
    struct tally unlisted = {.count = 0};
    struct tally planted = {.count = 0};
    struct hv_random_stream stream;
    hv_random_stream_init(seed, "unlisted", 0, &stream);
    seal(LISTED, &default_params);
    const struct raw_tables tables = read_tables();
    for (size_t i = 0; i < VALUES; i++) {
        const unsigned mask = i % MASKS;
        const struct hv_token token = token_of(i / MASKS, mask);
        uint8_t y[HV_OPRF_OUTPUT_BYTES];
        uint8_t value[VALUE_BYTES];
        evaluate(&token, y);
        raw_value(&tables, mask, y, value);
        add(&listed, value);
        value[SLOT_TOP_BYTE] &= i % 25 == 0 ? 0xfd : 0xff; /* in 4 % a bit is cleared */
        add(&planted, value);
        hv_random_stream_fill(&stream, y, sizeof y);
        raw_value(&tables, mask, y, value);
        add(&unlisted, value);
    }
    ck_assert_double_lt(largest_bias(&listed), unlikely);
    ck_assert_double_lt(largest_bias(&unlisted), unlikely);
    ck_assert_double_gt(largest_bias(&planted), unlikely);
    free(tables.bytes);
}
END_TEST

/* Of 1,024 keys and some 1,200 places a table, many places are no key's. */
START_TEST(no_place_of_a_table_looks_empty)
{
    static const uint8_t empty[8] = {0};
    seal(1, &default_params);
    const struct raw_tables tables = read_tables();
    for (unsigned mask = 0; mask < MASKS; mask++) {
        const struct hv_section *section = &tables.manifest.tables[mask].section;
        ck_assert(!memmem(tables.bytes + section->offset, section->len, empty, sizeof empty));
    }
    const struct hv_section *records = &tables.manifest.records;
    ck_assert(!memmem(tables.bytes + records->offset, records->len, empty, sizeof empty));
    free(tables.bytes);
}
END_TEST

enum { FEW_LISTED = 40, FEW_BITS = 16, TOKENS = 1 << FEW_BITS };

static const hashveil_mask_params few_params = {
    .masks = 2, .bits = FEW_BITS, .pool_bits = 2 * FEW_BITS};

static void enumerate(unsigned mask, struct hv_table_value *out)
{
    for (uint32_t bits = 0; bits < TOKENS; bits++) {
        const struct hv_token token = {.mask = (uint8_t)mask, .bits = bits};
        out[bits] = value_of(&token);
    }
}

static bool opens(const struct hv_table_value *value)
{
    hashveil_record record;
    return hv_sealed_db_open_record(db, value->slot, value->share, &record) == HASHVEIL_OK;
}

/* Pairs of the two masks' values that name this slot, and how many of them open its record. */
static size_t join_slot(const struct hv_table_value *a, const struct hv_table_value *b,
                        uint64_t slot, size_t *pairs)
{
    size_t opened = 0;
    for (size_t i = 0; i < TOKENS; i++) {
        for (size_t k = 0; a[i].slot == slot && k < TOKENS; k++) {
            if (b[k].slot == slot) {
                struct hv_line line;
                struct hv_table_value joined = {.slot = slot};
                hv_line_join(1, a[i].share, 2, b[k].share, &line);
                memcpy(joined.share, line.secret, sizeof joined.share);
                opened += opens(&joined);
                ++*pairs;
            }
        }
    }
    return opened;
}

START_TEST(one_mask_enumerated_tells_nothing_and_two_cost_all_pairs_of_a_slot)
{
    enum { SLOTS = 1 << SLOT_BITS, JOINED = 4, NAMED = TOKENS / SLOTS };
    static struct hv_table_value first[TOKENS];
    static struct hv_table_value second[TOKENS];
    static uint32_t named[SLOTS];
    size_t opened = 0;
    size_t pairs = 0;
    double deviation = 0;
    seal(FEW_LISTED, &few_params);
    enumerate(0, first);
    for (size_t i = 0; i < TOKENS; i++) {
        named[first[i].slot]++;
        opened += opens(&first[i]);
    }
    ck_assert_uint_eq(opened, 0);
    for (size_t i = 0; i < SLOTS; i++) {
        const double off = (double)named[i] - NAMED;
        deviation += off * off / NAMED;
    }
    /* Chi-square, with as many degrees of freedom as there are slots, but for one. */
    const double freedom = SLOTS - 1;
    ck_assert_double_lt(fabs(deviation - freedom) / sqrt(2 * freedom), unlikely);
    enumerate(1, second);
    for (size_t i = 0; i < JOINED; i++) {
        const struct hv_token token = token_of(i, 0);
        ck_assert_uint_eq(join_slot(first, second, first[token.bits].slot, &pairs), 1);
    }
    const size_t expected = (size_t)JOINED * NAMED * NAMED;
    ck_assert_uint_gt(pairs, expected / 2);
    ck_assert_uint_lt(pairs, expected * 2);
}
END_TEST

static const struct {
    size_t count, padded;
} steps[] = {{1, 1024}, {1023, 1024}, {1024, 1024}, {1025, 2048}, {2048, 2048}, {2049, 4096}};

START_TEST(the_size_of_a_database_tells_the_number_of_entries_only_in_powers_of_two)
{
    uint64_t file_bytes[COUNT(steps)];
    for (size_t i = 0; i < COUNT(steps); i++) {
        seal(steps[i].count, &few_params);
        ck_assert_uint_eq(hashveil_sealed_db_describe(db)->padded_count, steps[i].padded);
        file_bytes[i] = hashveil_sealed_db_describe(db)->file_bytes;
        ck_assert(i == 0 ||
                  (file_bytes[i] == file_bytes[i - 1]) == (steps[i].padded == steps[i - 1].padded));
        unseal();
    }
}
END_TEST

static bool holds_part_of(const uint8_t *bytes, size_t len, const uint8_t *secret,
                          size_t secret_len)
{
    enum { WINDOW = 8 };
    for (size_t i = 0; i + WINDOW <= secret_len; i++) {
        if (memmem(bytes, len, secret + i, WINDOW)) {
            return true;
        }
    }
    return false;
}

START_TEST(no_listed_hash_is_in_the_file_or_in_a_record)
{
    uint8_t *bytes;
    size_t len;
    seal(FEW_LISTED, &few_params);
    ck_assert_int_eq(hv_read_file(path, SIZE_MAX, &bytes, &len), HASHVEIL_OK);
    for (size_t i = 0; i < entries.count; i++) {
        const hashveil_pdq *hash = &entries.entries[i].hash;
        uint8_t backwards[sizeof *hash];
        struct hv_table_value value[2];
        struct hv_line line;
        hashveil_record record;
        for (size_t k = 0; k < sizeof *hash; k++) {
            backwards[k] = ((const uint8_t *)hash)[sizeof *hash - 1 - k];
        }
        ck_assert(!holds_part_of(bytes, len, (const uint8_t *)hash, sizeof *hash));
        ck_assert(!holds_part_of(bytes, len, backwards, sizeof backwards));
        for (unsigned mask = 0; mask < 2; mask++) {
            const struct hv_token token = token_of(i, mask);
            value[mask] = value_of(&token);
        }
        hv_line_join(1, value[0].share, 2, value[1].share, &line);
        ck_assert_int_eq(hv_sealed_db_open_record(db, value[0].slot, line.secret, &record),
                         HASHVEIL_OK);
        ck_assert(!holds_part_of((const uint8_t *)&record, sizeof record, (const uint8_t *)hash,
                                 sizeof *hash));
        ck_assert(
            !holds_part_of((const uint8_t *)&record, sizeof record, backwards, sizeof backwards));
    }
    free(bytes);
}
END_TEST

int main(void)
{
    enum { SECONDS = 240 };
    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create("table leakage");
    TCase *tables = tcase_create("tables");
    tcase_set_timeout(tables, SECONDS);
    tcase_add_checked_fixture(tables, set_up, tear_down);
    tcase_add_test(tables, values_of_listed_and_of_unlisted_tokens_look_random_alike);
    tcase_add_test(tables, no_place_of_a_table_looks_empty);
    tcase_add_test(tables, one_mask_enumerated_tells_nothing_and_two_cost_all_pairs_of_a_slot);
    tcase_add_test(tables,
                   the_size_of_a_database_tells_the_number_of_entries_only_in_powers_of_two);
    tcase_add_test(tables, no_listed_hash_is_in_the_file_or_in_a_record);
    suite_add_tcase(suite, tables);
    return run_suite(suite);
}
