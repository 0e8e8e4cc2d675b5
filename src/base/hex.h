/* SPDX-License-Identifier: Apache-2.0 */
/* Hexadecimal text. */
#ifndef HV_BASE_HEX_H
#define HV_BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes 2 * len lower-case digits and a NUL. */
void hv_hex_encode(const uint8_t *bytes, size_t len, char *out);

/* Reads exactly 2 * len digits of either case. Returns false at any other character; what was
 * written to out until then is of no use. */
bool hv_hex_decode(const char *text, uint8_t *out, size_t len);

#endif
