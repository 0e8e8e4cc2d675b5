/* SPDX-License-Identifier: Apache-2.0 */
/* A keyless static map from 64-bit keys to values of a few bytes: a binary fuse structure with
 * three places a key (Graf and Lemire, "Binary Fuse Filters: Fast and Smaller Than Xor Filters",
 * 2022) that stores values instead of fingerprints. A key's value is the XOR of its three places; a
 * key that was not put in gives the XOR of three places all the same. */
#ifndef HV_HASHDB_SEALED_FUSE_H
#define HV_HASHDB_SEALED_FUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

#include "base/random_stream.h"

/* Where a key's places are; public, in the manifest. */
struct hv_fuse_shape {
    uint64_t seed;
    uint32_t segment_len;   /* a power of two */
    uint32_t segment_count; /* a key starts in one of these; two more segments follow */
};

enum { HV_FUSE_KEY_PLACES = 3, HV_FUSE_MAX_SEGMENT_LEN = 1 << 18 };

/* The shape for count keys, with seed 0. */
struct hv_fuse_shape hv_fuse_shape_for(size_t count);

bool hv_fuse_shape_is_valid(const struct hv_fuse_shape *shape);

static inline uint64_t hv_fuse_places(const struct hv_fuse_shape *shape)
{
    return ((uint64_t)shape->segment_count + 2) * shape->segment_len;
}

/* What goes into a map. */
struct hv_fuse_input {
    const uint64_t *keys;  /* count of them, all different */
    const uint8_t *values; /* count x value_bytes, in the same order */
    size_t count;
    size_t value_bytes;
};

/* Builds the map. Places that no key needs are filled from filler, so the result looks random
 * throughout if the values do.
 *
 * shape  from hv_fuse_shape_for; its seed is set
 * out    hv_fuse_places x value_bytes
 *
 * Errors: ERR_NO_MEMORY, ERR_ARGUMENT (two equal keys). */
HASHVEIL_MUST_USE hashveil_status hv_fuse_build(const struct hv_fuse_input *input,
                                                struct hv_random_stream *filler,
                                                struct hv_fuse_shape *shape, uint8_t *out);

/* Finds a key's places, each below hv_fuse_places. */
void hv_fuse_locate(const struct hv_fuse_shape *shape, uint64_t key,
                    uint64_t places_out[HV_FUSE_KEY_PLACES]);

/* table: hv_fuse_places x value_bytes, any alignment; out: value_bytes. */
void hv_fuse_get(const struct hv_fuse_shape *shape, const uint8_t *table, size_t value_bytes,
                 uint64_t key, uint8_t *out);

#endif
