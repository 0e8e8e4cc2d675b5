/* SPDX-License-Identifier: Apache-2.0 */
/* The public calls: fingerprints, turned forms, hexadecimal, distance. */
#include <hashveil/pdq.h>

#include "pdq_oracle.h"
#include "picture.h"
#include "run_suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of known answers, in grey levels: the hash must not hang on single precision. */
static const double min_margin = 0.02;

static hashveil_fingerprint fingerprint_of(const hashveil_image *image)
{
    hashveil_fingerprint fingerprint;
    ck_assert_int_eq(hashveil_pdq_fingerprint(image, HASHVEIL_PDQ_POLICY_FULL, &fingerprint),
                     HASHVEIL_OK);
    return fingerprint;
}

struct known {
    char policy_text[16];
    unsigned width_px, height_px, channels, seed, divisor;
    char hex[HASHVEIL_PDQ_HEX_LEN + 1];
    unsigned quality;
};

/* The pixels that the policy takes; released by hashveil_image_clear. */
static hashveil_image oracles_pixels(const hashveil_image *image, hashveil_pdq_policy policy)
{
    hashveil_image copy = {0};
    if (policy == HASHVEIL_PDQ_POLICY_NEAREST512) {
        return oracle_nearest512(image);
    }
    copy = oracle_noise_image(0, image->width_px, image->height_px, image->channels);
    memcpy(copy.pixels, image->pixels, copy.stride_bytes * copy.height_px);
    return copy;
}

/* The oracle must agree with the table too: when it does not, the pictures have changed. */
static void check_oracle(const hashveil_image *image, hashveil_pdq_policy policy,
                         const struct known *known)
{
    hashveil_image pixels = oracles_pixels(image, policy);
    char hex[HASHVEIL_PDQ_HEX_LEN + 1];
    if (pixels.width_px >= 5 && pixels.height_px >= 5) {
        struct oracle oracle;
        unsigned near = 0;
        oracle_image(&pixels, &oracle);
        hashveil_pdq_to_hex(&oracle.hash, hex);
        ck_assert_str_eq(hex, known->hex);
        ck_assert_uint_eq(oracle.quality, known->quality);
        for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
            near += fabs(oracle.margin[i]) < min_margin;
        }
        ck_assert_uint_eq(near, 1); /* the median's own */
    }
    hashveil_image_clear(&pixels);
}

static void check_known(const char *line)
{
    struct known known;
    char hex[HASHVEIL_PDQ_HEX_LEN + 1];
    hashveil_image image = {0};
    hashveil_fingerprint ours;
    hashveil_pdq_policy policy;

    /* NOLINTNEXTLINE(cert-err34-c): our own file */
    const int fields = sscanf(line, "%15s %u %u %u %u %u %64s %u", known.policy_text,
                              &known.width_px, &known.height_px, &known.channels, &known.seed,
                              &known.divisor, known.hex, &known.quality);
    ck_assert_int_eq(fields, 8);
    ck_assert_int_eq(hashveil_pdq_policy_from_text(known.policy_text, &policy), HASHVEIL_OK);
    picture_draw(&image, known.width_px, known.height_px, known.channels, known.seed);
    for (size_t i = 0; i < image.stride_bytes * image.height_px; i++) {
        image.pixels[i] = (uint8_t)(image.pixels[i] / known.divisor);
    }
    ck_assert_int_eq(hashveil_pdq_fingerprint(&image, policy, &ours), HASHVEIL_OK);
    hashveil_pdq_to_hex(&ours.hash, hex);
    check_oracle(&image, policy, &known);
    ck_assert_msg(strcmp(hex, known.hex) == 0 && ours.quality == known.quality, "%s,%u for %s", hex,
                  ours.quality, line);
    hashveil_image_clear(&image);
}

START_TEST(known_answers_are_met)
{
    char path[4096];
    char line[256];
    unsigned count = 0;
    snprintf(path, sizeof path, "%s/pdq-vectors.txt", getenv("HASHVEIL_TEST_DATA"));
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file)) {
        if (line[0] != '#') {
            check_known(line);
            count++;
        }
    }
    fclose(file);
    ck_assert_uint_ge(count, 50);
}
END_TEST

static const struct {
    uint32_t width_px, height_px;
} small[] = {{4, 9}, {9, 4}, {1, 1}, {4, 4}, {4, 1000}, {1000, 4}};

START_TEST(a_side_below_five_gives_an_empty_hash)
{
    hashveil_image image = oracle_noise_image(1, small[_i].width_px, small[_i].height_px, 3);
    hashveil_fingerprint fingerprint;
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL];
    const hashveil_fingerprint empty = {0};
    memset(&fingerprint, 0xff, sizeof fingerprint);
    memset(forms, 0xff, sizeof forms);
    fingerprint = fingerprint_of(&image);
    ck_assert_int_eq(hashveil_pdq_dihedral(&image, HASHVEIL_PDQ_POLICY_FULL, forms), HASHVEIL_OK);
    ck_assert_mem_eq(&fingerprint, &empty, sizeof empty);
    for (size_t form = 0; form < HASHVEIL_PDQ_DIHEDRAL; form++) {
        ck_assert_mem_eq(&forms[form], &empty, sizeof empty);
    }
    hashveil_image_clear(&image);
}
END_TEST

