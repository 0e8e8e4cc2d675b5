/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ed25519.h"

#include <openssl/evp.h>

hashveil_status hv_ed25519_sign(const uint8_t secret[HASHVEIL_KEY_BYTES], const uint8_t *message,
                                size_t len, uint8_t out[HV_SIGNATURE_BYTES])
{
    size_t out_len = HV_SIGNATURE_BYTES;
    EVP_MD_CTX *signing = EVP_MD_CTX_new();
    EVP_PKEY *key =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, HASHVEIL_KEY_BYTES);
    const bool is_made = signing && key &&
                         EVP_DigestSignInit(signing, NULL, NULL, NULL, key) == 1 &&
                         EVP_DigestSign(signing, out, &out_len, message, len) == 1;
    EVP_PKEY_free(key);
    EVP_MD_CTX_free(signing);
    return is_made ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
}

hashveil_status hv_ed25519_verify(const uint8_t public_key[HASHVEIL_KEY_BYTES],
                                  const uint8_t *message, size_t len,
                                  const uint8_t signature[HV_SIGNATURE_BYTES])
{
    hashveil_status status = HASHVEIL_ERR_NO_MEMORY;
    EVP_MD_CTX *verifying = EVP_MD_CTX_new();
    EVP_PKEY *key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, HASHVEIL_KEY_BYTES);
    if (verifying && key && EVP_DigestVerifyInit(verifying, NULL, NULL, NULL, key) == 1) {
        const int result = EVP_DigestVerify(verifying, signature, HV_SIGNATURE_BYTES, message, len);
        status = result == 1 ? HASHVEIL_OK : HASHVEIL_ERR_KEY;
    }
    EVP_PKEY_free(key);
    EVP_MD_CTX_free(verifying);
    return status;
}
