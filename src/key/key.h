/* SPDX-License-Identifier: Apache-2.0 */
/* Keys from bytes: what stands behind generating a key and reading its file. */
#ifndef HV_KEY_KEY_H
#define HV_KEY_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/key.h>

#define X(name, number, text) +1
enum { HV_KEY_KINDS = 0 HASHVEIL_KEY_KIND_TABLE(X) };
#undef X

enum {
    HV_KEY_SEED_BYTES = 64,
    HV_KEY_FILE_MAX_BYTES = 1024 /* four times what this version writes */
};

/* Makes a key pair of 64 bytes: the system's random ones, or a test's own.
 * Errors: ERR_ARGUMENT (no such kind), ERR_KEY (a seed that gives no key, such as all zero). */
HASHVEIL_MUST_USE hashveil_status hv_key_from_seed(hashveil_key_kind kind,
                                                   const uint8_t seed[HV_KEY_SEED_BYTES],
                                                   hashveil_key *out);

/* Whether a key is one of a known kind: its secret in range and the public half computed from it,
 * or, without a secret, the public half a point that is not of small order. */
bool hv_key_is_sound(const hashveil_key *key);

/* Reads the text of either kind of key file. A secret's public half must agree with it. out holds
 * the secret where the file does, and is cleared on failure. Errors: ERR_FORMAT, ERR_VERSION. */
HASHVEIL_MUST_USE hashveil_status hv_key_parse(const uint8_t *text, size_t len, hashveil_key *out);

/* Writes the text of a key file, and a NUL; returns its length. */
size_t hv_key_format(const hashveil_key *key, bool with_secret, char out[HV_KEY_FILE_MAX_BYTES]);

#endif
