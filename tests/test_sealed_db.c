/* SPDX-License-Identifier: Apache-2.0 */
/* fuse map, records, builder and reader. What matching makes of them: test_scanner.c. */
#include <hashveil/sealed_db.h>

#include "base/files.h"
#include "base/memory.h"
#include "draw.h"
#include "hashdb/sealed/format.h"
#include "hashdb/sealed/reader.h"
#include "run_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint8_t seed[HV_SEED_BYTES] = {42};

static const size_t fuse_counts[] = {1, 2, 3, 10, 255, 256, 1000, 1024, 4097, 100000};
enum { FUSE_COUNTS = sizeof fuse_counts / sizeof fuse_counts[0] };

START_TEST(a_fuse_map_gives_every_key_its_value)
{
    enum { VALUE_BYTES = 19 };
    const size_t count = fuse_counts[_i];
    struct hv_random_stream stream;
    struct hv_fuse_shape shape = hv_fuse_shape_for(count);
    uint64_t *keys = hv_alloc_array(count, sizeof *keys);
    uint8_t *values = hv_alloc_array(count, VALUE_BYTES);
    uint8_t *table = hv_alloc_array((size_t)hv_fuse_places(&shape), VALUE_BYTES);
    hv_random_stream_init(seed, "test", (uint64_t)_i, &stream);
    hv_random_stream_fill(&stream, values, count * VALUE_BYTES);
    for (size_t i = 0; i < count; i++) {
        keys[i] = hv_random_stream_u64(&stream);
    }
    ck_assert(hv_fuse_shape_is_valid(&shape));
    const struct hv_fuse_input input = {keys, values, count, VALUE_BYTES};
    ck_assert_int_eq(hv_fuse_build(&input, &stream, &shape, table), HASHVEIL_OK);
    for (size_t i = 0; i < count; i++) {
        uint8_t value[VALUE_BYTES];
        hv_fuse_get(&shape, table, VALUE_BYTES, keys[i], value);
        ck_assert_mem_eq(value, values + i * VALUE_BYTES, VALUE_BYTES);
    }
    free(keys);
    free(values);
    free(table);
}
END_TEST

START_TEST(a_fuse_map_of_equal_keys_is_refused)
{
    const uint64_t keys[] = {5, 6, 5};
    const uint8_t values[3] = {1, 2, 3};
    uint8_t table[4096];
    struct hv_random_stream stream;
    struct hv_fuse_shape shape = hv_fuse_shape_for(3);
    hv_random_stream_init(seed, "test", 0, &stream);
    ck_assert_uint_le(hv_fuse_places(&shape), sizeof table);
    const struct hv_fuse_input input = {keys, values, 3, 1};
    ck_assert_int_eq(hv_fuse_build(&input, &stream, &shape, table), HASHVEIL_ERR_ARGUMENT);
}
END_TEST

START_TEST(a_large_fuse_map_takes_an_eighth_more_than_its_values)
{
    const struct hv_fuse_shape shape = hv_fuse_shape_for((size_t)1 << 20);
    ck_assert_uint_lt(hv_fuse_places(&shape), ((uint64_t)1 << 20) * 114 / 100);
}
END_TEST

/* A database whose number of entries is a power of two, so that none of it is padding. */
static const struct {
    uint32_t bits; /* of the number */
    uint64_t most_bytes;
} entry_sizes[] = {{16, 800}, {17, 840}, {18, 820}, {20, 800}, {24, 800}};

START_TEST(an_entry_takes_as_little_as_promised)
{
    const hashveil_mask_params params = HASHVEIL_MASK_PARAMS_DEFAULT;
    const uint32_t bits = entry_sizes[_i].bits;
    const struct hv_fuse_shape shape = hv_fuse_shape_for((size_t)1 << bits);
    const uint64_t tables = hv_fuse_places(&shape) * hv_value_bytes(bits) * params.masks;
    ck_assert_uint_eq(params.masks, 32);
    ck_assert_uint_le((tables >> bits) + 1 + HV_RECORD_BYTES, entry_sizes[_i].most_bytes);
}
END_TEST

