/* SPDX-License-Identifier: Apache-2.0 */
/* The batch proof of the verifiable mode: the published vectors, and all that must not pass. */
#include "psi/proof.h"

#include "base/hex.h"
#include "oprf_vectors.h"
#include "psi/oprf.h"
#include "run_suite.h"

#include <sodium.h>
#include <string.h>

enum { VECTORS = 3, MAX_BATCH = 2, COUNT = 7, FULL = 1025, PROOF_BITS = 8 * HV_PROOF_BYTES };

/* A statement that holds, with the secret that shows it. */
static struct {
    uint8_t secret[HV_SCALAR_BYTES], public_key[HV_ELEMENT_BYTES];
    uint8_t blinded[FULL][HV_ELEMENT_BYTES], evaluated[FULL][HV_ELEMENT_BYTES];
    uint8_t proof[HV_PROOF_BYTES];
    struct hv_statement statement;
} given;

static void draw_scalar(uint8_t out[HV_SCALAR_BYTES])
{
    ck_assert_int_eq(hv_random_scalar(out), HASHVEIL_OK);
}

static void prove(void)
{
    uint8_t r[HV_SCALAR_BYTES];
    draw_scalar(r);
    ck_assert(hv_proof_generate(&given.statement, given.secret, r, given.proof));
}

static void set_up(size_t count)
{
    draw_scalar(given.secret);
    ck_assert_int_eq(crypto_scalarmult_ristretto255_base(given.public_key, given.secret), 0);
    for (size_t i = 0; i < count; i++) {
        crypto_core_ristretto255_random(given.blinded[i]);
        ck_assert(hv_oprf_blind_evaluate(given.secret, given.blinded[i], given.evaluated[i]));
    }
    given.statement = (struct hv_statement){.public_key = given.public_key,
                                            .blinded = given.blinded[0],
                                            .evaluated = given.evaluated[0],
                                            .count = count};
    prove();
}

static void set_up_few(void)
{
    set_up(COUNT);
}

static bool verifies(void)
{
    return hv_proof_verify(&given.statement, given.proof);
}

/* One vector's line: "proof", mode, r, proof, and the elements. */
static void check_vector(char *fields[VECTOR_FIELDS], size_t batch, const uint8_t secret[32],
                         const uint8_t public_key[32])
{
    uint8_t blinded[MAX_BATCH][32];
    uint8_t evaluated[MAX_BATCH][32];
    uint8_t r[32];
    uint8_t expected[64];
    uint8_t proof[64];
    ck_assert_uint_eq(vector_unhex(fields[2], r), sizeof r);
    ck_assert_uint_eq(vector_unhex(fields[3], expected), sizeof expected);
    for (size_t i = 0; i < batch; i++) {
        ck_assert_uint_eq(vector_unhex(fields[4 + 2 * i], blinded[i]), 32);
        ck_assert_uint_eq(vector_unhex(fields[5 + 2 * i], evaluated[i]), 32);
    }
    const struct hv_statement statement = {public_key, blinded[0], evaluated[0], batch};
    ck_assert(hv_proof_generate(&statement, secret, r, proof));
    ck_assert_mem_eq(proof, expected, sizeof proof);
    ck_assert(hv_proof_verify(&statement, expected));
}

START_TEST(all_rfc_9497_proofs_of_the_suite_are_reproduced_and_accepted)
{
    char line[VECTOR_LINE_BYTES];
    char *fields[VECTOR_FIELDS] = {NULL};
    uint8_t secret[32] = {0};
    uint8_t public_key[32] = {0};
    unsigned vectors = 0;
    FILE *file = vector_open();
    while (fgets(line, sizeof line, file)) {
        const size_t count = vector_split(line, fields);
        if (count == 6 && strcmp(fields[0], "key") == 0 && strcmp(fields[1], "1") == 0) {
            vector_unhex(fields[4], secret);
            vector_unhex(fields[5], public_key);
        } else if (strcmp(fields[0], "proof") == 0) {
            check_vector(fields, (count - 4) / 2, secret, public_key);
            vectors++;
        }
    }
    fclose(file);
    ck_assert_uint_eq(vectors, VECTORS); /* batches of 1, 1 and 2 */
}
END_TEST

