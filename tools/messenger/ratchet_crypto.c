/* SPDX-License-Identifier: Apache-2.0 */
#include "ratchet_crypto.h"

#include <limits.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

enum { SHA256_BYTES = 32, SHA512_BYTES = 64, IV_BYTES = 16 };

static int random_bytes(uint8_t *data, size_t len, void *user_data)
{
    (void)user_data;
    return len <= INT_MAX && RAND_priv_bytes(data, (int)len) == 1 ? SG_SUCCESS : SG_ERR_UNKNOWN;
}

static int hmac_init(void **context, const uint8_t *key, size_t key_len, void *user_data)
{
    (void)user_data;
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0),
                                     OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *made = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    if (!made || EVP_MAC_init(made, key, key_len, parameters) != 1) {
        EVP_MAC_CTX_free(made);
        return SG_ERR_UNKNOWN;
    }
    *context = made;
    return SG_SUCCESS;
}

static int hmac_update(void *context, const uint8_t *data, size_t len, void *user_data)
{
    (void)user_data;
    return EVP_MAC_update(context, data, len) == 1 ? SG_SUCCESS : SG_ERR_UNKNOWN;
}

static int hmac_final(void *context, signal_buffer **output, void *user_data)
{
    (void)user_data;
    uint8_t mac[SHA256_BYTES];
    size_t len = 0;
    if (EVP_MAC_final(context, mac, &len, sizeof mac) != 1) {
        return SG_ERR_UNKNOWN;
    }
    *output = signal_buffer_create(mac, len);
    return *output ? SG_SUCCESS : SG_ERR_NOMEM;
}

static void hmac_cleanup(void *context, void *user_data)
{
    (void)user_data;
    EVP_MAC_CTX_free(context);
}

static int sha512_init(void **context, void *user_data)
{
    (void)user_data;
    EVP_MD_CTX *made = EVP_MD_CTX_new();
    if (!made || EVP_DigestInit_ex(made, EVP_sha512(), NULL) != 1) {
        EVP_MD_CTX_free(made);
        return SG_ERR_UNKNOWN;
    }
    *context = made;
    return SG_SUCCESS;
}

static int sha512_update(void *context, const uint8_t *data, size_t len, void *user_data)
{
    (void)user_data;
    return EVP_DigestUpdate(context, data, len) == 1 ? SG_SUCCESS : SG_ERR_UNKNOWN;
}

static int sha512_final(void *context, signal_buffer **output, void *user_data)
{
    (void)user_data;
    uint8_t digest[SHA512_BYTES];
    unsigned len = 0;
    if (EVP_DigestFinal_ex(context, digest, &len) != 1 ||
        EVP_DigestInit_ex(context, EVP_sha512(), NULL) != 1) {
        return SG_ERR_UNKNOWN;
    }
    *output = signal_buffer_create(digest, len);
    return *output ? SG_SUCCESS : SG_ERR_NOMEM;
}

static void sha512_cleanup(void *context, void *user_data)
{
    (void)user_data;
    EVP_MD_CTX_free(context);
}

/* Returns NULL for what is no such cipher. */
static const EVP_CIPHER *cipher_of(int cipher, size_t key_len)
{
    const int kind = cipher == SG_CIPHER_AES_CBC_PKCS5       ? 0
                     : cipher == SG_CIPHER_AES_CTR_NOPADDING ? 1
                                                             : -1;
    switch (kind < 0 ? 0 : key_len) {
    case 16:
        return kind == 0 ? EVP_aes_128_cbc() : EVP_aes_128_ctr();
    case 24:
        return kind == 0 ? EVP_aes_192_cbc() : EVP_aes_192_ctr();
    case 32:
        return kind == 0 ? EVP_aes_256_cbc() : EVP_aes_256_ctr();
    default:
        return NULL;
    }
}

struct crypt_input {
    const EVP_CIPHER *cipher;
    const uint8_t *key, *iv, *bytes;
    size_t len;
    int is_encrypting;
};

/* out: room for len and a block. Returns how many bytes came out, negative on failure. */
static int crypt_into(EVP_CIPHER_CTX *context, const struct crypt_input *input, uint8_t *out)
{
    int len = 0;
    int rest = 0;
    if (EVP_CipherInit_ex(context, input->cipher, NULL, input->key, input->iv,
                          input->is_encrypting) != 1 ||
        EVP_CipherUpdate(context, out, &len, input->bytes, (int)input->len) != 1 ||
        EVP_CipherFinal_ex(context, out + len, &rest) != 1) {
        return SG_ERR_UNKNOWN;
    }
    return len + rest;
}

static int run_cipher(const struct crypt_input *input, size_t iv_len, signal_buffer **output)
{
    if (!input->cipher || iv_len != IV_BYTES || input->len > INT_MAX - EVP_MAX_BLOCK_LENGTH) {
        return SG_ERR_INVAL;
    }
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    signal_buffer *room = signal_buffer_alloc(input->len + EVP_MAX_BLOCK_LENGTH);
    int result =
        context && room ? crypt_into(context, input, signal_buffer_data(room)) : SG_ERR_NOMEM;
    if (result >= 0) {
        *output = signal_buffer_n_copy(room, (size_t)result);
        result = *output ? SG_SUCCESS : SG_ERR_NOMEM;
    }
    signal_buffer_bzero_free(room);
    EVP_CIPHER_CTX_free(context);
    return result;
}

/* libomemo-c chooses the parameters. NOLINTBEGIN(readability-function-size) */
static int encrypt_bytes(signal_buffer **output, int cipher, const uint8_t *key, size_t key_len,
                         const uint8_t *iv, size_t iv_len, const uint8_t *bytes, size_t len,
                         void *user_data)
{
    (void)user_data;
    const struct crypt_input input = {cipher_of(cipher, key_len), key, iv, bytes, len, 1};
    return run_cipher(&input, iv_len, output);
}

static int decrypt_bytes(signal_buffer **output, int cipher, const uint8_t *key, size_t key_len,
                         const uint8_t *iv, size_t iv_len, const uint8_t *bytes, size_t len,
                         void *user_data)
{
    (void)user_data;
    const struct crypt_input input = {cipher_of(cipher, key_len), key, iv, bytes, len, 0};
    return run_cipher(&input, iv_len, output);
}
/* NOLINTEND(readability-function-size) */

const signal_crypto_provider ratchet_crypto = {
    .random_func = random_bytes,
    .hmac_sha256_init_func = hmac_init,
    .hmac_sha256_update_func = hmac_update,
    .hmac_sha256_final_func = hmac_final,
    .hmac_sha256_cleanup_func = hmac_cleanup,
    .sha512_digest_init_func = sha512_init,
    .sha512_digest_update_func = sha512_update,
    .sha512_digest_final_func = sha512_final,
    .sha512_digest_cleanup_func = sha512_cleanup,
    .encrypt_func = encrypt_bytes,
    .decrypt_func = decrypt_bytes,
};
