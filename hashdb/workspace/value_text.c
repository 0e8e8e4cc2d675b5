/* SPDX-License-Identifier: Apache-2.0 */
/* Values as people write them. */
#include <hashveil/curation.h>

#include <stdio.h>
#include <string.h>

#include "base/hex.h"

void hashveil_value_to_text(const hashveil_value *value, char out[HASHVEIL_VALUE_TEXT_BYTES])
{
    if (!value->is_digest) {
        hashveil_pdq_to_hex(&value->hash, out);
        return;
    }
    char digits[2 * HASHVEIL_DIGEST_MAX_LEN + 1];
    hv_hex_encode(value->digest.bytes, hashveil_digest_len(value->digest.kind), digits);
    snprintf(out, HASHVEIL_VALUE_TEXT_BYTES, "%s:%s", hashveil_digest_kind_text(value->digest.kind),
             digits);
}

static bool read_digest(const char *digits, hashveil_digest_kind kind, hashveil_value *out)
{
    const size_t len = hashveil_digest_len(kind);
    *out = (hashveil_value){.is_digest = true, .digest = {.kind = kind}};
    return strlen(digits) == 2 * len && hv_hex_decode(digits, out->digest.bytes, len);
}

static hashveil_status read_hash(const char *digits, hashveil_value *out)
{
    *out = (hashveil_value){0};
    return hashveil_pdq_from_hex(digits, strlen(digits), &out->hash);
}

hashveil_status hashveil_value_from_text(const char *text, hashveil_value *out)
{
    static const char pdq_prefix[] = "pdq:";
    if (strncmp(text, pdq_prefix, sizeof pdq_prefix - 1) == 0) {
        return read_hash(text + sizeof pdq_prefix - 1, out);
    }
    for (unsigned i = 0; i < HASHVEIL_DIGEST_KINDS; i++) {
        const hashveil_digest_kind kind = (hashveil_digest_kind)i;
        const char *name = hashveil_digest_kind_text(kind);
        const size_t len = strlen(name);
        if (strncmp(text, name, len) == 0 && text[len] == ':') {
            return read_digest(text + len + 1, kind, out) ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
        }
    }
    return read_digest(text, HASHVEIL_DIGEST_MD5, out) ||
                   read_digest(text, HASHVEIL_DIGEST_SHA1, out)
               ? HASHVEIL_OK
               : read_hash(text, out);
}
