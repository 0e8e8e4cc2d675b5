/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of large pictures: the nearest pixels of 512 x 512 places, or all of them. */
#include <hashveil/fingerprint.h>
#include <hashveil/pdq.h>

#include "pdq/hasher.h"
#include "pdq/sampler.h"
#include "pdq_oracle.h"
#include "picture.h"
#include "run_suite.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

static const hashveil_pdq_policy no_policy = (hashveil_pdq_policy)2;

/* Compares each row that comes out with the oracle's, and their number. */
static void check_sampler(const hashveil_image *image)
{
    const hashveil_image expected = oracle_nearest512(image);
    struct hv_row_shape shape = {image->width_px, image->height_px, image->channels, 1};
    struct hv_sampler sampler = {0};
    size_t row = 0;

    ck_assert(hv_sampler_is_needed(&shape));
    ck_assert_int_eq(hv_sampler_init(&shape, &sampler), HASHVEIL_OK);
    ck_assert_uint_eq(shape.width_px, 512);
    ck_assert_uint_eq(shape.height_px, 512);
    ck_assert_uint_eq(shape.channels, image->channels);
    for (size_t y = 0; y < image->height_px; y++) {
        size_t count = hv_sampler_add_row(&sampler, image->pixels + y * image->stride_bytes);
        for (; count > 0; count--, row++) {
            if (row >= 512 || memcmp(sampler.samples, expected.pixels + row * expected.stride_bytes,
                                     expected.stride_bytes) != 0) {
                ck_abort_msg("%u x %u x %u, row %zu", image->width_px, image->height_px,
                             image->channels, row);
            }
        }
    }
    ck_assert_uint_eq(row, 512);
    hv_sampler_clear(&sampler);
    free(expected.pixels);
}

static void check_size(uint32_t width_px, uint32_t height_px, uint32_t channels)
{
    const hashveil_image image =
        oracle_noise_image(width_px + height_px, width_px, height_px, channels);
    check_sampler(&image);
    free(image.pixels);
}

static const struct {
    uint32_t width_px, height_px;
} large[] = {{513, 513}, {513, 512},  {512, 513},  {1024, 1024}, {1023, 1025}, {1280, 720},
             {300, 700}, {700, 300},  {513, 1},    {1, 513},     {4, 4000},    {4000, 4},
             {640, 480}, {511, 2049}, {65500, 3},  {3, 65500},   {513, 5},     {5, 513},
             {600, 511}, {1536, 511}, {4096, 256}, {2047, 767}};

START_TEST(the_nearest_pixels_are_the_oracles)
{
    check_size(large[_i].width_px, large[_i].height_px, 1);
    check_size(large[_i].width_px, large[_i].height_px, 3);
}
END_TEST

/* Loop index: whether it is the height. */
START_TEST(every_side_is_sampled_as_by_the_oracle)
{
    for (uint32_t side = 1; side < 1100; side++) {
        check_size(_i ? 513 : side, _i ? side : 513, 1);
    }
}
END_TEST

static hashveil_fingerprint fingerprint_of(const hashveil_image *image, hashveil_pdq_policy policy)
{
    hashveil_fingerprint fingerprint;
    memset(&fingerprint, 0xff, sizeof fingerprint);
    ck_assert_int_eq(hashveil_pdq_fingerprint(image, policy, &fingerprint), HASHVEIL_OK);
    return fingerprint;
}

/* Down to the margins. */
START_TEST(nearest512_is_the_fingerprint_of_the_nearest_pixels)
{
    hashveil_image image = {0};
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL];
    hashveil_fingerprint expected[HASHVEIL_PDQ_DIHEDRAL];
    picture_draw(&image, large[_i].width_px, large[_i].height_px, _i % 2 ? 3 : 1, (uint64_t)_i);
    hashveil_image sampled = oracle_nearest512(&image);
    const hashveil_fingerprint fingerprint = fingerprint_of(&image, HASHVEIL_PDQ_POLICY_NEAREST512);

    ck_assert_int_eq(hashveil_pdq_dihedral(&image, HASHVEIL_PDQ_POLICY_NEAREST512, forms),
                     HASHVEIL_OK);
    ck_assert_int_eq(hashveil_pdq_dihedral(&sampled, HASHVEIL_PDQ_POLICY_FULL, expected),
                     HASHVEIL_OK);
    ck_assert_mem_eq(forms, expected, sizeof forms);
    ck_assert_mem_eq(&fingerprint, &expected[0], sizeof fingerprint);
    hashveil_image_clear(&sampled);
    hashveil_image_clear(&image);
}
END_TEST

