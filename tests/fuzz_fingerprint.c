/* SPDX-License-Identifier: Apache-2.0 */
/* Files to fingerprints: the exact way gives what decoding and hashing give; the short way reads
 * whatever the exact way reads, and its first form is the picture itself. */
#include "fuzz.h"

#include <hashveil/fingerprint.h>

#include <stdlib.h>
#include <string.h>

/* Small enough for many runs a second, large enough for the first size at which a JPEG is scaled.
 */
static hashveil_fingerprint_options options_for(bool is_exact)
{
    return (hashveil_fingerprint_options){
        .image = {.limits = {.max_file_bytes = 1 << 20,
                             .max_pixels = 1 << 20,
                             .max_side_px = 1 << 12,
                             .max_scans = 20},
                  .applies_orientation = true},
        .is_exact = is_exact,
    };
}

static hashveil_status decode_and_hash(const uint8_t *bytes, size_t len,
                                       const hashveil_image_options *options,
                                       hashveil_fingerprint *out)
{
    hashveil_image image = {0};
    hashveil_status status = hashveil_image_decode(bytes, len, options, &image);
    if (status == HASHVEIL_OK) {
        status = hashveil_pdq_fingerprint(&image, out);
    }
    hashveil_image_clear(&image);
    return status;
}

static bool is_sound(const hashveil_fingerprint *fingerprint)
{
    bool is_sound = fingerprint->quality <= 100;
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        const bool bit = fingerprint->hash.word[i / 64] >> (i % 64) & 1;
        is_sound = is_sound && bit == (fingerprint->margin[i] > 0);
    }
    return is_sound;
}

static bool is_same(const hashveil_fingerprint *a, const hashveil_fingerprint *b)
{
    bool is_same = hashveil_pdq_distance(&a->hash, &b->hash) == 0 && a->quality == b->quality;
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        is_same = is_same && a->margin[i] == b->margin[i];
    }
    return is_same;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const hashveil_fingerprint_options exact_way = options_for(true);
    const hashveil_fingerprint_options short_way = options_for(false);
    hashveil_fingerprint expected;
    hashveil_fingerprint exact;
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL];
    hashveil_fingerprint alone;
    const hashveil_status status = decode_and_hash(bytes, len, &exact_way.image, &expected);
    if (hashveil_fingerprint_file(bytes, len, &exact_way, &exact) != status ||
        (status == HASHVEIL_OK && !is_same(&exact, &expected))) {
        abort();
    }
    const hashveil_status short_status =
        hashveil_fingerprint_file_dihedral(bytes, len, &short_way, forms);
    if (status == HASHVEIL_OK && short_status != HASHVEIL_OK) {
        abort();
    }
    if (hashveil_fingerprint_file(bytes, len, &short_way, &alone) != short_status) {
        abort();
    }
    if (short_status == HASHVEIL_OK && (!is_sound(&alone) || !is_same(&alone, &forms[0]))) {
        abort();
    }
    return 0;
}
