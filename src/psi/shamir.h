/* SPDX-License-Identifier: Apache-2.0 */
/* 2-of-n secret sharing (Shamir, "How to Share a Secret", 1979) over GF(2^128), base/gf128.h. The
 * share at point p, 1..255, is secret + slope * p. */
#ifndef HV_PSI_SHAMIR_H
#define HV_PSI_SHAMIR_H

#include <stdbool.h>
#include <stdint.h>

enum { HV_SHARE_BYTES = 16 };

/* One record's line: random secret, random slope. */
struct hv_line {
    uint8_t secret[HV_SHARE_BYTES];
    uint8_t slope[HV_SHARE_BYTES];
};

/* Takes time that does not depend on the line. */
void hv_line_share(const struct hv_line *line, uint8_t point, uint8_t out[HV_SHARE_BYTES]);

/* The line through two shares at different points. */
void hv_line_join(uint8_t point_a, const uint8_t share_a[HV_SHARE_BYTES], uint8_t point_b,
                  const uint8_t share_b[HV_SHARE_BYTES], struct hv_line *out);

#endif