static const struct {
    uint32_t width_px, height_px;
    bool is_same;
} sides[] = {{512, 512, true},  {512, 5, true},    {5, 512, true},    {511, 200, true},
             {513, 512, false}, {512, 513, false}, {513, 200, false}, {200, 513, false}};

static bool is_same(const hashveil_fingerprint *a, const hashveil_fingerprint *b)
{
    bool is_same = a->quality == b->quality && hashveil_pdq_distance(&a->hash, &b->hash) == 0;
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        is_same = is_same && a->margin[i] == b->margin[i];
    }
    return is_same;
}

START_TEST(the_policies_part_where_a_side_is_above_512)
{
    hashveil_image image = {0};
    picture_draw(&image, sides[_i].width_px, sides[_i].height_px, 3, 7);
    const hashveil_fingerprint full = fingerprint_of(&image, HASHVEIL_PDQ_POLICY_FULL);
    const hashveil_fingerprint nearest = fingerprint_of(&image, HASHVEIL_PDQ_POLICY_NEAREST512);
    ck_assert_int_eq(is_same(&full, &nearest), sides[_i].is_same);
    hashveil_image_clear(&image);
}
END_TEST

/* As in the reference, which looks at the sides after the sampling. */
static const struct {
    uint32_t width_px, height_px;
    bool has_hash; /* under nearest512; it has none under full */
} thin[] = {{4, 512, false}, {512, 4, false}, {1, 1, false},  {4, 4, false},
            {4, 513, true},  {513, 4, true},  {1, 513, true}, {600, 1, true}};

START_TEST(a_thin_picture_has_a_hash_once_it_is_stretched)
{
    const hashveil_fingerprint empty = {0};
    hashveil_image image = oracle_noise_image(3, thin[_i].width_px, thin[_i].height_px, 1);
    const hashveil_fingerprint full = fingerprint_of(&image, HASHVEIL_PDQ_POLICY_FULL);
    const hashveil_fingerprint nearest = fingerprint_of(&image, HASHVEIL_PDQ_POLICY_NEAREST512);
    ck_assert_mem_eq(&full, &empty, sizeof empty);
    ck_assert_int_eq(!is_same(&nearest, &empty), thin[_i].has_hash);
    hashveil_image_clear(&image);
}
END_TEST

static hashveil_fingerprint nearest512_of_rows(const struct hv_row_shape *shape,
                                               const hashveil_image *rows)
{
    struct hv_hasher hasher = {.policy = HASHVEIL_PDQ_POLICY_NEAREST512};
    hashveil_fingerprint fingerprint;
    ck_assert_int_eq(hv_hasher_begin(&hasher, shape), HASHVEIL_OK);
    for (size_t y = 0; y < rows->height_px; y++) {
        hv_hasher_add_row(&hasher, rows->pixels + y * rows->stride_bytes);
    }
    hv_hasher_finish(&hasher, 1, &fingerprint);
    hv_hasher_clear(&hasher);
    return fingerprint;
}

/* All pixels of a block as the block. */
static hashveil_image enlarged(const hashveil_image *blocks, const struct hv_row_shape *shape)
{
    hashveil_image image = oracle_noise_image(1, shape->width_px, shape->height_px, 1);
    for (size_t y = 0; y < image.height_px; y++) {
        for (size_t x = 0; x < image.width_px; x++) {
            image.pixels[y * image.stride_bytes + x] =
                blocks->pixels[y / shape->block_px * blocks->stride_bytes + x / shape->block_px];
        }
    }
    return image;
}

static const struct hv_row_shape in_blocks[] = {{1024, 768, 1, 2}, {1041, 737, 1, 2},
                                                {740, 513, 1, 2},  {1601, 2203, 1, 4},
                                                {513, 4, 1, 4},    {3001, 4000, 1, 8}};