static const size_t counts[] = {1, 2, 3, 257, FULL};
enum { COUNTS = sizeof counts / sizeof counts[0] };

START_TEST(a_batch_of_any_size_is_proved)
{
    set_up(counts[_i]);
    ck_assert(verifies());
}
END_TEST

START_TEST(two_proofs_of_one_statement_differ)
{
    uint8_t first[HV_PROOF_BYTES];
    memcpy(first, given.proof, sizeof first);
    prove();
    ck_assert(verifies());
    ck_assert_mem_ne(first, given.proof, HV_SCALAR_BYTES);
    ck_assert_mem_ne(first + HV_SCALAR_BYTES, given.proof + HV_SCALAR_BYTES, HV_SCALAR_BYTES);
}
END_TEST

START_TEST(a_proof_with_one_bit_changed_is_refused)
{
    ck_assert(verifies());
    given.proof[_i / 8] ^= (uint8_t)(1 << _i % 8);
    ck_assert(!verifies());
}
END_TEST

/* An evaluator that used another key, and has every reason to prove otherwise. */
static void evaluate_under_another_key(size_t first, size_t end)
{
    uint8_t other[HV_SCALAR_BYTES];
    draw_scalar(other);
    for (size_t i = first; i < end; i++) {
        ck_assert(hv_oprf_blind_evaluate(other, given.blinded[i], given.evaluated[i]));
    }
    prove();
}

START_TEST(one_element_under_another_key_is_refused)
{
    evaluate_under_another_key((size_t)_i, (size_t)_i + 1);
    ck_assert(!verifies());
}
END_TEST

static void all_under_another_key(void)
{
    evaluate_under_another_key(0, COUNT);
}

/* The proof is right, but for the other key. */
static void the_other_keys_own_proof(void)
{
    uint8_t public_key[HV_ELEMENT_BYTES];
    memcpy(public_key, given.public_key, sizeof public_key);
    set_up(COUNT);
    ck_assert(verifies());
    memcpy(given.public_key, public_key, sizeof public_key);
}

static void swap(uint8_t a[HV_ELEMENT_BYTES], uint8_t b[HV_ELEMENT_BYTES])
{
    uint8_t kept[HV_ELEMENT_BYTES];
    memcpy(kept, a, sizeof kept);
    memcpy(a, b, sizeof kept);
    memcpy(b, kept, sizeof kept);
}

static void evaluated_elements_exchanged(void)
{
    swap(given.evaluated[0], given.evaluated[COUNT - 1]);
}

static void pairs_exchanged(void)
{
    swap(given.evaluated[2], given.evaluated[3]);
    swap(given.blinded[2], given.blinded[3]);
}

static void blinded_and_evaluated_exchanged(void)
{
    swap(given.evaluated[1], given.blinded[1]);
}

static void one_element_fewer(void)
{
    given.statement.count--;
}

static void one_element_more(void)
{
    crypto_core_ristretto255_random(given.blinded[COUNT]);
    ck_assert(hv_oprf_blind_evaluate(given.secret, given.blinded[COUNT], given.evaluated[COUNT]));
    given.statement.count++;
}

/* What cancels in a plain sum must not cancel under the weights. */
static void errors_that_cancel(void)
{
    uint8_t error[HV_ELEMENT_BYTES];
    crypto_core_ristretto255_random(error);
    crypto_core_ristretto255_add(given.evaluated[0], given.evaluated[0], error);
    crypto_core_ristretto255_sub(given.evaluated[1], given.evaluated[1], error);
    prove();
}

static void another_proofs_challenge(void)
{
    uint8_t answer[HV_SCALAR_BYTES];
    memcpy(answer, given.proof + HV_SCALAR_BYTES, sizeof answer);
    prove();
    memcpy(given.proof + HV_SCALAR_BYTES, answer, sizeof answer);
}

static void challenge_zero(void)
{
    memset(given.proof, 0, HV_SCALAR_BYTES);
}

static void answer_zero(void)
{
    memset(given.proof + HV_SCALAR_BYTES, 0, HV_SCALAR_BYTES);
}

