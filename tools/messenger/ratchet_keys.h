/* SPDX-License-Identifier: Apache-2.0 */
/* Our own keys: an identity made once, and prekeys made whenever some are used up. */
#ifndef MESSENGER_RATCHET_KEYS_H
#define MESSENGER_RATCHET_KEYS_H

#include <signal_protocol.h>

#include "store.h"
#include "wire.h"

/* Makes the identity and the signed prekey where the store has none. */
HASHVEIL_MUST_USE hashveil_status ratchet_keys_make(signal_context *context, struct store *store);

/* Fills up with prekeys, and gives what others need of all. */
HASHVEIL_MUST_USE hashveil_status ratchet_keys_bundle(signal_context *context,
                                                      signal_protocol_store_context *keeper,
                                                      struct store *store, struct wire_bundle *out);

#endif
