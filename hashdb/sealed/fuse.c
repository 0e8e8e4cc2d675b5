/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/sealed/fuse.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { PLACES = HV_FUSE_KEY_PLACES, MAX_TRIES = 100 };

__extension__ typedef unsigned __int128 wide;

/* The paper's parameters, section 4.1: segment length and overhead by the number of keys. */
struct hv_fuse_shape hv_fuse_shape_for(size_t count)
{
    const double n = count < 2 ? 2 : (double)count;
    const double log_len = floor(log(n) / log(3.33) + 2.25);
    uint32_t segment_len = (uint32_t)1 << (unsigned)log_len;
    if (segment_len > HV_FUSE_MAX_SEGMENT_LEN) {
        segment_len = HV_FUSE_MAX_SEGMENT_LEN;
    }
    const double factor = fmax(1.125, 0.875 + 0.25 * log(1e6) / log(n));
    const double capacity = ceil(n * factor);
    const double segments = ceil(capacity / segment_len);
    return (struct hv_fuse_shape){.segment_len = segment_len,
                                  .segment_count = segments > 3 ? (uint32_t)segments - 2 : 1};
}

bool hv_fuse_shape_is_valid(const struct hv_fuse_shape *shape)
{
    const uint32_t len = shape->segment_len;
    return len >= 1 && len <= HV_FUSE_MAX_SEGMENT_LEN && (len & (len - 1)) == 0 &&
           shape->segment_count >= 1 && shape->segment_count <= (uint32_t)1 << 28;
}

/* The finalizer of MurmurHash3 (Appleby, public domain): spreads a key under the seed. */
static uint64_t mix(uint64_t key, uint64_t seed)
{
    uint64_t h = key + seed;
    h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
    h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ h >> 33;
}

/* One place in each of three segments in a row. */
void hv_fuse_locate(const struct hv_fuse_shape *shape, uint64_t key, uint64_t places_out[PLACES])
{
    const uint64_t hash = mix(key, shape->seed);
    const uint64_t within = shape->segment_len - 1;
    const uint64_t range = (uint64_t)shape->segment_count * shape->segment_len;
    const uint64_t first = (uint64_t)(((wide)hash * range) >> 64);
    places_out[0] = first;
    places_out[1] = (first + shape->segment_len) ^ ((hash >> 18) & within);
    places_out[2] = (first + 2 * (uint64_t)shape->segment_len) ^ (hash & within);
}

static void xor_into(uint8_t *out, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] ^= bytes[i];
    }
}

void hv_fuse_get(const struct hv_fuse_shape *shape, const uint8_t *table, size_t value_bytes,
                 uint64_t key, uint8_t *out)
{
    uint64_t place[PLACES];
    hv_fuse_locate(shape, key, place);
    memset(out, 0, value_bytes);
    for (unsigned i = 0; i < PLACES; i++) {
        xor_into(out, table + place[i] * value_bytes, value_bytes);
    }
}

/* What is known of a place while keys are taken away one by one. */
struct place {
    uint32_t key_count;
    uint32_t key_xor; /* of the keys' numbers: the number itself when there is one */
};

struct taken {
    uint32_t key;
    uint32_t place; /* that no other key needs by then */
};

struct peeling {
    const struct hv_fuse_input *input;
    struct place *places;
    size_t place_count;
    struct taken *order;
    uint32_t *alone; /* a stack of places that had one key when they were put on it */
};

/* Takes keys away that have a place of their own, until none is left. Returns false when some keys
 * share all their places: another seed is needed. */
static bool peel(const struct hv_fuse_shape *shape, struct peeling *p)
{
    size_t alone_count = 0;
    size_t taken_count = 0;
    uint64_t place[PLACES];

    memset(p->places, 0, p->place_count * sizeof *p->places);
    for (uint32_t key = 0; key < p->input->count; key++) {
        hv_fuse_locate(shape, p->input->keys[key], place);
        for (unsigned i = 0; i < PLACES; i++) {
            p->places[place[i]].key_count++;
            p->places[place[i]].key_xor ^= key;
        }
    }
    for (uint32_t i = 0; i < p->place_count; i++) {
        if (p->places[i].key_count == 1) {
            p->alone[alone_count++] = i;
        }
    }
    while (alone_count > 0) {
        const uint32_t own = p->alone[--alone_count];
        if (p->places[own].key_count != 1) {
            continue; /* its key went by another place */
        }
        const uint32_t key = p->places[own].key_xor;
        p->order[taken_count++] = (struct taken){key, own};
        hv_fuse_locate(shape, p->input->keys[key], place);
        for (unsigned i = 0; i < PLACES; i++) {
            struct place *at = &p->places[place[i]];
            at->key_xor ^= key;
            if (--at->key_count == 1) {
                p->alone[alone_count++] = (uint32_t)place[i];
            }
        }
    }
    return taken_count == p->input->count;
}

/* In reverse: each key's own place is not read by any key that was placed before it. */
static void assign(const struct hv_fuse_shape *shape, const struct peeling *p, uint8_t *out)
{
    const uint8_t *values = p->input->values;
    const size_t value_bytes = p->input->value_bytes;
    uint64_t place[PLACES];
    for (size_t i = p->input->count; i-- > 0;) {
        const struct taken taken = p->order[i];
        uint8_t *own = out + (size_t)taken.place * value_bytes;
        hv_fuse_locate(shape, p->input->keys[taken.key], place);
        memcpy(own, values + (size_t)taken.key * value_bytes, value_bytes);
        for (unsigned k = 0; k < PLACES; k++) {
            if (place[k] != taken.place) {
                xor_into(own, out + place[k] * value_bytes, value_bytes);
            }
        }
    }
}

hashveil_status hv_fuse_build(const struct hv_fuse_input *input, struct hv_random_stream *filler,
                              struct hv_fuse_shape *shape, uint8_t *out)
{
    const size_t place_count = (size_t)hv_fuse_places(shape);
    assert(input->count < UINT32_MAX && place_count < UINT32_MAX);
    struct peeling p = {.input = input, .place_count = place_count};
    hashveil_status status = HASHVEIL_ERR_NO_MEMORY;

    p.places = hv_alloc_array(place_count, sizeof *p.places);
    p.order = hv_alloc_array(input->count, sizeof *p.order);
    /* A place is put on the stack when its count falls to one, so once at most. */
    p.alone = hv_alloc_array(place_count, sizeof *p.alone);
    if (!p.places || !p.order || !p.alone) {
        goto done;
    }
    hv_random_stream_fill(filler, out, place_count * input->value_bytes);
    status = HASHVEIL_ERR_ARGUMENT;
    for (unsigned try = 0; try < MAX_TRIES && status != HASHVEIL_OK; try++) {
        shape->seed = hv_random_stream_u64(filler);
        status = peel(shape, &p) ? HASHVEIL_OK : HASHVEIL_ERR_ARGUMENT;
    }
    if (status == HASHVEIL_OK) {
        assign(shape, &p, out);
    }
done:
    free(p.places);
    free(p.order);
    free(p.alone);
    return status;
}
