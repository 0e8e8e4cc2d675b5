/* SPDX-License-Identifier: Apache-2.0 */
/* Merkle trees against RFC 9162's own recursive definitions, and proofs that hold and do not. */
#include "hashdb/log/merkle.h"
#include "run_suite.h"

#include "base/hex.h"

#include <openssl/sha.h>
#include <string.h>

enum { MOST = 40, H = HV_MERKLE_BYTES };

static uint8_t leaves[MOST * H];

static void set_up(void)
{
    for (size_t i = 0; i < sizeof leaves; i++) {
        leaves[i] = (uint8_t)(i * 7 + i / H);
    }
}

/* MTH of section 2.1.1, written as it stands there; so are the other two below. */
/* NOLINTBEGIN(misc-no-recursion) */
static void define_root(const uint8_t *first, size_t size, uint8_t out[H])
{
    uint8_t bytes[1 + 2 * H] = {1};
    if (size == 0) {
        SHA256(NULL, 0, out);
    } else if (size == 1) {
        bytes[0] = 0;
        memcpy(bytes + 1, first, H);
        SHA256(bytes, 1 + H, out);
    } else {
        size_t k = 1;
        while (2 * k < size) {
            k *= 2;
        }
        define_root(first, k, bytes + 1);
        define_root(first + k * H, size - k, bytes + 1 + H);
        SHA256(bytes, sizeof bytes, out);
    }
}

START_TEST(the_root_is_that_of_the_definition)
{
    for (size_t size = 0; size <= MOST; size++) {
        uint8_t root[H];
        uint8_t wanted[H];
        hv_merkle_root(leaves, size, root);
        define_root(leaves, size, wanted);
        ck_assert_mem_eq(root, wanted, H);
    }
}
END_TEST

/* Known answers: the hash of nothing, and of one leaf of zeros, by sha256sum. */
START_TEST(the_smallest_trees_have_the_known_hashes)
{
    static const uint8_t zeros[H];
    char hex[2 * H + 1];
    uint8_t root[H];
    hv_merkle_root(NULL, 0, root);
    hv_hex_encode(root, H, hex);
    ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hv_merkle_root(zeros, 1, root);
    hv_hex_encode(root, H, hex);
    ck_assert_str_eq(hex, "7f9c9e31ac8256ca2f258583df262dbc7d6f68f2a03043d5c99a4ae5a7396ce9");
}
END_TEST

/* PATH of section 2.1.3.1. */
static size_t define_path(size_t m, const uint8_t *first, size_t size, uint8_t (*out)[H])
{
    if (size == 1) {
        return 0;
    }
    size_t k = 1;
    while (2 * k < size) {
        k *= 2;
    }
    size_t count;
    if (m < k) {
        count = define_path(m, first, k, out);
        define_root(first + k * H, size - k, out[count++]);
    } else {
        count = define_path(m - k, first + k * H, size - k, out);
        define_root(first, k, out[count++]);
    }
    return count;
}

START_TEST(every_leaf_is_proved_to_be_in_every_tree_and_no_other_is)
{
    for (uint64_t size = 1; size <= MOST; size++) {
        uint8_t root[H];
        hv_merkle_root(leaves, size, root);
        for (uint64_t index = 0; index < size; index++) {
            struct hv_merkle_path path;
            uint8_t wanted[MOST][H];
            uint8_t leaf[H];
            hv_merkle_prove_inclusion(leaves, size, index, &path);
            ck_assert_uint_eq(path.count, define_path(index, leaves, size, wanted));
            ck_assert_mem_eq(path.hashes, wanted, path.count * H);
            hv_merkle_leaf(leaves + index * H, leaf);
            ck_assert(hv_merkle_verify_inclusion(leaf, index, size, &path, root));
            ck_assert(!hv_merkle_verify_inclusion(leaf, index, size + MOST, &path, root));
            ck_assert(size == 1 ||
                      !hv_merkle_verify_inclusion(leaf, (index + 1) % size, size, &path, root));
            leaf[0] ^= 1;
            ck_assert(!hv_merkle_verify_inclusion(leaf, index, size, &path, root));
            ck_assert(!hv_merkle_verify_inclusion(leaf, size, size, &path, root));
        }
    }
}
END_TEST

