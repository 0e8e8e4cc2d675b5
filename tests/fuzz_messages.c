/* SPDX-License-Identifier: Apache-2.0 */
/* The two messages of the PSI step, as the evaluator and the device read them. */
#include <hashveil/evaluator.h>

#include "fuzz.h"
#include "psi/messages.h"

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
    if (memcmp(header, bytes, sizeof header) != 0 ||
        hv_message_len(kind, message.mode, message.count) != len ||
        message.elements != bytes + sizeof header ||
        (message.proof && message.proof + HV_PROOF_BYTES != bytes + len)) {
        abort();
    }
}

/* The secret scalar 1: whoever answers with it gives every element back. */
static void respond(const uint8_t *bytes, size_t len)
{
    hashveil_key key = {.kind = HASHVEIL_KEY_EVALUATOR, .has_secret = true, .secret_bytes = {1}};
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    size_t response_len;
    hashveil_evaluator *evaluator;
    if (hashveil_evaluator_create(&key, &evaluator) != HASHVEIL_OK) {
        abort();
    }
    if (hashveil_evaluator_respond(evaluator, bytes, len, response, &response_len) == HASHVEIL_OK &&
        (response_len != len ||
         memcmp(response + HV_MESSAGE_HEADER_BYTES, bytes + HV_MESSAGE_HEADER_BYTES,
                len - HV_MESSAGE_HEADER_BYTES) != 0)) {
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
