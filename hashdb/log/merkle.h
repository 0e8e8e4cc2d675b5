/* SPDX-License-Identifier: Apache-2.0 */
/* Merkle trees of transparency logs: RFC 9162 section 2.1 (and RFC 6962's), SHA-256. The leaves
 * here are manifests' digests, 32 bytes each, one behind the other. */
#ifndef HV_HASHDB_LOG_MERKLE_H
#define HV_HASHDB_LOG_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HV_MERKLE_BYTES = 32,   /* of a leaf's data and of a hash */
    HV_MERKLE_MAX_PATH = 65 /* hashes of a proof in a tree of 2^64 leaves */
};

/* Hashes, the first one first. */
struct hv_merkle_path {
    size_t count;
    uint8_t hashes[HV_MERKLE_MAX_PATH][HV_MERKLE_BYTES];
};

/* The hash of the leaf with these HV_MERKLE_BYTES of data. */
void hv_merkle_leaf(const uint8_t *data, uint8_t out[HV_MERKLE_BYTES]);

/* The hash of the tree of size leaves; section 2.1.1. */
void hv_merkle_root(const uint8_t *leaves, uint64_t size, uint8_t out[HV_MERKLE_BYTES]);

/* The proof that leaf number index is in the tree of size leaves; section 2.1.3.1. index: below
 * size. */
void hv_merkle_prove_inclusion(const uint8_t *leaves, uint64_t size, uint64_t index,
                               struct hv_merkle_path *out);

/* Whether a proof shows that leaf number index, of this hash, is in the tree of size leaves with
 * this root; section 2.1.3.2. */
bool hv_merkle_verify_inclusion(const uint8_t leaf_hash[HV_MERKLE_BYTES], uint64_t index,
                                uint64_t size, const struct hv_merkle_path *path,
                                const uint8_t root[HV_MERKLE_BYTES]);

/* The proof that the tree of size leaves begins with that of its first old_size leaves; section
 * 2.1.4.1. old_size: 1..size. */
void hv_merkle_prove_consistency(const uint8_t *leaves, uint64_t old_size, uint64_t size,
                                 struct hv_merkle_path *out);

/* Whether a proof shows that; section 2.1.4.2. */
bool hv_merkle_verify_consistency(uint64_t old_size, const uint8_t old_root[HV_MERKLE_BYTES],
                                  uint64_t size, const uint8_t root[HV_MERKLE_BYTES],
                                  const struct hv_merkle_path *path);

#endif
