/* SPDX-License-Identifier: Apache-2.0 */
/* How likely an edit is to flip each bit of a hash. */
#ifndef HV_PSI_FLIPS_H
#define HV_PSI_FLIPS_H

#include <hashveil/pdq.h>

/* Fills out with the cost of each bit's flip: the log of the odds that it does not differ between
 * this picture and one of which it is an edited copy, or that is an edited copy of it.
 *
 * The model: bits flip independently, and bit i with the odds exp(-cost), where
 *
 *     cost = |margin i| / (0.3 x median of all |margin|) x sqrt(length of bit i's frequency / 8)
 *
 * so that it does not matter how strong the picture's contrast is. */
void hv_flip_costs(const hashveil_fingerprint *fingerprint, float out[HASHVEIL_PDQ_BITS]);

#endif