/* SUBPROOF of section 2.1.4.1. */
static size_t define_subproof(size_t m, const uint8_t *first, size_t size, bool is_known,
                              uint8_t (*out)[H])
{
    size_t count = 0;
    if (m == size) {
        if (!is_known) {
            define_root(first, size, out[count++]);
        }
        return count;
    }
    size_t k = 1;
    while (2 * k < size) {
        k *= 2;
    }
    if (m <= k) {
        count = define_subproof(m, first, k, is_known, out);
        define_root(first + k * H, size - k, out[count++]);
    } else {
        count = define_subproof(m - k, first + k * H, size - k, false, out);
        define_root(first, k, out[count++]);
    }
    return count;
}

/* NOLINTEND(misc-no-recursion) */

START_TEST(every_tree_is_proved_to_begin_with_every_smaller_one_and_with_no_other)
{
    for (uint64_t size = 1; size <= MOST; size++) {
        uint8_t root[H];
        hv_merkle_root(leaves, size, root);
        for (uint64_t old_size = 1; old_size <= size; old_size++) {
            struct hv_merkle_path path;
            uint8_t wanted[MOST][H];
            uint8_t old_root[H];
            hv_merkle_prove_consistency(leaves, old_size, size, &path);
            ck_assert_uint_eq(path.count, define_subproof(old_size, leaves, size, true, wanted));
            ck_assert_mem_eq(path.hashes, wanted, path.count * H);
            hv_merkle_root(leaves, old_size, old_root);
            ck_assert(hv_merkle_verify_consistency(old_size, old_root, size, root, &path));
            ck_assert(!hv_merkle_verify_consistency(0, old_root, size, root, &path));
            ck_assert(old_size == size ||
                      !hv_merkle_verify_consistency(size, root, old_size, old_root, &path));
            old_root[5] ^= 1;
            ck_assert(!hv_merkle_verify_consistency(old_size, old_root, size, root, &path));
        }
    }
}
END_TEST

START_TEST(a_changed_cut_or_lengthened_proof_does_not_hold)
{
    struct hv_merkle_path path;
    uint8_t root[H];
    uint8_t old_root[H];
    uint8_t leaf[H];
    hv_merkle_root(leaves, 21, root);
    hv_merkle_root(leaves, 11, old_root);
    hv_merkle_leaf(leaves + (size_t)13 * H, leaf);
    for (int is_inclusion = 0; is_inclusion < 2; is_inclusion++) {
        if (is_inclusion) {
            hv_merkle_prove_inclusion(leaves, 21, 13, &path);
        } else {
            hv_merkle_prove_consistency(leaves, 11, 21, &path);
        }
        const size_t count = path.count;
        for (size_t i = 0; i < count; i++) {
            path.hashes[i][31] ^= 0x80;
            ck_assert(is_inclusion ? !hv_merkle_verify_inclusion(leaf, 13, 21, &path, root)
                                   : !hv_merkle_verify_consistency(11, old_root, 21, root, &path));
            path.hashes[i][31] ^= 0x80;
        }
        for (path.count = 0; path.count <= count + 2; path.count++) {
            ck_assert((path.count == count) ==
                      (is_inclusion ? hv_merkle_verify_inclusion(leaf, 13, 21, &path, root)
                                    : hv_merkle_verify_consistency(11, old_root, 21, root, &path)));
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("merkle");
    TCase *trees = tcase_create("trees");
    tcase_add_checked_fixture(trees, set_up, NULL);
    tcase_add_test(trees, the_root_is_that_of_the_definition);
    tcase_add_test(trees, the_smallest_trees_have_the_known_hashes);
    tcase_add_test(trees, every_leaf_is_proved_to_be_in_every_tree_and_no_other_is);
    tcase_add_test(trees, every_tree_is_proved_to_begin_with_every_smaller_one_and_with_no_other);
    tcase_add_test(trees, a_changed_cut_or_lengthened_proof_does_not_hold);
    suite_add_tcase(suite, trees);
    return run_suite(suite);
}
