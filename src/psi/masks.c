/* SPDX-License-Identifier: Apache-2.0 */
#include "psi/masks.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "base/bytes.h"

bool hv_mask_params_are_valid(const hashveil_mask_params *params)
{
    return params->masks >= HV_MIN_MASKS && params->masks <= HV_MAX_MASKS &&
           params->bits >= HV_MIN_MASK_BITS && params->bits <= HV_MAX_MASK_BITS &&
           params->pool_bits >= params->bits && params->pool_bits <= HASHVEIL_PDQ_BITS;
}

/* Low frequencies survive edits best: positions in rising order of the squared length of their
 * frequency, the lower position first where equal. */
static void rank_positions(uint8_t out[HASHVEIL_PDQ_BITS])
{
    enum { MAX_SQUARE = 16 * 16 + 16 * 16 };
    size_t count = 0;
    for (unsigned square = 2; square <= MAX_SQUARE; square++) {
        for (unsigned position = 0; position < HASHVEIL_PDQ_BITS; position++) {
            const unsigned row = position / 16 + 1;
            const unsigned column = position % 16 + 1;
            if (row * row + column * column == square) {
                out[count++] = (uint8_t)position;
            }
        }
    }
    assert(count == HASHVEIL_PDQ_BITS);
}

/* Public random numbers: SHA-512 of a domain, the seed and a block number, read as u32 in order. */
struct mask_stream {
    const uint8_t *seed;
    uint32_t block;
    uint8_t bytes[crypto_hash_sha512_BYTES];
    size_t used;
};

static uint32_t next_u32(struct mask_stream *stream)
{
    static const char domain[] = "hashveil/v1/masks";
    if (stream->used == sizeof stream->bytes) {
        uint8_t input[sizeof domain - 1 + HV_MASK_SEED_BYTES + 4];
        struct hv_writer writer = hv_writer_of(input, sizeof input);
        hv_write_bytes(&writer, (const uint8_t *)domain, sizeof domain - 1);
        hv_write_bytes(&writer, stream->seed, HV_MASK_SEED_BYTES);
        hv_write_u32le(&writer, stream->block++);
        crypto_hash_sha512(stream->bytes, input, sizeof input);
        stream->used = 0;
    }
    const uint32_t value = (uint32_t)hv_load_le(stream->bytes + stream->used, 4);
    stream->used += 4;
    return value;
}

/* Uniform below bound: numbers from the incomplete last multiple of bound are passed over. */
static uint32_t next_below(struct mask_stream *stream, uint32_t bound)
{
    const uint64_t multiple = (UINT64_C(1) << 32) / bound * bound;
    uint32_t value;
    do {
        value = next_u32(stream);
    } while (value >= multiple);
    return value % bound;
}

void hv_masks_from_seed(const uint8_t seed[HV_MASK_SEED_BYTES], const hashveil_mask_params *params,
                        struct hv_masks *out)
{
    assert(hv_mask_params_are_valid(params));
    struct mask_stream stream = {.seed = seed, .used = sizeof stream.bytes};
    uint8_t pool[HASHVEIL_PDQ_BITS];
    *out = (struct hv_masks){.params = *params};
    rank_positions(pool);
    for (unsigned mask = 0; mask < params->masks; mask++) {
        /* The first steps of a Fisher-Yates shuffle; the pool stays shuffled for the next mask. */
        for (unsigned k = 0; k < params->bits; k++) {
            const uint32_t other = k + next_below(&stream, params->pool_bits - k);
            const uint8_t position = pool[other];
            pool[other] = pool[k];
            pool[k] = position;
            out->position[mask][k] = position;
        }
    }
}

struct hv_token hv_masks_token(const struct hv_masks *masks, unsigned mask,
                               const hashveil_pdq *hash)
{
    struct hv_token token = {.mask = (uint8_t)mask};
    for (unsigned k = 0; k < masks->params.bits; k++) {
        const unsigned position = masks->position[mask][k];
        token.bits |= ((hash->word[position / 64] >> (position % 64)) & 1) << k;
    }
    return token;
}
