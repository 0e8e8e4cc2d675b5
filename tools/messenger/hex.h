/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as lower-case hexadecimal digits, and back. */
#ifndef MESSENGER_HEX_H
#define MESSENGER_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* out: 2 * len + 1 bytes. */
void hex_write(const uint8_t *bytes, size_t len, char *out);

/* Returns whether text is exactly len bytes in hexadecimal; fills out then. text: may be NULL. */
bool hex_read(const char *text, uint8_t *out, size_t len);

#endif
