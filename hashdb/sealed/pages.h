/* SPDX-License-Identifier: Apache-2.0 */
/* The tables and records of a database in pages, each with a digest of its own and looked at when
 * it is first read: a large database opens without being read, and no byte of it is used unchecked.
 */
#ifndef HV_HASHDB_SEALED_PAGES_H
#define HV_HASHDB_SEALED_PAGES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/sealed_db.h>

enum { HV_PAGE_BYTES = 8192 };

/* Starts as {0}. Shared freely between threads. */
struct hv_pages {
    const uint8_t *bytes; /* borrowed; page i begins at i * HV_PAGE_BYTES, the last may be short */
    uint64_t len;
    const uint8_t *digests; /* borrowed; SHA-256 of each page */
    atomic_uchar *is_sound; /* owned; of each page: 1 once it has been found to be */
};

static inline uint64_t hv_page_count(uint64_t len)
{
    return (len + HV_PAGE_BYTES - 1) / HV_PAGE_BYTES;
}

/* Computes the digests of all pages. out: hv_page_count(len) x HASHVEIL_DIGEST_BYTES. */
void hv_pages_digest(const uint8_t *bytes, uint64_t len, uint8_t *out);

/* Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_pages_init(const uint8_t *bytes, uint64_t len,
                                                const uint8_t *digests, struct hv_pages *out);

/* Returns whether the pages that hold these bytes are as their digests say. offset + len is at most
 * the pages' len. */
HASHVEIL_MUST_USE bool hv_pages_check(const struct hv_pages *pages, uint64_t offset, uint64_t len);

void hv_pages_clear(struct hv_pages *pages);

#endif
