/* SPDX-License-Identifier: Apache-2.0 */
#include "psi/proof.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "base/memory.h"
#include "psi/context.h"

enum { SEED_BYTES = crypto_hash_sha512_BYTES };

/* The elements folded into one pair, by weights that the elements themselves decide. */
struct composites {
    uint8_t m[HV_ELEMENT_BYTES];
    uint8_t z[HV_ELEMENT_BYTES];
};

/* What all weights of one statement share. */
struct weights {
    uint8_t seed[SEED_BYTES];
    struct hv_dst dst;
};

static void weights_init(const struct hv_statement *statement, struct weights *out)
{
    const struct hv_dst dst = hv_dst_of("Seed-", HV_OPRF_MODE_VOPRF);
    uint8_t len[HV_LENGTH_BYTES];
    crypto_hash_sha512_state state;
    out->dst = hv_dst_of("HashToScalar-", HV_OPRF_MODE_VOPRF);
    crypto_hash_sha512_init(&state);
    hv_store_length(len, HV_ELEMENT_BYTES);
    crypto_hash_sha512_update(&state, len, sizeof len);
    crypto_hash_sha512_update(&state, statement->public_key, HV_ELEMENT_BYTES);
    hv_store_length(len, dst.len);
    crypto_hash_sha512_update(&state, len, sizeof len);
    crypto_hash_sha512_update(&state, dst.bytes, dst.len);
    crypto_hash_sha512_final(&state, out->seed);
}

static const uint8_t *element_at(const uint8_t *elements, size_t index)
{
    return elements + index * HV_ELEMENT_BYTES;
}

static void weight_of(const struct hv_statement *statement, const struct weights *weights,
                      size_t index, uint8_t out[HV_SCALAR_BYTES])
{
    static const char label[] = "Composite";
    uint8_t seed_len[HV_LENGTH_BYTES];
    uint8_t number[HV_LENGTH_BYTES];
    uint8_t element_len[HV_LENGTH_BYTES];
    hv_store_length(seed_len, SEED_BYTES);
    hv_store_length(number, index);
    hv_store_length(element_len, HV_ELEMENT_BYTES);
    const struct hv_piece transcript[] = {
        {seed_len, sizeof seed_len},
        {weights->seed, SEED_BYTES},
        {number, sizeof number},
        {element_len, sizeof element_len},
        {element_at(statement->blinded, index), HV_ELEMENT_BYTES},
        {element_len, sizeof element_len},
        {element_at(statement->evaluated, index), HV_ELEMENT_BYTES},
        {label, sizeof label - 1}};
    hv_hash_to_scalar(transcript, sizeof transcript / sizeof transcript[0], &weights->dst, out);
}

static bool add_product(uint8_t sum[HV_ELEMENT_BYTES], const uint8_t scalar[HV_SCALAR_BYTES],
                        const uint8_t element[HV_ELEMENT_BYTES])
{
    uint8_t product[HV_ELEMENT_BYTES];
    return hv_multiply(scalar, element, product) && hv_add(sum, product);
}

/* ComputeComposites. All of it is public. */
static bool compute_composites(const struct hv_statement *statement, struct composites *out)
{
    struct weights weights;
    weights_init(statement, &weights);
    *out = (struct composites){{0}, {0}};
    for (size_t i = 0; i < statement->count; i++) {
        uint8_t weight[HV_SCALAR_BYTES];
        weight_of(statement, &weights, i, weight);
        if (!add_product(out->m, weight, element_at(statement->blinded, i)) ||
            !add_product(out->z, weight, element_at(statement->evaluated, i))) {
            return false;
        }
    }
    return true;
}

/* ComputeCompositesFast: whoever has the secret needs half of the sums. */
static bool compute_composites_fast(const struct hv_statement *statement,
                                    const uint8_t secret[HV_SCALAR_BYTES], struct composites *out)
{
    struct weights weights;
    weights_init(statement, &weights);
    memset(out->m, 0, sizeof out->m);
    for (size_t i = 0; i < statement->count; i++) {
        uint8_t weight[HV_SCALAR_BYTES];
        weight_of(statement, &weights, i, weight);
        if (!add_product(out->m, weight, element_at(statement->blinded, i))) {
            return false;
        }
    }
    return hv_multiply(secret, out->m, out->z);
}

/* What the prover commits to: r times the generator, and r times M. */
struct commitments {
    uint8_t t2[HV_ELEMENT_BYTES];
    uint8_t t3[HV_ELEMENT_BYTES];
};

static void challenge_of(const struct hv_statement *statement, const struct composites *composites,
                         const struct commitments *commitments, uint8_t out[HV_SCALAR_BYTES])
{
    static const char label[] = "Challenge";
    const struct hv_dst dst = hv_dst_of("HashToScalar-", HV_OPRF_MODE_VOPRF);
    uint8_t len[HV_LENGTH_BYTES];
    hv_store_length(len, HV_ELEMENT_BYTES);
    const struct hv_piece transcript[] = {
        {len, sizeof len},        {statement->public_key, HV_ELEMENT_BYTES},
        {len, sizeof len},        {composites->m, HV_ELEMENT_BYTES},
        {len, sizeof len},        {composites->z, HV_ELEMENT_BYTES},
        {len, sizeof len},        {commitments->t2, HV_ELEMENT_BYTES},
        {len, sizeof len},        {commitments->t3, HV_ELEMENT_BYTES},
        {label, sizeof label - 1}};
    hv_hash_to_scalar(transcript, sizeof transcript / sizeof transcript[0], &dst, out);
}

bool hv_proof_generate(const struct hv_statement *statement, const uint8_t secret[HV_SCALAR_BYTES],
                       const uint8_t r[HV_SCALAR_BYTES], uint8_t out[HV_PROOF_BYTES])
{
    struct composites composites;
    struct commitments commitments;
    uint8_t product[HV_SCALAR_BYTES];
    uint8_t *challenge = out;
    uint8_t *answer = out + HV_SCALAR_BYTES;
    assert(statement->count >= 1 && statement->count <= HV_PROOF_MAX_ELEMENTS);
    if (!compute_composites_fast(statement, secret, &composites) ||
        crypto_scalarmult_ristretto255_base(commitments.t2, r) != 0 ||
        !hv_multiply(r, composites.m, commitments.t3)) {
        return false;
    }
    challenge_of(statement, &composites, &commitments, challenge);
    crypto_core_ristretto255_scalar_mul(product, challenge, secret);
    crypto_core_ristretto255_scalar_sub(answer, r, product);
    hv_wipe(product, sizeof product);
    return true;
}

bool hv_proof_verify(const struct hv_statement *statement, const uint8_t proof[HV_PROOF_BYTES])
{
    struct composites composites;
    struct commitments commitments;
    uint8_t expected[HV_SCALAR_BYTES];
    const uint8_t *challenge = proof;
    const uint8_t *answer = proof + HV_SCALAR_BYTES;
    assert(statement->count >= 1 && statement->count <= HV_PROOF_MAX_ELEMENTS);
    if (!hv_scalar_is_valid(challenge) || !hv_scalar_is_valid(answer) ||
        !compute_composites(statement, &composites) ||
        crypto_scalarmult_ristretto255_base(commitments.t2, answer) != 0 ||
        !add_product(commitments.t2, challenge, statement->public_key) ||
        !hv_multiply(answer, composites.m, commitments.t3) ||
        !add_product(commitments.t3, challenge, composites.z)) {
        return false;
    }
    challenge_of(statement, &composites, &commitments, expected);
    return memcmp(expected, challenge, sizeof expected) == 0;
}
