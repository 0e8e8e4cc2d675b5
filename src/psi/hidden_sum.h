/* SPDX-License-Identifier: Apache-2.0 */
/* One element of every request is no probe: it is r times the generator plus a random half of the
 * other elements. Its right answer is r times the evaluator's public key plus the same half of the
 * other answers, which costs the device an addition for each probe and no proof.
 *
 * r makes it as uniform as any blinded token, whatever it is added to, so the evaluator learns
 * neither its place nor the half; so if any answer of a response is wrong, chosen however cleverly,
 * the sum fails with a chance of 1/2 or more. docs/PROTOCOL.md has the argument and the numbers. */
#ifndef HV_PSI_HIDDEN_SUM_H
#define HV_PSI_HIDDEN_SUM_H

#include <stdbool.h>
#include <stdint.h>

#include <hashveil/status.h>

#include "psi/group.h"
#include "psi/messages.h"

/* The device's secret until the response has come. */
struct hv_hidden_sum {
    uint8_t r[HV_SCALAR_BYTES];
    uint32_t place; /* of the element, in the request */
    uint8_t
        is_in[(HV_MESSAGE_MAX_ELEMENTS + 7) / 8]; /* bit i: element i is added; its own is void */
};

/* Draws all of it for a request of count elements. stream: NULL for the system's random numbers.
 * Errors: ERR_IO (no random numbers). */
HASHVEIL_MUST_USE hashveil_status hv_hidden_sum_draw(uint32_t count,
                                                     struct hv_random_stream *stream,
                                                     struct hv_hidden_sum *out);

/* Fills the element at the sum's place; all others must be there already. Returns false when one is
 * no canonical element. */
HASHVEIL_MUST_USE bool hv_hidden_sum_write(const struct hv_hidden_sum *sum, uint32_t count,
                                           uint8_t *elements);

/* Whether the answers fit the sum. public_key: a canonical element, not the identity. */
HASHVEIL_MUST_USE bool hv_hidden_sum_holds(const struct hv_hidden_sum *sum, uint32_t count,
                                           const uint8_t public_key[HV_ELEMENT_BYTES],
                                           const uint8_t *answers);

#endif
