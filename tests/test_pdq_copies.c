/* SPDX-License-Identifier: Apache-2.0 */
/* What a hash is for: copies of a picture match, other pictures do not. */
#include <hashveil/pdq.h>

#include "pdq_oracle.h"
#include "picture.h"
#include "run_suite.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum { WIDTH_PX = 800, HEIGHT_PX = 600, PICTURES = 5 };

static hashveil_image pictures[PICTURES];

static void draw_pictures(void)
{
    for (size_t i = 0; i < PICTURES; i++) {
        picture_draw(&pictures[i], WIDTH_PX, HEIGHT_PX, 3, 60 + i);
    }
}

static void clear_pictures(void)
{
    for (size_t i = 0; i < PICTURES; i++) {
        hashveil_image_clear(&pictures[i]);
    }
}

/* Each pixel is the mean of four. */
static hashveil_image halved(const hashveil_image *image)
{
    const hashveil_image out = oracle_noise_image(0, image->width_px / 2, image->height_px / 2, 3);
    for (size_t y = 0; y < out.height_px; y++) {
        const uint8_t *above = image->pixels + 2 * y * image->stride_bytes;
        const uint8_t *below = above + image->stride_bytes;
        for (size_t i = 0; i < out.stride_bytes; i++) {
            const size_t left = i / 3 * 6 + i % 3;
            out.pixels[y * out.stride_bytes + i] =
                (uint8_t)((above[left] + above[left + 3] + below[left] + below[left + 3] + 2) / 4);
        }
    }
    return out;
}

static hashveil_image paler(const hashveil_image *image)
{
    const hashveil_image out = oracle_noise_image(0, image->width_px, image->height_px, 3);
    for (size_t i = 0; i < out.stride_bytes * out.height_px; i++) {
        out.pixels[i] = (uint8_t)(image->pixels[i] / 2 + 100);
    }
    return out;
}

static hashveil_image through_jpeg(const hashveil_image *image)
{
    const struct picture_jpeg kind = {.quality = 30};
    const hashveil_image_options options = HASHVEIL_IMAGE_OPTIONS_DEFAULT;
    hashveil_image out = {0};
    uint8_t *bytes;
    size_t len;
    picture_to_jpeg(image, &kind, &bytes, &len);
    ck_assert_int_eq(hashveil_image_decode(bytes, len, &options, &out), HASHVEIL_OK);
    free(bytes);
    return out;
}

/* Without a hundredth of each side. */
static hashveil_image cropped(const hashveil_image *image)
{
    const uint32_t left_px = image->width_px / 200;
    const uint32_t top_px = image->height_px / 200;
    const hashveil_image out =
        oracle_noise_image(0, image->width_px - 2 * left_px, image->height_px - 2 * top_px, 3);
    for (size_t y = 0; y < out.height_px; y++) {
        memcpy(out.pixels + y * out.stride_bytes,
               image->pixels + (y + top_px) * image->stride_bytes + (size_t)left_px * 3,
               out.stride_bytes);
    }
    return out;
}

static const struct {
    const char *what;
    hashveil_image (*copy)(const hashveil_image *image);
} edits[] = {
    {"half the size", halved},
    {"half the contrast", paler},
    {"a JPEG of quality 30", through_jpeg},
    {"a hundredth cropped", cropped},
};

static hashveil_fingerprint fingerprint_of(const hashveil_image *image, hashveil_pdq_policy policy)
{
    hashveil_fingerprint fingerprint;
    ck_assert_int_eq(hashveil_pdq_fingerprint(image, policy, &fingerprint), HASHVEIL_OK);
    return fingerprint;
}

/* Loop index: the policy. */
START_TEST(an_edited_copy_matches_and_another_picture_does_not)
{
    const hashveil_pdq_policy policy = (hashveil_pdq_policy)_i;
    for (int edit = 0; edit < COUNT(edits); edit++) {
        for (size_t i = 0; i < PICTURES; i++) {
            hashveil_image copy = edits[edit].copy(&pictures[i]);
            const hashveil_fingerprint found = fingerprint_of(&copy, policy);
            ck_assert_uint_ge(found.quality, HASHVEIL_PDQ_MIN_QUALITY);
            for (size_t j = 0; j < PICTURES; j++) {
                const hashveil_fingerprint listed = fingerprint_of(&pictures[j], policy);
                const unsigned distance = hashveil_pdq_distance(&found.hash, &listed.hash);
                ck_assert_msg((distance <= HASHVEIL_PDQ_MATCH_BITS) == (i == j),
                              "%s, %s: copy of %zu, picture %zu: %u bits",
                              hashveil_pdq_policy_text(policy), edits[edit].what, i, j, distance);
            }
            hashveil_image_clear(&copy);
        }
    }
}
END_TEST

START_TEST(a_picture_of_one_colour_has_no_quality)
{
    static const uint32_t sides[][2] = {{5, 5}, {64, 64}, {300, 200}, {513, 700}, {1000, 9}};
    for (size_t s = 0; s < sizeof sides / sizeof sides[0]; s++) {
        hashveil_image image = oracle_noise_image(0, sides[s][0], sides[s][1], 3);
        for (unsigned value = 0; value < 256; value += 51) {
            memset(image.pixels, (int)value, image.stride_bytes * image.height_px);
            ck_assert_uint_eq(fingerprint_of(&image, (hashveil_pdq_policy)_i).quality, 0);
        }
        hashveil_image_clear(&image);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pdq copies");
    TCase *copies = tcase_create("copies");
    tcase_set_timeout(copies, 60); /* with sanitizers, on a busy machine */
    tcase_add_unchecked_fixture(copies, draw_pictures, clear_pictures);
    tcase_add_loop_test(copies, an_edited_copy_matches_and_another_picture_does_not, 0, 2);
    tcase_add_loop_test(copies, a_picture_of_one_colour_has_no_quality, 0, 2);
    suite_add_tcase(suite, copies);
    return run_suite(suite);
}
