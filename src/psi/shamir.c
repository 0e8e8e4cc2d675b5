/* SPDX-License-Identifier: Apache-2.0 */
#include "psi/shamir.h"

#include <assert.h>

#include "base/bytes.h"
#include "base/memory.h"

struct element {
    uint64_t low, high;
};

static struct element load(const uint8_t bytes[HV_SHARE_BYTES])
{
    return (struct element){hv_load_le(bytes, 8), hv_load_le(bytes + 8, 8)};
}

static void store(struct element a, uint8_t out[HV_SHARE_BYTES])
{
    hv_store_le(out, a.low, 8);
    hv_store_le(out + 8, a.high, 8);
}

static struct element add(struct element a, struct element b)
{
    return (struct element){a.low ^ b.low, a.high ^ b.high};
}

/* Shift and add, with masks in place of branches: shares are secret. */
static struct element multiply(struct element a, struct element b)
{
    const uint64_t modulus_low = 0x87; /* x^7 + x^2 + x + 1 */
    struct element sum = {0, 0};
    for (unsigned i = 0; i < 128; i++) {
        const uint64_t word = i < 64 ? b.low : b.high;
        const uint64_t take = (uint64_t)0 - ((word >> (i % 64)) & 1);
        const uint64_t carry = (uint64_t)0 - (a.high >> 63);
        sum.low ^= a.low & take;
        sum.high ^= a.high & take;
        a.high = a.high << 1 | a.low >> 63;
        a.low = a.low << 1 ^ (modulus_low & carry);
    }
    return sum;
}

/* a^(2^128 - 2): the group of units has 2^128 - 1 elements. */
static struct element invert(struct element a)
{
    struct element power = a; /* a^(2^i), i from 0 */
    struct element product = {1, 0};
    for (unsigned i = 1; i < 128; i++) {
        power = multiply(power, power);
        product = multiply(product, power);
    }
    return product;
}

void hv_line_share(const struct hv_line *line, uint8_t point, uint8_t out[HV_SHARE_BYTES])
{
    const struct element x = {point, 0};
    store(add(load(line->secret), multiply(load(line->slope), x)), out);
}

void hv_line_join(uint8_t point_a, const uint8_t share_a[HV_SHARE_BYTES], uint8_t point_b,
                  const uint8_t share_b[HV_SHARE_BYTES], struct hv_line *out)
{
    assert(point_a != point_b);
    const struct element run = {point_a ^ point_b, 0};
    const struct element rise = add(load(share_a), load(share_b));
    const struct element slope = multiply(rise, invert(run));
    const struct element x = {point_a, 0};
    store(slope, out->slope);
    store(add(load(share_a), multiply(slope, x)), out->secret);
}
