/* SPDX-License-Identifier: Apache-2.0 */
/* End-to-end encryption by libomemo-c: X3DH and the double ratchet, one session a contact. Used by
 * one thread. */
#ifndef MESSENGER_RATCHET_H
#define MESSENGER_RATCHET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

#include "store.h"
#include "wire.h"

enum { RATCHET_FINGERPRINT_CHARS = 72 }; /* 64 digits in groups of eight, and the NUL */

struct ratchet;

/* Makes our identity where the store has none. store: borrowed until close.
 * Errors: ERR_IO, ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status ratchet_open(struct store *store, struct ratchet **out);

/* Our public keys, with as many unused prekeys as there can be. */
HASHVEIL_MUST_USE hashveil_status ratchet_bundle(struct ratchet *ratchet, struct wire_bundle *out);

/* Begins a session with a contact, unless there is one.
 * Errors: ERR_KEY (not the identity that was seen first), ERR_PROTOCOL. */
HASHVEIL_MUST_USE hashveil_status ratchet_begin(struct ratchet *ratchet, const char *contact,
                                                const struct wire_bundle *bundle);

/* Fills is_first and the body. Errors: ERR_NOT_FOUND (no session). */
HASHVEIL_MUST_USE hashveil_status ratchet_encrypt(struct ratchet *ratchet, const char *contact,
                                                  const char *text, struct wire_envelope *out);

/* Opens a message of who it says it is from; a first one begins the session.
 *
 * out  a text, but not NUL-terminated: owned
 *
 * Errors: ERR_EXISTS (it came before), ERR_KEY (not the identity that was seen first),
 * ERR_NOT_FOUND (no session), ERR_PROTOCOL (damaged, or not for us). */
HASHVEIL_MUST_USE hashveil_status ratchet_decrypt(struct ratchet *ratchet,
                                                  const struct wire_envelope *envelope,
                                                  struct blob *out);

/* The digits that two people compare; contact: NULL for our own. Errors: ERR_NOT_FOUND. */
HASHVEIL_MUST_USE hashveil_status ratchet_fingerprint(struct ratchet *ratchet, const char *contact,
                                                      char out[RATCHET_FINGERPRINT_CHARS]);

/* Notes that the user has compared the fingerprint. Errors: ERR_NOT_FOUND, ERR_KEY (another). */
HASHVEIL_MUST_USE hashveil_status ratchet_verify(struct ratchet *ratchet, const char *contact,
                                                 const char *fingerprint);

bool ratchet_is_verified(struct ratchet *ratchet, const char *contact);

/* Accepts NULL. */
void ratchet_close(struct ratchet *ratchet);

#endif
