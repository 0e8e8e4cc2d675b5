/* SPDX-License-Identifier: Apache-2.0 */
#include "psi/hidden_sum.h"

#include <string.h>

#include <sodium.h>

#include "base/memory.h"

hashveil_status hv_hidden_sum_draw(uint32_t count, struct hv_random_stream *stream,
                                   struct hv_hidden_sum *out)
{
    const hashveil_status status = hv_draw_scalar(stream, out->r);
    if (status == HASHVEIL_OK) {
        out->place = hv_draw_below(stream, count);
        hv_draw_bytes(stream, out->is_in, sizeof out->is_in);
    }
    return status;
}

static bool is_added(const struct hv_hidden_sum *sum, uint32_t index)
{
    return index != sum->place && (sum->is_in[index / 8] >> index % 8 & 1) != 0;
}

/* How long it takes tells about how many are added, and never which: that helps nobody. */
static bool add_half(const struct hv_hidden_sum *sum, uint32_t count, const uint8_t *elements,
                     uint8_t total[HV_ELEMENT_BYTES])
{
    for (uint32_t i = 0; i < count; i++) {
        if (is_added(sum, i) && !hv_add(total, elements + (size_t)i * HV_ELEMENT_BYTES)) {
            return false;
        }
    }
    return true;
}

bool hv_hidden_sum_write(const struct hv_hidden_sum *sum, uint32_t count, uint8_t *elements)
{
    uint8_t total[HV_ELEMENT_BYTES];
    if (crypto_scalarmult_ristretto255_base(total, sum->r) != 0 ||
        !add_half(sum, count, elements, total)) {
        return false;
    }
    memcpy(elements + (size_t)sum->place * HV_ELEMENT_BYTES, total, sizeof total);
    return true;
}

bool hv_hidden_sum_holds(const struct hv_hidden_sum *sum, uint32_t count,
                         const uint8_t public_key[HV_ELEMENT_BYTES], const uint8_t *answers)
{
    uint8_t expected[HV_ELEMENT_BYTES];
    return hv_multiply(sum->r, public_key, expected) && add_half(sum, count, answers, expected) &&
           hv_equal_secret(expected, answers + (size_t)sum->place * HV_ELEMENT_BYTES,
                           sizeof expected);
}