START_TEST(a_record_opens_with_its_own_secret_slot_and_epoch_only)
{
    const hashveil_record record = {
        .id = {1, 2, 3}, .labels = {"another", "longest label there is.", "some"}, .lists = 5};
    const uint8_t secret[HV_SHARE_BYTES] = {9};
    const uint8_t other[HV_SHARE_BYTES] = {8};
    uint8_t sealed[HV_RECORD_BYTES];
    hashveil_record opened;
    ck_assert_int_eq(hv_record_seal(&record, secret, 3, 4, sealed), HASHVEIL_OK);
    ck_assert(hv_record_open(sealed, secret, 3, 4, &opened));
    ck_assert_mem_eq(opened.id, record.id, sizeof record.id);
    ck_assert_mem_eq(opened.labels, record.labels, sizeof record.labels);
    ck_assert_uint_eq(opened.lists, record.lists);
    ck_assert(!hv_record_open(sealed, other, 3, 4, &opened));
    ck_assert(!hv_record_open(sealed, secret, 2, 4, &opened));
    ck_assert(!hv_record_open(sealed, secret, 3, 5, &opened));
    sealed[0] ^= 1;
    ck_assert(!hv_record_open(sealed, secret, 3, 4, &opened));
}
END_TEST

/* What a record must hold before a device takes it, whoever sealed it. */
static const hashveil_record bad_records[] = {
    {.labels = {"a\n"}},   {.labels = {"b", "a"}},     {.labels = {"a", "a"}},
    {.labels = {"", "a"}}, {.labels = {"a", "", "b"}}, {.labels = {"a", "b", "c\x80"}},
};
enum { BAD_RECORDS = sizeof bad_records / sizeof bad_records[0] };

START_TEST(a_record_whose_labels_are_not_in_order_does_not_open)
{
    const uint8_t secret[HV_SHARE_BYTES] = {9};
    uint8_t sealed[HV_RECORD_BYTES];
    hashveil_record opened;
    ck_assert_int_eq(hv_record_seal(&bad_records[_i], secret, 3, 4, sealed), HASHVEIL_OK);
    ck_assert(!hv_record_open(sealed, secret, 3, 4, &opened));
}
END_TEST

static char path[] = "/tmp/hashveil-sealed-XXXXXX";
static hashveil_key key;
static hashveil_entries entries;

static void set_up(void)
{
    memcpy(path + sizeof path - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    key = draw_evaluator_key();
    entries = draw_entries(5);
    entries.exact = hv_alloc_array(1, sizeof *entries.exact);
    entries.exact_count = 1;
    entries.exact[0].digest = (hashveil_digest){HASHVEIL_DIGEST_SHA1, {1, 2, 3}};
    entries.exact[0].record = entries.entries[2].record;
}

static void tear_down(void)
{
    hashveil_entries_clear(&entries);
    hashveil_key_clear(&key);
    unlink(path);
}

static hashveil_seal_options options_of(unsigned workers)
{
    /* Two masks are the fewest: a small file, so that every byte of it can be tried. */
    return (hashveil_seal_options){.evaluator_key = &key,
                                   .epoch = 7,
                                   .mask_params = {.masks = 2, .bits = 28, .pool_bits = 160},
                                   .workers = workers};
}

static uint8_t *build(const hashveil_seal_options *options, size_t *len)
{
    uint8_t *bytes;
    hashveil_seal_options seeded = *options;
    seeded.seed = seed;
    seeded.created_s = 1234;
    ck_assert_int_eq(hashveil_sealed_db_build(path, &entries, &seeded, NULL), HASHVEIL_OK);
    ck_assert_int_eq(hv_read_file(path, SIZE_MAX, &bytes, len), HASHVEIL_OK);
    return bytes;
}

START_TEST(the_same_seed_gives_the_same_bytes_on_any_number_of_threads)
{
    const hashveil_seal_options one = options_of(1);
    const hashveil_seal_options three = options_of(3);
    size_t len;
    size_t len_again;
    uint8_t *bytes = build(&one, &len);
    uint8_t *again = build(&three, &len_again);
    ck_assert_uint_eq(len, len_again);
    ck_assert_mem_eq(bytes, again, len);
    free(bytes);
    free(again);
}
END_TEST

START_TEST(two_seals_of_one_list_share_no_record_and_no_mask_seed)
{
    const hashveil_seal_options options = options_of(0);
    uint8_t *bytes[2];
    size_t len[2];
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(hashveil_sealed_db_build(path, &entries, &options, NULL), HASHVEIL_OK);
        ck_assert_int_eq(hv_read_file(path, SIZE_MAX, &bytes[i], &len[i]), HASHVEIL_OK);
    }
    ck_assert_uint_eq(len[0], len[1]);
    size_t same = 0;
    const size_t tables_end = len[0] - HV_SEALED_SIGNATURES_BYTES;
    for (size_t i = 4096; i + 16 < tables_end; i++) {
        same += memcmp(bytes[0] + i, bytes[1] + i, 16) == 0;
    }
    ck_assert_uint_eq(same, 0);
    free(bytes[0]);
    free(bytes[1]);
}
END_TEST

