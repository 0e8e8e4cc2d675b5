/* SPDX-License-Identifier: Apache-2.0 */
/* Masks from a seed, and probes from margins and masks. */
#include "psi/probes.h"

#include "base/hex.h"
#include "psi/flips.h"
#include "run_suite.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>

static const hashveil_mask_params default_params = HASHVEIL_MASK_PARAMS_DEFAULT;
static const uint8_t mask_seed[HV_MASK_SEED_BYTES] = {1, 2, 3};

START_TEST(masks_hold_different_positions_of_the_pool)
{
    struct hv_masks masks;
    hv_masks_from_seed(mask_seed, &default_params, &masks);
    for (unsigned mask = 0; mask < default_params.masks; mask++) {
        bool seen[256] = {false};
        for (unsigned k = 0; k < default_params.bits; k++) {
            const unsigned position = masks.position[mask][k];
            ck_assert(!seen[position]);
            seen[position] = true;
            ck_assert_uint_ne(position, 255); /* the highest frequency is never in the pool */
        }
    }
}
END_TEST

START_TEST(masks_of_a_deck_share_no_position)
{
    const unsigned in_deck = default_params.pool_bits / default_params.bits;
    struct hv_masks masks;
    hv_masks_from_seed(mask_seed, &default_params, &masks);
    ck_assert_uint_gt(in_deck, 1);
    for (unsigned first = 0; first < default_params.masks; first += in_deck) {
        bool seen[256] = {false};
        for (unsigned mask = first; mask < default_params.masks && mask < first + in_deck; mask++) {
            for (unsigned k = 0; k < default_params.bits; k++) {
                ck_assert(!seen[masks.position[mask][k]]);
                seen[masks.position[mask][k]] = true;
            }
        }
    }
}
END_TEST

/* Made from FORMAT.md alone, by another program in another language. */
START_TEST(masks_are_the_documented_ones)
{
    static const char expected[] =
        "ea940d5a0db353cb62bdd3f7129cb38057414b06e5dd84b505a457b98f31d9d8";
    const hashveil_mask_params params = {.masks = 32, .bits = 34, .pool_bits = 204};
    struct hv_masks masks;
    uint8_t digest[crypto_hash_sha256_BYTES];
    char text[2 * sizeof digest + 1];
    crypto_hash_sha256_state state;
    hv_masks_from_seed(mask_seed, &params, &masks);
    crypto_hash_sha256_init(&state);
    for (unsigned mask = 0; mask < params.masks; mask++) {
        crypto_hash_sha256_update(&state, masks.position[mask], params.bits);
    }
    crypto_hash_sha256_final(&state, digest);
    hv_hex_encode(digest, sizeof digest, text);
    ck_assert_str_eq(text, expected);
}
END_TEST

START_TEST(masks_follow_the_seed)
{
    const uint8_t other_seed[HV_MASK_SEED_BYTES] = {1, 2, 4};
    struct hv_masks masks;
    struct hv_masks again;
    hv_masks_from_seed(mask_seed, &default_params, &masks);
    hv_masks_from_seed(mask_seed, &default_params, &again);
    ck_assert_mem_eq(&masks, &again, sizeof masks);
    hv_masks_from_seed(other_seed, &default_params, &again);
    ck_assert_mem_ne(&masks, &again, sizeof masks);
}
END_TEST

/* A fingerprint with random margins. */
static hashveil_fingerprint draw_fingerprint(void)
{
    hashveil_fingerprint fingerprint = {.quality = 100};
    for (unsigned i = 0; i < 256; i++) {
        const float magnitude = (float)(randombytes_uniform(100000) + 1) / 1000.0F;
        const bool is_set = randombytes_uniform(2) == 1;
        fingerprint.margin[i] = is_set ? magnitude : -magnitude;
        fingerprint.hash.word[i / 64] |= (uint64_t)is_set << (i % 64);
    }
    return fingerprint;
}

