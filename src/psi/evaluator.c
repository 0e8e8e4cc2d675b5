/* SPDX-License-Identifier: Apache-2.0 */
#include <hashveil/evaluator.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "psi/messages.h"
#include "psi/oprf.h"

struct hashveil_evaluator {
    hashveil_key key;
};

hashveil_status hashveil_evaluator_create(const hashveil_key *key, hashveil_evaluator **out)
{
    *out = NULL;
    if (key->kind != HASHVEIL_KEY_EVALUATOR || !key->has_secret ||
        !hv_scalar_is_valid(key->secret_bytes)) {
        return HASHVEIL_ERR_KEY;
    }
    hashveil_evaluator *evaluator = hv_alloc_array(1, sizeof *evaluator);
    if (!evaluator) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    evaluator->key = *key;
    *out = evaluator;
    return HASHVEIL_OK;
}

/* One proof for all elements, behind them. */
static hashveil_status prove(const hashveil_evaluator *evaluator,
                             const struct hv_statement *statement, uint8_t out[HV_PROOF_BYTES])
{
    uint8_t r[HV_SCALAR_BYTES];
    hashveil_status status = hv_random_scalar(r);
    if (status == HASHVEIL_OK &&
        !hv_proof_generate(statement, evaluator->key.secret_bytes, r, out)) {
        status = HASHVEIL_ERR_PROTOCOL;
    }
    hv_wipe(r, sizeof r);
    return status;
}

hashveil_status hashveil_evaluator_respond(const hashveil_evaluator *evaluator,
                                           const uint8_t *request, size_t len, uint8_t *out,
                                           size_t *len_out)
{
    uint8_t *evaluated = out + HV_MESSAGE_HEADER_BYTES;
    struct hv_message message;
    const hashveil_status status = hv_message_parse(HV_MESSAGE_REQUEST, request, len, &message);
    if (status != HASHVEIL_OK) {
        return status;
    }
    if (memcmp(message.evaluator_public, evaluator->key.public_bytes, HASHVEIL_KEY_BYTES) != 0) {
        return HASHVEIL_ERR_KEY;
    }
    for (size_t i = 0; i < message.count; i++) {
        const size_t offset = i * HV_ELEMENT_BYTES;
        if (!hv_oprf_blind_evaluate(evaluator->key.secret_bytes, message.elements + offset,
                                    evaluated + offset)) {
            return HASHVEIL_ERR_PROTOCOL;
        }
    }
    hv_message_write_header(HV_MESSAGE_RESPONSE, &message, out);
    *len_out = hv_message_len(HV_MESSAGE_RESPONSE, &message);
    if (!message.with_proof) {
        return HASHVEIL_OK;
    }
    const struct hv_statement statement = {.public_key = evaluator->key.public_bytes,
                                           .blinded = message.elements,
                                           .evaluated = evaluated,
                                           .count = message.count};
    return prove(evaluator, &statement, evaluated + (size_t)message.count * HV_ELEMENT_BYTES);
}

hashveil_status hashveil_request_count(const uint8_t *request, size_t len, uint32_t *count_out)
{
    struct hv_message message;
    const hashveil_status status = hv_message_parse(HV_MESSAGE_REQUEST, request, len, &message);
    if (status == HASHVEIL_OK) {
        *count_out = message.count;
    }
    return status;
}

void hashveil_evaluator_destroy(hashveil_evaluator *evaluator)
{
    if (evaluator) {
        hashveil_key_clear(&evaluator->key);
        free(evaluator);
    }
}
