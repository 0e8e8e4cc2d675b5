/* SPDX-License-Identifier: Apache-2.0 */
#include "psi/group.h"

#include <assert.h>

#include <sodium.h>

#include "base/memory.h"

enum { SHA512_BLOCK_BYTES = 128, MAX_DST_LEN = 255 };

static void absorb(crypto_hash_sha512_state *state, const void *bytes, size_t len)
{
    crypto_hash_sha512_update(state, bytes, len);
}

void hv_expand_message(const struct hv_piece *message, size_t count, const uint8_t *dst,
                       size_t dst_len, uint8_t out[HV_UNIFORM_BYTES])
{
    static const uint8_t zero_block[SHA512_BLOCK_BYTES];
    static const uint8_t out_len_and_zero[] = {0, HV_UNIFORM_BYTES, 0};
    static const uint8_t one = 1;
    assert(dst_len <= MAX_DST_LEN);
    const uint8_t dst_len_byte = (uint8_t)dst_len;
    uint8_t first[HV_UNIFORM_BYTES];
    crypto_hash_sha512_state state;

    crypto_hash_sha512_init(&state);
    absorb(&state, zero_block, sizeof zero_block);
    for (size_t i = 0; i < count; i++) {
        absorb(&state, message[i].bytes, message[i].len);
    }
    absorb(&state, out_len_and_zero, sizeof out_len_and_zero);
    absorb(&state, dst, dst_len);
    absorb(&state, &dst_len_byte, 1);
    crypto_hash_sha512_final(&state, first);

    crypto_hash_sha512_init(&state);
    absorb(&state, first, sizeof first);
    absorb(&state, &one, 1);
    absorb(&state, dst, dst_len);
    absorb(&state, &dst_len_byte, 1);
    crypto_hash_sha512_final(&state, out);
    hv_wipe(first, sizeof first);
    hv_wipe(&state, sizeof state);
}

hashveil_status hv_random_scalar(uint8_t out[HV_SCALAR_BYTES])
{
    if (sodium_init() < 0) {
        return HASHVEIL_ERR_IO;
    }
    crypto_core_ristretto255_scalar_random(out); /* uniform and never zero */
    return HASHVEIL_OK;
}

hashveil_status hv_draw_scalar(struct hv_random_stream *stream, uint8_t out[HV_SCALAR_BYTES])
{
    uint8_t wide[crypto_core_ristretto255_NONREDUCEDSCALARBYTES];
    if (!stream) {
        return hv_random_scalar(out);
    }
    do {
        hv_random_stream_fill(stream, wide, sizeof wide);
        crypto_core_ristretto255_scalar_reduce(out, wide);
    } while (!hv_scalar_is_valid(out)); /* zero, once in 2^252 */
    hv_wipe(wide, sizeof wide);
    return HASHVEIL_OK;
}

bool hv_scalar_is_valid(const uint8_t scalar[HV_SCALAR_BYTES])
{
    uint8_t wide[crypto_core_ristretto255_NONREDUCEDSCALARBYTES] = {0};
    uint8_t reduced[HV_SCALAR_BYTES];
    memcpy(wide, scalar, HV_SCALAR_BYTES);
    crypto_core_ristretto255_scalar_reduce(reduced, wide);
    const bool is_canonical = hv_equal_secret(reduced, scalar, HV_SCALAR_BYTES);
    const bool is_zero = sodium_is_zero(scalar, HV_SCALAR_BYTES) == 1;
    hv_wipe(wide, sizeof wide);
    hv_wipe(reduced, sizeof reduced);
    return is_canonical && !is_zero;
}

bool hv_element_is_valid(const uint8_t element[HV_ELEMENT_BYTES])
{
    return element[HV_ELEMENT_BYTES - 1] < 0x80 &&
           crypto_core_ristretto255_is_valid_point(element) == 1 &&
           sodium_is_zero(element, HV_ELEMENT_BYTES) == 0;
}

bool hv_multiply(const uint8_t scalar[HV_SCALAR_BYTES], const uint8_t element[HV_ELEMENT_BYTES],
                 uint8_t out[HV_ELEMENT_BYTES])
{
    /* libsodium 1.0.18 passes over the top bit, which RFC 9496 demands to be zero. It refuses all
     * else that is not canonical, and the identity as a result: the group has prime order and no
     * scalar here is zero, so only the identity gives the identity. */
    return element[HV_ELEMENT_BYTES - 1] < 0x80 &&
           crypto_scalarmult_ristretto255(out, scalar, element) == 0;
}

bool hv_add(uint8_t sum[HV_ELEMENT_BYTES], const uint8_t element[HV_ELEMENT_BYTES])
{
    /* libsodium passes over the top bit here too. */
    return element[HV_ELEMENT_BYTES - 1] < 0x80 &&
           crypto_core_ristretto255_add(sum, sum, element) == 0;
}

void hv_invert_scalars(uint8_t (*scalars)[HV_SCALAR_BYTES], uint8_t (*scratch)[HV_SCALAR_BYTES],
                       size_t count)
{
    uint8_t product[HV_SCALAR_BYTES] = {1};
    uint8_t inverse[HV_SCALAR_BYTES];
    for (size_t i = 0; i < count; i++) {
        memcpy(scratch[i], product, HV_SCALAR_BYTES); /* of all before i */
        crypto_core_ristretto255_scalar_mul(product, product, scalars[i]);
    }
    const int failed = crypto_core_ristretto255_scalar_invert(inverse, product);
    assert(failed == 0);
    (void)failed;
    for (size_t i = count; i-- > 0;) {
        crypto_core_ristretto255_scalar_mul(product, inverse, scratch[i]);
        crypto_core_ristretto255_scalar_mul(inverse, inverse, scalars[i]);
        memcpy(scalars[i], product, HV_SCALAR_BYTES);
    }
    hv_wipe(scratch, count * sizeof *scratch);
    hv_wipe(product, sizeof product);
    hv_wipe(inverse, sizeof inverse);
}