START_TEST(a_side_of_five_gives_a_hash)
{
    hashveil_image image = oracle_noise_image(1, _i ? 5 : 1000, _i ? 1000 : 5, 1);
    const hashveil_fingerprint fingerprint = fingerprint_of(&image);
    ck_assert(fingerprint.hash.word[0] != 0);
    ck_assert_uint_gt(fingerprint.quality, 0);
    hashveil_image_clear(&image);
}
END_TEST

static uint8_t pixel[100 * 100 * 3];
static const struct {
    const char *what;
    hashveil_image image;
} bad_images[] = {
    {"cleared", {0}},
    {"no pixels", {NULL, 100, 100, 100, 1}},
    {"no width", {pixel, 0, 100, 100, 1}},
    {"no height", {pixel, 100, 0, 100, 1}},
    {"no channels", {pixel, 100, 100, 100, 0}},
    {"two channels", {pixel, 100, 100, 200, 2}},
    {"four channels", {pixel, 50, 100, 200, 4}},
    {"grey rows overlap", {pixel, 100, 100, 99, 1}},
    {"RGB rows overlap", {pixel, 100, 100, 299, 3}},
};

START_TEST(refuses_a_bad_image)
{
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL];
    ck_assert_msg(hashveil_pdq_fingerprint(&bad_images[_i].image, HASHVEIL_PDQ_POLICY_FULL,
                                           forms) == HASHVEIL_ERR_ARGUMENT,
                  "%s", bad_images[_i].what);
    ck_assert_int_eq(hashveil_pdq_dihedral(&bad_images[_i].image, HASHVEIL_PDQ_POLICY_FULL, forms),
                     HASHVEIL_ERR_ARGUMENT);
}
END_TEST

START_TEST(refuses_null)
{
    const hashveil_image image = {pixel, 100, 100, 300, 3};
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL];
    ck_assert_int_eq(hashveil_pdq_fingerprint(NULL, HASHVEIL_PDQ_POLICY_FULL, forms),
                     HASHVEIL_ERR_ARGUMENT);
    ck_assert_int_eq(hashveil_pdq_dihedral(NULL, HASHVEIL_PDQ_POLICY_FULL, forms),
                     HASHVEIL_ERR_ARGUMENT);
    ck_assert_int_eq(hashveil_pdq_fingerprint(&image, HASHVEIL_PDQ_POLICY_FULL, NULL),
                     HASHVEIL_ERR_ARGUMENT);
    ck_assert_int_eq(hashveil_pdq_dihedral(&image, HASHVEIL_PDQ_POLICY_FULL, NULL),
                     HASHVEIL_ERR_ARGUMENT);
}
END_TEST

START_TEST(bytes_between_rows_do_not_count)
{
    hashveil_image image = {0};
    picture_draw(&image, 301, 203, 3, 4);
    const hashveil_fingerprint expected = fingerprint_of(&image);
    hashveil_image padded = oracle_noise_image(8, 311, 203, 3);
    padded.width_px = 301;
    for (size_t y = 0; y < 203; y++) {
        memcpy(padded.pixels + y * padded.stride_bytes, image.pixels + y * image.stride_bytes,
               (size_t)301 * 3);
    }
    const hashveil_fingerprint fingerprint = fingerprint_of(&padded);
    ck_assert_mem_eq(&fingerprint, &expected, sizeof expected);
    hashveil_image_clear(&image);
    hashveil_image_clear(&padded);
}
END_TEST

START_TEST(a_bit_is_set_exactly_where_its_margin_is_positive)
{
    hashveil_image image = {0};
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL];
    picture_draw(&image, 640, 480, 1, (uint64_t)_i);
    ck_assert_int_eq(hashveil_pdq_dihedral(&image, HASHVEIL_PDQ_POLICY_FULL, forms), HASHVEIL_OK);
    for (size_t form = 0; form < HASHVEIL_PDQ_DIHEDRAL; form++) {
        unsigned set = 0;
        for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
            const bool is_set = (forms[form].hash.word[i / 64] >> (i % 64)) & 1;
            ck_assert(is_set == (forms[form].margin[i] > 0));
            set += is_set;
        }
        ck_assert_uint_eq(set, 128); /* no two coefficients of these pictures are equal */
    }
    hashveil_image_clear(&image);
}
END_TEST

/* Twice as bright is twice the margin, and the same hash. */
START_TEST(margins_are_in_grey_levels)
{
    hashveil_image image = oracle_noise_image(3, 64, 64, 1);
    for (size_t i = 0; i < ORACLE_PLANE; i++) {
        image.pixels[i] /= 2;
    }
    const hashveil_fingerprint dark = fingerprint_of(&image);
    for (size_t i = 0; i < ORACLE_PLANE; i++) {
        image.pixels[i] = (uint8_t)(image.pixels[i] * 2);
    }
    const hashveil_fingerprint bright = fingerprint_of(&image);
    ck_assert_mem_eq(&dark.hash, &bright.hash, sizeof dark.hash);
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        ck_assert_float_eq(bright.margin[i], 2 * dark.margin[i]);
    }
    hashveil_image_clear(&image);
}
END_TEST

