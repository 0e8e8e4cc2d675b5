/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/sealed/signatures.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"

static const char domain[] = "hashveil/v1/manifest";

enum { DOMAIN_LEN = sizeof domain - 1, SIGNED_BYTES = DOMAIN_LEN + HASHVEIL_DIGEST_BYTES };

static void signed_bytes(const uint8_t digest[HASHVEIL_DIGEST_BYTES], uint8_t out[SIGNED_BYTES])
{
    memcpy(out, domain, DOMAIN_LEN);
    memcpy(out + DOMAIN_LEN, digest, HASHVEIL_DIGEST_BYTES);
}

hashveil_status hv_signature_make(const hashveil_key *curator,
                                  const uint8_t digest[HASHVEIL_DIGEST_BYTES],
                                  struct hv_signature *out)
{
    uint8_t message[SIGNED_BYTES];
    if (curator->kind != HASHVEIL_KEY_CURATOR || !curator->has_secret) {
        return HASHVEIL_ERR_KEY;
    }
    signed_bytes(digest, message);
    memcpy(out->curator, curator->public_bytes, sizeof out->curator);
    return hv_ed25519_sign(curator->secret_bytes, message, sizeof message, out->bytes);
}

hashveil_status hv_signature_verify(const struct hv_signature *signature,
                                    const uint8_t digest[HASHVEIL_DIGEST_BYTES])
{
    uint8_t message[SIGNED_BYTES];
    signed_bytes(digest, message);
    return hv_ed25519_verify(signature->curator, message, sizeof message, signature->bytes);
}

hashveil_status hv_signatures_add(struct hv_signatures *signatures,
                                  const struct hv_signature *signature)
{
    struct hv_signature *list = signatures->list;
    size_t place = 0;
    int order = 1;
    while (place < signatures->count) {
        order = memcmp(list[place].curator, signature->curator, sizeof signature->curator);
        if (order >= 0) {
            break;
        }
        place++;
    }
    if (place < signatures->count && order == 0) {
        list[place] = *signature;
        return HASHVEIL_OK;
    }
    if (signatures->count == HASHVEIL_MAX_CURATORS) {
        return HASHVEIL_ERR_LIMIT;
    }
    memmove(list + place + 1, list + place, (signatures->count - place) * sizeof *list);
    list[place] = *signature;
    signatures->count++;
    return HASHVEIL_OK;
}

void hv_signatures_write(const struct hv_signatures *signatures, uint8_t *out)
{
    struct hv_writer writer = hv_writer_of(out, hv_signatures_len(signatures));
    hv_write_u32le(&writer, (uint32_t)signatures->count);
    hv_write_u32le(&writer, 0);
    for (size_t i = 0; i < signatures->count; i++) {
        const struct hv_signature *signature = &signatures->list[i];
        hv_write_bytes(&writer, signature->curator, sizeof signature->curator);
        hv_write_bytes(&writer, signature->bytes, sizeof signature->bytes);
    }
    assert(!writer.failed && writer.len == writer.capacity);
}

static bool is_named(const struct hv_manifest *manifest, const uint8_t curator[HASHVEIL_KEY_BYTES])
{
    bool is_one = false;
    for (uint32_t i = 0; i < manifest->curator_count; i++) {
        is_one = is_one || memcmp(manifest->curator_keys[i], curator, HASHVEIL_KEY_BYTES) == 0;
    }
    return is_one;
}

static bool are_in_order(const struct hv_signatures *signatures)
{
    bool are_rising = true;
    for (size_t i = 1; i < signatures->count; i++) {
        are_rising = are_rising && memcmp(signatures->list[i - 1].curator,
                                          signatures->list[i].curator, HASHVEIL_KEY_BYTES) < 0;
    }
    return are_rising;
}

/* Errors: ERR_FORMAT. */
static hashveil_status read_all(const uint8_t *bytes, size_t len, struct hv_signatures *out)
{
    struct hv_reader in = hv_reader_of(bytes, len);
    *out = (struct hv_signatures){.count = hv_read_u32le(&in)};
    const uint32_t reserved = hv_read_u32le(&in);
    if (in.failed || reserved != 0 || out->count > HASHVEIL_MAX_CURATORS) {
        return HASHVEIL_ERR_FORMAT;
    }
    for (size_t i = 0; i < out->count; i++) {
        hv_read_copy(&in, out->list[i].curator, sizeof out->list[i].curator);
        hv_read_copy(&in, out->list[i].bytes, sizeof out->list[i].bytes);
    }
    return in.failed || in.left != 0 || !are_in_order(out) ? HASHVEIL_ERR_FORMAT : HASHVEIL_OK;
}

hashveil_status hv_signatures_parse(const uint8_t *bytes, size_t len,
                                    const struct hv_manifest *manifest,
                                    const uint8_t digest[HASHVEIL_DIGEST_BYTES],
                                    struct hv_signatures *out)
{
    hashveil_status status = read_all(bytes, len, out);
    for (size_t i = 0; i < out->count && status == HASHVEIL_OK; i++) {
        status = is_named(manifest, out->list[i].curator)
                     ? hv_signature_verify(&out->list[i], digest)
                     : HASHVEIL_ERR_KEY;
    }
    return status;
}
