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
    out->requests = hv_alloc_array(HV_CLIENT_MAX_EVALUATORS, out->request_len);
    if (!out->input || !out->blind || !out->requests) {
        hv_client_batch_clear(out);
        return HASHVEIL_ERR_NO_MEMORY;
    }
    return HASHVEIL_OK;
}

hashveil_status hv_client_keys_of(const uint8_t whole[HV_ELEMENT_BYTES], const hashveil_key *shares,
                                  size_t share_count, struct hv_client_keys *out)
{
    uint8_t sum[HV_ELEMENT_BYTES] = {0};
    *out = (struct hv_client_keys){.count = 1};
    memcpy(out->whole, whole, HV_ELEMENT_BYTES);
    memcpy(out->shares[0], whole, HV_ELEMENT_BYTES);
    if (share_count == 0) {
        return HASHVEIL_OK;
    }
    if (share_count != HV_CLIENT_MAX_EVALUATORS) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    for (size_t i = 0; i < share_count; i++) {
        memcpy(out->shares[i], shares[i].public_bytes, HV_ELEMENT_BYTES);
        if (shares[i].kind != HASHVEIL_KEY_EVALUATOR || !hv_element_is_valid(out->shares[i]) ||
            !hv_add(sum, out->shares[i])) {
            return HASHVEIL_ERR_KEY;
        }
    }
    out->count = (unsigned)share_count;
    return memcmp(sum, whole, sizeof sum) == 0 ? HASHVEIL_OK : HASHVEIL_ERR_KEY;
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
    free(batch->requests);
    for (unsigned i = 0; i < HV_CLIENT_MAX_EVALUATORS; i++) {
        free(batch->answers[i].response);
        free(batch->answers[i].held);
    }
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

static uint8_t *request_of(const struct hv_client_batch *batch, unsigned evaluator)
{
    return batch->requests + evaluator * batch->request_len;
}

static void write_headers(struct hv_client_batch *batch)
{
    struct hv_message message = {
        .with_proof = batch->with_proof, .epoch = batch->epoch, .count = element_count(batch)};
    for (unsigned i = 0; i < batch->keys.count; i++) {
        memcpy(message.evaluator_public, batch->keys.shares[i], HV_ELEMENT_BYTES);
        hv_message_write_header(HV_MESSAGE_REQUEST, &message, request_of(batch, i));
    }
}

hashveil_status hv_client_blind(struct hv_client_batch *batch)
{
    uint8_t *elements = batch->requests + HV_MESSAGE_HEADER_BYTES;
    hashveil_status status = hv_hidden_sum_draw(element_count(batch), batch->stream, &batch->sum);
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
    for (unsigned i = 1; i < batch->keys.count; i++) {
        memcpy(request_of(batch, i), batch->requests, batch->request_len);
    }
    write_headers(batch);
    return status;
}

const uint8_t *hv_client_request(const struct hv_client_batch *batch, unsigned evaluator)
{
    return request_of(batch, evaluator);
}

/* Whether a response answers the batch's request to an evaluator. */
static hashveil_status check_header(const struct hv_client_batch *batch, unsigned evaluator,
                                    const struct hv_message *response)
{
    if (memcmp(response->evaluator_public, batch->keys.shares[evaluator], HV_ELEMENT_BYTES) != 0) {
        return HASHVEIL_ERR_KEY;
    }
    if (response->with_proof != batch->with_proof || response->epoch != batch->epoch ||
        response->count != element_count(batch)) {
        return HASHVEIL_ERR_PROTOCOL;
    }
    return HASHVEIL_OK;
}

static void let_go(struct hv_client_answer *answer)
{
    free(answer->response);
    answer->response = NULL;
}

hashveil_status hv_client_take(struct hv_client_batch *batch, unsigned evaluator,
                               const uint8_t *response, size_t len)
{
    struct hv_client_answer *answer = &batch->answers[evaluator];
    let_go(answer);
    hashveil_status status = hv_message_parse(HV_MESSAGE_RESPONSE, response, len, &answer->message);
    if (status == HASHVEIL_OK) {
        status = check_header(batch, evaluator, &answer->message);
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    answer->response = hv_copy_bytes(response, len);
    if (!answer->response) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    return hv_message_parse(HV_MESSAGE_RESPONSE, answer->response, len, &answer->message);
}

bool hv_client_is_answered(const struct hv_client_batch *batch)
{
    bool is_answered = true;
    for (unsigned i = 0; i < batch->keys.count; i++) {
        is_answered &= batch->answers[i].response != NULL;
    }
    return is_answered;
}

void hv_client_hold(struct hv_client_batch *batch)
{
    for (unsigned i = 0; i < batch->keys.count; i++) {
        struct hv_client_answer *answer = &batch->answers[i];
        free(answer->held);
        answer->held = answer->response; /* with its header still before the elements */
        answer->response = NULL;
    }
    batch->with_proof = true;
    write_headers(batch);
}

/* Under the pinned key, not the one that the response names: they are the same by now. */
static bool is_proved(const struct hv_client_batch *batch, unsigned evaluator)
{
    const struct hv_client_answer *answer = &batch->answers[evaluator];
    const struct hv_statement statement = {.public_key = batch->keys.shares[evaluator],
                                           .blinded = request_of(batch, evaluator) +
                                                      HV_MESSAGE_HEADER_BYTES,
                                           .evaluated = answer->message.elements,
                                           .count = answer->message.count};
    const bool is_as_held =
        !answer->held || memcmp(answer->held + HV_MESSAGE_HEADER_BYTES, answer->message.elements,
                                answer->message.count * (size_t)HV_ELEMENT_BYTES) == 0;
    return is_as_held && (!batch->with_proof || hv_proof_verify(&statement, answer->message.proof));
}

/* answers: the evaluators' together, under the whole key. */
static hashveil_status check_answers(const struct hv_client_batch *batch, const uint8_t *answers)
{
    bool is_right =
        hv_hidden_sum_holds(&batch->sum, element_count(batch), batch->keys.whole, answers);
    for (unsigned i = 0; i < batch->keys.count && is_right; i++) {
        is_right = is_proved(batch, i);
    }
    return is_right ? HASHVEIL_OK : HASHVEIL_ERR_KEY;
}

/* Adds the evaluators' answers up, element by element: (k1 + k2) B = k1 B + k2 B. sums: room for
 * them. */
static hashveil_status add_up(const struct hv_client_batch *batch, uint8_t *sums)
{
    const uint32_t count = element_count(batch);
    memcpy(sums, batch->answers[0].message.elements, count * (size_t)HV_ELEMENT_BYTES);
    for (unsigned i = 1; i < batch->keys.count; i++) {
        const uint8_t *elements = batch->answers[i].message.elements;
        for (size_t at = 0; at < count * (size_t)HV_ELEMENT_BYTES; at += HV_ELEMENT_BYTES) {
            if (!hv_add(sums + at, elements + at)) {
                return HASHVEIL_ERR_PROTOCOL;
            }
        }
    }
    /* As unblinding says of all the others. */
    return hv_element_is_valid(sums + (size_t)batch->sum.place * HV_ELEMENT_BYTES)
               ? HASHVEIL_OK
               : HASHVEIL_ERR_PROTOCOL;
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

hashveil_status hv_client_finalize(struct hv_client_batch *batch,
                                   uint8_t (*out)[HV_OPRF_OUTPUT_BYTES])
{
    uint8_t *sums = hv_alloc_array(element_count(batch), HV_ELEMENT_BYTES);
    hashveil_status status = sums ? add_up(batch, sums) : HASHVEIL_ERR_NO_MEMORY;
    if (status == HASHVEIL_OK) {
        status = unblind(batch, sums, out);
    }
    if (status == HASHVEIL_OK) {
        status = check_answers(batch, sums);
    }
    free(sums);
    for (unsigned i = 0; i < batch->keys.count; i++) {
        let_go(&batch->answers[i]);
    }
    return status;
}
