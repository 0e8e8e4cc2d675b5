/* SPDX-License-Identifier: Apache-2.0 */
/* The table of digests: what it says of listed files and of others. */
#include <hashveil/sealed_db.h>

#include "base/files.h"
#include "base/memory.h"
#include "base/random_stream.h"
#include "draw.h"
#include "hashdb/sealed/format.h"
#include "hashdb/sealed/reader.h"
#include "psi/token.h"
#include "run_suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum { DIGESTS = 30, EPOCH = 7, SLOTS = 1024 };

static const uint8_t seed[HV_SEED_BYTES] = {42};
static char path[] = "/tmp/hashveil-digests-XXXXXX";
static hashveil_key key;
static hashveil_entries entries;
static hashveil_sealed_db *db;

static hashveil_digest draw_digest(unsigned number)
{
    const hashveil_digest_kind kind = (hashveil_digest_kind)(number % HASHVEIL_DIGEST_KINDS);
    hashveil_digest digest = {.kind = kind};
    struct hv_random_stream stream;
    hv_random_stream_init(seed, "digest", number, &stream);
    hv_random_stream_fill(&stream, digest.bytes, hashveil_digest_len(kind));
    return digest;
}

/* Of all kinds; from record 100 on. */
static void add_digests(size_t count)
{
    entries.exact = hv_alloc_array(count, sizeof *entries.exact);
    entries.exact_count = count;
    for (unsigned i = 0; i < count; i++) {
        entries.exact[i] = (hashveil_exact_entry){
            .digest = draw_digest(i),
            .record = {.id = {(uint8_t)(100 + i), (uint8_t)(i >> 8), 1}, .labels = {"a", "b"}}};
    }
}

static hashveil_status build(void)
{
    const hashveil_seal_options options = {
        .evaluator_key = &key,
        .epoch = EPOCH,
        .seed = seed,
        .created_s = 1234,
        .mask_params = {.masks = 2, .bits = 28, .pool_bits = 160},
        .workers = 1};
    return hashveil_sealed_db_build(path, &entries, &options, NULL);
}

