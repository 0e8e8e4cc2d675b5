/* SPDX-License-Identifier: Apache-2.0 */
/* The three kinds of key and their files. */
#include "base/hex.h"
#include "base/memory.h"
#include "key/key.h"
#include "run_suite.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOBODY = 65534, HEX_LEN = 2 * HASHVEIL_KEY_BYTES };

static char folder[40];
static char path[64];
static char public_path[64];

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/hashveil-key-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/key", folder);
    snprintf(public_path, sizeof public_path, "%s/key.pub", folder);
}

static void remove_folder(void)
{
    unlink(path);
    unlink(public_path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing is left behind */
}

/* A key of its own for each kind and number. */
static hashveil_key key_of(hashveil_key_kind kind, uint8_t number)
{
    hashveil_key key;
    uint8_t seed[HV_KEY_SEED_BYTES];
    memset(seed, number, sizeof seed);
    ck_assert_int_eq(hv_key_from_seed(kind, seed, &key), HASHVEIL_OK);
    return key;
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static bool is_cleared(const hashveil_key *key)
{
    static const hashveil_key zero;
    return key->kind == zero.kind && !key->has_secret &&
           memcmp(key->public_bytes, zero.public_bytes, HASHVEIL_KEY_BYTES) == 0 &&
           memcmp(key->secret_bytes, zero.secret_bytes, HASHVEIL_KEY_BYTES) == 0;
}

static void ck_assert_same_key(const hashveil_key *a, const hashveil_key *b)
{
    ck_assert_int_eq(a->kind, b->kind);
    ck_assert_int_eq(a->has_secret, b->has_secret);
    ck_assert_mem_eq(a->public_bytes, b->public_bytes, HASHVEIL_KEY_BYTES);
    ck_assert_mem_eq(a->secret_bytes, b->secret_bytes, HASHVEIL_KEY_BYTES);
}

static hashveil_status parse(const char *text, hashveil_key *out)
{
    return hv_key_parse((const uint8_t *)text, strlen(text), out);
}

/* Known answers. Evaluator: RFC 9496 appendix A.1, twice the generator. Reporter: RFC 7748 section
 * 6.1, Alice. Curator: RFC 8032 section 7.1, test 1. */
static const struct {
    hashveil_key_kind kind;
    const char *secret, *public;
} known_pairs[] = {
    {HASHVEIL_KEY_EVALUATOR, "0200000000000000000000000000000000000000000000000000000000000000",
     "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919"},
    {HASHVEIL_KEY_REPORTER, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
     "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"},
    {HASHVEIL_KEY_CURATOR, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"},
};

START_TEST(published_pairs_belong_together)
{
    hashveil_key key;
    char text[HV_KEY_FILE_MAX_BYTES];
    char public[HEX_LEN + 1];
    snprintf(text, sizeof text, "hashveil %s secret key 1\nsecret %s\npublic %s\n",
             hashveil_key_kind_text(known_pairs[_i].kind), known_pairs[_i].secret,
             known_pairs[_i].public);
    ck_assert_int_eq(parse(text, &key), HASHVEIL_OK);
    hv_hex_encode(key.public_bytes, HASHVEIL_KEY_BYTES, public);
    ck_assert_str_eq(public, known_pairs[_i].public);
    ck_assert_int_eq(key.kind, known_pairs[_i].kind);
    ck_assert(key.has_secret);

    key.public_bytes[0] ^= 1;
    ck_assert(!hv_key_is_sound(&key));
}
END_TEST

START_TEST(generated_keys_are_sound_and_differ)
{
    const hashveil_key_kind kind = (hashveil_key_kind)_i;
    hashveil_key one;
    hashveil_key two;
    ck_assert_int_eq(hashveil_key_generate(kind, &one), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_key_generate(kind, &two), HASHVEIL_OK);
    ck_assert(one.has_secret && one.kind == kind && hv_key_is_sound(&one));
    ck_assert(!hv_equal_secret(one.secret_bytes, two.secret_bytes, HASHVEIL_KEY_BYTES));
    one.has_secret = false;
    ck_assert(hv_key_is_sound(&one));
    hashveil_key_clear(&one);
    ck_assert(is_cleared(&one));
    hashveil_key_clear(&one);
}
END_TEST

START_TEST(an_unknown_kind_is_refused)
{
    const hashveil_key_kind kind = (hashveil_key_kind)HV_KEY_KINDS;
    const uint8_t seed[HV_KEY_SEED_BYTES] = {1};
    hashveil_key key = {.kind = kind};
    ck_assert_int_eq(hashveil_key_generate(kind, &key), HASHVEIL_ERR_ARGUMENT);
    ck_assert_int_eq(hv_key_from_seed(kind, seed, &key), HASHVEIL_ERR_ARGUMENT);
    ck_assert(!hv_key_is_sound(&key));
    ck_assert_str_eq(hashveil_key_kind_text(kind), "unknown kind");
    ck_assert_str_eq(hashveil_key_kind_text(HASHVEIL_KEY_CURATOR), "curator");
}
END_TEST

START_TEST(a_zero_scalar_is_no_key)
{
    const uint8_t seed[HV_KEY_SEED_BYTES] = {0};
    hashveil_key key;
    ck_assert_int_eq(hv_key_from_seed(HASHVEIL_KEY_EVALUATOR, seed, &key), HASHVEIL_ERR_KEY);
}
END_TEST

/* Scalars around the group order, and one whose highest bit libsodium alone would pass over. */
static const struct {
    const char *what, *secret;
    bool is_scalar;
} scalars[] = {
    {"one", "0100000000000000000000000000000000000000000000000000000000000000", true},
    {"order - 1", "ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", true},
    {"zero", "0000000000000000000000000000000000000000000000000000000000000000", false},
    {"order", "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", false},
    {"order + 1", "eed3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", false},
    {"1 + 2^255", "0100000000000000000000000000000000000000000000000000000000000080", false},
};

START_TEST(only_a_reduced_scalar_is_an_evaluator_key)
{
    hashveil_key key = key_of(HASHVEIL_KEY_EVALUATOR, 1);
    ck_assert(hv_hex_decode(scalars[_i].secret, key.secret_bytes, HASHVEIL_KEY_BYTES));
    const int result = crypto_scalarmult_ristretto255_base(key.public_bytes, key.secret_bytes);
    ck_assert_msg(hv_key_is_sound(&key) == scalars[_i].is_scalar, "%s, libsodium says %d",
                  scalars[_i].what, result);
}
END_TEST

static const struct {
    hashveil_key_kind kind;
    const char *what, *public;
} bad_publics[] = {
    {HASHVEIL_KEY_EVALUATOR, "identity",
     "0000000000000000000000000000000000000000000000000000000000000000"},
    {HASHVEIL_KEY_EVALUATOR, "negative",
     "0100000000000000000000000000000000000000000000000000000000000000"},
    {HASHVEIL_KEY_EVALUATOR, "not reduced",
     "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
    {HASHVEIL_KEY_REPORTER, "zero",
     "0000000000000000000000000000000000000000000000000000000000000000"},
    {HASHVEIL_KEY_REPORTER, "order 4",
     "0100000000000000000000000000000000000000000000000000000000000000"},
    {HASHVEIL_KEY_REPORTER, "order 8",
     "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"},
    {HASHVEIL_KEY_CURATOR, "identity",
     "0100000000000000000000000000000000000000000000000000000000000000"},
    {HASHVEIL_KEY_CURATOR, "not on the curve",
     "0200000000000000000000000000000000000000000000000000000000000000"},
};

START_TEST(a_public_key_that_is_no_good_point_is_refused)
{
    hashveil_key key = {.kind = bad_publics[_i].kind};
    char text[HV_KEY_FILE_MAX_BYTES];
    ck_assert(hv_hex_decode(bad_publics[_i].public, key.public_bytes, HASHVEIL_KEY_BYTES));
    hv_key_format(&key, false, text);
    ck_assert_msg(parse(text, &key) == HASHVEIL_ERR_FORMAT, "%s", bad_publics[_i].what);
    ck_assert(is_cleared(&key));
}
END_TEST

START_TEST(what_is_saved_is_loaded)
{
    const hashveil_key_kind kind = (hashveil_key_kind)_i;
    const hashveil_key key = key_of(kind, 7);
    hashveil_key public_half = key;
    hashveil_key back;
    memset(public_half.secret_bytes, 0, HASHVEIL_KEY_BYTES);
    public_half.has_secret = false;

    ck_assert_int_eq(hashveil_key_save(&key, path), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_key_load_secret(path, kind, &back), HASHVEIL_OK);
    ck_assert_same_key(&back, &key);
    ck_assert_int_eq(hashveil_key_load_public(path, kind, &back), HASHVEIL_OK);
    ck_assert_same_key(&back, &public_half);
    ck_assert_int_eq(hashveil_key_load_public(public_path, kind, &back), HASHVEIL_OK);
    ck_assert_same_key(&back, &public_half);
    ck_assert_int_eq(hashveil_key_load_secret(public_path, kind, &back), HASHVEIL_ERR_KEY);
    ck_assert(is_cleared(&back));
}
END_TEST

START_TEST(another_kind_of_key_is_refused)
{
    const hashveil_key key = key_of((hashveil_key_kind)_i, 7);
    const hashveil_key_kind other = (hashveil_key_kind)((_i + 1) % HV_KEY_KINDS);
    hashveil_key back;
    ck_assert_int_eq(hashveil_key_save(&key, path), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_key_load_secret(path, other, &back), HASHVEIL_ERR_KEY);
    ck_assert(is_cleared(&back));
    ck_assert_int_eq(hashveil_key_load_public(path, other, &back), HASHVEIL_ERR_KEY);
    ck_assert_int_eq(hashveil_key_load_public(public_path, other, &back), HASHVEIL_ERR_KEY);
    ck_assert(is_cleared(&back));
}
END_TEST

START_TEST(the_secret_file_is_for_its_owner_alone)
{
    const hashveil_key key = key_of(HASHVEIL_KEY_REPORTER, 1);
    struct stat info;
    umask(0);
    ck_assert_int_eq(hashveil_key_save(&key, path), HASHVEIL_OK);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0600);
    ck_assert_int_eq(stat(public_path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0644);
}
END_TEST

START_TEST(an_existing_file_is_kept_and_nothing_is_added)
{
    const hashveil_key key = key_of(HASHVEIL_KEY_EVALUATOR, 1);
    put(path, "precious");
    ck_assert_int_eq(hashveil_key_save(&key, path), HASHVEIL_ERR_EXISTS);
    ck_assert_int_ne(access(public_path, F_OK), 0);
    ck_assert_int_eq(unlink(path), 0);

    put(public_path, "precious");
    ck_assert_int_eq(hashveil_key_save(&key, path), HASHVEIL_ERR_EXISTS);
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_int_eq(unlink(public_path), 0);
    ck_assert_int_eq(hashveil_key_save(&key, path), HASHVEIL_OK);
}
END_TEST

START_TEST(half_a_key_is_not_saved)
{
    hashveil_key key = key_of(HASHVEIL_KEY_CURATOR, 1);
    key.secret_bytes[0] ^= 1;
    ck_assert_int_eq(hashveil_key_save(&key, path), HASHVEIL_ERR_ARGUMENT);
    key.secret_bytes[0] ^= 1;
    key.has_secret = false;
    ck_assert_int_eq(hashveil_key_save(&key, path), HASHVEIL_ERR_ARGUMENT);
}
END_TEST

START_TEST(a_folder_that_is_missing_or_not_ours_is_named)
{
    const hashveil_key key = key_of(HASHVEIL_KEY_EVALUATOR, 1);
    const bool is_root = geteuid() == 0;
    char missing[80];
    snprintf(missing, sizeof missing, "%s/missing/key", folder);
    ck_assert_int_eq(hashveil_key_save(&key, missing), HASHVEIL_ERR_NOT_FOUND);

    ck_assert_int_eq(chmod(folder, 0500), 0);
    ck_assert(!is_root || seteuid(NOBODY) == 0);
    ck_assert_int_eq(hashveil_key_save(&key, path), HASHVEIL_ERR_ACCESS);
    ck_assert(!is_root || seteuid(0) == 0);
    ck_assert_int_eq(chmod(folder, 0700), 0);
}
END_TEST

START_TEST(what_is_no_key_file_is_refused)
{
    char large[HV_KEY_FILE_MAX_BYTES + 2];
    hashveil_key key;
    memset(large, '\n', sizeof large - 1);
    large[sizeof large - 1] = '\0';

    ck_assert_int_eq(hashveil_key_load_public(path, HASHVEIL_KEY_CURATOR, &key),
                     HASHVEIL_ERR_NOT_FOUND);
    ck_assert_int_eq(hashveil_key_load_secret(folder, HASHVEIL_KEY_CURATOR, &key),
                     HASHVEIL_ERR_NOT_A_FILE);
    put(path, "");
    ck_assert_int_eq(hashveil_key_load_secret(path, HASHVEIL_KEY_CURATOR, &key),
                     HASHVEIL_ERR_FORMAT);
    put(path, large);
    ck_assert_int_eq(hashveil_key_load_secret(path, HASHVEIL_KEY_CURATOR, &key),
                     HASHVEIL_ERR_FORMAT);
    ck_assert(is_cleared(&key));
}
END_TEST

#define SECRET_LINE "secret 0200000000000000000000000000000000000000000000000000000000000000\n"
#define PUBLIC_LINE "public 6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919\n"
#define OTHER_PUBLIC "public e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76\n"

static const struct {
    const char *what, *text;
    hashveil_status expected;
} texts[] = {
    {"secret", "hashveil evaluator secret key 1\n" SECRET_LINE PUBLIC_LINE, HASHVEIL_OK},
    {"public", "hashveil evaluator public key 1\n" PUBLIC_LINE, HASHVEIL_OK},
    {"empty", "", HASHVEIL_ERR_FORMAT},
    {"other program", "hashvail evaluator public key 1\n" PUBLIC_LINE, HASHVEIL_ERR_FORMAT},
    {"no such kind", "hashveil evaluated public key 1\n" PUBLIC_LINE, HASHVEIL_ERR_FORMAT},
    {"neither half", "hashveil evaluator private key 1\n" PUBLIC_LINE, HASHVEIL_ERR_FORMAT},
    {"no version", "hashveil evaluator public key \n" PUBLIC_LINE, HASHVEIL_ERR_FORMAT},
    {"word for version", "hashveil evaluator public key one\n" PUBLIC_LINE, HASHVEIL_ERR_FORMAT},
    {"version 0", "hashveil evaluator public key 0\n" PUBLIC_LINE, HASHVEIL_ERR_VERSION},
    {"version 2", "hashveil evaluator public key 2\nanything", HASHVEIL_ERR_VERSION},
    {"version 999999999", "hashveil evaluator public key 999999999\n", HASHVEIL_ERR_VERSION},
    {"endless version", "hashveil evaluator public key 1000000000\n", HASHVEIL_ERR_FORMAT},
    {"carriage return", "hashveil evaluator public key 1\r\n" PUBLIC_LINE, HASHVEIL_ERR_FORMAT},
    {"no public half", "hashveil evaluator secret key 1\n" SECRET_LINE, HASHVEIL_ERR_FORMAT},
    {"no secret half", "hashveil evaluator secret key 1\n" PUBLIC_LINE, HASHVEIL_ERR_FORMAT},
    {"a secret too many", "hashveil evaluator public key 1\n" SECRET_LINE PUBLIC_LINE,
     HASHVEIL_ERR_FORMAT},
    {"lines in the other order", "hashveil evaluator secret key 1\n" PUBLIC_LINE SECRET_LINE,
     HASHVEIL_ERR_FORMAT},
    {"another's public half", "hashveil evaluator secret key 1\n" SECRET_LINE OTHER_PUBLIC,
     HASHVEIL_ERR_FORMAT},
    {"a line too many", "hashveil evaluator public key 1\n" PUBLIC_LINE "\n", HASHVEIL_ERR_FORMAT},
};

START_TEST(a_key_file_is_read_strictly)
{
    hashveil_key key;
    const hashveil_status status = parse(texts[_i].text, &key);
    ck_assert_msg(status == texts[_i].expected, "%s: got %s", texts[_i].what,
                  hashveil_status_text(status));
    ck_assert(status == HASHVEIL_OK || is_cleared(&key));
}
END_TEST

START_TEST(damage_anywhere_in_a_key_file_is_noticed)
{
    hashveil_key key = key_of(HASHVEIL_KEY_EVALUATOR, 3);
    char text[HV_KEY_FILE_MAX_BYTES];
    const size_t len = hv_key_format(&key, true, text);
    for (size_t i = 0; i < len; i++) {
        text[i] ^= 1;
        ck_assert_msg(parse(text, &key) != HASHVEIL_OK, "byte %zu changed", i);
        text[i] ^= 1;
        ck_assert_msg(hv_key_parse((const uint8_t *)text, i, &key) == HASHVEIL_ERR_FORMAT,
                      "cut after byte %zu", i);
    }
    ck_assert_int_eq(parse(text, &key), HASHVEIL_OK);
}
END_TEST

#define COUNT(rows) ((int)(sizeof(rows) / sizeof(rows)[0]))

int main(void)
{
    Suite *suite = suite_create("key");
    TCase *bytes = tcase_create("bytes");
    TCase *files = tcase_create("files");

    tcase_add_loop_test(bytes, published_pairs_belong_together, 0, COUNT(known_pairs));
    tcase_add_loop_test(bytes, generated_keys_are_sound_and_differ, 0, HV_KEY_KINDS);
    tcase_add_test(bytes, an_unknown_kind_is_refused);
    tcase_add_test(bytes, a_zero_scalar_is_no_key);
    tcase_add_loop_test(bytes, only_a_reduced_scalar_is_an_evaluator_key, 0, COUNT(scalars));
    tcase_add_loop_test(bytes, a_public_key_that_is_no_good_point_is_refused, 0,
                        COUNT(bad_publics));
    tcase_add_loop_test(bytes, a_key_file_is_read_strictly, 0, COUNT(texts));
    tcase_add_test(bytes, damage_anywhere_in_a_key_file_is_noticed);
    suite_add_tcase(suite, bytes);

    tcase_add_checked_fixture(files, make_folder, remove_folder);
    tcase_add_loop_test(files, what_is_saved_is_loaded, 0, HV_KEY_KINDS);
    tcase_add_loop_test(files, another_kind_of_key_is_refused, 0, HV_KEY_KINDS);
    tcase_add_test(files, the_secret_file_is_for_its_owner_alone);
    tcase_add_test(files, an_existing_file_is_kept_and_nothing_is_added);
    tcase_add_test(files, half_a_key_is_not_saved);
    tcase_add_test(files, a_folder_that_is_missing_or_not_ours_is_named);
    tcase_add_test(files, what_is_no_key_file_is_refused);
    suite_add_tcase(suite, files);
    return run_suite(suite);
}
