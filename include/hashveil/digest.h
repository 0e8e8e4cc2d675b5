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

typedef struct hashveil_digests {
    uint8_t md5[16];
    uint8_t sha1[20];
    uint8_t sha256[32];
} hashveil_digests;

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

#ifdef __cplusplus
}
#endif

#endif
