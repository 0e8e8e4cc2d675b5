/* SPDX-License-Identifier: Apache-2.0 */
/* The three key pairs of the system, and the files that hold them. */
#ifndef HASHVEIL_KEY_H
#define HASHVEIL_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { HASHVEIL_KEY_BYTES = 32 };

/** Kinds of key: a ristretto255 scalar (RFC 9497), an X25519 key for sealed reports, an Ed25519
 * seed (RFC 8032) for signatures under a database. The text stands in the file. */
#define HASHVEIL_KEY_KIND_TABLE(X)                                                                 \
    X(EVALUATOR, 0, "evaluator")                                                                   \
    X(REPORTER, 1, "reporter")                                                                     \
    X(CURATOR, 2, "curator")

typedef enum hashveil_key_kind {
#define X(name, number, text) HASHVEIL_KEY_##name = number,
    HASHVEIL_KEY_KIND_TABLE(X)
#undef X
} hashveil_key_kind;

/** A key pair, or its public half. Starts as {0}; hashveil_key_clear wipes it back to that. */
typedef struct hashveil_key {
    hashveil_key_kind kind;
    bool has_secret;
    uint8_t public_bytes[HASHVEIL_KEY_BYTES];
    uint8_t secret_bytes[HASHVEIL_KEY_BYTES]; /**< all zero without has_secret */
} hashveil_key;

/** Returns the name of a kind: "evaluator". Static. Threads: safe. */
HASHVEIL_API const char *hashveil_key_kind_text(hashveil_key_kind kind);

/**
 * Makes a key pair from the system's random numbers.
 *
 * Errors: ERR_ARGUMENT (no such kind), ERR_IO (no random numbers).
 * Threads: safe.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_key_generate(hashveil_key_kind kind,
                                                                     hashveil_key *out);

/**
 * Writes the secret key to path (mode 0600) and its public half to "path.pub".
 *
 * Both are short text files. An existing file is never overwritten: a lost evaluator key makes
 * every database sealed with it useless.
 *
 * Errors: ERR_ARGUMENT (no secret, or halves that do not belong together), ERR_EXISTS,
 * ERR_NOT_FOUND, ERR_ACCESS, ERR_NO_SPACE, ERR_NO_MEMORY, ERR_IO; neither file is then left.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_key_save(const hashveil_key *key,
                                                                 const char *path);

/**
 * Reads a secret key. The public half is computed from it and must agree with the file's.
 *
 * Errors: ERR_KEY (another kind of key, or a public key only), ERR_FORMAT, ERR_VERSION, and those
 * of reading a file.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_key_load_secret(const char *path,
                                                                        hashveil_key_kind kind,
                                                                        hashveil_key *out);

/** Reads the public half from either kind of file; the secret is not kept. Errors: as above. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_key_load_public(const char *path,
                                                                        hashveil_key_kind kind,
                                                                        hashveil_key *out);

/**
 * Writes the public half alone, to path. Errors: as hashveil_key_save.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_key_save_public(const hashveil_key *key,
                                                                        const char *path);

enum { HASHVEIL_KEY_SHARES = 2 };

/**
 * Splits an evaluator's key at random into two shares, each an evaluator's key itself: their
 * scalars add up to it. Whoever has one learns nothing of the whole from it.
 *
 * out  both with their secrets
 *
 * Errors: ERR_KEY (no evaluator's secret key), ERR_IO (no random numbers).
 * Threads: safe.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_key_split(const hashveil_key *key, hashveil_key out[HASHVEIL_KEY_SHARES]);

/**
 * Adds the public halves of two shares up to that of the whole key, which nobody has then where
 * each body made its own share.
 *
 * A share that was chosen after the other one was seen can hide the other in the sum, so that its
 * maker alone has the whole key: who makes it cannot prove an answer under its share then, and
 * devices and sealing demand that of both.
 *
 * Errors: ERR_KEY (another kind, or shares that cancel each other out), ERR_IO.
 * Threads: safe.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_key_join(const hashveil_key shares[HASHVEIL_KEY_SHARES], hashveil_key *out);

/** Wipes. Accepts a cleared key. */
HASHVEIL_API void hashveil_key_clear(hashveil_key *key);

#ifdef __cplusplus
}
#endif

#endif