static const struct {
    const char *what, *text;
} bad_hex[] = {
    {"nothing", ""},
    {"63 digits", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeef"},
    {"65 digits", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0"},
    {"a letter past f", "00112233445566778899aabbccddeefg00112233445566778899aabbccddeeff"},
    {"a space", " 0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"},
    {"a sign", "00112233445566778899aabbccddeeff00112233445566778899aabbccddee-1"},
};

START_TEST(refuses_what_is_not_64_hex_digits)
{
    hashveil_pdq hash = {{1, 2, 3, 4}};
    ck_assert_msg(hashveil_pdq_from_hex(bad_hex[_i].text, strlen(bad_hex[_i].text), &hash) ==
                      HASHVEIL_ERR_FORMAT,
                  "%s", bad_hex[_i].what);
    ck_assert(hash.word[0] == 1 && hash.word[1] == 2 && hash.word[2] == 3 && hash.word[3] == 4);
}
END_TEST

START_TEST(hex_begins_with_bit_255)
{
    const hashveil_pdq hash = {{UINT64_C(0x0123456789abcdef), 1, 0, UINT64_C(0x8000000000000001)}};
    static const char text[] = "8000000000000001"
                               "0000000000000000"
                               "0000000000000001"
                               "0123456789abcdef";
    char upper[HASHVEIL_PDQ_HEX_LEN];
    char out[HASHVEIL_PDQ_HEX_LEN + 1];
    hashveil_pdq back;

    hashveil_pdq_to_hex(&hash, out);
    ck_assert_str_eq(out, text);
    ck_assert_int_eq(hashveil_pdq_from_hex(out, HASHVEIL_PDQ_HEX_LEN, &back), HASHVEIL_OK);
    ck_assert_mem_eq(&back, &hash, sizeof hash);
    for (size_t i = 0; i < HASHVEIL_PDQ_HEX_LEN; i++) {
        upper[i] = (char)(text[i] >= 'a' ? text[i] - 'a' + 'A' : text[i]);
    }
    ck_assert_int_eq(hashveil_pdq_from_hex(upper, HASHVEIL_PDQ_HEX_LEN, &back), HASHVEIL_OK);
    ck_assert_mem_eq(&back, &hash, sizeof hash);
}
END_TEST

START_TEST(distance_counts_the_bits_that_differ)
{
    const hashveil_pdq none = {{0}};
    const hashveil_pdq all = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
    hashveil_pdq some = none;
    ck_assert_uint_eq(hashveil_pdq_distance(&all, &all), 0);
    ck_assert_uint_eq(hashveil_pdq_distance(&none, &all), 256);
    for (unsigned i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        ck_assert_uint_eq(hashveil_pdq_distance(&some, &none), i);
        ck_assert_uint_eq(hashveil_pdq_distance(&all, &some), 256 - i);
        some.word[i / 64] |= UINT64_C(1) << (i % 64);
    }
}
END_TEST

enum {
    BAD_IMAGE_COUNT = sizeof bad_images / sizeof bad_images[0],
    BAD_HEX_COUNT = sizeof bad_hex / sizeof bad_hex[0],
    SMALL_COUNT = sizeof small / sizeof small[0]
};

int main(void)
{
    Suite *suite = suite_create("pdq");
    TCase *fingerprint = tcase_create("fingerprint");
    TCase *hash = tcase_create("hash");
    TCase *refusal = tcase_create("refusal");

    tcase_set_timeout(fingerprint, 60); /* with sanitizers, on a busy machine */
    tcase_add_test(fingerprint, known_answers_are_met);
    tcase_add_loop_test(fingerprint, a_side_below_five_gives_an_empty_hash, 0, SMALL_COUNT);
    tcase_add_loop_test(fingerprint, a_side_of_five_gives_a_hash, 0, 2);
    tcase_add_test(fingerprint, bytes_between_rows_do_not_count);
    tcase_add_loop_test(fingerprint, a_bit_is_set_exactly_where_its_margin_is_positive, 0, 5);
    tcase_add_test(fingerprint, margins_are_in_grey_levels);
    suite_add_tcase(suite, fingerprint);

    tcase_add_test(hash, hex_begins_with_bit_255);
    tcase_add_test(hash, distance_counts_the_bits_that_differ);
    suite_add_tcase(suite, hash);

    tcase_add_loop_test(refusal, refuses_a_bad_image, 0, BAD_IMAGE_COUNT);
    tcase_add_test(refusal, refuses_null);
    tcase_add_loop_test(refusal, refuses_what_is_not_64_hex_digits, 0, BAD_HEX_COUNT);
    suite_add_tcase(suite, refusal);
    return run_suite(suite);
}
