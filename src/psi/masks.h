/* SPDX-License-Identifier: Apache-2.0 */
/* The public masks: T choices of b bit positions of a hash, drawn from a seed. */
#ifndef HV_PSI_MASKS_H
#define HV_PSI_MASKS_H

#include <stdbool.h>
#include <stdint.h>

#include <hashveil/pdq.h>
#include <hashveil/sealed_db.h>

#include "psi/token.h"

enum {
    HV_MIN_MASKS = 2,
    HV_MAX_MASKS = 32,
    HV_MIN_MASK_BITS = 16,
    HV_MAX_MASK_BITS = 64,
    HV_MASK_SEED_BYTES = HASHVEIL_MASK_SEED_BYTES
};

struct hv_masks {
    hashveil_mask_params params;
    uint8_t position[HV_MAX_MASKS][HV_MAX_MASK_BITS]; /* params.masks x params.bits are used */
};

bool hv_mask_params_are_valid(const hashveil_mask_params *params);

/* The same seed and parameters give the same masks everywhere; hashdb/sealed/FORMAT.md says how. */
void hv_masks_from_seed(const uint8_t seed[HV_MASK_SEED_BYTES], const hashveil_mask_params *params,
                        struct hv_masks *out);

/* The token of a hash under mask number mask. */
struct hv_token hv_masks_token(const struct hv_masks *masks, unsigned mask,
                               const hashveil_pdq *hash);

#endif