START_TEST(a_block_stands_for_each_of_its_pixels)
{
    const struct hv_row_shape shape = in_blocks[_i];
    const struct hv_row_shape pixels = {shape.width_px, shape.height_px, 1, 1};
    hashveil_image blocks =
        oracle_noise_image((uint32_t)_i + 5, hv_blocks_along(shape.width_px, shape.block_px),
                           hv_blocks_along(shape.height_px, shape.block_px), 1);
    hashveil_image image = enlarged(&blocks, &shape);
    const hashveil_fingerprint ours = nearest512_of_rows(&shape, &blocks);
    const hashveil_fingerprint expected = nearest512_of_rows(&pixels, &image);
    ck_assert_mem_eq(&ours, &expected, sizeof expected);
    hashveil_image_clear(&blocks);
    hashveil_image_clear(&image);
}
END_TEST

/* Loop index: whether a side is above 512 pixels. */
START_TEST(the_second_policy_is_the_same_where_no_side_is_above_512)
{
    static const hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    const struct picture_png kind = {.colour_type = PNG_COLOR_TYPE_RGB, .bit_depth = 8};
    hashveil_fingerprint both[HASHVEIL_PDQ_POLICIES];
    hashveil_image image = {0};
    uint8_t *bytes;
    size_t len;
    picture_draw(&image, 512, _i ? 513 : 512, 3, 4);
    picture_to_png(&image, &kind, &bytes, &len);
    ck_assert_int_eq(hashveil_fingerprint_file_policies(bytes, len, &options, both), HASHVEIL_OK);
    ck_assert(is_same(&both[0], &both[1]) == (_i == 0));
    free(bytes);
    hashveil_image_clear(&image);
}
END_TEST

/* A JPEG would be decoded at a smaller size, and to luma alone, under full.
 * Loop index: whether it is turned. */
START_TEST(nearest512_of_a_file_is_that_of_all_its_pixels)
{
    const struct picture_jpeg kind = {.quality = 90, .orientation = _i ? 6 : 0};
    hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL];
    hashveil_fingerprint fingerprint;
    hashveil_image image = {0};
    uint8_t *bytes;
    size_t len;

    picture_draw(&image, 1601, 1203, 3, 12);
    picture_to_jpeg(&image, &kind, &bytes, &len);
    hashveil_image_clear(&image);
    options.policy = HASHVEIL_PDQ_POLICY_NEAREST512;
    options.image.applies_orientation = true;
    ck_assert_int_eq(hashveil_image_decode(bytes, len, &options.image, &image), HASHVEIL_OK);
    const hashveil_fingerprint expected = fingerprint_of(&image, HASHVEIL_PDQ_POLICY_NEAREST512);

    ck_assert_int_eq(hashveil_fingerprint_file(bytes, len, &options, &fingerprint), HASHVEIL_OK);
    ck_assert_mem_eq(&fingerprint, &expected, sizeof expected);
    ck_assert_int_eq(hashveil_fingerprint_file_dihedral(bytes, len, &options, forms), HASHVEIL_OK);
    ck_assert_mem_eq(&forms[0], &expected, sizeof expected);
    free(bytes);
    hashveil_image_clear(&image);
}
END_TEST

/* Loop index: 0 for all pixels as they are stored, 1 turned, 2 from a JPEG at a fraction of its
 * size. Of that the other policy's fingerprint is near the published one. */
START_TEST(both_policies_come_from_one_decoding)
{
    enum { NEAR_BITS = 31 };
    const struct picture_jpeg kind = {.quality = 90, .orientation = _i == 1 ? 6 : 0};
    hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    hashveil_fingerprint both[HASHVEIL_PDQ_POLICIES];
    hashveil_fingerprint alone;
    hashveil_image image = {0};
    uint8_t *bytes;
    size_t len;

    picture_draw(&image, 3203, 2401, 3, 12);
    picture_to_jpeg(&image, &kind, &bytes, &len);
    options.image.applies_orientation = _i == 1;
    options.is_exact_decode = _i < 2;
    for (unsigned first = 0; first < HASHVEIL_PDQ_POLICIES; first++) {
        options.policy = (hashveil_pdq_policy)first;
        ck_assert_int_eq(hashveil_fingerprint_file_policies(bytes, len, &options, both),
                         HASHVEIL_OK);
        ck_assert_int_eq(hashveil_fingerprint_file(bytes, len, &options, &alone), HASHVEIL_OK);
        ck_assert_mem_eq(&both[0], &alone, sizeof alone);
        options.policy = (hashveil_pdq_policy)(1 - options.policy);
        options.is_exact_decode = true;
        ck_assert_int_eq(hashveil_fingerprint_file(bytes, len, &options, &alone), HASHVEIL_OK);
        options.is_exact_decode = _i < 2;
        if (_i < 2) {
            ck_assert_mem_eq(&both[1], &alone, sizeof alone);
        } else {
            ck_assert_uint_le(hashveil_pdq_distance(&both[1].hash, &alone.hash), NEAR_BITS);
        }
    }
    free(bytes);
    hashveil_image_clear(&image);
}
END_TEST

