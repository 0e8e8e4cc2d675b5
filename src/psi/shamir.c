/* SPDX-License-Identifier: Apache-2.0 */
#include "psi/shamir.h"

#include <assert.h>

#include "base/gf128.h"

void hv_line_share(const struct hv_line *line, uint8_t point, uint8_t out[HV_SHARE_BYTES])
{
    const struct hv_gf128 x = {point, 0};
    hv_gf128_store(
        hv_gf128_add(hv_gf128_load(line->secret), hv_gf128_multiply(hv_gf128_load(line->slope), x)),
        out);
}

void hv_line_join(uint8_t point_a, const uint8_t share_a[HV_SHARE_BYTES], uint8_t point_b,
                  const uint8_t share_b[HV_SHARE_BYTES], struct hv_line *out)
{
    assert(point_a != point_b);
    const struct hv_gf128 run = {point_a ^ point_b, 0};
    const struct hv_gf128 rise = hv_gf128_add(hv_gf128_load(share_a), hv_gf128_load(share_b));
    const struct hv_gf128 slope = hv_gf128_multiply(rise, hv_gf128_invert(run));
    const struct hv_gf128 x = {point_a, 0};
    hv_gf128_store(slope, out->slope);
    hv_gf128_store(hv_gf128_add(hv_gf128_load(share_a), hv_gf128_multiply(slope, x)), out->secret);
}
