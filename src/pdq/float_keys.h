/* SPDX-License-Identifier: Apache-2.0 */
/* Whole numbers that rise as floats do: the sign bit is turned, and all others of negative numbers.
 */
#ifndef HV_PDQ_FLOAT_KEYS_H
#define HV_PDQ_FLOAT_KEYS_H

#include <stdint.h>
#include <string.h>

static inline uint32_t hv_key_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000U ? ~bits : bits | 0x80000000U;
}

static inline float hv_float_of_key(uint32_t key)
{
    const uint32_t bits = key & 0x80000000U ? key & 0x7fffffffU : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