static void open_built(void)
{
    const char *where;
    ck_assert_int_eq(build(), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
}

static void set_up(void)
{
    memcpy(path + sizeof path - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    key = draw_evaluator_key();
}

static void tear_down(void)
{
    hashveil_sealed_db_close(db);
    db = NULL;
    hashveil_entries_clear(&entries);
    hashveil_key_clear(&key);
    unlink(path);
}

static struct hv_table_value look_up(const hashveil_digest *digest, uint64_t epoch)
{
    struct hv_token_input input;
    struct hv_table_value value;
    uint8_t y[HV_OPRF_OUTPUT_BYTES];
    hv_token_encode_exact(digest, epoch, &input);
    const struct hv_piece piece = hv_token_piece(&input);
    ck_assert(hv_oprf_evaluate(HV_OPRF_MODE, key.secret_bytes, &piece, y));
    ck_assert_int_eq(hv_sealed_db_lookup_exact(db, y, &value), HASHVEIL_OK);
    ck_assert_uint_lt(value.slot, hashveil_sealed_db_describe(db)->padded_count);
    return value;
}

static bool opens(const hashveil_digest *digest, uint64_t epoch, hashveil_record *out)
{
    const struct hv_table_value value = look_up(digest, epoch);
    return hv_sealed_db_open_record(db, value.slot, value.share, out) == HASHVEIL_OK;
}

/* How many PDQ entries stand beside the digests, and how many of these there are. */
static const struct {
    size_t hashes, digests;
    uint64_t padded;
} sizes[] = {
    {0, 1, 1024}, {0, DIGESTS, 1024}, {3, DIGESTS, 1024}, {0, 1024, 1024}, {1, 1025, 2048}};

START_TEST(a_listed_digest_gives_its_records_slot_and_secret)
{
    entries = draw_entries(sizes[_i].hashes);
    add_digests(sizes[_i].digests);
    open_built();
    ck_assert_uint_eq(hashveil_sealed_db_describe(db)->padded_exact_count, sizes[_i].padded);
    for (size_t i = 0; i < sizes[_i].digests; i++) {
        hashveil_record record;
        ck_assert(opens(&entries.exact[i].digest, EPOCH, &record));
        ck_assert_mem_eq(record.id, entries.exact[i].record.id, sizeof record.id);
        ck_assert_str_eq(record.labels[1], "b");
    }
}
END_TEST

START_TEST(a_digest_opens_nothing_in_another_epoch_or_as_another_kind)
{
    hashveil_record record;
    entries = draw_entries(3);
    add_digests(DIGESTS);
    open_built();
    hashveil_digest digest = entries.exact[HASHVEIL_DIGEST_SHA256].digest;
    ck_assert(opens(&digest, EPOCH, &record));
    ck_assert(!opens(&digest, EPOCH + 1, &record));
    digest.kind = HASHVEIL_DIGEST_SHA1;
    ck_assert(!opens(&digest, EPOCH, &record));
}
END_TEST

START_TEST(several_digests_and_a_hash_of_one_item_name_one_slot)
{
    entries = draw_entries(1);
    add_digests(HASHVEIL_DIGEST_KINDS);
    for (size_t i = 0; i < HASHVEIL_DIGEST_KINDS; i++) {
        entries.exact[i].record.id[0] = 0; /* the hash's */
        entries.exact[i].record.id[2] = 0;
    }
    open_built();
    const struct hv_table_value first = look_up(&entries.exact[0].digest, EPOCH);
    for (size_t i = 1; i < HASHVEIL_DIGEST_KINDS; i++) {
        const struct hv_table_value value = look_up(&entries.exact[i].digest, EPOCH);
        ck_assert_uint_eq(value.slot, first.slot);
        ck_assert_mem_eq(value.share, first.share, HV_SHARE_BYTES);
    }
    hashveil_record record;
    ck_assert(opens(&entries.exact[0].digest, EPOCH, &record));
    ck_assert_str_eq(record.labels[2], "label 0");
}
END_TEST

START_TEST(the_table_of_another_edition_shares_no_value)
{
    add_digests(1);
    open_built();
    const struct hv_table_value before = look_up(&entries.exact[0].digest, EPOCH);
    hashveil_sealed_db_close(db);
    const hashveil_seal_options options = {
        .evaluator_key = &key,
        .epoch = EPOCH,
        .mask_params = {.masks = 2, .bits = 28, .pool_bits = 160},
        .workers = 1};
    const char *where;
    ck_assert_int_eq(hashveil_sealed_db_build(path, &entries, &options, NULL), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_sealed_db_open(path, &db, &where), HASHVEIL_OK);
    const struct hv_table_value after = look_up(&entries.exact[0].digest, EPOCH);
    ck_assert_mem_ne(after.share, before.share, HV_SHARE_BYTES);
}
END_TEST

/* Nothing tells an unlisted digest from a listed one but that its record does not open: slots are
 * drawn evenly, and so is every bit of the secret. */
START_TEST(values_of_unlisted_digests_are_random)
{
    enum { LOOK_UPS = 64 * SLOTS, SECRET_BITS = 8 * HV_SHARE_BYTES };
    static unsigned seen[SLOTS];
    static unsigned ones[SECRET_BITS];
    struct hv_random_stream stream;
    double chi_square = 0;
    add_digests(DIGESTS);
    open_built();
    hv_random_stream_init(seed, "absent", 0, &stream);
    for (unsigned i = 0; i < LOOK_UPS; i++) {
        uint8_t y[HV_OPRF_OUTPUT_BYTES];
        struct hv_table_value value;
        hashveil_record record;
        hv_random_stream_fill(&stream, y, sizeof y);
        ck_assert_int_eq(hv_sealed_db_lookup_exact(db, y, &value), HASHVEIL_OK);
        ck_assert_uint_lt(value.slot, SLOTS);
        seen[value.slot]++;
        for (unsigned bit = 0; bit < SECRET_BITS; bit++) {
            ones[bit] += value.share[bit / 8] >> (bit % 8) & 1;
        }
        ck_assert(i > SLOTS || hv_sealed_db_open_record(db, value.slot, value.share, &record) ==
                                   HASHVEIL_ERR_KEY);
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        chi_square += ((double)seen[i] - 64) * ((double)seen[i] - 64) / 64;
    }
    /* 1023 degrees of freedom: mean 1023, standard deviation 45. The seed is fixed. */
    ck_assert_double_lt(chi_square, 1023 + 5 * 45);
    ck_assert_double_gt(chi_square, 1023 - 5 * 45);
    for (unsigned bit = 0; bit < SECRET_BITS; bit++) { /* standard deviation 128 */
        ck_assert_uint_gt(ones[bit], LOOK_UPS / 2 - 5 * 128);
        ck_assert_uint_lt(ones[bit], LOOK_UPS / 2 + 5 * 128);
    }
}
END_TEST

/* However few are listed: their number is not to be read off what is left over. */
START_TEST(all_behind_the_manifest_looks_random)
{
    enum { START = 4096, VALUES = 256 };
    double seen[VALUES] = {0};
    double chi_square = 0;
    uint8_t *bytes;
    size_t len;
    add_digests(1);
    ck_assert_int_eq(build(), HASHVEIL_OK);
    ck_assert_int_eq(hv_read_file(path, SIZE_MAX, &bytes, &len), HASHVEIL_OK);
    const double expected = (double)(len - HV_SEALED_SIGNATURES_BYTES - START) / VALUES;
    for (size_t i = START; i < len - HV_SEALED_SIGNATURES_BYTES; i++) {
        seen[bytes[i]]++;
    }
    for (unsigned i = 0; i < VALUES; i++) {
        chi_square += (seen[i] - expected) * (seen[i] - expected) / expected;
    }
    /* 255 degrees of freedom: standard deviation 22.6; up to 63 zeros stand between sections. */
    ck_assert_double_lt(chi_square, 255 + 6 * 22.6);
    free(bytes);
}
END_TEST

START_TEST(a_database_without_digests_has_no_table_of_them)
{
    entries = draw_entries(3);
    open_built();
    const uint64_t without = hashveil_sealed_db_describe(db)->file_bytes;
    ck_assert_uint_eq(hashveil_sealed_db_describe(db)->padded_exact_count, 0);
    hashveil_sealed_db_close(db);
    add_digests(1);
    open_built();
    /* One table more, of 1024 keys of 18 bytes, in the manifest too, and four pages' digests. */
    const uint64_t more = hashveil_sealed_db_describe(db)->file_bytes - without;
    const struct hv_fuse_shape shape = hv_fuse_shape_for(1024);
    const uint64_t table = hv_fuse_places(&shape) * hv_value_bytes(10);
    ck_assert_uint_eq(more, hv_align(table) + hv_align(32 + 4 * HASHVEIL_DIGEST_BYTES));
}
END_TEST

static const struct {
    const char *what;
    hashveil_exact_entry entry;
} unsealable[] = {
    {"a kind that is none", {.digest = {.kind = (hashveil_digest_kind)3}}},
    {"labels out of order", {.record = {.labels = {"b", "a"}}}},
    {"a label with a control character", {.record = {.labels = {"\n"}}}},
};

START_TEST(what_is_no_digest_is_not_sealed)
{
    add_digests(2);
    ck_assert_int_eq(build(), HASHVEIL_OK);
    entries.exact[1] = unsealable[_i].entry;
    ck_assert_msg(build() == HASHVEIL_ERR_ARGUMENT, "%s", unsealable[_i].what);
}
END_TEST

static const struct {
    uint32_t written, said; /* exact_bits: what the manifest is written for, and what it says */
    hashveil_status status;
} manifests[] = {
    {0, 0, HASHVEIL_OK},           {10, 10, HASHVEIL_OK},        {24, 24, HASHVEIL_OK},
    {10, 24, HASHVEIL_OK},         {10, 9, HASHVEIL_ERR_FORMAT}, {10, 1, HASHVEIL_ERR_FORMAT},
    {10, 25, HASHVEIL_ERR_FORMAT}, {10, 0, HASHVEIL_ERR_FORMAT}, {0, 10, HASHVEIL_ERR_FORMAT},
};

START_TEST(a_manifest_says_of_digests_what_it_has)
{
    enum { EXACT_BITS_PLACE = 4 + 1 + 3 + 4 * 8 + 32 + 32 + 32 + 7 * 4 };
    struct hv_manifest manifest = {.mask_params = {.masks = 2, .bits = 28, .pool_bits = 160},
                                   .slot_bits = 10,
                                   .exact_bits = manifests[_i].written};
    manifest.tables[0].shape = manifest.tables[1].shape = manifest.exact.shape =
        hv_fuse_shape_for(1024);
    const size_t len = hv_manifest_len(&manifest);
    uint8_t *bytes = hv_alloc_array(len, 1);
    hv_manifest_write(&manifest, bytes);
    bytes[EXACT_BITS_PLACE] = (uint8_t)manifests[_i].said;
    ck_assert_int_eq(hv_manifest_parse(bytes, len, &manifest), manifests[_i].status);
    free(bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exact_table");
    TCase *files = tcase_create("files");
    TCase *parts = tcase_create("parts");

    tcase_set_timeout(files, 120);
    tcase_add_checked_fixture(files, set_up, tear_down);
    tcase_add_loop_test(files, a_listed_digest_gives_its_records_slot_and_secret, 0, COUNT(sizes));
    tcase_add_test(files, a_digest_opens_nothing_in_another_epoch_or_as_another_kind);
    tcase_add_test(files, several_digests_and_a_hash_of_one_item_name_one_slot);
    tcase_add_test(files, the_table_of_another_edition_shares_no_value);
    tcase_add_test(files, values_of_unlisted_digests_are_random);
    tcase_add_test(files, all_behind_the_manifest_looks_random);
    tcase_add_test(files, a_database_without_digests_has_no_table_of_them);
    tcase_add_loop_test(files, what_is_no_digest_is_not_sealed, 0, COUNT(unsealable));
    suite_add_tcase(suite, files);

    tcase_add_loop_test(parts, a_manifest_says_of_digests_what_it_has, 0, COUNT(manifests));
    suite_add_tcase(suite, parts);
    return run_suite(suite);
}
