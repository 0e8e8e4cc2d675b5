/* SPDX-License-Identifier: Apache-2.0 */
/* Exact signals: the digests by which lists name files that nobody has changed. MD5 (RFC 1321) and
 * SHA-1 are there because lists have them, SHA-1 and SHA-256 as in FIPS 180-4; nothing else here
 * relies on the first two. */
#ifndef HASHVEIL_DIGEST_H
#define HASHVEIL_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { HASHVEIL_DIGEST_MAX_LEN = 32 };

/** name, number, text, length in bytes. The numbers stand in databases and reports. */
#define HASHVEIL_DIGEST_KIND_TABLE(X)                                                              \
    X(MD5, 0, "md5", 16)                                                                           \
    X(SHA1, 1, "sha1", 20)                                                                         \
    X(SHA256, 2, "sha256", 32)

typedef enum hashveil_digest_kind {
#define X(name, number, text, len) HASHVEIL_DIGEST_##name = number,
    HASHVEIL_DIGEST_KIND_TABLE(X)
#undef X
} hashveil_digest_kind;

enum { HASHVEIL_DIGEST_KINDS = 3 };

/** One digest, of one kind. */
typedef struct hashveil_digest {
    hashveil_digest_kind kind;
    uint8_t bytes[HASHVEIL_DIGEST_MAX_LEN]; /**< zeros behind the kind's length */
} hashveil_digest;

/** One file's digests, of all kinds. */
typedef struct hashveil_digests {
    uint8_t md5[16];
    uint8_t sha1[20];
    uint8_t sha256[32];
} hashveil_digests;

/** Returns the text of a kind: "sha256"; "unknown kind" for a number outside the table. Static.
 * Threads: safe. */
HASHVEIL_API const char *hashveil_digest_kind_text(hashveil_digest_kind kind);

/** Finds the kind whose text this is. Errors: ERR_ARGUMENT (none). Threads: safe. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_digest_kind_from_text(const char *text, hashveil_digest_kind *out);

/** Returns how many bytes a digest of this kind has, 0 for a number outside the table.
 * Threads: safe. */
HASHVEIL_API size_t hashveil_digest_len(hashveil_digest_kind kind);

/** Returns the digest of one kind; all zero but its kind for a number outside the table.
 * Threads: safe. */
HASHVEIL_API hashveil_digest hashveil_digests_get(const hashveil_digests *digests,
                                                  hashveil_digest_kind kind);

/**
 * Computes all three.
 *
 * bytes  len bytes, any content, NULL for none; borrowed for the call
 * out    filled on success
 *
 * Errors: ERR_UNSUPPORTED (the system's OpenSSL refuses one of them, as a FIPS provider does).
 * Threads: safe.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_digests_of(const uint8_t *bytes, size_t len,
                                                                   hashveil_digests *out);

/**
 * Computes all three of a regular file, however large, without holding it.
 *
 * Errors: as hashveil_digests_of, and ERR_NOT_FOUND, ERR_ACCESS, ERR_NOT_A_FILE, ERR_IO,
 * ERR_NO_MEMORY.
 * Threads: safe.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_digests_of_file(const char *path,
                                                                        hashveil_digests *out);

#ifdef __cplusplus
}
#endif

#endif
