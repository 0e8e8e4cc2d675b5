/* SPDX-License-Identifier: Apache-2.0 */
/* Digests against their publishers' examples: RFC 1321 appendix A.5 and FIPS 180's. */
#include "run_suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hashveil/digest.h>

#include "base/hex.h"
#include "base/memory.h"

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

static const struct {
    const char *text;
    size_t times;
    const char *md5, *sha1, *sha256; /* NULL where none is published */
} examples[] = {
    {"", 1, "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", 1, "900150983cd24fb0d6963f7d28e17f72", "a9993e364706816aba3e25717850c26c9cd0d89d",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"message digest", 1, "f96b697d7cb7938d525a2f31aaf161d0", NULL, NULL},
    {"1234567890", 8, "57edf4a22be3c955ac49da2e2107b67a", NULL, NULL},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, NULL,
     "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"a", 1000000, NULL, "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

static void ck_assert_digest(const uint8_t *digest, size_t len, const char *expected)
{
    char hex[2 * sizeof((hashveil_digests *)NULL)->sha256 + 1];
    if (expected) {
        hv_hex_encode(digest, len, hex);
        ck_assert_str_eq(hex, expected);
    }
}

START_TEST(published_examples_are_met)
{
    const size_t len = strlen(examples[_i].text);
    uint8_t *bytes = hv_alloc_array(examples[_i].times, len);
    hashveil_digests digests;
    for (size_t i = 0; i < examples[_i].times; i++) {
        memcpy(bytes + i * len, examples[_i].text, len);
    }
    ck_assert_int_eq(hashveil_digests_of(bytes, examples[_i].times * len, &digests), HASHVEIL_OK);
    ck_assert_digest(digests.md5, sizeof digests.md5, examples[_i].md5);
    ck_assert_digest(digests.sha1, sizeof digests.sha1, examples[_i].sha1);
    ck_assert_digest(digests.sha256, sizeof digests.sha256, examples[_i].sha256);
    free(bytes);
}
END_TEST

/* In pieces: around the ends of one and of two. */
static const size_t file_lens[] = {0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 2 << 20, 5000000};

START_TEST(a_file_has_the_digests_of_its_bytes)
{
    char path[] = "/tmp/hashveil-digest-XXXXXX";
    const size_t len = file_lens[_i];
    uint8_t *bytes = hv_alloc_array(len + 1, 1);
    hashveil_digests expected;
    hashveil_digests digests;
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(i % 251);
    }
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    close(fd);
    ck_assert_int_eq(hashveil_digests_of(bytes, len, &expected), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_digests_of_file(path, &digests), HASHVEIL_OK);
    ck_assert_mem_eq(&digests, &expected, sizeof digests);
    unlink(path);
    free(bytes);
}
END_TEST

START_TEST(what_is_no_regular_file_has_no_digests)
{
    hashveil_digests digests = {.md5 = {1}};
    ck_assert_int_eq(hashveil_digests_of_file("/tmp/hashveil/nowhere", &digests),
                     HASHVEIL_ERR_NOT_FOUND);
    ck_assert_int_eq(hashveil_digests_of_file("/tmp", &digests), HASHVEIL_ERR_NOT_A_FILE);
    ck_assert_int_eq(hashveil_digests_of_file("/dev/zero", &digests), HASHVEIL_ERR_NOT_A_FILE);
    ck_assert_uint_eq(digests.md5[0], 1);
}
END_TEST

START_TEST(one_bit_changes_all_three)
{
    uint8_t bytes[100] = {0};
    hashveil_digests before;
    hashveil_digests after;
    ck_assert_int_eq(hashveil_digests_of(bytes, sizeof bytes, &before), HASHVEIL_OK);
    bytes[50] ^= 1;
    ck_assert_int_eq(hashveil_digests_of(bytes, sizeof bytes, &after), HASHVEIL_OK);
    ck_assert_mem_ne(before.md5, after.md5, sizeof before.md5);
    ck_assert_mem_ne(before.sha1, after.sha1, sizeof before.sha1);
    ck_assert_mem_ne(before.sha256, after.sha256, sizeof before.sha256);
}
END_TEST

