/* SPDX-License-Identifier: Apache-2.0 */
/* For measurements: the very tokens that a sealed database holds and that a scanner asks for, under
 * any parameters. Two pictures match where a database's tokens and the probes have two masks'
 * tokens in common: the private match computes the same answer without anybody seeing a token. */
#ifndef HASHVEIL_MASKS_H
#define HASHVEIL_MASKS_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/pdq.h>
#include <hashveil/sealed_db.h>
#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { HASHVEIL_MAX_RANKED_PROBES = 65536 };

/** The hash bits that one mask shows. A plain value; those of a device's own pictures must stay on
 * the device. */
typedef struct hashveil_token {
    uint64_t bits; /**< bit k: the hash's bit at the mask's k-th position */
    uint32_t mask; /**< from 0 */
} hashveil_token;

/** A choice of masks. Shared freely between threads. */
typedef struct hashveil_masks hashveil_masks;

/**
 * Derives the masks that a database sealed with this seed and these parameters has.
 *
 * params  borrowed for the call
 *
 * Errors: ERR_ARGUMENT (parameters outside their ranges), ERR_NO_MEMORY.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_masks_create(const hashveil_mask_params *params,
                      const uint8_t seed[HASHVEIL_MASK_SEED_BYTES], hashveil_masks **out);

/** Accepts NULL. */
HASHVEIL_API void hashveil_masks_destroy(hashveil_masks *masks);

/**
 * Gives the tokens of a listed hash, one for each mask, in order.
 *
 * out  as many as the parameters have masks
 */
HASHVEIL_API void hashveil_masks_tokens(const hashveil_masks *masks, const hashveil_pdq *hash,
                                        hashveil_token *out);

/**
 * Chooses the probes for a picture, the likeliest first, by the ranking that a scanner uses.
 *
 * fingerprint  borrowed for the call
 * out          count different tokens
 *
 * Errors: ERR_ARGUMENT (count above HASHVEIL_MAX_RANKED_PROBES), ERR_NO_MEMORY.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_masks_probes(const hashveil_masks *masks, const hashveil_fingerprint *fingerprint,
                      size_t count, hashveil_token *out);

#ifdef __cplusplus
}
#endif

#endif
