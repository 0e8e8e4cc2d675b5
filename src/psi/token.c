/* SPDX-License-Identifier: Apache-2.0 */
#include "psi/token.h"

#include <assert.h>

#include "base/bytes.h"

void hv_token_encode(const struct hv_token *token, uint64_t epoch, struct hv_token_input *out)
{
    static const char domain[] = "hashveil/v1/token";
    struct hv_writer writer = hv_writer_of(out->bytes, sizeof out->bytes);
    hv_write_bytes(&writer, (const uint8_t *)domain, sizeof domain - 1);
    hv_write_u64le(&writer, epoch);
    hv_write_u8(&writer, token->mask);
    hv_write_u64le(&writer, token->bits);
    assert(!writer.failed && writer.len == sizeof out->bytes);
}
