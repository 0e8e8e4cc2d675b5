/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random_stream.h"

#include <string.h>

#include <sodium.h>

#include "base/bytes.h"
#include "base/memory.h"

enum { CHACHA_BLOCK_BYTES = 64 };

void hv_random_stream_init(const uint8_t seed[HV_SEED_BYTES], const char *purpose, uint64_t number,
                           struct hv_random_stream *out)
{
    crypto_generichash_state state;
    uint8_t number_bytes[8];
    hv_store_le(number_bytes, number, sizeof number_bytes);
    *out = (struct hv_random_stream){.used = sizeof out->buffer};
    crypto_generichash_init(&state, seed, HV_SEED_BYTES, sizeof out->key);
    crypto_generichash_update(&state, number_bytes, sizeof number_bytes);
    crypto_generichash_update(&state, (const uint8_t *)purpose, strlen(purpose));
    crypto_generichash_final(&state, out->key, sizeof out->key);
    hv_wipe(&state, sizeof state);
}

static void refill(struct hv_random_stream *stream)
{
    static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
    memset(stream->buffer, 0, sizeof stream->buffer);
    crypto_stream_chacha20_xor_ic(stream->buffer, stream->buffer, sizeof stream->buffer, nonce,
                                  stream->block, stream->key);
    stream->block += sizeof stream->buffer / CHACHA_BLOCK_BYTES;
    stream->used = 0;
}

void hv_random_stream_fill(struct hv_random_stream *stream, uint8_t *out, size_t len)
{
    while (len > 0) {
        if (stream->used == sizeof stream->buffer) {
            refill(stream);
        }
        const size_t left = sizeof stream->buffer - stream->used;
        const size_t take = len < left ? len : left;
        memcpy(out, stream->buffer + stream->used, take);
        stream->used += take;
        out += take;
        len -= take;
    }
}

uint64_t hv_random_stream_u64(struct hv_random_stream *stream)
{
    uint8_t bytes[8];
    hv_random_stream_fill(stream, bytes, sizeof bytes);
    return hv_load_le(bytes, sizeof bytes);
}

uint64_t hv_random_stream_below(struct hv_random_stream *stream, uint64_t bound)
{
    const uint64_t multiple = UINT64_MAX / bound * bound; /* values from here on would be uneven */
    uint64_t value;
    do {
        value = hv_random_stream_u64(stream);
    } while (value >= multiple);
    return value % bound;
}

void hv_random_stream_clear(struct hv_random_stream *stream)
{
    hv_wipe(stream, sizeof *stream);
}

void hv_draw_bytes(struct hv_random_stream *stream, void *out, size_t len)
{
    if (stream) {
        hv_random_stream_fill(stream, out, len);
    } else {
        randombytes_buf(out, len);
    }
}

uint32_t hv_draw_below(struct hv_random_stream *stream, uint32_t bound)
{
    return stream ? (uint32_t)hv_random_stream_below(stream, bound) : randombytes_uniform(bound);
}
