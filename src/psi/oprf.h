/* SPDX-License-Identifier: Apache-2.0 */
/* The oblivious pseudorandom function of RFC 9497, suite ristretto255-SHA512, one call for each of
 * its functions. The protocol sends many elements at once: psi/client.h and evaluator.c. */
#ifndef HV_PSI_OPRF_H
#define HV_PSI_OPRF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

#include "psi/group.h"

enum { HV_OPRF_OUTPUT_BYTES = 64, HV_OPRF_SEED_BYTES = 32 };

/* The mode identifiers of RFC 9497 section 3.1. Outputs differ between modes even under one key.
 * Databases and messages are all of HV_OPRF_MODE: what is evaluated can be proved. */
enum hv_oprf_mode {
    HV_OPRF_MODE_OPRF = 0,
    HV_OPRF_MODE_VOPRF = 1,
    HV_OPRF_MODE = HV_OPRF_MODE_VOPRF
};

/* DeriveKeyPair, section 3.2.1. Only tests and key-from-seed tools need it. */
HASHVEIL_MUST_USE hashveil_status hv_oprf_key_from_seed(enum hv_oprf_mode mode,
                                                        const uint8_t seed[HV_OPRF_SEED_BYTES],
                                                        const struct hv_piece *info,
                                                        uint8_t secret_out[HV_SCALAR_BYTES],
                                                        uint8_t public_out[HV_ELEMENT_BYTES]);

/* Blind, section 3.3.1, with the blind given: a fresh random scalar in all but tests.
 * Returns false for an input that hashes to the identity (none is known). */
HASHVEIL_MUST_USE bool hv_oprf_blind(enum hv_oprf_mode mode, const struct hv_piece *input,
                                     const uint8_t blind[HV_SCALAR_BYTES],
                                     uint8_t out[HV_ELEMENT_BYTES]);

/* BlindEvaluate without proof, section 3.3.1. Returns false for bytes that are not a canonical
 * element other than the identity. */
HASHVEIL_MUST_USE bool hv_oprf_blind_evaluate(const uint8_t secret[HV_SCALAR_BYTES],
                                              const uint8_t blinded[HV_ELEMENT_BYTES],
                                              uint8_t out[HV_ELEMENT_BYTES]);

/* Finalize, section 3.3.1, with the inverse of the blind, so that many may be inverted together.
 * Returns false as hv_oprf_blind_evaluate. */
HASHVEIL_MUST_USE bool hv_oprf_finalize(const struct hv_piece *input,
                                        const uint8_t blind_inverse[HV_SCALAR_BYTES],
                                        const uint8_t evaluated[HV_ELEMENT_BYTES],
                                        uint8_t out[HV_OPRF_OUTPUT_BYTES]);

/* Evaluate, section 3.3.1: what blind, evaluate and finalize give together, by whoever has the
 * key. Returns false as hv_oprf_blind. */
HASHVEIL_MUST_USE bool hv_oprf_evaluate(enum hv_oprf_mode mode,
                                        const uint8_t secret[HV_SCALAR_BYTES],
                                        const struct hv_piece *input,
                                        uint8_t out[HV_OPRF_OUTPUT_BYTES]);

#endif
