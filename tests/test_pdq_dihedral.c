/* SPDX-License-Identifier: Apache-2.0 */
/* The eight forms of a picture, derived from one transform. */
#include <hashveil/pdq.h>

#include "pdq_oracle.h"
#include "picture.h"
#include "run_suite.h"

#include <math.h>
#include <string.h>

/* Where a box is an even number of pixels wide it reaches one pixel further ahead than behind, so
 * that a turned picture is sampled a pixel aside: the smaller it is, the more bits that costs.
 * These drawings have more detail than photographs, whose forms differ by 2 to 6 bits on average.
 */
static const struct {
    uint32_t width_px, height_px, channels;
    unsigned max_bits; /* as measured */
} pictures[] = {
    {512, 512, 1, 22}, {512, 384, 3, 18}, {640, 480, 3, 14}, {641, 479, 1, 18},
    {300, 700, 3, 8},  {129, 300, 1, 46}, {1280, 720, 1, 8}, {64, 64, 3, 0},
};
enum { PICTURE_COUNT = sizeof pictures / sizeof pictures[0] };

static void draw(int number, hashveil_image *out)
{
    picture_draw(out, pictures[number].width_px, pictures[number].height_px,
                 pictures[number].channels, (uint64_t)number + 40);
}

/* Returns the picture with its pixels moved; released by hashveil_image_clear. */
static hashveil_image turn(const hashveil_image *image, hashveil_dihedral form)
{
    const bool is_transposed = oracle_is_transposed(form);
    const uint32_t width_px = is_transposed ? image->height_px : image->width_px;
    const uint32_t height_px = is_transposed ? image->width_px : image->height_px;
    const hashveil_image turned = oracle_noise_image(0, width_px, height_px, image->channels);
    for (size_t y = 0; y < height_px; y++) {
        for (size_t x = 0; x < width_px; x++) {
            const size_t from = oracle_turned_from(form, image->width_px, image->height_px, y, x);
            memcpy(turned.pixels + y * turned.stride_bytes + x * turned.channels,
                   image->pixels + from / image->width_px * image->stride_bytes +
                       from % image->width_px * image->channels,
                   image->channels);
        }
    }
    return turned;
}

START_TEST(the_first_form_is_the_fingerprint)
{
    hashveil_image image = {0};
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL];
    hashveil_fingerprint fingerprint;
    draw(_i, &image);
    ck_assert_int_eq(hashveil_pdq_fingerprint(&image, HASHVEIL_PDQ_POLICY_FULL, &fingerprint),
                     HASHVEIL_OK);
    ck_assert_int_eq(hashveil_pdq_dihedral(&image, HASHVEIL_PDQ_POLICY_FULL, forms), HASHVEIL_OK);
    ck_assert_mem_eq(&forms[0], &fingerprint, sizeof fingerprint);
    hashveil_image_clear(&image);
}
END_TEST

/* The oracle turns its 64 x 64 plane and transforms each form anew. */
START_TEST(each_form_is_that_of_the_turned_plane)
{
    hashveil_image image = {0};
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL];
    struct oracle original;
    struct oracle turned;
    struct oracle_room room;

    draw(_i, &image);
    oracle_room_init((size_t)image.width_px * image.height_px, &room);
    oracle_run(&image, &room, &original);
    ck_assert_int_eq(hashveil_pdq_dihedral(&image, HASHVEIL_PDQ_POLICY_FULL, forms), HASHVEIL_OK);
    for (unsigned form = 0; form < HASHVEIL_PDQ_DIHEDRAL; form++) {
        for (size_t i = 0; i < ORACLE_PLANE; i++) {
            turned.plane[i] =
                original.plane[oracle_turned_from((hashveil_dihedral)form, ORACLE_SIDE, ORACLE_SIDE,
                                                  i / ORACLE_SIDE, i % ORACLE_SIDE)];
        }
        oracle_finish(&room, &turned);
        ck_assert_uint_eq(hashveil_pdq_distance(&forms[form].hash, &turned.hash), 0);
        ck_assert_uint_eq(forms[form].quality, turned.quality);
    }
    oracle_room_clear(&room);
    hashveil_image_clear(&image);
}
END_TEST

static float largest_margin(const hashveil_fingerprint *fingerprint)
{
    float largest = 0;
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        largest = fmaxf(largest, fabsf(fingerprint->margin[i]));
    }
    return largest;
}

START_TEST(a_fingerprint_alone_gives_its_forms)
{
    hashveil_image image = {0};
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL];
    draw(_i, &image);
    ck_assert_int_eq(hashveil_pdq_dihedral(&image, HASHVEIL_PDQ_POLICY_FULL, forms), HASHVEIL_OK);
    const float rounding = ldexpf(largest_margin(&forms[0]), -22);
    for (unsigned form = 0; form < HASHVEIL_PDQ_DIHEDRAL; form++) {
        hashveil_fingerprint turned = forms[0];
        hashveil_pdq_turn(&turned, (hashveil_dihedral)form, &turned);
        ck_assert_uint_eq(hashveil_pdq_distance(&turned.hash, &forms[form].hash), 0);
        ck_assert_uint_eq(turned.quality, forms[form].quality);
        ck_assert_float_eq_tol(turned.median, forms[form].median, rounding);
        for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
            ck_assert_float_eq_tol(turned.margin[i], forms[form].margin[i], rounding);
        }
    }
    hashveil_image_clear(&image);
}
END_TEST

START_TEST(what_has_no_features_has_none_when_turned)
{
    hashveil_fingerprint turned;
    const hashveil_fingerprint nothing = {0};
    hashveil_pdq_turn(&nothing, (hashveil_dihedral)_i, &turned);
    ck_assert_uint_eq(hashveil_pdq_distance(&turned.hash, &nothing.hash), 0);
    ck_assert_uint_eq(turned.quality, 0);
}
END_TEST

START_TEST(each_form_is_near_the_turned_pictures_own)
{
    hashveil_image image = {0};
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL];
    struct oracle own;

    draw(_i, &image);
    ck_assert_int_eq(hashveil_pdq_dihedral(&image, HASHVEIL_PDQ_POLICY_FULL, forms), HASHVEIL_OK);
    for (unsigned form = 0; form < HASHVEIL_PDQ_DIHEDRAL; form++) {
        hashveil_image turned = turn(&image, (hashveil_dihedral)form);
        oracle_image(&turned, &own);
        const unsigned distance = hashveil_pdq_distance(&forms[form].hash, &own.hash);
        ck_assert_msg(distance <= pictures[_i].max_bits, "form %u: %u bits", form, distance);
        hashveil_image_clear(&turned);
    }
    hashveil_image_clear(&image);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pdq dihedral");
    TCase *forms = tcase_create("forms");
    tcase_set_timeout(forms, 60); /* with sanitizers, on a busy machine */
    tcase_add_loop_test(forms, the_first_form_is_the_fingerprint, 0, PICTURE_COUNT);
    tcase_add_loop_test(forms, each_form_is_that_of_the_turned_plane, 0, PICTURE_COUNT);
    tcase_add_loop_test(forms, a_fingerprint_alone_gives_its_forms, 0, PICTURE_COUNT);
    tcase_add_loop_test(forms, what_has_no_features_has_none_when_turned, 0, HASHVEIL_PDQ_DIHEDRAL);
    tcase_add_loop_test(forms, each_form_is_near_the_turned_pictures_own, 0, PICTURE_COUNT);
    suite_add_tcase(suite, forms);
    return run_suite(suite);
}
