/* SPDX-License-Identifier: Apache-2.0 */
/* All three digests of a file in one pass. */
#include <hashveil/digest.h>

#include <openssl/evp.h>
#include <stdbool.h>

#include "base/files.h"

struct hashing {
    EVP_MD_CTX *states[HASHVEIL_DIGEST_KINDS]; /* owned */
};

static bool begin(struct hashing *hashing)
{
    const EVP_MD *const methods[HASHVEIL_DIGEST_KINDS] = {
        [HASHVEIL_DIGEST_MD5] = EVP_md5(),
        [HASHVEIL_DIGEST_SHA1] = EVP_sha1(),
        [HASHVEIL_DIGEST_SHA256] = EVP_sha256(),
    };
    for (size_t kind = 0; kind < HASHVEIL_DIGEST_KINDS; kind++) {
        hashing->states[kind] = EVP_MD_CTX_new();
        if (!hashing->states[kind] ||
            EVP_DigestInit_ex(hashing->states[kind], methods[kind], NULL) != 1) {
            return false;
        }
    }
    return true;
}

static hashveil_status take(void *context, const uint8_t *bytes, size_t len)
{
    struct hashing *hashing = context;
    for (size_t kind = 0; kind < HASHVEIL_DIGEST_KINDS; kind++) {
        if (EVP_DigestUpdate(hashing->states[kind], bytes, len) != 1) {
            return HASHVEIL_ERR_UNSUPPORTED;
        }
    }
    return HASHVEIL_OK;
}

static bool finish(struct hashing *hashing, hashveil_digests *out)
{
    return EVP_DigestFinal_ex(hashing->states[HASHVEIL_DIGEST_MD5], out->md5, NULL) == 1 &&
           EVP_DigestFinal_ex(hashing->states[HASHVEIL_DIGEST_SHA1], out->sha1, NULL) == 1 &&
           EVP_DigestFinal_ex(hashing->states[HASHVEIL_DIGEST_SHA256], out->sha256, NULL) == 1;
}

hashveil_status hashveil_digests_of_file(const char *path, hashveil_digests *out)
{
    struct hashing hashing = {{NULL}};
    hashveil_digests digests;
    hashveil_status status = begin(&hashing) ? HASHVEIL_OK : HASHVEIL_ERR_UNSUPPORTED;
    if (status == HASHVEIL_OK) {
        status = hv_read_pieces(path, take, &hashing);
    }
    if (status == HASHVEIL_OK && !finish(&hashing, &digests)) {
        status = HASHVEIL_ERR_UNSUPPORTED;
    }
    for (size_t kind = 0; kind < HASHVEIL_DIGEST_KINDS; kind++) {
        EVP_MD_CTX_free(hashing.states[kind]);
    }
    if (status == HASHVEIL_OK) {
        *out = digests;
    }
    return status;
}
