/* SPDX-License-Identifier: Apache-2.0 */
/* Edits flip bits in neighbourhoods: a line of text those of many rows and few columns, a turn by
 * a degree those around the large coefficients. So positions that go wrong together stand in one
 * mask, and the pool is cut into masks that share none: a deck. Every further deck is cut across
 * another direction. */
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

/* Directions over half a circle, in even steps along a square that stands on its corner. */
enum {
    DIRECTIONS = 64,
    DIRECTION_LEN = DIRECTIONS / 2,
    /* The range of what is added to a position's place along a direction, so that no two decks of
     * one direction are alike: some two rows or columns. */
    JITTER = 64
};

struct direction {
    int32_t row, column;
};

static struct direction direction_of(unsigned number)
{
    const int32_t row = DIRECTION_LEN - (int32_t)(number % DIRECTIONS);
    const int32_t column = DIRECTION_LEN - (row < 0 ? -row : row);
    return (struct direction){row, column};
}

/* A deck: all of the pool, in order along a direction. */
static void sort_along(struct mask_stream *stream, struct direction direction, uint8_t *deck,
                       unsigned count)
{
    int32_t place[HASHVEIL_PDQ_BITS];
    for (unsigned i = 0; i < count; i++) {
        const uint8_t position = deck[i];
        const int32_t own = position / 16 * direction.row + position % 16 * direction.column +
                            (int32_t)next_below(stream, JITTER);
        unsigned rank = i;
        for (; rank > 0 && place[rank - 1] > own; rank--) {
            place[rank] = place[rank - 1];
            deck[rank] = deck[rank - 1];
        }
        place[rank] = own;
        deck[rank] = position;
    }
}

void hv_masks_from_seed(const uint8_t seed[HV_MASK_SEED_BYTES], const hashveil_mask_params *params,
                        struct hv_masks *out)
{
    assert(hv_mask_params_are_valid(params));
    struct mask_stream stream = {.seed = seed, .used = sizeof stream.bytes};
    const unsigned in_deck = params->pool_bits / params->bits;
    const unsigned decks = (params->masks + in_deck - 1) / in_deck;
    const unsigned first_direction = next_below(&stream, DIRECTIONS);
    uint8_t pool[HASHVEIL_PDQ_BITS];
    uint8_t deck[HASHVEIL_PDQ_BITS];
    *out = (struct hv_masks){.params = *params};
    rank_positions(pool);
    for (unsigned mask = 0; mask < params->masks; mask++) {
        const unsigned place = mask % in_deck;
        if (place == 0) {
            memcpy(deck, pool, sizeof deck);
            sort_along(&stream, direction_of(first_direction + mask / in_deck * DIRECTIONS / decks),
                       deck, params->pool_bits);
        }
        memcpy(out->position[mask], deck + (size_t)place * params->bits, params->bits);
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
