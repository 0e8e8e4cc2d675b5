/* SPDX-License-Identifier: Apache-2.0 */
/* group, oprf, shamir, token. Messages and probes have tests of their own. */
#include "base/hex.h"
#include "base/memory.h"
#include "oprf_vectors.h"
#include "psi/masks.h"
#include "psi/oprf.h"
#include "psi/shamir.h"
#include "run_suite.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

static void check_key(enum hv_oprf_mode mode, char *fields[VECTOR_FIELDS], uint8_t secret[32])
{
    uint8_t seed[32];
    uint8_t info[32];
    uint8_t expected[32];
    uint8_t public_key[32];
    ck_assert_uint_eq(vector_unhex(fields[2], seed), 32);
    const struct hv_piece piece = {info, vector_unhex(fields[3], info)};
    ck_assert_int_eq(hv_oprf_key_from_seed(mode, seed, &piece, secret, public_key), HASHVEIL_OK);
    vector_unhex(fields[4], expected);
    ck_assert_mem_eq(secret, expected, 32);
    if (strcmp(fields[5], "-") != 0) {
        vector_unhex(fields[5], expected);
        ck_assert_mem_eq(public_key, expected, 32);
    }
}

static void check_vector(enum hv_oprf_mode mode, char *fields[VECTOR_FIELDS],
                         const uint8_t secret[32])
{
    uint8_t bytes[64];
    uint8_t blind[1][32];
    uint8_t scratch[1][32];
    uint8_t expected[64];
    uint8_t blinded[32];
    uint8_t evaluated[32];
    uint8_t output[64];
    const struct hv_piece input = {bytes, vector_unhex(fields[2], bytes)};
    vector_unhex(fields[3], blind[0]);

    ck_assert(hv_oprf_blind(mode, &input, blind[0], blinded));
    vector_unhex(fields[4], expected);
    ck_assert_mem_eq(blinded, expected, 32);

    ck_assert(hv_oprf_blind_evaluate(secret, blinded, evaluated));
    vector_unhex(fields[5], expected);
    ck_assert_mem_eq(evaluated, expected, 32);

    hv_invert_scalars(blind, scratch, 1);
    ck_assert(hv_oprf_finalize(&input, blind[0], evaluated, output));
    vector_unhex(fields[6], expected);
    ck_assert_mem_eq(output, expected, 64);

    ck_assert(hv_oprf_evaluate(mode, secret, &input, output));
    ck_assert_mem_eq(output, expected, 64);
}

START_TEST(all_rfc_9497_vectors_of_the_suite_are_reproduced)
{
    char line[VECTOR_LINE_BYTES];
    char *fields[VECTOR_FIELDS] = {NULL};
    uint8_t secret[2][32] = {{0}};
    unsigned keys = 0;
    unsigned vectors = 0;
    FILE *file = vector_open();
    while (fgets(line, sizeof line, file)) {
        const size_t count = vector_split(line, fields);
        if (count == 6 && strcmp(fields[0], "key") == 0) {
            const enum hv_oprf_mode mode = (enum hv_oprf_mode)(fields[1][0] - '0');
            check_key(mode, fields, secret[mode]);
            keys++;
        } else if (count == 7 && strcmp(fields[0], "vector") == 0) {
            const enum hv_oprf_mode mode = (enum hv_oprf_mode)(fields[1][0] - '0');
            check_vector(mode, fields, secret[mode]);
            vectors++;
        } else if (strcmp(fields[0], "proof") != 0) { /* those are test_proof.c's */
            ck_assert_str_eq(fields[0], "#");
        }
    }
    fclose(file);
    ck_assert_uint_eq(keys, 2);
    ck_assert_uint_eq(vectors, 6); /* the RFC has 2 of mode OPRF, and 1 + 1 + 2 of mode VOPRF */
}
END_TEST

