/* SPDX-License-Identifier: Apache-2.0 */
/* Plaintext hashes, searched by Hamming distance, and digests: for the curator and the reporter,
 * never for a device. */
#ifndef HASHVEIL_INDEX_H
#define HASHVEIL_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/digest.h>
#include <hashveil/pdq.h>
#include <hashveil/sealed_db.h>
#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Shared freely between threads. */
typedef struct hashveil_index hashveil_index;

/** entries: copied. Errors: ERR_NO_MEMORY. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_index_create(const hashveil_entries *entries, hashveil_index **out);

/** hashes: count of them, copied. Errors: ERR_NO_MEMORY. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_index_create_hashes(const hashveil_pdq *hashes, size_t count, hashveil_index **out);

/**
 * Writes an index to a file, in place of one that is there (hashdb/index/FORMAT.md). Whenever it
 * is stopped, path holds the old file or the new one.
 *
 * Errors: ERR_ACCESS, ERR_NOT_FOUND, ERR_NO_SPACE, ERR_IO, ERR_NO_MEMORY, ERR_UNSUPPORTED (a
 * machine of another byte order).
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_index_save(const hashveil_index *index,
                                                                   const char *path);

/**
 * Opens an index file, mapped, after all of it has been checked against its digests. They tell
 * damage, not who made it: an index is its curator's own.
 *
 * out        to be released with hashveil_index_destroy
 * where_out  on failure a static text naming the damaged part ("header", "numbers", ...), or ""
 *
 * Errors: ERR_NOT_FOUND, ERR_ACCESS, ERR_NOT_A_FILE, ERR_IO, ERR_NO_MEMORY, ERR_EMPTY,
 * ERR_UNSUPPORTED (another kind of file, or a machine of another byte order), ERR_VERSION,
 * ERR_TRUNCATED, ERR_FORMAT.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_index_open(const char *path,
                                                                   hashveil_index **out,
                                                                   const char **where_out);

/** A hash near a query. */
typedef struct hashveil_index_hit {
    uint64_t number; /**< of the hash, in the order in which they were given */
    unsigned distance;
} hashveil_index_hit;

/**
 * Finds all hashes within a radius, exactly.
 *
 * radius     in bits, 0..HASHVEIL_PDQ_MATCH_BITS
 * hits       room for the nearest, the lower number first where equally near
 * count_out  how many there are, which may be more than room
 *
 * Errors: ERR_ARGUMENT (radius), ERR_NO_MEMORY. Threads: safe.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_index_within(const hashveil_index *index, const hashveil_pdq *query, unsigned radius,
                      hashveil_index_hit *hits, size_t room, size_t *count_out);

/**
 * As hashveil_index_within for each of several queries, which with few hashes costs less than one
 * after the other.
 *
 * queries     query_count of them; borrowed for the call
 * hits        room of the first query, room of the second, ...
 * counts_out  query_count of them
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_index_within_each(
    const hashveil_index *index, const hashveil_pdq *queries, size_t query_count, unsigned radius,
    hashveil_index_hit *hits, size_t room, size_t *counts_out);

/** Returns the number of hashes. */
HASHVEIL_API size_t hashveil_index_count(const hashveil_index *index);

/** Returns a hash by its number, borrowed from the index, or NULL where there is none. */
HASHVEIL_API const hashveil_pdq *hashveil_index_hash(const hashveil_index *index, uint64_t number);

/**
 * Finds the nearest hash, at any distance.
 *
 * Returns its distance in bits, or HASHVEIL_PDQ_BITS + 1 when the index is empty.
 */
HASHVEIL_API unsigned hashveil_index_nearest(const hashveil_index *index,
                                             const hashveil_pdq *query);

/** Returns the number of different digests. */
HASHVEIL_API size_t hashveil_index_digest_count(const hashveil_index *index);

/** Returns whether a digest is listed. It takes longer for one that begins as listed ones do. */
HASHVEIL_API bool hashveil_index_has_digest(const hashveil_index *index,
                                            const hashveil_digest *digest);

/** Accepts NULL. */
HASHVEIL_API void hashveil_index_destroy(hashveil_index *index);

#ifdef __cplusplus
}
#endif

#endif
