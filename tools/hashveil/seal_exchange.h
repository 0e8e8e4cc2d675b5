/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of sealing to an evaluator, tried again while it does not answer. */
#ifndef HASHVEIL_TOOLS_SEAL_EXCHANGE_H
#define HASHVEIL_TOOLS_SEAL_EXCHANGE_H

#include "command.h"

#include <stdatomic.h>
#include <stdint.h>

#include <hashveil/key.h>
#include <hashveil/sealed_db.h>
#include <hashveil/transport.h>

/* Starts with its first two fields. What peer points to is borrowed. */
struct seal_exchange {
    hashveil_peer peers[HASHVEIL_KEY_SHARES];
    uint64_t retry_s; /* how long one request is tried again */
    /* owned; of each worker that has asked */
    hashveil_connection *connections[MAX_WORKERS][HASHVEIL_KEY_SHARES];
    atomic_bool has_failed[HASHVEIL_KEY_SHARES];
};

/* Has the shape of hashveil_exchange_fn; context is the struct seal_exchange. */
hashveil_status seal_exchange_ask(void *context, const hashveil_seal_request *request,
                                  uint8_t *response, size_t *len_out);

void seal_exchange_clear(struct seal_exchange *exchange);

#endif
