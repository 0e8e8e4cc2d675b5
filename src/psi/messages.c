/* SPDX-License-Identifier: Apache-2.0 */
#include "psi/messages.h"

#include <assert.h>
#include <string.h>

#include <hashveil/scanner.h>

#include "base/bytes.h"

_Static_assert((int)HASHVEIL_PROBES_DIHEDRAL + 1 == (int)HV_MESSAGE_MAX_ELEMENTS,
               "a request holds all probes and the hidden sum");
_Static_assert((int)HASHVEIL_REQUEST_MAX_BYTES == (int)HV_REQUEST_MAX_BYTES,
               "the public header states the largest request's size");
_Static_assert((int)HASHVEIL_RESPONSE_MAX_BYTES == (int)HV_REQUEST_MAX_BYTES + (int)HV_PROOF_BYTES,
               "the public header states the largest response's size");

enum { MAGIC_LEN = 4 };

static const char *const magic[] = {
    [HV_MESSAGE_REQUEST] = "HVRQ",
    [HV_MESSAGE_RESPONSE] = "HVRS",
};

static size_t proof_len(enum hv_message_kind kind, bool with_proof)
{
    return kind == HV_MESSAGE_RESPONSE && with_proof ? HV_PROOF_BYTES : 0;
}

size_t hv_message_len(enum hv_message_kind kind, const struct hv_message *message)
{
    return HV_MESSAGE_HEADER_BYTES + (size_t)message->count * HV_ELEMENT_BYTES +
           proof_len(kind, message->with_proof);
}

void hv_message_write_header(enum hv_message_kind kind, const struct hv_message *message,
                             uint8_t *out)
{
    struct hv_writer writer = hv_writer_of(out, HV_MESSAGE_HEADER_BYTES);
    hv_write_bytes(&writer, (const uint8_t *)magic[kind], MAGIC_LEN);
    hv_write_u16le(&writer, HV_MESSAGE_VERSION);
    hv_write_u8(&writer, HV_OPRF_MODE);
    hv_write_u8(&writer, message->with_proof);
    hv_write_u64le(&writer, message->epoch);
    hv_write_bytes(&writer, message->evaluator_public, HV_ELEMENT_BYTES);
    hv_write_u32le(&writer, message->count);
    assert(!writer.failed && writer.len == HV_MESSAGE_HEADER_BYTES);
}

hashveil_status hv_message_parse(enum hv_message_kind kind, const uint8_t *bytes, size_t len,
                                 struct hv_message *out)
{
    struct hv_reader in = hv_reader_of(bytes, len);
    const uint8_t *found_magic = hv_read_bytes(&in, MAGIC_LEN);
    const uint16_t version = hv_read_u16le(&in);
    const uint8_t mode = hv_read_u8(&in);
    const uint8_t with_proof = hv_read_u8(&in);
    struct hv_message message = {.epoch = hv_read_u64le(&in)};
    hv_read_copy(&in, message.evaluator_public, HV_ELEMENT_BYTES);
    message.count = hv_read_u32le(&in);

    if (in.failed || memcmp(found_magic, magic[kind], MAGIC_LEN) != 0) {
        return HASHVEIL_ERR_PROTOCOL;
    }
    if (version != HV_MESSAGE_VERSION || mode != HV_OPRF_MODE) {
        return HASHVEIL_ERR_VERSION;
    }
    if (with_proof > 1 || message.count == 0 || message.count > HV_MESSAGE_MAX_ELEMENTS) {
        return HASHVEIL_ERR_PROTOCOL;
    }
    message.with_proof = with_proof == 1;
    message.elements = hv_read_bytes(&in, (size_t)message.count * HV_ELEMENT_BYTES);
    if (proof_len(kind, message.with_proof) > 0) {
        message.proof = hv_read_bytes(&in, HV_PROOF_BYTES);
    }
    if (in.failed || in.left != 0) {
        return HASHVEIL_ERR_PROTOCOL;
    }
    *out = message;
    return HASHVEIL_OK;
}
