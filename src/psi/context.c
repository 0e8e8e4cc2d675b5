/* SPDX-License-Identifier: Apache-2.0 */
#include "psi/context.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "base/memory.h"

struct hv_dst hv_dst_of(const char *prefix, enum hv_oprf_mode mode)
{
    static const char version[] = "OPRFV1-";
    static const char suite[] = "-ristretto255-SHA512";
    struct hv_dst dst;
    uint8_t *next = dst.bytes;
    assert(strlen(prefix) + sizeof version + sizeof suite <= sizeof dst.bytes);
    next = mempcpy(next, prefix, strlen(prefix));
    next = mempcpy(next, version, sizeof version - 1);
    *next++ = (uint8_t)mode;
    next = mempcpy(next, suite, sizeof suite - 1);
    dst.len = (size_t)(next - dst.bytes);
    return dst;
}

void hv_hash_to_scalar(const struct hv_piece *message, size_t count, const struct hv_dst *dst,
                       uint8_t out[HV_SCALAR_BYTES])
{
    uint8_t uniform[HV_UNIFORM_BYTES];
    hv_expand_message(message, count, dst->bytes, dst->len, uniform);
    crypto_core_ristretto255_scalar_reduce(out, uniform);
    hv_wipe(uniform, sizeof uniform);
}