START_TEST(the_manifest_says_what_was_sealed)
{
    hashveil_key curator = {0};
    hashveil_seal_options options = options_of(1);
    hashveil_sealed_db *db;
    const char *where;
    ck_assert_int_eq(hashveil_key_generate(HASHVEIL_KEY_CURATOR, &curator), HASHVEIL_OK);
    options.curator_keys = &curator;
    options.curator_count = 1;
    options.expires_s = 99999;
    size_t len;
    free(build(&options, &len));
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
    ck_assert_str_eq(where, "");
    const hashveil_sealed_db_info *info = hashveil_sealed_db_describe(db);
    ck_assert_uint_eq(info->epoch, 7);
    ck_assert_uint_eq(info->created_s, 1234);
    ck_assert_uint_eq(info->version, 3);
    ck_assert_uint_eq(info->token_epoch, 7);
    ck_assert_uint_eq(info->expires_s, 99999);
    ck_assert(!info->is_segment);
    ck_assert_uint_eq(info->withdrawn_count, 0);
    ck_assert_uint_eq(info->padded_count, 1024);
    ck_assert_uint_eq(info->padded_exact_count, 1024);
    ck_assert_uint_eq(info->file_bytes, len);
    ck_assert_uint_eq(info->mask_params.masks, 2);
    ck_assert_uint_eq(info->list_count, 2);
    ck_assert_str_eq(info->list_names[1], "list B");
    ck_assert_uint_eq(info->curator_count, 1);
    ck_assert_mem_eq(info->curator_keys[0], curator.public_bytes, HASHVEIL_KEY_BYTES);
    ck_assert_mem_eq(info->evaluator_public, key.public_bytes, HASHVEIL_KEY_BYTES);
    ck_assert_uint_eq(info->signature_count, 0);
    hashveil_sealed_db_close(db);
}
END_TEST

/* Opens a copy that ends where its bytes end, so that a sanitizer sees a byte read too many, and
 * checks all of it. */
static hashveil_status open_copy(const uint8_t *bytes, size_t len, const char **where)
{
    hashveil_sealed_db *db;
    uint8_t *copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    hashveil_status status = hashveil_sealed_db_open_bytes(copy, len, &db, where);
    ck_assert((db != NULL) == (status == HASHVEIL_OK));
    if (status == HASHVEIL_OK) {
        status = hashveil_sealed_db_check(db, where);
    }
    hashveil_sealed_db_close(db);
    free(copy);
    return status;
}

START_TEST(any_flipped_bit_is_refused)
{
    const hashveil_seal_options options = options_of(1);
    size_t len;
    const char *where;
    uint8_t *bytes = build(&options, &len);
    ck_assert_int_eq(open_copy(bytes, len, &where), HASHVEIL_OK);
    /* Every bit of what is read field by field; of tables and records every 97th byte. */
    for (size_t i = 0; i < len; i += i < 1024 || i > len - 16 ? 1 : 97) {
        for (unsigned bit = 0; bit < 8; bit += i < 1024 ? 1 : 7) {
            bytes[i] ^= (uint8_t)(1U << bit);
            ck_assert_msg(open_copy(bytes, len, &where) != HASHVEIL_OK, "byte %zu bit %u", i, bit);
            bytes[i] ^= (uint8_t)(1U << bit);
        }
    }
    free(bytes);
}
END_TEST

START_TEST(a_file_cut_anywhere_is_refused)
{
    const hashveil_seal_options options = options_of(1);
    size_t len;
    const char *where;
    uint8_t *bytes = build(&options, &len);
    for (size_t cut = 0; cut < len; cut += cut < 1024 || cut > len - 64 ? 1 : 997) {
        ck_assert_msg(open_copy(bytes, cut, &where) != HASHVEIL_OK, "cut at %zu", cut);
    }
    bytes = realloc(bytes, len + 1);
    bytes[len] = 0;
    ck_assert_int_eq(open_copy(bytes, len + 1, &where), HASHVEIL_ERR_FORMAT);
    free(bytes);
}
END_TEST

