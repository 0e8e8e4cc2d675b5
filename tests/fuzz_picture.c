/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures: what is decoded keeps to the limits and can be read to its last pixel; turning it moves
 * pixels and changes none; what is refused leaves nothing behind. Fingerprints: the exact way gives
 * what decoding and hashing give; the short way reads whatever the exact way reads, and its first
 * form is the picture itself. */
#include "fuzz_picture.h"

#include "image/rows.h"

#include <hashveil/fingerprint.h>

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Small enough for many runs a second. */
static hashveil_fingerprint_options options_for(uint64_t max_pixels, bool is_exact)
{
    return (hashveil_fingerprint_options){
        .image = {.limits = {.max_file_bytes = 1 << 20,
                             .max_pixels = max_pixels,
                             .max_side_px = 1 << 12,
                             .max_scans = 20},
                  .applies_orientation = true},
        .is_exact_decode = is_exact,
    };
}

static bool is_cleared(const hashveil_image *image)
{
    return !image->pixels && image->width_px == 0 && image->height_px == 0 &&
           image->stride_bytes == 0 && image->channels == 0;
}

static bool is_sound_image(const hashveil_image *image, const hashveil_image_limits *limits)
{
    return image->pixels && image->width_px >= 1 && image->height_px >= 1 &&
           image->width_px <= limits->max_side_px && image->height_px <= limits->max_side_px &&
           (uint64_t)image->width_px * image->height_px <= limits->max_pixels &&
           (image->channels == 1 || image->channels == 3) &&
           image->stride_bytes >= (size_t)image->width_px * image->channels;
}

/* The order of the pixels does not matter to it. */
static uint64_t sum_of(const hashveil_image *image)
{
    uint64_t sum = 0;
    for (uint32_t y = 0; y < image->height_px; y++) {
        for (size_t i = 0; i < (size_t)image->width_px * image->channels; i++) {
            sum += image->pixels[y * image->stride_bytes + i];
        }
    }
    return sum;
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

/* Fills the image as it is to be shown. */
static hashveil_status decode(const struct fuzz_format *format, const uint8_t *bytes, size_t len,
                              const hashveil_image_options *as_shown, hashveil_image *shown)
{
    hashveil_image stored = {0};
    hashveil_image_options as_stored = *as_shown;
    as_stored.applies_orientation = false;
    const hashveil_status status = hashveil_image_decode(bytes, len, as_shown, shown);
    require(hashveil_image_decode(bytes, len, &as_stored, &stored) == status);
    if (status == HASHVEIL_OK) {
        require(is_sound_image(&stored, &as_stored.limits));
        require(is_sound_image(shown, &as_shown->limits));
        require(format->is_vague || sum_of(&stored) == sum_of(shown));
    } else {
        require(is_cleared(&stored));
        require(is_cleared(shown));
    }
    hashveil_image_clear(&stored);
    return status;
}

static void check_exact_way(const struct fuzz_format *format, const uint8_t *bytes, size_t len,
                            const hashveil_fingerprint_options *options, hashveil_status decoded,
                            const hashveil_image *image)
{
    hashveil_fingerprint expected;
    hashveil_fingerprint found;
    require(hashveil_fingerprint_file(bytes, len, options, &found) == decoded);
    if (decoded == HASHVEIL_OK) {
        require(hashveil_pdq_fingerprint(image, HASHVEIL_PDQ_POLICY_FULL, &expected) ==
                HASHVEIL_OK);
        require(format->is_vague || is_same(&found, &expected));
    }
}

static void check_short_way(const struct fuzz_format *format, const uint8_t *bytes, size_t len,
                            const hashveil_fingerprint_options *options, hashveil_status decoded)
{
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL];
    hashveil_fingerprint alone;
    const hashveil_status status = hashveil_fingerprint_file_dihedral(bytes, len, options, forms);
    require(status == HASHVEIL_OK || decoded != HASHVEIL_OK);
    require(hashveil_fingerprint_file(bytes, len, options, &alone) == status);
    if (status == HASHVEIL_OK) {
        require(is_sound(&alone));
        require(format->is_vague || is_same(&alone, &forms[0]));
    }
}

int fuzz_picture(const struct fuzz_format *format, const uint8_t *bytes, size_t len)
{
    const hashveil_fingerprint_options exact_way = options_for(format->max_pixels, true);
    const hashveil_fingerprint_options short_way = options_for(format->max_pixels, false);
    hashveil_image shown = {0};
    const char *recognised = hv_image_format(bytes, len);
    if (!recognised || strcmp(recognised, format->name) != 0) {
        return 0;
    }
    const hashveil_status status = decode(format, bytes, len, &exact_way.image, &shown);
    check_exact_way(format, bytes, len, &exact_way, status, &shown);
    check_short_way(format, bytes, len, &short_way, status);
    hashveil_image_clear(&shown);
    return 0;
}
