/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 against the published answers, and what must not verify. */
#include "base/ed25519.h"
#include "base/hex.h"
#include "run_suite.h"

#include <string.h>

enum { MAX_MESSAGE_LEN = 64, S_BYTES = HV_SIGNATURE_BYTES / 2 };

/* RFC 8032, section 7.1: tests 1, 2, 3 and SHA(abc). */
static const struct {
    const char *secret, *public, *message, *signature;
} vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "b"
     "bd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e"
     "0"
     "303dca179c138ac17ad9bef1177331a704"},
};
enum { VECTORS = sizeof vectors / sizeof vectors[0] };

struct signing {
    uint8_t secret[HASHVEIL_KEY_BYTES], public[HASHVEIL_KEY_BYTES];
    uint8_t message[MAX_MESSAGE_LEN], signature[HV_SIGNATURE_BYTES];
    size_t message_len;
};

static struct signing signing_of(int vector)
{
    struct signing signing = {.message_len = strlen(vectors[vector].message) / 2};
    ck_assert(hv_hex_decode(vectors[vector].secret, signing.secret, sizeof signing.secret));
    ck_assert(hv_hex_decode(vectors[vector].public, signing.public, sizeof signing.public));
    ck_assert(hv_hex_decode(vectors[vector].message, signing.message, signing.message_len));
    ck_assert(
        hv_hex_decode(vectors[vector].signature, signing.signature, sizeof signing.signature));
    return signing;
}

static hashveil_status verify(const struct signing *signing)
{
    return hv_ed25519_verify(signing->public, signing->message, signing->message_len,
                             signing->signature);
}

START_TEST(signatures_are_the_published_ones_and_verify)
{
    const struct signing signing = signing_of(_i);
    uint8_t made[HV_SIGNATURE_BYTES];
    ck_assert_int_eq(hv_ed25519_sign(signing.secret, signing.message, signing.message_len, made),
                     HASHVEIL_OK);
    ck_assert_mem_eq(made, signing.signature, sizeof made);
    ck_assert_int_eq(verify(&signing), HASHVEIL_OK);
}
END_TEST

static void ck_assert_refused_with_any_bit_changed(const struct signing *signing, uint8_t *bytes,
                                                   size_t len)
{
    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_msg(verify(signing) == HASHVEIL_ERR_KEY, "bit %zu", bit);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

START_TEST(no_changed_bit_verifies)
{
    struct signing signing = signing_of(_i);
    ck_assert_refused_with_any_bit_changed(&signing, signing.signature, sizeof signing.signature);
    ck_assert_refused_with_any_bit_changed(&signing, signing.message, signing.message_len);
    ck_assert_refused_with_any_bit_changed(&signing, signing.public, sizeof signing.public);
    ck_assert_int_eq(verify(&signing), HASHVEIL_OK);
}
END_TEST

START_TEST(a_message_is_signed_to_its_end)
{
    struct signing signing = signing_of(VECTORS - 1);
    signing.message_len--;
    ck_assert_int_eq(verify(&signing), HASHVEIL_ERR_KEY);
}
END_TEST

/* RFC 8032, section 5.1.7: S is below the group order, or else each signature has a second one. */
START_TEST(a_second_form_of_a_signature_does_not_verify)
{
    static const uint8_t order[S_BYTES] = {0xed,
                                           0xd3,
                                           0xf5,
                                           0x5c,
                                           0x1a,
                                           0x63,
                                           0x12,
                                           0x58,
                                           0xd6,
                                           0x9c,
                                           0xf7,
                                           0xa2,
                                           0xde,
                                           0xf9,
                                           0xde,
                                           0x14,
                                           [S_BYTES - 1] = 0x10};
    struct signing signing = signing_of(_i);
    uint8_t *s = signing.signature + S_BYTES;
    unsigned carry = 0;
    for (size_t i = 0; i < S_BYTES; i++) {
        carry += s[i] + order[i];
        s[i] = (uint8_t)carry;
        carry >>= 8;
    }
    ck_assert_uint_eq(carry, 0);
    ck_assert_int_eq(verify(&signing), HASHVEIL_ERR_KEY);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ed25519");
    TCase *known = tcase_create("known");
    TCase *refuse = tcase_create("refuse");

    tcase_add_loop_test(known, signatures_are_the_published_ones_and_verify, 0, VECTORS);
    suite_add_tcase(suite, known);

    tcase_set_timeout(refuse, 60);
    tcase_add_loop_test(refuse, no_changed_bit_verifies, 0, VECTORS);
    tcase_add_test(refuse, a_message_is_signed_to_its_end);
    tcase_add_loop_test(refuse, a_second_form_of_a_signature_does_not_verify, 0, VECTORS);
    suite_add_tcase(suite, refuse);
    return run_suite(suite);
}