/* Byte offsets of FORMAT.md, for the part that a damage there is put down to. */
static const struct {
    const char *where;
    long offset; /* from the end when negative */
    hashveil_status status;
} damages[] = {
    {"header", 0, HASHVEIL_ERR_UNSUPPORTED}, {"header", 8, HASHVEIL_ERR_VERSION},
    {"manifest", 40, HASHVEIL_ERR_DIGEST},   {"manifest", 100, HASHVEIL_ERR_DIGEST},
    {"pages", 600, HASHVEIL_ERR_DIGEST},     {"tables", 20000, HASHVEIL_ERR_DIGEST},
    {"records", -1000, HASHVEIL_ERR_DIGEST}, {"signatures", -8, HASHVEIL_ERR_FORMAT},
};
enum { DAMAGES = sizeof damages / sizeof damages[0] };

START_TEST(a_damaged_part_is_named)
{
    const hashveil_seal_options options = options_of(1);
    size_t len;
    const char *where;
    uint8_t *bytes = build(&options, &len);
    const long offset = damages[_i].offset;
    bytes[offset < 0 ? len - (size_t)-offset : (size_t)offset] ^= 1;
    ck_assert_int_eq(open_copy(bytes, len, &where), damages[_i].status);
    ck_assert_str_eq(where, damages[_i].where);
    free(bytes);
}
END_TEST

