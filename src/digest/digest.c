/* SPDX-License-Identifier: Apache-2.0 */
#include <hashveil/digest.h>

#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

/* Indexed by kind. */
static const struct {
    const char *text;
    size_t len;
} kinds[HASHVEIL_DIGEST_KINDS] = {
#define X(name, number, text, len) [number] = {text, len},
    HASHVEIL_DIGEST_KIND_TABLE(X)
#undef X
};

static bool is_kind(hashveil_digest_kind kind)
{
    return (unsigned)kind < HASHVEIL_DIGEST_KINDS;
}

const char *hashveil_digest_kind_text(hashveil_digest_kind kind)
{
    return is_kind(kind) ? kinds[kind].text : "unknown kind";
}

hashveil_status hashveil_digest_kind_from_text(const char *text, hashveil_digest_kind *out)
{
    for (unsigned i = 0; i < HASHVEIL_DIGEST_KINDS; i++) {
        if (strcmp(text, kinds[i].text) == 0) {
            *out = (hashveil_digest_kind)i;
            return HASHVEIL_OK;
        }
    }
    return HASHVEIL_ERR_ARGUMENT;
}

size_t hashveil_digest_len(hashveil_digest_kind kind)
{
    return is_kind(kind) ? kinds[kind].len : 0;
}

hashveil_digest hashveil_digests_get(const hashveil_digests *digests, hashveil_digest_kind kind)
{
    hashveil_digest digest = {.kind = kind};
    switch (kind) {
    case HASHVEIL_DIGEST_MD5:
        memcpy(digest.bytes, digests->md5, sizeof digests->md5);
        break;
    case HASHVEIL_DIGEST_SHA1:
        memcpy(digest.bytes, digests->sha1, sizeof digests->sha1);
        break;
    case HASHVEIL_DIGEST_SHA256:
        memcpy(digest.bytes, digests->sha256, sizeof digests->sha256);
        break;
    }
    return digest;
}

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
