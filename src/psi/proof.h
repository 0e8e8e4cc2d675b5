/* SPDX-License-Identifier: Apache-2.0 */
/* One proof for a whole response that all of its elements were evaluated under the published key:
 * the batch proof of equal discrete logarithms, RFC 9497 section 2.2, mode VOPRF. */
#ifndef HV_PSI_PROOF_H
#define HV_PSI_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

#include "psi/group.h"

enum { HV_PROOF_BYTES = 2 * HV_SCALAR_BYTES, HV_PROOF_MAX_ELEMENTS = 65536 };

/* What is proved: one scalar takes the generator to public_key, and each blinded element to the
 * evaluated one at the same place. */
struct hv_statement {
    const uint8_t *public_key; /* HV_ELEMENT_BYTES; a canonical element, not the identity */
    const uint8_t *blinded;    /* count x HV_ELEMENT_BYTES */
    const uint8_t *evaluated;  /* count x HV_ELEMENT_BYTES */
    size_t count;              /* 1..HV_PROOF_MAX_ELEMENTS */
};

/* GenerateProof, with its random scalar r given: fresh for every proof in all but tests, as two
 * proofs with one r give the secret away. Takes time that does not depend on secret or r.
 * Returns false when an element is not canonical or is the identity. */
HASHVEIL_MUST_USE bool hv_proof_generate(const struct hv_statement *statement,
                                         const uint8_t secret[HV_SCALAR_BYTES],
                                         const uint8_t r[HV_SCALAR_BYTES],
                                         uint8_t out[HV_PROOF_BYTES]);

/* VerifyProof. Also returns false when an element is not canonical or is the identity, or a scalar
 * of the proof is not canonical or is zero. */
HASHVEIL_MUST_USE bool hv_proof_verify(const struct hv_statement *statement,
                                       const uint8_t proof[HV_PROOF_BYTES]);

#endif