START_TEST(what_cannot_be_sealed_is_refused)
{
    hashveil_entries none = {0};
    hashveil_seal_options options = options_of(1);
    ck_assert_int_eq(hashveil_sealed_db_build(path, &none, &options, NULL), HASHVEIL_ERR_EMPTY);
    options.mask_params.bits = 15;
    ck_assert_int_eq(hashveil_sealed_db_build(path, &entries, &options, NULL),
                     HASHVEIL_ERR_ARGUMENT);
    options = options_of(1);
    options.curator_count = HASHVEIL_MAX_CURATORS + 1;
    ck_assert_int_eq(hashveil_sealed_db_build(path, &entries, &options, NULL),
                     HASHVEIL_ERR_ARGUMENT);
    options = options_of(1);
    entries.entries[4].record.labels[0][0] = '\x7f';
    ck_assert_int_eq(hashveil_sealed_db_build(path, &entries, &options, NULL),
                     HASHVEIL_ERR_ARGUMENT);
    entries.entries[4].record.labels[0][0] = 'x';
    entries.entries[4].record.labels[1][0] = 'a';
    ck_assert_int_eq(hashveil_sealed_db_build(path, &entries, &options, NULL),
                     HASHVEIL_ERR_ARGUMENT);
    entries.entries[4].record.labels[1][0] = '\0';
    entries.list_names[1][0] = '\n';
    ck_assert_int_eq(hashveil_sealed_db_build(path, &entries, &options, NULL),
                     HASHVEIL_ERR_ARGUMENT);
    entries.list_names[1][0] = 'x';
    key.has_secret = false;
    ck_assert_int_eq(hashveil_sealed_db_build(path, &entries, &options, NULL), HASHVEIL_ERR_KEY);
    key.has_secret = true;
    ck_assert_int_eq(hashveil_sealed_db_build("/nonexistent/x.hvdb", &entries, &options, NULL),
                     HASHVEIL_ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_failed_build_leaves_the_old_database)
{
    const hashveil_seal_options options = options_of(1);
    hashveil_seal_options bad = options_of(1);
    size_t len;
    size_t len_after;
    uint8_t *after;
    uint8_t *bytes = build(&options, &len);
    bad.mask_params.masks = 0;
    ck_assert_int_ne(hashveil_sealed_db_build(path, &entries, &bad, NULL), HASHVEIL_OK);
    ck_assert_int_eq(hv_read_file(path, SIZE_MAX, &after, &len_after), HASHVEIL_OK);
    ck_assert_uint_eq(len_after, len);
    ck_assert_mem_eq(after, bytes, len);
    free(bytes);
    free(after);
}
END_TEST

/* Near-duplicates in a list share tokens; each token names one of them, and both still seal. */
START_TEST(entries_that_share_tokens_seal)
{
    const hashveil_seal_options options = options_of(1);
    size_t len;
    const char *where;
    entries.entries[1].hash = entries.entries[0].hash;
    entries.entries[2].hash = entries.entries[0].hash;
    entries.entries[2].hash.word[3] ^= UINT64_C(1) << 63;
    uint8_t *bytes = build(&options, &len);
    ck_assert_int_eq(open_copy(bytes, len, &where), HASHVEIL_OK);
    free(bytes);
}
END_TEST

/* What an unlisted token's value says is as plausible as a listed one's: every slot comes up. */
START_TEST(values_of_absent_tokens_name_every_slot)
{
    const hashveil_seal_options options = options_of(1);
    hashveil_sealed_db *db;
    const char *where;
    struct hv_random_stream stream;
    unsigned seen[1024] = {0};
    size_t len;
    free(build(&options, &len));
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
    hv_random_stream_init(seed, "absent", 0, &stream);
    for (unsigned i = 0; i < 64 * 1024; i++) {
        uint8_t y[HV_OPRF_OUTPUT_BYTES];
        struct hv_table_value value;
        hv_random_stream_fill(&stream, y, sizeof y);
        ck_assert_int_eq(hv_sealed_db_lookup(db, i % 2, y, &value), HASHVEIL_OK);
        ck_assert_uint_lt(value.slot, 1024);
        seen[value.slot]++;
    }
    double chi_square = 0;
    for (unsigned i = 0; i < 1024; i++) {
        chi_square += ((double)seen[i] - 64) * ((double)seen[i] - 64) / 64;
    }
    /* 1023 degrees of freedom: mean 1023, standard deviation 45. The seed is fixed. */
    ck_assert_double_lt(chi_square, 1023 + 5 * 45);
    ck_assert_double_gt(chi_square, 1023 - 5 * 45);
    hashveil_sealed_db_close(db);
}
END_TEST

START_TEST(what_is_no_database_is_refused)
{
    hashveil_sealed_db *db;
    const char *where;
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_ERR_EMPTY);
    ck_assert_int_eq(hashveil_sealed_db_open("/nonexistent", &db, &where), HASHVEIL_ERR_NOT_FOUND);
    ck_assert_int_eq(hashveil_sealed_db_open("/tmp", &db, &where), HASHVEIL_ERR_NOT_A_FILE);
    ck_assert_ptr_null(db);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sealed_db");
    TCase *parts = tcase_create("parts");
    TCase *files = tcase_create("files");

    tcase_set_timeout(parts, 60);
    tcase_add_loop_test(parts, a_fuse_map_gives_every_key_its_value, 0, FUSE_COUNTS);
    tcase_add_test(parts, a_fuse_map_of_equal_keys_is_refused);
    tcase_add_test(parts, a_large_fuse_map_takes_an_eighth_more_than_its_values);
    tcase_add_loop_test(parts, an_entry_takes_as_little_as_promised, 0,
                        sizeof entry_sizes / sizeof entry_sizes[0]);
    tcase_add_test(parts, a_record_opens_with_its_own_secret_slot_and_epoch_only);
    tcase_add_loop_test(parts, a_record_whose_labels_are_not_in_order_does_not_open, 0,
                        BAD_RECORDS);
    suite_add_tcase(suite, parts);

    tcase_set_timeout(files, 120);
    tcase_add_checked_fixture(files, set_up, tear_down);
    tcase_add_test(files, the_same_seed_gives_the_same_bytes_on_any_number_of_threads);
    tcase_add_test(files, two_seals_of_one_list_share_no_record_and_no_mask_seed);
    tcase_add_test(files, the_manifest_says_what_was_sealed);
    tcase_add_test(files, any_flipped_bit_is_refused);
    tcase_add_test(files, a_file_cut_anywhere_is_refused);
    tcase_add_loop_test(files, a_damaged_part_is_named, 0, DAMAGES);
    tcase_add_test(files, what_cannot_be_sealed_is_refused);
    tcase_add_test(files, a_failed_build_leaves_the_old_database);
    tcase_add_test(files, entries_that_share_tokens_seal);
    tcase_add_test(files, values_of_absent_tokens_name_every_slot);
    tcase_add_test(files, what_is_no_database_is_refused);
    suite_add_tcase(suite, files);
    return run_suite(suite);
}
