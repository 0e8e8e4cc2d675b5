/* SPDX-License-Identifier: Apache-2.0 */
#include "base/gf128.h"

#include "base/bytes.h"

struct hv_gf128 hv_gf128_load(const uint8_t bytes[HV_GF128_BYTES])
{
    return (struct hv_gf128){hv_load_le(bytes, 8), hv_load_le(bytes + 8, 8)};
}

void hv_gf128_store(struct hv_gf128 a, uint8_t out[HV_GF128_BYTES])
{
    hv_store_le(out, a.low, 8);
    hv_store_le(out + 8, a.high, 8);
}

struct hv_gf128 hv_gf128_add(struct hv_gf128 a, struct hv_gf128 b)
{
    return (struct hv_gf128){a.low ^ b.low, a.high ^ b.high};
}

/* Shift and add, with masks in place of branches: elements are secret. */
struct hv_gf128 hv_gf128_multiply(struct hv_gf128 a, struct hv_gf128 b)
{
    const uint64_t modulus_low = 0x87; /* x^7 + x^2 + x + 1 */
    struct hv_gf128 sum = {0, 0};
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

/* The bits of a, each followed by a zero. */
static struct hv_gf128 spread(uint64_t a)
{
    static const struct {
        unsigned shift;
        uint64_t mask;
    } steps[] = {
        {16, UINT64_C(0x0000ffff0000ffff)}, {8, UINT64_C(0x00ff00ff00ff00ff)},
        {4, UINT64_C(0x0f0f0f0f0f0f0f0f)},  {2, UINT64_C(0x3333333333333333)},
        {1, UINT64_C(0x5555555555555555)},
    };
    struct hv_gf128 out = {a & UINT32_MAX, a >> 32};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        out.low = (out.low | out.low << steps[i].shift) & steps[i].mask;
        out.high = (out.high | out.high << steps[i].shift) & steps[i].mask;
    }
    return out;
}

/* Squaring is linear in characteristic 2: spread the bits, then fold the upper half by
 * x^128 = x^7 + x^2 + x + 1. */
static struct hv_gf128 square(struct hv_gf128 a)
{
    const struct hv_gf128 low = spread(a.low);
    const struct hv_gf128 high = spread(a.high);
    /* What the shifts push out of the upper half is folded once more. */
    const uint64_t over = high.high >> 57 ^ high.high >> 62 ^ high.high >> 63;
    const uint64_t folded_low = high.low ^ high.low << 1 ^ high.low << 2 ^ high.low << 7;
    const uint64_t folded_high = high.high ^ high.high << 1 ^ high.high << 2 ^ high.high << 7 ^
                                 high.low >> 57 ^ high.low >> 62 ^ high.low >> 63;
    return (struct hv_gf128){low.low ^ folded_low ^ over ^ over << 1 ^ over << 2 ^ over << 7,
                             low.high ^ folded_high};
}

/* a^(2^128 - 2), the inverse, for the units are 2^128 - 1. Itoh and Tsujii, "A Fast Algorithm for
 * Computing Multiplicative Inverses in GF(2^m) Using Normal Bases", 1988: with P(n) for
 * a^(2^n - 1), P(2 n) = P(n)^(2^n) P(n) and P(n + 1) = P(n)^2 a. */
struct hv_gf128 hv_gf128_invert(struct hv_gf128 a)
{
    struct hv_gf128 power = a; /* P(n) */
    for (unsigned n = 1; n < 127; n = 2 * n + 1) {
        struct hv_gf128 shifted = power;
        for (unsigned i = 0; i < n; i++) {
            shifted = square(shifted);
        }
        power = hv_gf128_multiply(square(hv_gf128_multiply(shifted, power)), a);
    }
    return square(power);
}
