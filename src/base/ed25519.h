/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 signatures (RFC 8032, section 5.1). What is signed begins with a text that says what it
 * is, so that a signature under one thing is none under another. */
#ifndef HV_BASE_ED25519_H
#define HV_BASE_ED25519_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/key.h>

enum { HV_SIGNATURE_BYTES = 64 };

/* secret: the seed, as a key of the kind "curator" has it. Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_ed25519_sign(const uint8_t secret[HASHVEIL_KEY_BYTES],
                                                  const uint8_t *message, size_t len,
                                                  uint8_t out[HV_SIGNATURE_BYTES]);

/* Errors: ERR_KEY (it does not verify), ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_ed25519_verify(const uint8_t public_key[HASHVEIL_KEY_BYTES],
                                                    const uint8_t *message, size_t len,
                                                    const uint8_t signature[HV_SIGNATURE_BYTES]);

#endif