/* The same number, written another way: proofs have one encoding. */
static void add_order(uint8_t scalar[HV_SCALAR_BYTES])
{
    uint8_t order[HV_SCALAR_BYTES];
    ck_assert(hv_hex_decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
                            order, sizeof order));
    sodium_add(scalar, order, sizeof order);
}

static void challenge_above_the_order(void)
{
    add_order(given.proof);
}

static void answer_above_the_order(void)
{
    add_order(given.proof + HV_SCALAR_BYTES);
}

static void a_blinded_identity(void)
{
    memset(given.blinded[1], 0, HV_ELEMENT_BYTES);
}

static void an_evaluated_identity(void)
{
    memset(given.evaluated[1], 0, HV_ELEMENT_BYTES);
}

static void an_identity_as_key(void)
{
    memset(given.public_key, 0, HV_ELEMENT_BYTES);
}

static void a_blinded_element_not_canonical(void)
{
    given.blinded[1][HV_ELEMENT_BYTES - 1] |= 0x80;
}

static void an_evaluated_element_not_canonical(void)
{
    given.evaluated[1][HV_ELEMENT_BYTES - 1] |= 0x80;
}

static void a_negative_evaluated_element(void)
{
    given.evaluated[1][0] ^= 1;
}

static const struct {
    const char *what;
    void (*alter)(void);
} alterations[] = {
    {"all elements under another key", all_under_another_key},
    {"another key's own proof", the_other_keys_own_proof},
    {"two evaluated elements exchanged", evaluated_elements_exchanged},
    {"two pairs exchanged", pairs_exchanged},
    {"blinded and evaluated exchanged", blinded_and_evaluated_exchanged},
    {"one element fewer", one_element_fewer},
    {"one element more", one_element_more},
    {"errors that cancel", errors_that_cancel},
    {"the challenge of another proof", another_proofs_challenge},
    {"challenge zero", challenge_zero},
    {"answer zero", answer_zero},
    {"challenge above the order", challenge_above_the_order},
    {"answer above the order", answer_above_the_order},
    {"a blinded identity", a_blinded_identity},
    {"an evaluated identity", an_evaluated_identity},
    {"the identity as key", an_identity_as_key},
    {"a blinded element that is not canonical", a_blinded_element_not_canonical},
    {"an evaluated element that is not canonical", an_evaluated_element_not_canonical},
    {"a negative evaluated element", a_negative_evaluated_element},
};
enum { ALTERATIONS = sizeof alterations / sizeof alterations[0] };

START_TEST(what_was_not_proved_is_refused)
{
    ck_assert(verifies());
    alterations[_i].alter();
    ck_assert_msg(!verifies(), "%s", alterations[_i].what);
}
END_TEST

START_TEST(nothing_is_proved_of_what_is_no_element)
{
    uint8_t r[HV_SCALAR_BYTES];
    uint8_t proof[HV_PROOF_BYTES];
    draw_scalar(r);
    a_blinded_identity();
    ck_assert(!hv_proof_generate(&given.statement, given.secret, r, proof));
    a_blinded_element_not_canonical();
    ck_assert(!hv_proof_generate(&given.statement, given.secret, r, proof));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("proof");
    TCase *proof = tcase_create("proof");
    TCase *refusal = tcase_create("refusal");

    tcase_set_timeout(proof, 120);
    tcase_add_checked_fixture(proof, set_up_few, NULL);
    tcase_add_test(proof, all_rfc_9497_proofs_of_the_suite_are_reproduced_and_accepted);
    tcase_add_loop_test(proof, a_batch_of_any_size_is_proved, 0, COUNTS);
    tcase_add_test(proof, two_proofs_of_one_statement_differ);
    suite_add_tcase(suite, proof);

    tcase_set_timeout(refusal, 120);
    tcase_add_checked_fixture(refusal, set_up_few, NULL);
    tcase_add_loop_test(refusal, a_proof_with_one_bit_changed_is_refused, 0, PROOF_BITS);
    tcase_add_loop_test(refusal, one_element_under_another_key_is_refused, 0, COUNT);
    tcase_add_loop_test(refusal, what_was_not_proved_is_refused, 0, ALTERATIONS);
    tcase_add_test(refusal, nothing_is_proved_of_what_is_no_element);
    suite_add_tcase(suite, refusal);
    return run_suite(suite);
}
