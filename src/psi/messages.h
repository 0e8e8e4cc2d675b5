/* SPDX-License-Identifier: Apache-2.0 */
/* The two messages between device and evaluator, version 1. docs/PROTOCOL.md gives every field.
 *
 * header: "HVRQ" or "HVRS", u16 version, u8 mode (RFC 9497), u8 whether a proof is wanted or given,
 * u64 epoch, the evaluator's public key (32), u32 count; then count elements of 32 bytes; then, in
 * a response where it was wanted, one proof of 64 bytes. */
#ifndef HV_PSI_MESSAGES_H
#define HV_PSI_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

#include "psi/group.h"
#include "psi/oprf.h"
#include "psi/proof.h"

enum {
    HV_MESSAGE_VERSION = 1,
    HV_MESSAGE_HEADER_BYTES = 52,
    HV_MESSAGE_MAX_ELEMENTS = 1025,
    HV_REQUEST_MAX_BYTES = HV_MESSAGE_HEADER_BYTES + HV_MESSAGE_MAX_ELEMENTS * HV_ELEMENT_BYTES
};

enum hv_message_kind { HV_MESSAGE_REQUEST, HV_MESSAGE_RESPONSE };

struct hv_message {
    bool with_proof; /* a request: wanted; a response: given */
    uint64_t epoch;
    uint8_t evaluator_public[HV_ELEMENT_BYTES];
    uint32_t count;          /* 1..HV_MESSAGE_MAX_ELEMENTS */
    const uint8_t *elements; /* borrowed: count x HV_ELEMENT_BYTES, not yet checked as elements */
    const uint8_t *proof;    /* borrowed; NULL where there is none */
};

/* The length of a message by its kind, with_proof and count. */
size_t hv_message_len(enum hv_message_kind kind, const struct hv_message *message);

/* Writes the header; the elements and the proof belong behind it. out: HV_MESSAGE_HEADER_BYTES. */
void hv_message_write_header(enum hv_message_kind kind, const struct hv_message *message,
                             uint8_t *out);

/* Errors: ERR_PROTOCOL, ERR_VERSION. */
HASHVEIL_MUST_USE hashveil_status hv_message_parse(enum hv_message_kind kind, const uint8_t *bytes,
                                                   size_t len, struct hv_message *out);

#endif