START_TEST(inverting_together_equals_inverting_one_by_one)
{
    enum { COUNT = 9 };
    uint8_t scalar[COUNT][32];
    uint8_t inverse[COUNT][32];
    uint8_t scratch[COUNT][32];
    for (size_t count = 1; count <= COUNT; count++) {
        for (size_t i = 0; i < count; i++) {
            ck_assert_int_eq(hv_random_scalar(scalar[i]), HASHVEIL_OK);
        }
        memcpy(inverse, scalar, sizeof scalar);
        hv_invert_scalars(inverse, scratch, count);
        for (size_t i = 0; i < count; i++) {
            uint8_t expected[32];
            ck_assert_int_eq(crypto_core_ristretto255_scalar_invert(expected, scalar[i]), 0);
            ck_assert_mem_eq(inverse[i], expected, 32);
        }
    }
}
END_TEST

static const struct {
    const char *what;
    const char *hex;
} bad_elements[] = {
    {"the identity", "0000000000000000000000000000000000000000000000000000000000000000"},
    {"a negative field element",
     "0100000000000000000000000000000000000000000000000000000000000000"},
    {"not reduced", "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
    {"above the prime", "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
    {"the base point with its top bit set",
     "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2df6"},
    {"not a square", "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371"},
};
enum { BAD_ELEMENTS = sizeof bad_elements / sizeof bad_elements[0] };

START_TEST(what_is_no_group_element_is_refused)
{
    uint8_t element[32];
    uint8_t out[64];
    uint8_t scalar[32];
    const struct hv_piece input = {"x", 1};
    vector_unhex(bad_elements[_i].hex, element);
    ck_assert_int_eq(hv_random_scalar(scalar), HASHVEIL_OK);
    ck_assert_msg(!hv_oprf_blind_evaluate(scalar, element, out), "%s", bad_elements[_i].what);
    ck_assert_msg(!hv_oprf_finalize(&input, scalar, element, out), "%s", bad_elements[_i].what);
}
END_TEST

START_TEST(only_canonical_scalars_but_zero_are_valid)
{
    uint8_t order[32];
    uint8_t scalar[32] = {0};
    vector_unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", order);
    ck_assert(!hv_scalar_is_valid(scalar));
    ck_assert(!hv_scalar_is_valid(order));
    order[0]--;
    ck_assert(hv_scalar_is_valid(order));
    scalar[0] = 1;
    ck_assert(hv_scalar_is_valid(scalar));
}
END_TEST

START_TEST(any_two_shares_give_the_line_and_one_does_not)
{
    struct hv_line line;
    struct hv_line joined;
    uint8_t a[16];
    uint8_t b[16];
    randombytes_buf(&line, sizeof line);
    for (unsigned p = 1; p <= 32; p++) {
        for (unsigned q = 1; q <= 32; q++) {
            if (p == q) {
                continue;
            }
            hv_line_share(&line, (uint8_t)p, a);
            hv_line_share(&line, (uint8_t)q, b);
            hv_line_join((uint8_t)p, a, (uint8_t)q, b, &joined);
            ck_assert_mem_eq(&joined, &line, sizeof line);
            b[3] ^= 1;
            hv_line_join((uint8_t)p, a, (uint8_t)q, b, &joined);
            ck_assert_mem_ne(joined.secret, line.secret, 16);
        }
    }
}
END_TEST

/* Computed by hand from the modulus: x^127 * x = x^7 + x^2 + x + 1, and 2 * 3 = 6. */
START_TEST(the_field_is_the_documented_one)
{
    struct hv_line line = {0};
    uint8_t share[16];
    uint8_t expected[16] = {0x87};
    line.slope[15] = 0x80;
    hv_line_share(&line, 2, share);
    ck_assert_mem_eq(share, expected, 16);
    line = (struct hv_line){.secret = {1}, .slope = {3}};
    hv_line_share(&line, 2, share);
    expected[0] = 7;
    ck_assert_mem_eq(share, expected, 16);
}
END_TEST

static const uint8_t mask_seed[HV_MASK_SEED_BYTES] = {1, 2, 3};

static const struct {
    hashveil_mask_params params;
    bool is_valid;
} mask_params[] = {
    {{2, 16, 16}, true},    {{32, 64, 256}, true},  {{1, 16, 16}, false},  {{33, 28, 160}, false},
    {{32, 15, 160}, false}, {{32, 65, 160}, false}, {{32, 28, 27}, false}, {{32, 28, 257}, false},
};
enum { MASK_PARAMS = sizeof mask_params / sizeof mask_params[0] };

START_TEST(mask_parameters_have_bounds)
{
    ck_assert(hv_mask_params_are_valid(&mask_params[_i].params) == mask_params[_i].is_valid);
}
END_TEST

START_TEST(a_token_shows_the_masks_bits)
{
    const hashveil_mask_params params = HASHVEIL_MASK_PARAMS_DEFAULT;
    struct hv_masks masks;
    hv_masks_from_seed(mask_seed, &params, &masks);
    for (unsigned k = 0; k < params.bits; k++) {
        const unsigned position = masks.position[5][k];
        hashveil_pdq hash = {{0}};
        hash.word[position / 64] = UINT64_C(1) << (position % 64);
        const struct hv_token token = hv_masks_token(&masks, 5, &hash);
        ck_assert_uint_eq(token.mask, 5);
        ck_assert_uint_eq(token.bits, UINT64_C(1) << k);
    }
}
END_TEST

START_TEST(a_tokens_input_is_the_documented_one)
{
    const struct hv_token token = {.mask = 7, .bits = 0x0123456789abcdef};
    struct hv_token_input input;
    char hex[2 * HV_INPUT_MAX_BYTES + 1];
    hv_token_encode(&token, 3, &input);
    hv_hex_encode(input.bytes, input.len, hex);
    ck_assert_str_eq(hex, "686173687665696c2f76312f746f6b656e"
                          "0300000000000000"
                          "07"
                          "efcdab8967452301");
}
END_TEST

static const struct {
    hashveil_digest digest;
    const char *hex; /* of what stands behind the domain and the epoch */
} exact_inputs[] = {
    {{HASHVEIL_DIGEST_MD5, {0xab}}, "00ab000000000000000000000000000000"},
    {{HASHVEIL_DIGEST_SHA1, {0xab}}, "01ab00000000000000000000000000000000000000"},
    {{HASHVEIL_DIGEST_SHA256, {0xab}},
     "02ab00000000000000000000000000000000000000000000000000000000000000"},
};
enum { EXACT_INPUTS = sizeof exact_inputs / sizeof exact_inputs[0] };

START_TEST(a_digests_input_is_the_documented_one)
{
    static const char start[] = "686173687665696c2f76312f6578616374"
                                "0300000000000000";
    struct hv_token_input input;
    char hex[2 * HV_INPUT_MAX_BYTES + 1];
    hv_token_encode_exact(&exact_inputs[_i].digest, 3, &input);
    hv_hex_encode(input.bytes, input.len, hex);
    ck_assert_int_eq(strncmp(hex, start, sizeof start - 1), 0);
    ck_assert_str_eq(hex + sizeof start - 1, exact_inputs[_i].hex);
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("psi");
    TCase *oprf = tcase_create("oprf");
    TCase *fuzzy = tcase_create("fuzzy");

    tcase_add_test(oprf, all_rfc_9497_vectors_of_the_suite_are_reproduced);
    tcase_add_test(oprf, inverting_together_equals_inverting_one_by_one);
    tcase_add_loop_test(oprf, what_is_no_group_element_is_refused, 0, BAD_ELEMENTS);
    tcase_add_test(oprf, only_canonical_scalars_but_zero_are_valid);
    suite_add_tcase(suite, oprf);

    tcase_set_timeout(fuzzy, 60);
    tcase_add_test(fuzzy, any_two_shares_give_the_line_and_one_does_not);
    tcase_add_test(fuzzy, the_field_is_the_documented_one);
    tcase_add_loop_test(fuzzy, mask_parameters_have_bounds, 0, MASK_PARAMS);
    tcase_add_test(fuzzy, a_token_shows_the_masks_bits);
    tcase_add_test(fuzzy, a_tokens_input_is_the_documented_one);
    tcase_add_loop_test(fuzzy, a_digests_input_is_the_documented_one, 0, EXACT_INPUTS);
    suite_add_tcase(suite, fuzzy);
    return run_suite(suite);
}
