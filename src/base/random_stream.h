/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes from a seed: ChaCha20 (RFC 8439) with the seed as its key. Each purpose draws from
 * its own stream, so that what one draws does not depend on the order in which others do. */
#ifndef HV_BASE_RANDOM_STREAM_H
#define HV_BASE_RANDOM_STREAM_H

#include <stddef.h>
#include <stdint.h>

enum { HV_SEED_BYTES = 32, HV_STREAM_BUFFER_BYTES = 4096 };

/* Clear wipes. */
struct hv_random_stream {
    uint8_t key[HV_SEED_BYTES];
    uint64_t block;
    uint8_t buffer[HV_STREAM_BUFFER_BYTES];
    size_t used;
};

/* purpose and number name the stream under the seed. */
void hv_random_stream_init(const uint8_t seed[HV_SEED_BYTES], const char *purpose, uint64_t number,
                           struct hv_random_stream *out);
void hv_random_stream_fill(struct hv_random_stream *stream, uint8_t *out, size_t len);
uint64_t hv_random_stream_u64(struct hv_random_stream *stream);
/* Uniform below bound, which is at least 1. */
uint64_t hv_random_stream_below(struct hv_random_stream *stream, uint64_t bound);
void hv_random_stream_clear(struct hv_random_stream *stream);

/* Draw from a stream, or, where that is NULL, from the system's generator: a request is made either
 * way, and an audit's can be made again. bound: at least 1. */
void hv_draw_bytes(struct hv_random_stream *stream, void *out, size_t len);
uint32_t hv_draw_below(struct hv_random_stream *stream, uint32_t bound);

#endif
