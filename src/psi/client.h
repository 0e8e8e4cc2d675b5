/* SPDX-License-Identifier: Apache-2.0 */
/* The device's half of the OPRF for a batch of inputs: blind them all, check the answer, finalize
 * them all. */
#ifndef HV_PSI_CLIENT_H
#define HV_PSI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

#include "psi/hidden_sum.h"
#include "psi/messages.h"
#include "psi/token.h"

enum { HV_CLIENT_MAX_INPUTS = HV_MESSAGE_MAX_ELEMENTS - 1 };

/* One batch on its way. Starts as {0}; after init the caller fills epoch, evaluator_public,
 * with_proof and the inputs, and blind does the rest. The request has one element more than there
 * are inputs. */
struct hv_client_batch {
    uint64_t epoch;
    uint8_t evaluator_public[HV_ELEMENT_BYTES];
    bool with_proof;                 /* whether the request asks for one */
    bool is_held;                    /* whether the evaluator is held to answers */
    uint32_t count;                  /* of inputs */
    struct hv_random_stream *stream; /* borrowed by blind; NULL for the system's random numbers */
    struct hv_hidden_sum sum;
    struct hv_token_input *input;         /* owned, likewise all below; count */
    uint8_t (*blind)[HV_SCALAR_BYTES];    /* count */
    uint8_t (*answers)[HV_ELEMENT_BYTES]; /* count + 1 */
    uint8_t *request;
    size_t request_len;
};

/* count: 1..HV_CLIENT_MAX_INPUTS. Errors: ERR_NO_MEMORY; the batch is cleared then. */
HASHVEIL_MUST_USE hashveil_status hv_client_batch_init(uint32_t count, struct hv_client_batch *out);

/* Wipes and releases. Accepts a cleared batch. */
void hv_client_batch_clear(struct hv_client_batch *batch);

/* Draws a fresh blind for each input and writes the request. Errors: ERR_IO (no random numbers). */
HASHVEIL_MUST_USE hashveil_status hv_client_blind(struct hv_client_batch *batch);

/* Keeps the response without proof that has come, and changes the request so that it asks for the
 * same once more, with proof. Errors: as hv_client_finalize. */
HASHVEIL_MUST_USE hashveil_status hv_client_hold(struct hv_client_batch *batch,
                                                 const uint8_t *response, size_t len);

/* Reads the response and gives the OPRF's output for each input, in order. May be called again.
 *
 * The hidden sum is checked, and the proof where the request asks for one: that is about as much
 * work as all the rest. A response to a request that was held must have the same answers.
 *
 * Errors: ERR_PROTOCOL, ERR_VERSION, ERR_KEY (another evaluator's, or not evaluated under its key),
 * ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_client_finalize(const struct hv_client_batch *batch,
                                                     const uint8_t *response, size_t len,
                                                     uint8_t (*out)[HV_OPRF_OUTPUT_BYTES]);

#endif
