/* SPDX-License-Identifier: Apache-2.0 */
#include "psi/token.h"

#include <assert.h>

#include "base/bytes.h"

enum { DOMAIN_LEN = 17 };

/* Neither domain is a prefix of the other, and within one kind all inputs have one length: no two
 * different things have the same input. */
static struct hv_writer begin(const char domain[DOMAIN_LEN + 1], uint64_t epoch,
                              struct hv_token_input *out)
{
    *out = (struct hv_token_input){.len = 0};
    struct hv_writer writer = hv_writer_of(out->bytes, sizeof out->bytes);
    hv_write_bytes(&writer, (const uint8_t *)domain, DOMAIN_LEN);
    hv_write_u64le(&writer, epoch);
    return writer;
}

void hv_token_encode(const struct hv_token *token, uint64_t epoch, struct hv_token_input *out)
{
    struct hv_writer writer = begin("hashveil/v1/token", epoch, out);
    hv_write_u8(&writer, token->mask);
    hv_write_u64le(&writer, token->bits);
    assert(!writer.failed && writer.len == HV_TOKEN_INPUT_BYTES);
    out->len = writer.len;
}

void hv_token_encode_exact(const hashveil_digest *digest, uint64_t epoch,
                           struct hv_token_input *out)
{
    struct hv_writer writer = begin("hashveil/v1/exact", epoch, out);
    hv_write_u8(&writer, (uint8_t)digest->kind);
    hv_write_bytes(&writer, digest->bytes, hashveil_digest_len(digest->kind));
    assert(!writer.failed);
    out->len = writer.len;
}
