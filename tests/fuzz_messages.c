/* SPDX-License-Identifier: Apache-2.0 */
/* The two messages of the PSI step, as the evaluator and the device read them. */
#include <hashveil/evaluator.h>

#include "fuzz.h"
#include "psi/messages.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* There is one way to write a header, and the parts fill the message. */
static void check(enum hv_message_kind kind, const uint8_t *bytes, size_t len)
{
    struct hv_message message;
    uint8_t header[HV_MESSAGE_HEADER_BYTES];
    if (hv_message_parse(kind, bytes, len, &message) != HASHVEIL_OK) {
        return;
    }
    hv_message_write_header(kind, &message, header);
    if (memcmp(header, bytes, sizeof header) != 0 || hv_message_len(kind, &message) != len ||
        message.elements != bytes + sizeof header ||
        (message.proof != NULL) != (kind == HV_MESSAGE_RESPONSE && message.with_proof) ||
        (message.proof && message.proof + HV_PROOF_BYTES != bytes + len)) {
        abort();
    }
}

/* Whether a response to these bytes gives every element back, and a proof where one is wanted. */
static bool is_right(const uint8_t *request, const uint8_t *response, size_t len)
{
    struct hv_message message;
    if (hv_message_parse(HV_MESSAGE_RESPONSE, response, len, &message) != HASHVEIL_OK ||
        memcmp(message.elements, request + HV_MESSAGE_HEADER_BYTES,
               (size_t)message.count * HV_ELEMENT_BYTES) != 0) {
        return false;
    }
    const struct hv_statement statement = {.public_key = message.evaluator_public,
                                           .blinded = request + HV_MESSAGE_HEADER_BYTES,
                                           .evaluated = message.elements,
                                           .count = message.count};
    return !message.with_proof || hv_proof_verify(&statement, message.proof);
}

/* The secret scalar 1: whoever answers with it gives every element back. */
static void respond(const uint8_t *bytes, size_t len)
{
    static const uint8_t generator[] = {0xe2, 0xf2, 0xae, 0x0a, 0x6a, 0xbc, 0x4e, 0x71,
                                        0xa8, 0x84, 0xa9, 0x61, 0xc5, 0x00, 0x51, 0x5f,
                                        0x58, 0xe3, 0x0b, 0x6a, 0xa5, 0x82, 0xdd, 0x8d,
                                        0xb6, 0xa6, 0x59, 0x45, 0xe0, 0x8d, 0x2d, 0x76};
    hashveil_key key = {.kind = HASHVEIL_KEY_EVALUATOR, .has_secret = true, .secret_bytes = {1}};
    memcpy(key.public_bytes, generator, sizeof generator);
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    size_t response_len;
    hashveil_evaluator *evaluator;
    if (hashveil_evaluator_create(&key, &evaluator) != HASHVEIL_OK) {
        abort();
    }
    if (hashveil_evaluator_respond(evaluator, bytes, len, response, &response_len) == HASHVEIL_OK &&
        !is_right(bytes, response, response_len)) {
        abort();
    }
    hashveil_evaluator_destroy(evaluator);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    check(HV_MESSAGE_REQUEST, bytes, len);
    check(HV_MESSAGE_RESPONSE, bytes, len);
    respond(bytes, len);
    return 0;
}
