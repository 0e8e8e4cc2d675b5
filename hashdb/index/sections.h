/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of an index file: hashdb/index/FORMAT.md. */
#ifndef HV_HASHDB_INDEX_SECTIONS_H
#define HV_HASHDB_INDEX_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/digest.h>
#include <hashveil/status.h>

#define HV_INDEX_MAGIC "hvindex\n"

enum {
    HV_INDEX_VERSION = 1,
    HV_INDEX_MAGIC_BYTES = 8,
    HV_INDEX_HASH_BYTES = 32,
    HV_INDEX_DIGEST_ROW_BYTES = 4 + HASHVEIL_DIGEST_MAX_LEN,
    HV_INDEX_SHA256_BYTES = 32,
    HV_INDEX_PAGE = 4096, /* where sections begin, and how long the header is */
    HV_INDEX_HEADER_DIGEST_AT = HV_INDEX_PAGE - HV_INDEX_SHA256_BYTES
};

enum hv_index_section_kind {
    HV_INDEX_HASHES,
    HV_INDEX_STARTS,
    HV_INDEX_NUMBERS,
    HV_INDEX_DIGESTS,
    HV_INDEX_SECTIONS
};

struct hv_index_section {
    const uint8_t *bytes; /* borrowed */
    uint64_t offset, len;
    uint8_t digest[HV_INDEX_SHA256_BYTES];
};

struct hv_index_layout {
    uint64_t count, digest_count;
    unsigned bits; /* 0: no tables */
    struct hv_index_section sections[HV_INDEX_SECTIONS];
    uint64_t file_bytes;
};

/* Whether numbers stand in this machine's memory as they do in the file. */
bool hv_index_is_this_machines(void);

uint64_t hv_index_to_page(uint64_t offset);

/* Where everything stands follows from the two counts, which are below 2^32. */
void hv_index_lay_out(struct hv_index_layout *layout);

/* SHA-256. Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_index_digest(const uint8_t *bytes, size_t len,
                                                  uint8_t out[HV_INDEX_SHA256_BYTES]);

/* SHA-256 of the SHA-256 of each piece, so that all processors can work at it. Errors:
 * ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_index_digest_section(const struct hv_index_section *section,
                                                          uint8_t out[HV_INDEX_SHA256_BYTES]);

#endif
