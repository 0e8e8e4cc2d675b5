/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for the files of every picture format. */
#include "picture_contract.h"

#include "base/memory.h"
#include "picture.h"

#include <hashveil/fingerprint.h>

#include <check.h>
#include <png.h>
#include <stdlib.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

static const hashveil_image_options defaults = HASHVEIL_IMAGE_OPTIONS_DEFAULT;

static void check_sound(const hashveil_image *image)
{
    ck_assert_ptr_nonnull(image->pixels);
    ck_assert_uint_ge(image->width_px, 1);
    ck_assert_uint_ge(image->height_px, 1);
    ck_assert(image->channels == 1 || image->channels == 3);
    ck_assert_uint_ge(image->stride_bytes, (size_t)image->width_px * image->channels);
}

static void check_refusal(hashveil_status status, const hashveil_image *image)
{
    static const hashveil_status documented[] = {HASHVEIL_ERR_EMPTY,  HASHVEIL_ERR_UNSUPPORTED,
                                                 HASHVEIL_ERR_FORMAT, HASHVEIL_ERR_TRUNCATED,
                                                 HASHVEIL_ERR_LIMIT,  HASHVEIL_ERR_NO_MEMORY};
    bool is_documented = false;
    for (int i = 0; i < COUNT(documented); i++) {
        is_documented |= status == documented[i];
    }
    ck_assert_msg(is_documented, "not a documented status: %s", hashveil_status_text(status));
    ck_assert(!image->pixels && image->width_px == 0 && image->height_px == 0 &&
              image->stride_bytes == 0 && image->channels == 0);
}

hashveil_status contract_decode(const uint8_t *bytes, size_t len,
                                const hashveil_image_options *options, hashveil_image *out)
{
    uint8_t *copy = hv_copy_bytes(bytes, len);
    ck_assert_ptr_nonnull(copy);
    *out = (hashveil_image){0};
    const hashveil_status status = hashveil_image_decode(copy, len, options, out);
    free(copy);
    if (status == HASHVEIL_OK) {
        check_sound(out);
    } else {
        check_refusal(status, out);
    }
    return status;
}

hashveil_status contract_status(const uint8_t *bytes, size_t len,
                                const hashveil_image_options *options)
{
    hashveil_image decoded;
    const hashveil_status status = contract_decode(bytes, len, options, &decoded);
    hashveil_image_clear(&decoded);
    return status;
}

int contract_difference(const hashveil_image *decoded, const hashveil_image *picture,
                        uint32_t left_px, uint32_t top_px)
{
    int largest = 0;
    for (uint32_t y = 0; y < decoded->height_px; y++) {
        for (uint32_t i = 0; i < 3 * decoded->width_px; i++) {
            const uint32_t from_x = i / 3 - left_px;
            const uint32_t from_y = y - top_px;
            int expected = 255;
            if (from_x < picture->width_px && from_y < picture->height_px) {
                expected =
                    picture->pixels[from_y * picture->stride_bytes + 3 * (size_t)from_x + i % 3];
            }
            const int difference = abs(decoded->pixels[y * decoded->stride_bytes + i] - expected);
            largest = difference > largest ? difference : largest;
        }
    }
    return largest;
}

static void check_boundary(const struct picture_bytes *file, const hashveil_image_limits *at,
                           const hashveil_image_limits *below, const char *what)
{
    const hashveil_image_options options_at = {.limits = *at};
    const hashveil_image_options options_below = {.limits = *below};
    ck_assert_msg(contract_status(file->bytes, file->len, &options_at) == HASHVEIL_OK,
                  "%s: at the limit", what);
    ck_assert_msg(contract_status(file->bytes, file->len, &options_below) == HASHVEIL_ERR_LIMIT,
                  "%s: above the limit", what);
}

