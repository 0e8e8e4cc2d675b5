/* SPDX-License-Identifier: Apache-2.0 */
/* Probes: the tokens worth asking for. */
#ifndef HV_PSI_PROBES_H
#define HV_PSI_PROBES_H

#include <stddef.h>

#include <hashveil/pdq.h>
#include <hashveil/status.h>

#include "base/random_stream.h"
#include "psi/masks.h"
#include "psi/token.h"

/* Fills out with count different tokens, chosen one after another so that the chance that at least
 * two masks hit rises the most, if this is an edited copy of a listed picture.
 *
 * A token's chance is the product over its mask's bits of the chances that they have flipped or not
 * (psi/flips.h). What it adds is that chance, times the chance that at most one of the other masks
 * hits by what is already chosen: exp(-s) (1 + s), s being the sum of the chances chosen there.
 *
 * forms  form_count of them, 1..2^8: fingerprints of one picture, turned or by another policy; it
 * is equally likely that any of them is as listed, and masks hit for one of them only count  at
 * most 2^16, and at most the number of tokens, masks x 2^bits
 *
 * Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_probes_rank(const struct hv_masks *masks,
                                                 const hashveil_fingerprint *forms,
                                                 size_t form_count, size_t count,
                                                 struct hv_token *out);

/* Fills out with count different random tokens, to be asked for in place of a picture that has
 * nothing worth asking. stream: NULL for the system's random numbers. */
void hv_probes_random(const struct hv_masks *masks, size_t count, struct hv_random_stream *stream,
                      struct hv_token *out);

#endif
