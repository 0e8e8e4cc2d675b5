/* SPDX-License-Identifier: Apache-2.0 */
/* Masks and probes for measurements: the functions that sealing and scanning use, and no others. */
#include <hashveil/masks.h>

#include <stdlib.h>

#include "base/memory.h"
#include "psi/masks.h"
#include "psi/probes.h"

struct hashveil_masks {
    struct hv_masks masks;
};

hashveil_status hashveil_masks_create(const hashveil_mask_params *params,
                                      const uint8_t seed[HASHVEIL_MASK_SEED_BYTES],
                                      hashveil_masks **out)
{
    *out = NULL;
    if (!hv_mask_params_are_valid(params)) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    hashveil_masks *masks = hv_alloc_array(1, sizeof *masks);
    if (!masks) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hv_masks_from_seed(seed, params, &masks->masks);
    *out = masks;
    return HASHVEIL_OK;
}

void hashveil_masks_destroy(hashveil_masks *masks)
{
    free(masks);
}

static hashveil_token public_token(struct hv_token token)
{
    return (hashveil_token){.bits = token.bits, .mask = token.mask};
}

void hashveil_masks_tokens(const hashveil_masks *masks, const hashveil_pdq *hash,
                           hashveil_token *out)
{
    for (unsigned mask = 0; mask < masks->masks.params.masks; mask++) {
        out[mask] = public_token(hv_masks_token(&masks->masks, mask, hash));
    }
}

hashveil_status hashveil_masks_probes(const hashveil_masks *masks,
                                      const hashveil_fingerprint *fingerprint, size_t count,
                                      hashveil_token *out)
{
    if (count > HASHVEIL_MAX_RANKED_PROBES) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    struct hv_token *tokens = hv_alloc_array(count, sizeof *tokens);
    if (!tokens) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const hashveil_status status = hv_probes_rank(&masks->masks, fingerprint, 1, count, tokens);
    for (size_t i = 0; i < count && status == HASHVEIL_OK; i++) {
        out[i] = public_token(tokens[i]);
    }
    hv_wipe(tokens, count * sizeof *tokens);
    free(tokens);
    return status;
}
