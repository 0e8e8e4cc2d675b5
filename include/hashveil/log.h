/* SPDX-License-Identifier: Apache-2.0 */
/* The transparency log: an append-only list of all editions that were given out, so that nobody can
 * be given one that others do not see. A folder of plain files, which any web server can serve:
 * hashdb/log/FORMAT.md. Merkle trees and proofs of RFC 9162 section 2.1; signed heads. */
#ifndef HASHVEIL_LOG_H
#define HASHVEIL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/key.h>
#include <hashveil/sealed_db.h>
#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    HASHVEIL_LOG_HASH_BYTES = 32,
    HASHVEIL_LOG_SIGNATURE_BYTES = 64,
    HASHVEIL_LOG_MAX_PATH = 65
};

/** A log at one time. */
typedef struct hashveil_log_head {
    uint64_t size;   /**< editions */
    uint64_t time_s; /**< when it was signed; seconds since 1970 */
    uint8_t root[HASHVEIL_LOG_HASH_BYTES];
    uint8_t signature[HASHVEIL_LOG_SIGNATURE_BYTES]; /**< of all that, by the log's key */
} hashveil_log_head;

/** Hashes of a proof, from the leaf up. */
typedef struct hashveil_log_path {
    size_t count;
    uint8_t hashes[HASHVEIL_LOG_MAX_PATH][HASHVEIL_LOG_HASH_BYTES];
} hashveil_log_path;

/** That an edition is in a log, and that the log goes on from what it was. */
typedef struct hashveil_log_proof {
    hashveil_log_head head;
    uint64_t index; /**< of the edition, from 0 */
    hashveil_log_path inclusion;
    uint64_t old_size; /**< 0 where nothing is said of an older log */
    hashveil_log_path consistency;
} hashveil_log_proof;

/** An open log, all of it checked. Shared freely between threads. */
typedef struct hashveil_log hashveil_log;

/**
 * Reads a log and checks that its head is signed and that its leaves give the head's root.
 *
 * key        of the log, a curator's; the public half is enough
 * where_out  on failure the file that is wrong: "head" or "leaves", or ""; static
 *
 * Errors: ERR_KEY (not a curator's key, or the head is not signed with it), ERR_UNSUPPORTED (not a
 * log), ERR_VERSION, ERR_FORMAT, ERR_TRUNCATED, ERR_DIGEST (the leaves are not those of the head),
 * ERR_LIMIT (above 2^24 editions), ERR_NO_MEMORY, and those of reading a file.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_log_open(const char *folder,
                                                                 const hashveil_key *key,
                                                                 hashveil_log **out,
                                                                 const char **where_out);

/** The files of a log that say which editions are in it, by their names in its folder. */
#define HASHVEIL_LOG_HEAD_FILE "head"
#define HASHVEIL_LOG_LEAVES_FILE "leaves"

enum { HASHVEIL_LOG_HEAD_BYTES = 120 };

/**
 * Checks the bytes of a head alone, to learn how many bytes of leaves it speaks of: its size times
 * HASHVEIL_LOG_HASH_BYTES.
 *
 * Errors: those of hashveil_log_read.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_log_read_head(const uint8_t *bytes,
                                                                      size_t len,
                                                                      const hashveil_key *key,
                                                                      hashveil_log_head *out);

/**
 * As hashveil_log_open, of the bytes of its files, wherever they came from.
 *
 * head    of hashveil_log_read_head
 * leaves  leaves_len bytes, any content; more than the head speaks of are passed over; borrowed for
 *         the call
 *
 * Errors: ERR_TRUNCATED, ERR_DIGEST (the leaves are not those of the head), ERR_NO_MEMORY.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_log_read(const hashveil_log_head *head,
                                                                 const uint8_t *leaves,
                                                                 size_t leaves_len,
                                                                 hashveil_log **out);

/** Returns the head; borrowed until close. */
HASHVEIL_API const hashveil_log_head *hashveil_log_describe(const hashveil_log *log);

/** Returns whether an edition is in the log. index_out: of the first such; may be NULL. */
HASHVEIL_API bool hashveil_log_find(const hashveil_log *log,
                                    const uint8_t digest[HASHVEIL_DIGEST_BYTES],
                                    uint64_t *index_out);

/** Returns whether the log is the older one and what was added to it. */
HASHVEIL_API bool hashveil_log_extends(const hashveil_log *log, uint64_t old_size,
                                       const uint8_t old_root[HASHVEIL_LOG_HASH_BYTES]);

/**
 * Proves that an edition is in the log, and that the log goes on from its first old_size editions.
 *
 * old_size  0 for no such proof
 *
 * Errors: ERR_NOT_FOUND (the edition is not in it), ERR_ARGUMENT (old_size above its size).
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_log_prove(const hashveil_log *log, const uint8_t digest[HASHVEIL_DIGEST_BYTES],
                   uint64_t old_size, hashveil_log_proof *out);

/**
 * Checks a proof, whoever made it.
 *
 * digest    of the edition's manifest
 * old_root  that of the log of proof->old_size editions; not looked at where that is 0
 *
 * Errors: ERR_KEY (the head is not signed with this key), ERR_DIGEST (it does not prove that).
 * Threads: safe.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_log_verify(
    const hashveil_log_proof *proof, const hashveil_key *key,
    const uint8_t digest[HASHVEIL_DIGEST_BYTES], const uint8_t old_root[HASHVEIL_LOG_HASH_BYTES]);

/**
 * Adds an edition, and its manifest, to a log, which is made when there is none. An edition that is
 * in it is not added again. Whenever the process is killed, the log is what it was or what it
 * becomes.
 *
 * key        with its secret
 * added_out  whether it was added
 * where_out  as of hashveil_log_open
 *
 * Errors: those of hashveil_log_open, and those of writing a file.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_log_append(const char *folder,
                                                                   const hashveil_key *key,
                                                                   const hashveil_sealed_db *db,
                                                                   bool *added_out,
                                                                   const char **where_out);

/** Accepts NULL. */
HASHVEIL_API void hashveil_log_close(hashveil_log *log);

#ifdef __cplusplus
}
#endif

#endif