START_TEST(the_surer_a_bit_the_dearer_its_flip)
{
    hashveil_fingerprint fingerprint = {.quality = 100};
    float costs[256];
    for (unsigned i = 0; i < 256; i++) {
        fingerprint.margin[i] = i % 2 == 0 ? 2.0F : -2.0F;
    }
    fingerprint.margin[0] = 1.0F;
    fingerprint.margin[255] = -4.0F;
    hv_flip_costs(&fingerprint, costs);
    ck_assert_float_eq_tol(costs[0], 0.5F / 0.3F * sqrtf(sqrtf(2) / 8), 1e-5F);
    ck_assert_float_eq_tol(costs[1], 1.0F / 0.3F * sqrtf(sqrtf(5) / 8), 1e-5F);
    ck_assert_float_eq_tol(costs[16], costs[1], 1e-5F);
    ck_assert_float_eq_tol(costs[255], 2.0F / 0.3F * sqrtf(sqrtf(512) / 8), 1e-5F);
}
END_TEST

START_TEST(contrast_changes_no_cost)
{
    hashveil_fingerprint fingerprint = draw_fingerprint();
    float costs[256];
    float again[256];
    hv_flip_costs(&fingerprint, costs);
    for (unsigned i = 0; i < 256; i++) {
        fingerprint.margin[i] *= -8;
    }
    hv_flip_costs(&fingerprint, again);
    ck_assert_mem_eq(costs, again, sizeof costs);
}
END_TEST

/* 3 masks of 16 bits: the cost of every token can be computed and put in order. */
enum { FEW_MASKS = 3, FEW_BITS = 16, TOKENS = 1 << FEW_BITS };

static const hashveil_mask_params few_params = {
    .masks = FEW_MASKS, .bits = FEW_BITS, .pool_bits = 100};

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double cost_of(const struct hv_masks *masks, const hashveil_fingerprint *fingerprint,
                      const struct hv_token *token, const float costs[256])
{
    const struct hv_token exact = hv_masks_token(masks, token->mask, &fingerprint->hash);
    double cost = 0;
    for (unsigned k = 0; k < masks->params.bits; k++) {
        const double odds = (double)costs[masks->position[token->mask][k]];
        cost += log1p(exp(-odds));
        cost += ((exact.bits ^ token->bits) >> k & 1) ? odds : 0;
    }
    return cost;
}

/* What a token under a mask adds, when those chosen have these chances. */
static double gain_of(double cost, const double chosen[FEW_MASKS], unsigned mask)
{
    double others = 0;
    for (unsigned i = 0; i < FEW_MASKS; i++) {
        others += i == mask ? 0 : chosen[i];
    }
    return exp(-cost - others) * (1 + others);
}

START_TEST(each_probe_is_the_one_that_adds_most)
{
    enum { COUNT = 1000 };
    static double in_order[FEW_MASKS][TOKENS];
    struct hv_masks masks;
    struct hv_token probe[COUNT];
    float costs[256];
    double chosen[FEW_MASKS] = {0};
    size_t next[FEW_MASKS] = {0};
    const hashveil_fingerprint fingerprint = draw_fingerprint();
    hv_masks_from_seed(mask_seed, &few_params, &masks);
    hv_flip_costs(&fingerprint, costs);
    for (unsigned mask = 0; mask < FEW_MASKS; mask++) {
        for (uint32_t bits = 0; bits < TOKENS; bits++) {
            const struct hv_token token = {.mask = (uint8_t)mask, .bits = bits};
            in_order[mask][bits] = cost_of(&masks, &fingerprint, &token, costs);
        }
        qsort(in_order[mask], TOKENS, sizeof in_order[mask][0], compare_doubles);
    }
    ck_assert_int_eq(hv_probes_rank(&masks, &fingerprint, 1, COUNT, probe), HASHVEIL_OK);
    for (size_t i = 0; i < COUNT; i++) {
        const unsigned mask = probe[i].mask;
        const double cost = cost_of(&masks, &fingerprint, &probe[i], costs);
        ck_assert_double_eq_tol(cost, in_order[mask][next[mask]], 1e-4);
        for (unsigned other = 0; other < FEW_MASKS; other++) {
            const double best = gain_of(in_order[other][next[other]], chosen, other);
            ck_assert_double_ge(gain_of(cost, chosen, mask), best * (1 - 1e-4));
        }
        chosen[mask] += exp(-cost);
        next[mask]++;
    }
    ck_assert_uint_eq(next[0] + next[1] + next[2], COUNT);
}
END_TEST

static bool is_among(const struct hv_token *token, const struct hv_token *probe, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (probe[i].mask == token->mask && probe[i].bits == token->bits) {
            return true;
        }
    }
    return false;
}

