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

hashveil_status hashveil_evaluator_respond(const hashveil_evaluator *evaluator,
                                           const uint8_t *request, size_t len, uint8_t *out,
                                           size_t *len_out)
{
    struct hv_message message;
    const hashveil_status status = hv_message_parse(HV_MESSAGE_REQUEST, request, len, &message);
    if (status != HASHVEIL_OK) {
        return status;
    }
    if (memcmp(message.evaluator_public, evaluator->key.public_bytes, HASHVEIL_KEY_BYTES) != 0) {
        return HASHVEIL_ERR_KEY;
    }
    if (message.mode != HV_OPRF_MODE_OPRF) {
        return HASHVEIL_ERR_VERSION; /* this edition makes no proofs */
    }
    for (size_t i = 0; i < message.count; i++) {
        const size_t offset = i * HV_ELEMENT_BYTES;
        if (!hv_oprf_blind_evaluate(evaluator->key.secret_bytes, message.elements + offset,
                                    out + HV_MESSAGE_HEADER_BYTES + offset)) {
            return HASHVEIL_ERR_PROTOCOL;
        }
    }
    hv_message_write_header(HV_MESSAGE_RESPONSE, &message, out);
    *len_out = hv_message_len(HV_MESSAGE_RESPONSE, message.mode, message.count);
    return HASHVEIL_OK;
}

void hashveil_evaluator_destroy(hashveil_evaluator *evaluator)
{
    if (evaluator) {
        hashveil_key_clear(&evaluator->key);
        free(evaluator);
    }
}
