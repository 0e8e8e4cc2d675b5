/* SPDX-License-Identifier: Apache-2.0 */
#include <hashveil/digest.h>

#include <openssl/evp.h>
#include <stdbool.h>

static bool digest(const EVP_MD *kind, const uint8_t *bytes, size_t len, uint8_t *out)
{
    return EVP_Digest(bytes, len, out, NULL, kind, NULL) == 1;
}

hashveil_status hashveil_digests_of(const uint8_t *bytes, size_t len, hashveil_digests *out)
{
    hashveil_digests digests;
    if (!digest(EVP_md5(), bytes, len, digests.md5) ||
        !digest(EVP_sha1(), bytes, len, digests.sha1) ||
        !digest(EVP_sha256(), bytes, len, digests.sha256)) {
        return HASHVEIL_ERR_UNSUPPORTED;
    }
    *out = digests;
    return HASHVEIL_OK;
}