void contract_check_limits(const struct picture_bytes *file, uint32_t width_px, uint32_t height_px)
{
    hashveil_image_limits at = defaults.limits;
    hashveil_image_limits below = defaults.limits;
    at.max_file_bytes = file->len;
    below.max_file_bytes = file->len - 1;
    check_boundary(file, &at, &below, "bytes");
    at = below = defaults.limits;
    at.max_pixels = (uint64_t)width_px * height_px;
    below.max_pixels = at.max_pixels - 1;
    check_boundary(file, &at, &below, "pixels");
    at = below = defaults.limits;
    at.max_side_px = width_px > height_px ? width_px : height_px;
    below.max_side_px = at.max_side_px - 1;
    check_boundary(file, &at, &below, "side");
}

static bool is_same_picture(const hashveil_image *a, const hashveil_image *b)
{
    const size_t row_bytes = (size_t)a->width_px * a->channels;
    bool is_same =
        a->width_px == b->width_px && a->height_px == b->height_px && a->channels == b->channels;
    for (uint32_t y = 0; is_same && y < a->height_px; y++) {
        is_same = memcmp(a->pixels + y * a->stride_bytes, b->pixels + y * b->stride_bytes,
                         row_bytes) == 0;
    }
    return is_same;
}

size_t contract_check_cuts(const struct picture_bytes *file, size_t recognised_len)
{
    hashveil_image whole;
    hashveil_image decoded;
    size_t refused = 0;
    ck_assert_int_eq(contract_decode(file->bytes, file->len, &defaults, &whole), HASHVEIL_OK);
    for (size_t len = recognised_len; len < file->len; len++) {
        const hashveil_status status = contract_decode(file->bytes, len, &defaults, &decoded);
        ck_assert_msg(status == HASHVEIL_ERR_TRUNCATED ||
                          (status == HASHVEIL_OK && is_same_picture(&decoded, &whole)),
                      "%zu of %zu bytes: %s", len, file->len, hashveil_status_text(status));
        refused += status != HASHVEIL_OK;
        hashveil_image_clear(&decoded);
    }
    hashveil_image_clear(&whole);
    return refused;
}

void contract_check_damage(const struct picture_bytes *file)
{
    /* Limits, and the marker that ends a JPEG. */
    static const uint8_t values[] = {0x00, 0x01, 0x7F, 0x80, 0xD9, 0xFF};
    hashveil_image_options options = defaults;
    options.limits.max_pixels = 1 << 16; /* a damaged size must not cost seconds */
    options.applies_orientation = true;
    for (size_t at = 0; at < file->len; at++) {
        const uint8_t sound = file->bytes[at];
        for (int i = 0; i <= COUNT(values); i++) {
            file->bytes[at] = i < COUNT(values) ? values[i] : sound ^ 1;
            (void)!contract_status(file->bytes, file->len, &options);
        }
        file->bytes[at] = sound;
    }
}

void contract_check_fingerprint(const struct picture_bytes *file, const hashveil_image *picture)
{
    static const struct picture_png kind = {.colour_type = PNG_COLOR_TYPE_RGB, .bit_depth = 8};
    struct picture_bytes png;
    picture_to_png(picture, &kind, &png.bytes, &png.len);
    for (int is_exact = 0; is_exact < 2; is_exact++) {
        hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
        hashveil_fingerprint ours;
        hashveil_fingerprint expected;
        options.is_exact_decode = is_exact;
        ck_assert_int_eq(hashveil_fingerprint_file(file->bytes, file->len, &options, &ours),
                         HASHVEIL_OK);
        ck_assert_int_eq(hashveil_fingerprint_file(png.bytes, png.len, &options, &expected),
                         HASHVEIL_OK);
        ck_assert_uint_eq(ours.quality, expected.quality);
        ck_assert_mem_eq(&ours.hash, &expected.hash, sizeof ours.hash);
        for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
            ck_assert(ours.margin[i] == expected.margin[i]);
        }
    }
    free(png.bytes);
}
