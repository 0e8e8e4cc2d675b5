/* SPDX-License-Identifier: Apache-2.0 */
/* Probes: the tokens worth asking for, the likeliest first. */
#ifndef HV_PSI_PROBES_H
#define HV_PSI_PROBES_H

#include <stddef.h>

#include <hashveil/pdq.h>
#include <hashveil/status.h>

#include "psi/masks.h"
#include "psi/token.h"

/* Fills out with count different tokens, in falling order of the chance that a listed picture of
 * which this is an edited copy has that token.
 *
 * The model: bit i of the listed hash differs from ours with log-odds -|margin i| / scale,
 * independently, where scale is proportional to the median |margin|. A token's chance is the
 * product over its mask's bits. Tokens of all masks compete in one order.
 *
 * count is at most 2^16 and at most the number of tokens, masks x 2^bits. Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_probes_rank(const struct hv_masks *masks,
                                                 const hashveil_fingerprint *fingerprint,
                                                 size_t count, struct hv_token *out);

/* Fills out with count different tokens from the system's random numbers, to be asked for in place
 * of a picture that has nothing worth asking. */
void hv_probes_random(const struct hv_masks *masks, size_t count, struct hv_token *out);

#endif
