/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures: what is decoded keeps to the limits and can be read to its last pixel; turning it moves
 * pixels and changes none; what is refused leaves nothing behind. */
#include "fuzz.h"

#include <hashveil/image.h>

#include <stdlib.h>

/* Small enough for thousands of runs a second. */
static hashveil_image_options options_for(bool applies_orientation)
{
    return (hashveil_image_options){
        .limits = {.max_file_bytes = 1 << 20,
                   .max_pixels = 1 << 18,
                   .max_side_px = 1 << 12,
                   .max_scans = 20},
        .applies_orientation = applies_orientation,
    };
}

static bool is_cleared(const hashveil_image *image)
{
    return !image->pixels && image->width_px == 0 && image->height_px == 0 &&
           image->stride_bytes == 0 && image->channels == 0;
}

static bool is_sound(const hashveil_image *image, const hashveil_image_limits *limits)
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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    hashveil_image stored = {0};
    hashveil_image shown = {0};
    const hashveil_image_options as_stored = options_for(false);
    const hashveil_image_options as_shown = options_for(true);
    const hashveil_status status = hashveil_image_decode(bytes, len, &as_stored, &stored);
    if (hashveil_image_decode(bytes, len, &as_shown, &shown) != status) {
        abort();
    }
    if (status != HASHVEIL_OK && (!is_cleared(&stored) || !is_cleared(&shown))) {
        abort();
    }
    if (status == HASHVEIL_OK &&
        (!is_sound(&stored, &as_stored.limits) || !is_sound(&shown, &as_shown.limits) ||
         sum_of(&stored) != sum_of(&shown))) {
        abort();
    }
    hashveil_image_clear(&stored);
    hashveil_image_clear(&shown);
    return 0;
}
