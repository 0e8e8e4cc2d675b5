/* SPDX-License-Identifier: Apache-2.0 */
/* The field GF(2^128), for sharing secrets. Takes time that does not depend on the elements.
 *
 * An element is 16 bytes: bit i of byte j is the coefficient of x^(8 j + i); the modulus is
 * x^128 + x^7 + x^2 + x + 1. */
#ifndef HV_BASE_GF128_H
#define HV_BASE_GF128_H

#include <stdint.h>

enum { HV_GF128_BYTES = 16 };

struct hv_gf128 {
    uint64_t low, high;
};

struct hv_gf128 hv_gf128_load(const uint8_t bytes[HV_GF128_BYTES]);
void hv_gf128_store(struct hv_gf128 a, uint8_t out[HV_GF128_BYTES]);

/* The sum, which is the difference too. */
struct hv_gf128 hv_gf128_add(struct hv_gf128 a, struct hv_gf128 b);

struct hv_gf128 hv_gf128_multiply(struct hv_gf128 a, struct hv_gf128 b);

/* 0 for 0. */
struct hv_gf128 hv_gf128_invert(struct hv_gf128 a);

#endif
