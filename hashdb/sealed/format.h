/* SPDX-License-Identifier: Apache-2.0 */
/* The sealed database's fixed numbers and its manifest. FORMAT.md, beside this file, is the
 * reference; builder and reader share what is here. */
#ifndef HV_HASHDB_SEALED_FORMAT_H
#define HV_HASHDB_SEALED_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <hashveil/sealed_db.h>

#include "hashdb/sealed/fuse.h"
#include "psi/masks.h"
#include "psi/oprf.h"
#include "psi/shamir.h"

#define HV_SEALED_MAGIC "HVSEALDB"

enum {
    HV_SEALED_MAGIC_LEN = 8,
    HV_SEALED_VERSION = 3,
    HV_SEALED_SUITE = 1, /* ristretto255-SHA512, AES-256-GCM, GF(2^128) */
    HV_SEALED_HEADER_BYTES = 64,
    HV_SEALED_ALIGN_BYTES = 64,
    HV_SEALED_SIGNATURES_BYTES = 8, /* a count and zero; then come the signatures */
    HV_SEALED_MIN_SLOT_BITS = 10,
    HV_SEALED_MAX_SLOT_BITS = 24,
    HV_SEALED_NAME_BYTES = 32,
    HV_RECORD_PLAIN_BYTES = 96,
    HV_RECORD_TAG_BYTES = 16,
    HV_RECORD_BYTES = HV_RECORD_PLAIN_BYTES + HV_RECORD_TAG_BYTES,
    HV_TOKEN_KEY_BYTES = 8, /* of the OPRF's output: the lookup key, then the pad */
    HV_VALUE_MAX_BYTES = HV_SHARE_BYTES + 3
};

struct hv_section {
    uint64_t offset, len;
};

struct hv_table_section {
    struct hv_section section;
    struct hv_fuse_shape shape;
};

struct hv_manifest {
    uint64_t epoch;
    uint64_t token_epoch; /* what goes into tokens: a segment's are those of its base */
    uint64_t created_s;
    uint64_t expires_s; /* 0 for never */
    uint8_t evaluator_public[HASHVEIL_KEY_BYTES];
    uint8_t base_digest[HASHVEIL_DIGEST_BYTES]; /* of the base's manifest; zeros without a base */
    uint8_t mask_seed[HV_MASK_SEED_BYTES];
    hashveil_mask_params mask_params;
    uint32_t slot_bits; /* the padded number of records is 2^slot_bits */
    uint32_t list_count;
    char list_names[HASHVEIL_MAX_LISTS][HV_SEALED_NAME_BYTES];
    uint32_t curator_count;
    uint8_t curator_keys[HASHVEIL_MAX_CURATORS][HASHVEIL_KEY_BYTES];
    struct hv_table_section tables[HV_MAX_MASKS];
    uint32_t exact_bits; /* the padded number of exact entries is 2^exact_bits; 0: there are none */
    struct hv_table_section exact; /* where there are any */
    uint32_t withdrawn_count;      /* record ids of the base that no longer count */
    struct hv_section withdrawn;
    struct hv_section records;
    struct hv_section pages; /* digests of the pages of all from the first table to the records */
    uint8_t pages_digest[HASHVEIL_DIGEST_BYTES]; /* SHA-256 of that section */
};

/* Whether this goes on top of another database. */
static inline bool hv_manifest_is_segment(const struct hv_manifest *manifest)
{
    static const uint8_t zeros[HASHVEIL_DIGEST_BYTES];
    return memcmp(manifest->base_digest, zeros, sizeof zeros) != 0;
}

/* What the pages cover: from the first table to the end of the records. */
static inline struct hv_section hv_manifest_body(const struct hv_manifest *manifest)
{
    const uint64_t offset = manifest->tables[0].section.offset;
    return (struct hv_section){offset, manifest->records.offset + manifest->records.len - offset};
}

struct hv_sealed_header {
    uint32_t manifest_len;
    uint64_t file_bytes;
    uint64_t signatures_offset;
    uint8_t manifest_digest[HASHVEIL_DIGEST_BYTES];
};

/* A table value is the share, the slot in as many bits as it needs, and random bits up to a whole
 * byte. */
static inline size_t hv_value_bytes(uint32_t slot_bits)
{
    return HV_SHARE_BYTES + (slot_bits + 7) / 8;
}

static inline uint64_t hv_align(uint64_t offset)
{
    return (offset + HV_SEALED_ALIGN_BYTES - 1) / HV_SEALED_ALIGN_BYTES * HV_SEALED_ALIGN_BYTES;
}

/* Whether a list's name is 1..31 bytes of plain text, zeros behind it. */
bool hv_sealed_name_is_valid(const char name[HV_SEALED_NAME_BYTES]);

size_t hv_manifest_len(const struct hv_manifest *manifest);
/* out: hv_manifest_len bytes. */
void hv_manifest_write(const struct hv_manifest *manifest, uint8_t *out);
/* Checks every field's own range; the sections' places are checked against the file by the reader.
 * Errors: ERR_FORMAT, ERR_VERSION. */
HASHVEIL_MUST_USE hashveil_status hv_manifest_parse(const uint8_t *bytes, size_t len,
                                                    struct hv_manifest *out);

void hv_sealed_header_write(const struct hv_sealed_header *header,
                            uint8_t out[HV_SEALED_HEADER_BYTES]);
/* Errors: ERR_UNSUPPORTED (not such a file), ERR_VERSION, ERR_TRUNCATED (fewer bytes than it says),
 * ERR_FORMAT. */
HASHVEIL_MUST_USE hashveil_status hv_sealed_header_parse(const uint8_t *bytes, size_t len,
                                                         struct hv_sealed_header *out);

/* SHA-256. */
void hv_sealed_digest(const uint8_t *bytes, size_t len, uint8_t out[HASHVEIL_DIGEST_BYTES]);

/* Whether the labels are plain text, those in use first, in byte order and all different. */
bool hv_record_labels_are_valid(const hashveil_record *record);

/* Seals or opens one record under the key that its secret gives; the slot and the epoch are bound
 * in. open returns false when the secret is not the record's, or the record is not well formed. */
HASHVEIL_MUST_USE hashveil_status hv_record_seal(const hashveil_record *record,
                                                 const uint8_t secret[HV_SHARE_BYTES],
                                                 uint64_t epoch, uint64_t slot,
                                                 uint8_t out[HV_RECORD_BYTES]);
HASHVEIL_MUST_USE bool hv_record_open(const uint8_t sealed[HV_RECORD_BYTES],
                                      const uint8_t secret[HV_SHARE_BYTES], uint64_t epoch,
                                      uint64_t slot, hashveil_record *out);

#endif
