/* SPDX-License-Identifier: Apache-2.0 */
#include "psi/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const uint8_t *blinded_elements(const struct hv_client_batch *batch)
{
    return batch->request + HV_MESSAGE_HEADER_BYTES;
}

hashveil_status hv_client_blind(struct hv_client_batch *batch)
{
    struct hv_message message = {.epoch = batch->epoch, .count = batch->count};
    uint8_t *element = batch->request + HV_MESSAGE_HEADER_BYTES;
    memcpy(message.evaluator_public, batch->evaluator_public, HV_ELEMENT_BYTES);
    hv_message_write_header(HV_MESSAGE_REQUEST, &message, batch->request);
    for (uint32_t i = 0; i < batch->count; i++, element += HV_ELEMENT_BYTES) {
        struct hv_token_input input;
        const hashveil_status status = hv_random_scalar(batch->blind[i]);
        if (status != HASHVEIL_OK) {
            return status;
        }
        hv_token_encode(&batch->token[i], batch->epoch, &input);
        const struct hv_piece piece = hv_token_piece(&input);
        const bool worked = hv_oprf_blind(HV_OPRF_MODE, &piece, batch->blind[i], element);
        hv_wipe(&input, sizeof input);
        if (!worked) {
            return HASHVEIL_ERR_ARGUMENT;
        }
    }
    return HASHVEIL_OK;
}

/* Whether a response answers the batch's request. */
static hashveil_status check_header(const struct hv_client_batch *batch,
                                    const struct hv_message *response)
{
    if (memcmp(response->evaluator_public, batch->evaluator_public, HV_ELEMENT_BYTES) != 0) {
        return HASHVEIL_ERR_KEY;
    }
    if (response->epoch != batch->epoch || response->count != batch->count) {
        return HASHVEIL_ERR_PROTOCOL;
    }
    return HASHVEIL_OK;
}

/* Under the pinned key, not the one that the response names: they are the same by now. */
static hashveil_status check_proof(const struct hv_client_batch *batch,
                                   const struct hv_message *response)
{
    const struct hv_statement statement = {.public_key = batch->evaluator_public,
                                           .blinded = blinded_elements(batch),
                                           .evaluated = response->elements,
                                           .count = response->count};
    return hv_proof_verify(&statement, response->proof) ? HASHVEIL_OK : HASHVEIL_ERR_KEY;
}

static hashveil_status unblind(const struct hv_client_batch *batch, const uint8_t *element,
                               uint8_t (*out)[HV_OPRF_OUTPUT_BYTES])
{
    hashveil_status status = HASHVEIL_OK;
    const size_t scalars_len = batch->count * sizeof batch->blind[0];
    uint8_t(*inverse)[HV_SCALAR_BYTES] = hv_copy_bytes(batch->blind, scalars_len);
    uint8_t(*scratch)[HV_SCALAR_BYTES] = hv_alloc_array(batch->count, HV_SCALAR_BYTES);
    if (!inverse || !scratch) {
        status = HASHVEIL_ERR_NO_MEMORY;
        goto done;
    }
    hv_invert_scalars(inverse, scratch, batch->count);
    for (uint32_t i = 0; i < batch->count; i++, element += HV_ELEMENT_BYTES) {
        struct hv_token_input input;
        hv_token_encode(&batch->token[i], batch->epoch, &input);
        const struct hv_piece piece = hv_token_piece(&input);
        const bool worked = hv_oprf_finalize(&piece, inverse[i], element, out[i]);
        hv_wipe(&input, sizeof input);
        if (!worked) {
            status = HASHVEIL_ERR_PROTOCOL;
            goto done;
        }
    }
done:
    if (inverse) {
        hv_wipe(inverse, scalars_len);
    }
    free(inverse);
    free(scratch);
    return status;
}

hashveil_status hv_client_finalize(const struct hv_client_batch *batch, bool verifies_proof,
                                   const uint8_t *response, size_t len,
                                   uint8_t (*out)[HV_OPRF_OUTPUT_BYTES])
{
    struct hv_message message;
    hashveil_status status = hv_message_parse(HV_MESSAGE_RESPONSE, response, len, &message);
    if (status == HASHVEIL_OK) {
        status = check_header(batch, &message);
    }
    if (status == HASHVEIL_OK) {
        status = unblind(batch, message.elements, out);
    }
    if (status == HASHVEIL_OK && verifies_proof) {
        status = check_proof(batch, &message);
    }
    return status;
}

void hv_client_batch_clear(struct hv_client_batch *batch)
{
    hv_wipe(batch, sizeof *batch);
}