static const struct {
    hashveil_digest_kind kind;
    const char *text;
    size_t len;
} kinds[] = {
    {HASHVEIL_DIGEST_MD5, "md5", 16},
    {HASHVEIL_DIGEST_SHA1, "sha1", 20},
    {HASHVEIL_DIGEST_SHA256, "sha256", 32},
};

START_TEST(a_kind_has_a_text_and_a_length)
{
    hashveil_digest_kind kind;
    ck_assert_str_eq(hashveil_digest_kind_text(kinds[_i].kind), kinds[_i].text);
    ck_assert_uint_eq(hashveil_digest_len(kinds[_i].kind), kinds[_i].len);
    ck_assert_int_eq(hashveil_digest_kind_from_text(kinds[_i].text, &kind), HASHVEIL_OK);
    ck_assert_int_eq(kind, kinds[_i].kind);
}
END_TEST

START_TEST(a_number_outside_the_table_is_no_kind)
{
    const hashveil_digests digests = {.md5 = {1}, .sha1 = {2}, .sha256 = {3}};
    const uint8_t zeros[HASHVEIL_DIGEST_MAX_LEN] = {0};
    const hashveil_digest_kind kind = (hashveil_digest_kind)HASHVEIL_DIGEST_KINDS;
    const hashveil_digest digest = hashveil_digests_get(&digests, kind);
    ck_assert_str_eq(hashveil_digest_kind_text(kind), "unknown kind");
    ck_assert_uint_eq(hashveil_digest_len(kind), 0);
    ck_assert_mem_eq(digest.bytes, zeros, sizeof zeros);
}
END_TEST

static const char *const no_kinds[] = {"", "MD5", "sha", "sha1 ", "sha256sum", "pdq"};

START_TEST(another_text_is_no_kind)
{
    hashveil_digest_kind kind = HASHVEIL_DIGEST_SHA1;
    ck_assert_int_eq(hashveil_digest_kind_from_text(no_kinds[_i], &kind), HASHVEIL_ERR_ARGUMENT);
    ck_assert_int_eq(kind, HASHVEIL_DIGEST_SHA1);
}
END_TEST

START_TEST(a_digest_is_taken_out_with_zeros_behind_it)
{
    hashveil_digests digests;
    memset(digests.md5, 1, sizeof digests.md5);
    memset(digests.sha1, 2, sizeof digests.sha1);
    memset(digests.sha256, 3, sizeof digests.sha256);
    const hashveil_digest digest = hashveil_digests_get(&digests, kinds[_i].kind);
    ck_assert_int_eq(digest.kind, kinds[_i].kind);
    for (size_t i = 0; i < sizeof digest.bytes; i++) {
        ck_assert_uint_eq(digest.bytes[i], i < kinds[_i].len ? (unsigned)_i + 1 : 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("digest");
    TCase *digests = tcase_create("digests");
    tcase_add_loop_test(digests, published_examples_are_met, 0, COUNT(examples));
    tcase_add_loop_test(digests, a_file_has_the_digests_of_its_bytes, 0, COUNT(file_lens));
    tcase_add_test(digests, what_is_no_regular_file_has_no_digests);
    tcase_add_test(digests, one_bit_changes_all_three);
    suite_add_tcase(suite, digests);
    TCase *of_kinds = tcase_create("kinds");
    tcase_add_loop_test(of_kinds, a_kind_has_a_text_and_a_length, 0, COUNT(kinds));
    tcase_add_test(of_kinds, a_number_outside_the_table_is_no_kind);
    tcase_add_loop_test(of_kinds, another_text_is_no_kind, 0, COUNT(no_kinds));
    tcase_add_loop_test(of_kinds, a_digest_is_taken_out_with_zeros_behind_it, 0, COUNT(kinds));
    suite_add_tcase(suite, of_kinds);
    return run_suite(suite);
}
