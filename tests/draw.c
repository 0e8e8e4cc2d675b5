/* SPDX-License-Identifier: Apache-2.0 */
#include "draw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random_stream.h"

/* Benchmarks draw too, and Check's assertions are for tests alone. */
static void demand(bool worked)
{
    if (!worked) {
        fputs("drawing failed\n", stderr);
        abort();
    }
}

static void set_bit(hashveil_fingerprint *fingerprint, unsigned bit)
{
    fingerprint->hash.word[bit / 64] |= UINT64_C(1) << (bit % 64);
}

hashveil_fingerprint draw_fingerprint(uint64_t number)
{
    static const uint8_t seed[HV_SEED_BYTES];
    hashveil_fingerprint fingerprint = {.quality = 100};
    struct hv_random_stream stream;
    hv_random_stream_init(seed, "fingerprint", number, &stream);
    for (unsigned i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        const float magnitude = (float)(hv_random_stream_below(&stream, 100000) + 1) / 1000.0F;
        if (hv_random_stream_below(&stream, 2) == 1) {
            set_bit(&fingerprint, i);
            fingerprint.margin[i] = magnitude;
        } else {
            fingerprint.margin[i] = -magnitude;
        }
    }
    return fingerprint;
}

hashveil_fingerprint draw_edited(const hashveil_fingerprint *original, unsigned count)
{
    hashveil_fingerprint edited = *original;
    bool is_flipped[HASHVEIL_PDQ_BITS] = {false};
    for (unsigned i = 0; i < count; i++) {
        unsigned least = HASHVEIL_PDQ_BITS;
        for (unsigned bit = 0; bit < HASHVEIL_PDQ_BITS; bit++) {
            if (!is_flipped[bit] &&
                (least == HASHVEIL_PDQ_BITS ||
                 fabsf(original->margin[bit]) < fabsf(original->margin[least]))) {
                least = bit;
            }
        }
        is_flipped[least] = true;
        edited.hash.word[least / 64] ^= UINT64_C(1) << (least % 64);
        edited.margin[least] = -edited.margin[least];
    }
    return edited;
}

hashveil_entries draw_entries(size_t count)
{
    hashveil_entries entries = {.count = count, .list_count = 2};
    entries.entries = hv_alloc_array(count, sizeof *entries.entries);
    demand(entries.entries != NULL);
    memcpy(entries.list_names[0], "list A", sizeof "list A");
    memcpy(entries.list_names[1], "list B", sizeof "list B");
    for (size_t i = 0; i < count; i++) {
        hashveil_record *record = &entries.entries[i].record;
        entries.entries[i].hash = draw_fingerprint(i).hash;
        record->id[0] = (uint8_t)i;
        record->id[1] = (uint8_t)(i >> 8);
        record->lists = UINT64_C(1) << (i % 2);
        snprintf(record->labels[0], sizeof record->labels[0], "label %u", (unsigned)i);
    }
    return entries;
}

hashveil_key draw_evaluator_key(void)
{
    hashveil_key key = {0};
    demand(hashveil_key_generate(HASHVEIL_KEY_EVALUATOR, &key) == HASHVEIL_OK);
    return key;
}

void draw_database(const char *path, const hashveil_entries *entries, const hashveil_key *key)
{
    const hashveil_seal_options options = {.evaluator_key = key,
                                           .epoch = 7,
                                           .mask_params = HASHVEIL_MASK_PARAMS_DEFAULT,
                                           .workers = 1};
    demand(hashveil_sealed_db_build(path, entries, &options, NULL) == HASHVEIL_OK);
}