static void assert_all_differ(const struct hv_token *probe, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ck_assert(!is_among(&probe[i], probe, i));
    }
}

START_TEST(no_probe_comes_twice)
{
    enum { COUNT = 1024 };
    struct hv_masks masks;
    struct hv_token probe[COUNT];
    const hashveil_fingerprint forms[2] = {draw_fingerprint(), draw_fingerprint()};
    const hashveil_fingerprint flat[2] = {{.quality = 0}, {.quality = 0}};
    hv_masks_from_seed(mask_seed, &default_params, &masks);
    for (size_t form_count = 1; form_count <= 2; form_count++) {
        ck_assert_int_eq(hv_probes_rank(&masks, forms, form_count, COUNT, probe), HASHVEIL_OK);
        assert_all_differ(probe, COUNT);
        ck_assert_int_eq(hv_probes_rank(&masks, flat, form_count, COUNT, probe), HASHVEIL_OK);
        assert_all_differ(probe, COUNT);
    }
    hv_probes_random(&masks, COUNT, NULL, probe);
    assert_all_differ(probe, COUNT);
}
END_TEST

START_TEST(a_form_given_twice_changes_nothing)
{
    enum { COUNT = 256 };
    struct hv_masks masks;
    struct hv_token once[COUNT];
    struct hv_token twice[COUNT];
    hashveil_fingerprint forms[2] = {draw_fingerprint()};
    forms[1] = forms[0];
    hv_masks_from_seed(mask_seed, &default_params, &masks);
    ck_assert_int_eq(hv_probes_rank(&masks, forms, 1, COUNT, once), HASHVEIL_OK);
    ck_assert_int_eq(hv_probes_rank(&masks, forms, 2, COUNT, twice), HASHVEIL_OK);
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert(is_among(&once[i], twice, COUNT));
    }
}
END_TEST

/* Of as sure a form as the other one, no more than the surest masks' tokens are asked for. */
START_TEST(all_forms_have_their_share)
{
    enum { COUNT = 256 };
    struct hv_masks masks;
    struct hv_token probe[COUNT];
    hashveil_fingerprint forms[2] = {draw_fingerprint()};
    unsigned found[2] = {0};
    forms[1] = forms[0];
    for (unsigned i = 0; i < 256; i++) {
        forms[1].margin[i] = -forms[0].margin[i];
    }
    for (unsigned i = 0; i < 4; i++) {
        forms[1].hash.word[i] = ~forms[0].hash.word[i];
    }
    hv_masks_from_seed(mask_seed, &default_params, &masks);
    ck_assert_int_eq(hv_probes_rank(&masks, forms, 2, COUNT, probe), HASHVEIL_OK);
    for (size_t i = 0; i < COUNT; i++) {
        for (unsigned form = 0; form < 2; form++) {
            const struct hv_token exact = hv_masks_token(&masks, probe[i].mask, &forms[form].hash);
            const unsigned flips = (unsigned)__builtin_popcountll(exact.bits ^ probe[i].bits);
            found[form] += flips < default_params.bits / 2;
        }
    }
    ck_assert_uint_eq(found[0] + found[1], COUNT);
    ck_assert_uint_ge(found[0], COUNT / 2 - 1);
    ck_assert_uint_ge(found[1], COUNT / 2 - 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("probes");
    TCase *masks = tcase_create("masks");
    tcase_add_test(masks, masks_hold_different_positions_of_the_pool);
    tcase_add_test(masks, masks_of_a_deck_share_no_position);
    tcase_add_test(masks, masks_are_the_documented_ones);
    tcase_add_test(masks, masks_follow_the_seed);
    suite_add_tcase(suite, masks);
    TCase *probes = tcase_create("probes");
    tcase_add_test(probes, the_surer_a_bit_the_dearer_its_flip);
    tcase_add_test(probes, contrast_changes_no_cost);
    tcase_add_test(probes, each_probe_is_the_one_that_adds_most);
    tcase_add_test(probes, no_probe_comes_twice);
    tcase_add_test(probes, a_form_given_twice_changes_nothing);
    tcase_add_test(probes, all_forms_have_their_share);
    suite_add_tcase(suite, probes);
    return run_suite(suite);
}
