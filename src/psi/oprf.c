/* SPDX-License-Identifier: Apache-2.0 */
#include "psi/oprf.h"

#include <string.h>

#include <sodium.h>

#include "base/memory.h"
#include "psi/context.h"

hashveil_status hv_oprf_key_from_seed(enum hv_oprf_mode mode,
                                      const uint8_t seed[HV_OPRF_SEED_BYTES],
                                      const struct hv_piece *info,
                                      uint8_t secret_out[HV_SCALAR_BYTES],
                                      uint8_t public_out[HV_ELEMENT_BYTES])
{
    const struct hv_dst dst = hv_dst_of("DeriveKeyPair", mode);
    uint8_t info_len[HV_LENGTH_BYTES];
    uint8_t uniform[HV_UNIFORM_BYTES];
    uint8_t counter = 0;
    hv_store_length(info_len, info->len);
    const struct hv_piece message[] = {
        {seed, HV_OPRF_SEED_BYTES}, {info_len, sizeof info_len}, *info, {&counter, 1}};

    do {
        hv_expand_message(message, sizeof message / sizeof message[0], dst.bytes, dst.len, uniform);
        crypto_core_ristretto255_scalar_reduce(secret_out, uniform);
        hv_wipe(uniform, sizeof uniform);
        if (!sodium_is_zero(secret_out, HV_SCALAR_BYTES)) {
            return crypto_scalarmult_ristretto255_base(public_out, secret_out) == 0
                       ? HASHVEIL_OK
                       : HASHVEIL_ERR_KEY;
        }
    } while (++counter != 0);
    return HASHVEIL_ERR_KEY;
}

static void hash_to_group(enum hv_oprf_mode mode, const struct hv_piece *input,
                          uint8_t out[HV_ELEMENT_BYTES])
{
    const struct hv_dst dst = hv_dst_of("HashToGroup-", mode);
    uint8_t uniform[HV_UNIFORM_BYTES];
    hv_expand_message(input, 1, dst.bytes, dst.len, uniform);
    crypto_core_ristretto255_from_hash(out, uniform);
    hv_wipe(uniform, sizeof uniform);
}

static void finalize(const struct hv_piece *input, const uint8_t element[HV_ELEMENT_BYTES],
                     uint8_t out[HV_OPRF_OUTPUT_BYTES])
{
    static const char label[] = "Finalize";
    crypto_hash_sha512_state state;
    uint8_t len[HV_LENGTH_BYTES];
    crypto_hash_sha512_init(&state);
    hv_store_length(len, input->len);
    crypto_hash_sha512_update(&state, len, sizeof len);
    crypto_hash_sha512_update(&state, input->bytes, input->len);
    hv_store_length(len, HV_ELEMENT_BYTES);
    crypto_hash_sha512_update(&state, len, sizeof len);
    crypto_hash_sha512_update(&state, element, HV_ELEMENT_BYTES);
    crypto_hash_sha512_update(&state, (const uint8_t *)label, sizeof label - 1);
    crypto_hash_sha512_final(&state, out);
    hv_wipe(&state, sizeof state);
}

bool hv_oprf_blind(enum hv_oprf_mode mode, const struct hv_piece *input,
                   const uint8_t blind[HV_SCALAR_BYTES], uint8_t out[HV_ELEMENT_BYTES])
{
    uint8_t element[HV_ELEMENT_BYTES];
    hash_to_group(mode, input, element);
    const bool worked = hv_multiply(blind, element, out);
    hv_wipe(element, sizeof element);
    return worked;
}

bool hv_oprf_blind_evaluate(const uint8_t secret[HV_SCALAR_BYTES],
                            const uint8_t blinded[HV_ELEMENT_BYTES], uint8_t out[HV_ELEMENT_BYTES])
{
    return hv_multiply(secret, blinded, out);
}

bool hv_oprf_finalize(const struct hv_piece *input, const uint8_t blind_inverse[HV_SCALAR_BYTES],
                      const uint8_t evaluated[HV_ELEMENT_BYTES], uint8_t out[HV_OPRF_OUTPUT_BYTES])
{
    uint8_t element[HV_ELEMENT_BYTES];
    const bool worked = hv_multiply(blind_inverse, evaluated, element);
    if (worked) {
        finalize(input, element, out);
    }
    hv_wipe(element, sizeof element);
    return worked;
}

bool hv_oprf_evaluate(enum hv_oprf_mode mode, const uint8_t secret[HV_SCALAR_BYTES],
                      const struct hv_piece *input, uint8_t out[HV_OPRF_OUTPUT_BYTES])
{
    uint8_t element[HV_ELEMENT_BYTES];
    hash_to_group(mode, input, element);
    const bool worked = hv_multiply(secret, element, element);
    if (worked) {
        finalize(input, element, out);
    }
    hv_wipe(element, sizeof element);
    return worked;
}
