/* SPDX-License-Identifier: Apache-2.0 */
/* Whether to use a database: who must have signed it, how old it may be, and that no older edition
 * comes back. A database is only as good as those who say so; its file says nothing of that. */
#ifndef HASHVEIL_TRUST_H
#define HASHVEIL_TRUST_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/key.h>
#include <hashveil/sealed_db.h>
#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** name, number, text. */
#define HASHVEIL_DISTRUST_TABLE(X)                                                                 \
    X(NONE, 0, "trusted")                                                                          \
    X(SIGNATURES, 1, "not signed by as many of the pinned curators as are needed")                 \
    X(EVALUATOR, 2, "sealed for another evaluator than the pinned one")                            \
    X(EXPIRED, 3, "it has expired")                                                                \
    X(OLDER, 4, "an older edition than one that was used before")

/** Why a database is not to be used. */
typedef enum hashveil_distrust {
#define X(name, number, text) HASHVEIL_DISTRUST_##name = number,
    HASHVEIL_DISTRUST_TABLE(X)
#undef X
} hashveil_distrust;

/** Returns the text of a reason. Static. Threads: safe. */
HASHVEIL_API const char *hashveil_distrust_text(hashveil_distrust distrust);

/** Whom a device trusts. Borrowed by the calls. */
typedef struct hashveil_trust {
    const hashveil_key *curators; /**< pinned, all different; public halves are enough */
    size_t curator_count;
    size_t needed;                 /**< how many of them must have signed each part: k of n */
    const hashveil_key *evaluator; /**< pinned; NULL for any */
    uint64_t now_s;                /**< seconds since 1970 */
} hashveil_trust;

/**
 * Checks a database and all its segments.
 *
 * newest_epoch  that of the newest edition used before, from hashveil_editions_newest; 0 for none.
 *               The edition of a database with segments is the highest epoch of its parts
 * part_out      the part that is not trusted, where one is not; may be NULL
 *
 * Returns the first reason against it, or NONE. Threads: safe.
 */
HASHVEIL_API hashveil_distrust hashveil_trust_check(const hashveil_sealed_db *db,
                                                    const hashveil_trust *trust,
                                                    uint64_t newest_epoch, size_t *part_out);

/** The newest editions that a device has used, of each series of editions, and the transparency
 * logs that it has seen: a SQLite file. A series is what one evaluator key and one set of pinned
 * curators stand for, so that a database that was never trusted says nothing about others. Used by
 * one thread at a time; several processes may open the same file. */
typedef struct hashveil_editions hashveil_editions;

/** Made when it does not exist, for its owner alone (mode 0600). Errors: ERR_UNSUPPORTED (not such
 * a file), ERR_VERSION, ERR_FORMAT, ERR_BUSY, ERR_NO_MEMORY, and those of making a file. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_editions_open(const char *path,
                                                                      hashveil_editions **out);

/** Gives the highest epoch that was noted of the database's series; 0 for none.
 * Errors: ERR_BUSY, ERR_FORMAT, ERR_IO. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_editions_newest(hashveil_editions *editions, const hashveil_sealed_db *db,
                         const hashveil_trust *trust, uint64_t *out);

/** Notes that a database is used, once it is trusted; on success that is on disk. It never makes
 * the newest epoch lower. Errors: ERR_BUSY, and those of writing a file. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_editions_note(hashveil_editions *editions,
                                                                      const hashveil_sealed_db *db,
                                                                      const hashveil_trust *trust);

/** The size and root of a transparency log. */
typedef struct hashveil_seen_log {
    uint64_t size; /**< 0 for none */
    uint8_t root[HASHVEIL_DIGEST_BYTES];
} hashveil_seen_log;

/** Gives what was noted of the log with this key. Errors: as hashveil_editions_newest. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_editions_log(
    hashveil_editions *editions, const uint8_t log_key[HASHVEIL_KEY_BYTES], hashveil_seen_log *out);

/** Notes a log once it was found to go on from what was noted of it: hashveil_log_extends. It never
 * makes the size lower. Errors: as hashveil_editions_note. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_editions_note_log(hashveil_editions *editions, const uint8_t log_key[HASHVEIL_KEY_BYTES],
                           const hashveil_seen_log *seen);

/** Accepts NULL. */
HASHVEIL_API void hashveil_editions_close(hashveil_editions *editions);

#ifdef __cplusplus
}
#endif

#endif
