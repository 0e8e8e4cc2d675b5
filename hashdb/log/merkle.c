/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/log/merkle.h"

#include <string.h>

#include <openssl/sha.h>

/* What a hash begins with, so that no leaf is taken for a node. */
enum { LEAF = 0, NODE = 1 };

void hv_merkle_leaf(const uint8_t *data, uint8_t out[HV_MERKLE_BYTES])
{
    uint8_t bytes[1 + HV_MERKLE_BYTES] = {LEAF};
    memcpy(bytes + 1, data, HV_MERKLE_BYTES);
    SHA256(bytes, sizeof bytes, out);
}

static void hash_node(const uint8_t left[HV_MERKLE_BYTES], const uint8_t right[HV_MERKLE_BYTES],
                      uint8_t out[HV_MERKLE_BYTES])
{
    uint8_t bytes[1 + 2 * HV_MERKLE_BYTES] = {NODE};
    memcpy(bytes + 1, left, HV_MERKLE_BYTES);
    memcpy(bytes + 1 + HV_MERKLE_BYTES, right, HV_MERKLE_BYTES);
    SHA256(bytes, sizeof bytes, out);
}

/* The complete trees of leaves so far, the largest first: one for each bit of their number. */
struct forest {
    uint8_t roots[HV_MERKLE_MAX_PATH][HV_MERKLE_BYTES];
    size_t count;
};

static void add_leaf(struct forest *forest, uint64_t number, const uint8_t *data)
{
    hv_merkle_leaf(data, forest->roots[forest->count++]);
    for (uint64_t bits = number; bits & 1; bits >>= 1) {
        hash_node(forest->roots[forest->count - 2], forest->roots[forest->count - 1],
                  forest->roots[forest->count - 2]);
        forest->count--;
    }
}

void hv_merkle_root(const uint8_t *leaves, uint64_t size, uint8_t out[HV_MERKLE_BYTES])
{
    struct forest forest = {.count = 0};
    if (size == 0) {
        SHA256(NULL, 0, out);
        return;
    }
    for (uint64_t i = 0; i < size; i++) {
        add_leaf(&forest, i, leaves + i * HV_MERKLE_BYTES);
    }
    for (; forest.count > 1; forest.count--) {
        hash_node(forest.roots[forest.count - 2], forest.roots[forest.count - 1],
                  forest.roots[forest.count - 2]);
    }
    memcpy(out, forest.roots[0], HV_MERKLE_BYTES);
}

/* The largest power of two below size, which is at least 2. */
static uint64_t split_of(uint64_t size)
{
    return UINT64_C(1) << (63 - __builtin_clzll(size - 1));
}

/* Proofs come from the leaf up, and are made from the root down. */
static void reverse(struct hv_merkle_path *path)
{
    for (size_t i = 0; i < path->count / 2; i++) {
        uint8_t other[HV_MERKLE_BYTES];
        memcpy(other, path->hashes[i], sizeof other);
        memcpy(path->hashes[i], path->hashes[path->count - 1 - i], sizeof other);
        memcpy(path->hashes[path->count - 1 - i], other, sizeof other);
    }
}

void hv_merkle_prove_inclusion(const uint8_t *leaves, uint64_t size, uint64_t index,
                               struct hv_merkle_path *out)
{
    out->count = 0;
    while (size > 1) {
        const uint64_t split = split_of(size);
        const uint8_t *right = leaves + split * HV_MERKLE_BYTES;
        if (index < split) {
            hv_merkle_root(right, size - split, out->hashes[out->count++]);
            size = split;
        } else {
            hv_merkle_root(leaves, split, out->hashes[out->count++]);
            leaves = right;
            index -= split;
            size -= split;
        }
    }
    reverse(out);
}

bool hv_merkle_verify_inclusion(const uint8_t leaf_hash[HV_MERKLE_BYTES], uint64_t index,
                                uint64_t size, const struct hv_merkle_path *path,
                                const uint8_t root[HV_MERKLE_BYTES])
{
    uint8_t hash[HV_MERKLE_BYTES];
    if (index >= size) {
        return false;
    }
    uint64_t last = size - 1;
    memcpy(hash, leaf_hash, sizeof hash);
    for (size_t i = 0; i < path->count; i++) {
        if (last == 0) {
            return false;
        }
        if ((index & 1) != 0 || index == last) {
            hash_node(path->hashes[i], hash, hash);
            while ((index & 1) == 0 && index != 0) {
                index >>= 1;
                last >>= 1;
            }
        } else {
            hash_node(hash, path->hashes[i], hash);
        }
        index >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(hash, root, sizeof hash) == 0;
}

void hv_merkle_prove_consistency(const uint8_t *leaves, uint64_t old_size, uint64_t size,
                                 struct hv_merkle_path *out)
{
    bool is_whole = true; /* whether the old tree's own hash is known to whoever verifies */
    out->count = 0;
    while (old_size < size) {
        const uint64_t split = split_of(size);
        const uint8_t *right = leaves + split * HV_MERKLE_BYTES;
        if (old_size <= split) {
            hv_merkle_root(right, size - split, out->hashes[out->count++]);
            size = split;
        } else {
            hv_merkle_root(leaves, split, out->hashes[out->count++]);
            leaves = right;
            old_size -= split;
            size -= split;
            is_whole = false;
        }
    }
    if (!is_whole) {
        hv_merkle_root(leaves, size, out->hashes[out->count++]);
    }
    reverse(out);
}

/* Two trees climbed at once. */
struct climb {
    uint64_t old_last, last; /* the numbers of their last nodes on this level */
    uint8_t old_hash[HV_MERKLE_BYTES], hash[HV_MERKLE_BYTES];
};

static void climb_step(struct climb *climb, const uint8_t *sibling)
{
    if ((climb->old_last & 1) != 0 || climb->old_last == climb->last) {
        hash_node(sibling, climb->old_hash, climb->old_hash);
        hash_node(sibling, climb->hash, climb->hash);
        while ((climb->old_last & 1) == 0 && climb->old_last != 0) {
            climb->old_last >>= 1;
            climb->last >>= 1;
        }
    } else {
        hash_node(climb->hash, sibling, climb->hash);
    }
    climb->old_last >>= 1;
    climb->last >>= 1;
}

bool hv_merkle_verify_consistency(uint64_t old_size, const uint8_t old_root[HV_MERKLE_BYTES],
                                  uint64_t size, const uint8_t root[HV_MERKLE_BYTES],
                                  const struct hv_merkle_path *path)
{
    struct climb climb = {.old_last = old_size - 1, .last = size - 1};
    size_t next = 0;
    if (old_size == 0 || old_size >= size) {
        return old_size == size && size > 0 && path->count == 0 &&
               memcmp(old_root, root, HV_MERKLE_BYTES) == 0;
    }
    while ((climb.old_last & 1) != 0) {
        climb.old_last >>= 1;
        climb.last >>= 1;
    }
    const bool is_whole = (old_size & (old_size - 1)) == 0;
    if (!is_whole && path->count == 0) {
        return false;
    }
    memcpy(climb.hash, is_whole ? old_root : path->hashes[next++], sizeof climb.hash);
    memcpy(climb.old_hash, climb.hash, sizeof climb.old_hash);
    for (; next < path->count; next++) {
        if (climb.last == 0) {
            return false;
        }
        climb_step(&climb, path->hashes[next]);
    }
    return climb.last == 0 && memcmp(climb.old_hash, old_root, HV_MERKLE_BYTES) == 0 &&
           memcmp(climb.hash, root, HV_MERKLE_BYTES) == 0;
}
