/* SPDX-License-Identifier: Apache-2.0 */
/* The prime-order group of RFC 9497's suite ristretto255-SHA512, on libsodium. Scalars are 32 bytes
 * little-endian below the group order, elements are canonical ristretto255 encodings (RFC 9496). */
#ifndef HV_PSI_GROUP_H
#define HV_PSI_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

#include "base/random_stream.h"

enum { HV_SCALAR_BYTES = 32, HV_ELEMENT_BYTES = 32, HV_UNIFORM_BYTES = 64 };

/* A byte string in several pieces, so that callers need not join them. */
struct hv_piece {
    const void *bytes;
    size_t len;
};

/* expand_message_xmd with SHA-512 (RFC 9380 section 5.3.1) to 64 bytes. dst_len is at most 255. */
void hv_expand_message(const struct hv_piece *message, size_t count, const uint8_t *dst,
                       size_t dst_len, uint8_t out[HV_UNIFORM_BYTES]);

/* A uniform non-zero scalar from the system's random numbers. */
HASHVEIL_MUST_USE hashveil_status hv_random_scalar(uint8_t out[HV_SCALAR_BYTES]);
/* The same from a stream, or from the system's where that is NULL. */
HASHVEIL_MUST_USE hashveil_status hv_draw_scalar(struct hv_random_stream *stream,
                                                 uint8_t out[HV_SCALAR_BYTES]);

/* Whether it is canonical and not zero. */
bool hv_scalar_is_valid(const uint8_t scalar[HV_SCALAR_BYTES]);

/* Whether it is a canonical element other than the identity (RFC 9496 section 4.3.1). */
bool hv_element_is_valid(const uint8_t element[HV_ELEMENT_BYTES]);

/* out = scalar * element; in place is allowed. Returns false for an element that is not
 * valid. Takes time that does not depend on the
 * scalar. */
HASHVEIL_MUST_USE bool hv_multiply(const uint8_t scalar[HV_SCALAR_BYTES],
                                   const uint8_t element[HV_ELEMENT_BYTES],
                                   uint8_t out[HV_ELEMENT_BYTES]);

/* sum = sum + element. Returns false for bytes that are no canonical element. The sum may be, and
 * begin as, the identity: 32 zeros. */
HASHVEIL_MUST_USE bool hv_add(uint8_t sum[HV_ELEMENT_BYTES],
                              const uint8_t element[HV_ELEMENT_BYTES]);

/* Replaces each of count non-zero scalars by its inverse with one inversion and three
 * multiplications each (Montgomery's trick; Cohen, "A Course in Computational Algebraic Number
 * Theory", algorithm 10.3.4). scratch: count scalars of room, wiped. */
void hv_invert_scalars(uint8_t (*scalars)[HV_SCALAR_BYTES], uint8_t (*scratch)[HV_SCALAR_BYTES],
                       size_t count);

#endif
