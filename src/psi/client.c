/* SPDX-License-Identifier: Apache-2.0 */
#include "psi/client.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static uint32_t element_count(const struct hv_client_batch *batch)
{
    return batch->count + 1;
}

hashveil_status hv_client_batch_init(uint32_t count, struct hv_client_batch *out)
{
    assert(count >= 1 && count <= HV_CLIENT_MAX_INPUTS);
    *out = (struct hv_client_batch){.count = count};
    const struct hv_message message = {.count = element_count(out)};
    out->request_len = hv_message_len(HV_MESSAGE_REQUEST, &message);
    out->input = hv_alloc_array(count, sizeof *out->input);
    out->blind = hv_alloc_array(count, sizeof *out->blind);
    out->answers = hv_alloc_array(message.count, sizeof *out->answers);
    out->request = hv_alloc_array(out->request_len, 1);
    if (!out->input || !out->blind || !out->answers || !out->request) {
        hv_client_batch_clear(out);
        return HASHVEIL_ERR_NO_MEMORY;
    }
    return HASHVEIL_OK;
}

static void discard(void *secret, size_t len)
{
    if (secret) {
        hv_wipe(secret, len);
    }
    free(secret);
}

void hv_client_batch_clear(struct hv_client_batch *batch)
{
    discard(batch->input, batch->count * sizeof *batch->input);
    discard(batch->blind, batch->count * sizeof *batch->blind);
    free(batch->answers);
    free(batch->request);
    hv_wipe(batch, sizeof *batch);
}

/* Where an input's element or answer is: the hidden sum has its place among them. */
static size_t offset_of(const struct hv_client_batch *batch, uint32_t index)
{
    return (index < batch->sum.place ? index : (size_t)index + 1) * HV_ELEMENT_BYTES;
}

static bool blind_input(struct hv_client_batch *batch, uint32_t index, uint8_t *elements)
{
    const struct hv_piece piece = hv_token_piece(&batch->input[index]);
    return hv_oprf_blind(HV_OPRF_MODE, &piece, batch->blind[index],
                         elements + offset_of(batch, index));
}

static void write_header(struct hv_client_batch *batch)
{
    struct hv_message message = {
        .with_proof = batch->with_proof, .epoch = batch->epoch, .count = element_count(batch)};
    memcpy(message.evaluator_public, batch->evaluator_public, HV_ELEMENT_BYTES);
    hv_message_write_header(HV_MESSAGE_REQUEST, &message, batch->request);
}

hashveil_status hv_client_blind(struct hv_client_batch *batch)
{
    uint8_t *elements = batch->request + HV_MESSAGE_HEADER_BYTES;
    hashveil_status status = hv_hidden_sum_draw(element_count(batch), batch->stream, &batch->sum);
    write_header(batch);
    for (uint32_t i = 0; i < batch->count && status == HASHVEIL_OK; i++) {
        status = hv_draw_scalar(batch->stream, batch->blind[i]);
        if (status == HASHVEIL_OK && !blind_input(batch, i, elements)) {
            status = HASHVEIL_ERR_ARGUMENT;
        }
    }
    if (status == HASHVEIL_OK &&
        !hv_hidden_sum_write(&batch->sum, element_count(batch), elements)) {
        status = HASHVEIL_ERR_ARGUMENT;
    }
    return status;
}

/* Whether a response answers the batch's request. */
static hashveil_status check_header(const struct hv_client_batch *batch,
                                    const struct hv_message *response)
{
    if (memcmp(response->evaluator_public, batch->evaluator_public, HV_ELEMENT_BYTES) != 0) {
        return HASHVEIL_ERR_KEY;
    }
    if (response->with_proof != batch->with_proof || response->epoch != batch->epoch ||
        response->count != element_count(batch)) {
        return HASHVEIL_ERR_PROTOCOL;
    }
    return HASHVEIL_OK;
}

static hashveil_status read_response(const struct hv_client_batch *batch, const uint8_t *response,
                                     size_t len, struct hv_message *out)
{
    const hashveil_status status = hv_message_parse(HV_MESSAGE_RESPONSE, response, len, out);
    return status == HASHVEIL_OK ? check_header(batch, out) : status;
}

hashveil_status hv_client_hold(struct hv_client_batch *batch, const uint8_t *response, size_t len)
{
    struct hv_message message;
    const hashveil_status status = read_response(batch, response, len, &message);
    if (status == HASHVEIL_OK) {
        memcpy(batch->answers, message.elements, message.count * sizeof batch->answers[0]);
        batch->is_held = true;
        batch->with_proof = true;
        write_header(batch);
    }
    return status;
}

/* Under the pinned key, not the one that the response names: they are the same by now. */
static hashveil_status check_answers(const struct hv_client_batch *batch,
                                     const struct hv_message *response)
{
    const struct hv_statement statement = {.public_key = batch->evaluator_public,
                                           .blinded = batch->request + HV_MESSAGE_HEADER_BYTES,
                                           .evaluated = response->elements,
                                           .count = response->count};
    const uint8_t *checking = response->elements + (size_t)batch->sum.place * HV_ELEMENT_BYTES;
    if (!hv_element_is_valid(checking)) {
        return HASHVEIL_ERR_PROTOCOL; /* as unblinding says of all the others */
    }
    const bool is_right =
        (!batch->is_held || memcmp(batch->answers, response->elements,
                                   response->count * sizeof batch->answers[0]) == 0) &&
        hv_hidden_sum_holds(&batch->sum, response->count, batch->evaluator_public,
                            response->elements) &&
        (!batch->with_proof || hv_proof_verify(&statement, response->proof));
    return is_right ? HASHVEIL_OK : HASHVEIL_ERR_KEY;
}

static hashveil_status unblind(const struct hv_client_batch *batch, const uint8_t *answers,
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
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct hv_piece piece = hv_token_piece(&batch->input[i]);
        if (!hv_oprf_finalize(&piece, inverse[i], answers + offset_of(batch, i), out[i])) {
            status = HASHVEIL_ERR_PROTOCOL;
            goto done;
        }
    }
done:
    discard(inverse, scalars_len);
    free(scratch);
    return status;
}

hashveil_status hv_client_finalize(const struct hv_client_batch *batch, const uint8_t *response,
                                   size_t len, uint8_t (*out)[HV_OPRF_OUTPUT_BYTES])
{
    struct hv_message message;
    hashveil_status status = read_response(batch, response, len, &message);
    if (status == HASHVEIL_OK) {
        status = unblind(batch, message.elements, out);
    }
    if (status == HASHVEIL_OK) {
        status = check_answers(batch, &message);
    }
    return status;
}
