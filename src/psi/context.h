/* SPDX-License-Identifier: Apache-2.0 */
/* What all of RFC 9497 hashes under: the context string, and lengths in front of fields. */
#ifndef HV_PSI_CONTEXT_H
#define HV_PSI_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "psi/group.h"
#include "psi/oprf.h"

enum { HV_DST_MAX_BYTES = 64, HV_LENGTH_BYTES = 2 };

/* A prefix, then the context string of section 3.1: "OPRFV1-", the mode, "-", the suite. */
struct hv_dst {
    uint8_t bytes[HV_DST_MAX_BYTES];
    size_t len;
};

struct hv_dst hv_dst_of(const char *prefix, enum hv_oprf_mode mode);

/* I2OSP(value, 2): the one big-endian number, RFC 8017's. value is below 2^16. */
static inline void hv_store_length(uint8_t out[HV_LENGTH_BYTES], size_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

/* HashToScalar, section 4.1, under the prefix "HashToScalar-". */
void hv_hash_to_scalar(const struct hv_piece *message, size_t count, const struct hv_dst *dst,
                       uint8_t out[HV_SCALAR_BYTES]);

#endif
