/* SPDX-License-Identifier: Apache-2.0 */
/* What libomemo-c keeps, in our store. */
#ifndef MESSENGER_RATCHET_STORE_H
#define MESSENGER_RATCHET_STORE_H

#include <signal_protocol.h>

#include "store.h"

enum { RATCHET_DEVICE = 1, RATCHET_NUMBER_BYTES = 12 }; /* one device a person */

/* Tells libomemo-c to keep all in the store; borrowed. Returns SG_SUCCESS, or what failed. */
int ratchet_store_attach(signal_protocol_store_context *context, struct store *store);

/* The name of a prekey's item. */
void ratchet_store_name(uint32_t id, char out[RATCHET_NUMBER_BYTES]);

#endif
