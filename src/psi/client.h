/* SPDX-License-Identifier: Apache-2.0 */
/* The device's half of the OPRF for a batch of inputs: blind them all, check the answer, finalize
 * them all. */
#ifndef HV_PSI_CLIENT_H
#define HV_PSI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/key.h>
#include <hashveil/status.h>

#include "psi/hidden_sum.h"
#include "psi/messages.h"
#include "psi/token.h"

enum { HV_CLIENT_MAX_INPUTS = HV_MESSAGE_MAX_ELEMENTS - 1, HV_CLIENT_MAX_EVALUATORS = 2 };

/* Who holds the key: one evaluator, or each of several a share, the shares' sum being the key. */
struct hv_client_keys {
    uint8_t whole[HV_ELEMENT_BYTES];                            /* public, as all of them */
    uint8_t shares[HV_CLIENT_MAX_EVALUATORS][HV_ELEMENT_BYTES]; /* of one: the whole key */
    unsigned count;                                             /* of evaluators */
};

/* shares: share_count public keys; none, NULL, where one evaluator has the whole key.
 * Errors: ERR_ARGUMENT (one, or too many), ERR_KEY (they do not add up to the whole). */
HASHVEIL_MUST_USE hashveil_status hv_client_keys_of(const uint8_t whole[HV_ELEMENT_BYTES],
                                                    const hashveil_key *shares, size_t share_count,
                                                    struct hv_client_keys *out);

/* One batch on its way. Starts as {0}; after init the caller fills epoch, keys, with_proof and the
 * inputs, and blind does the rest. The request has one element more than there are inputs. */
struct hv_client_batch {
    uint64_t epoch;
    struct hv_client_keys keys;
    bool with_proof;                 /* whether the request asks for one */
    uint32_t count;                  /* of inputs */
    struct hv_random_stream *stream; /* borrowed by blind; NULL for the system's random numbers */
    struct hv_hidden_sum sum;
    struct hv_token_input *input;      /* owned, likewise all below; count */
    uint8_t (*blind)[HV_SCALAR_BYTES]; /* count */
    uint8_t *requests;                 /* one an evaluator, which differ in their headers */
    size_t request_len;
    struct hv_client_answer {
        uint8_t *response; /* owned; NULL before there is one */
        uint8_t *held;     /* owned; the elements that the next one must have; or NULL */
        struct hv_message message;
    } answers[HV_CLIENT_MAX_EVALUATORS];
};

/* count: 1..HV_CLIENT_MAX_INPUTS. Errors: ERR_NO_MEMORY; the batch is cleared then. */
HASHVEIL_MUST_USE hashveil_status hv_client_batch_init(uint32_t count, struct hv_client_batch *out);

/* Wipes and releases. Accepts a cleared batch. */
void hv_client_batch_clear(struct hv_client_batch *batch);

/* Draws a fresh blind for each input and writes the requests: the same elements for every
 * evaluator. Errors: ERR_IO (no random numbers). */
HASHVEIL_MUST_USE hashveil_status hv_client_blind(struct hv_client_batch *batch);

/* The request for an evaluator, request_len bytes. */
const uint8_t *hv_client_request(const struct hv_client_batch *batch, unsigned evaluator);

/* Takes an evaluator's response, in place of one that it gave before. Errors: ERR_PROTOCOL,
 * ERR_VERSION, ERR_KEY (another evaluator's), ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_client_take(struct hv_client_batch *batch, unsigned evaluator,
                                                 const uint8_t *response, size_t len);

/* Whether every evaluator has answered. */
bool hv_client_is_answered(const struct hv_client_batch *batch);

/* Keeps the responses without proof that have come, and changes the requests so that they ask for
 * the same once more, with proof. */
void hv_client_hold(struct hv_client_batch *batch);

/* Gives the OPRF's output for each input, in order, of the responses that were taken, and lets go
 * of these.
 *
 * The hidden sum is checked, and the proofs where the requests ask for them: that is about as much
 * work as all the rest. A response to a request that was held must have the same answers.
 *
 * Errors: ERR_PROTOCOL, ERR_KEY (not evaluated under the evaluators' keys), ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_client_finalize(struct hv_client_batch *batch,
                                                     uint8_t (*out)[HV_OPRF_OUTPUT_BYTES]);

#endif