START_TEST(refuses_a_policy_that_there_is_not)
{
    const struct picture_png kind = {.colour_type = PNG_COLOR_TYPE_RGB, .bit_depth = 8};
    hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL];
    hashveil_image image = {0};
    uint8_t *bytes;
    size_t len;

    picture_draw(&image, 64, 64, 3, 1);
    picture_to_png(&image, &kind, &bytes, &len);
    options.policy = no_policy;
    ck_assert_int_eq(hashveil_pdq_fingerprint(&image, no_policy, forms), HASHVEIL_ERR_ARGUMENT);
    ck_assert_int_eq(hashveil_pdq_dihedral(&image, no_policy, forms), HASHVEIL_ERR_ARGUMENT);
    ck_assert_int_eq(hashveil_fingerprint_file(bytes, len, &options, forms), HASHVEIL_ERR_ARGUMENT);
    ck_assert_int_eq(hashveil_fingerprint_file_dihedral(bytes, len, &options, forms),
                     HASHVEIL_ERR_ARGUMENT);
    free(bytes);
    hashveil_image_clear(&image);
}
END_TEST

START_TEST(each_policy_is_found_by_its_name){
#define X(name, number, text)                                                                      \
    {                                                                                              \
        hashveil_pdq_policy policy = no_policy;                                                    \
        ck_assert_str_eq(hashveil_pdq_policy_text(HASHVEIL_PDQ_POLICY_##name), text);              \
        ck_assert_int_eq(hashveil_pdq_policy_from_text(text, &policy), HASHVEIL_OK);               \
        ck_assert_int_eq(policy, HASHVEIL_PDQ_POLICY_##name);                                      \
        ck_assert_int_eq(policy, number);                                                          \
    }
    HASHVEIL_PDQ_POLICY_TABLE(X)
#undef X
} END_TEST

    static const
    char *const bad_names[] = {"", "Full", "full ", "ful", "nearest", "nearest5120", "0"};

START_TEST(refuses_a_name_that_no_policy_has)
{
    hashveil_pdq_policy policy = no_policy;
    ck_assert_int_eq(hashveil_pdq_policy_from_text(bad_names[_i], &policy), HASHVEIL_ERR_ARGUMENT);
    ck_assert_int_eq(policy, no_policy);
    ck_assert_ptr_null(hashveil_pdq_policy_text(no_policy));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pdq policy");
    TCase *sampler = tcase_create("sampler");
    TCase *policy = tcase_create("policy");
    TCase *name = tcase_create("name");

    tcase_set_timeout(sampler, 120); /* with sanitizers, on a busy machine */
    tcase_add_loop_test(sampler, the_nearest_pixels_are_the_oracles, 0, COUNT(large));
    tcase_add_loop_test(sampler, every_side_is_sampled_as_by_the_oracle, 0, 2);
    suite_add_tcase(suite, sampler);

    tcase_set_timeout(policy, 60);
    tcase_add_loop_test(policy, nearest512_is_the_fingerprint_of_the_nearest_pixels, 0,
                        COUNT(large));
    tcase_add_loop_test(policy, the_policies_part_where_a_side_is_above_512, 0, COUNT(sides));
    tcase_add_loop_test(policy, a_thin_picture_has_a_hash_once_it_is_stretched, 0, COUNT(thin));
    tcase_add_loop_test(policy, nearest512_of_a_file_is_that_of_all_its_pixels, 0, 2);
    tcase_add_loop_test(policy, a_block_stands_for_each_of_its_pixels, 0, COUNT(in_blocks));
    tcase_add_loop_test(policy, the_second_policy_is_the_same_where_no_side_is_above_512, 0, 2);
    tcase_add_loop_test(policy, both_policies_come_from_one_decoding, 0, 3);
    tcase_add_test(policy, refuses_a_policy_that_there_is_not);
    suite_add_tcase(suite, policy);

    tcase_add_test(name, each_policy_is_found_by_its_name);
    tcase_add_loop_test(name, refuses_a_name_that_no_policy_has, 0, COUNT(bad_names));
    suite_add_tcase(suite, name);
    return run_suite(suite);
}
