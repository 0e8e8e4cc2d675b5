/* SPDX-License-Identifier: Apache-2.0 */
#include <hashveil/pdq.h>

#include "base/hex.h"
#include "pdq/hasher.h"

#include <string.h>

enum { HASH_BYTES = HASHVEIL_PDQ_BITS / 8 };

static bool is_valid(const hashveil_image *image)
{
    if (!image || !image->pixels || image->width_px == 0 || image->height_px == 0) {
        return false;
    }
    if (image->channels != 1 && image->channels != 3) {
        return false;
    }
    return image->stride_bytes / image->channels >= image->width_px;
}

/* Fills the first count forms. */
static hashveil_status fingerprint_forms(const hashveil_image *image, hashveil_pdq_policy policy,
                                         unsigned count, hashveil_fingerprint *out)
{
    if (!out || !is_valid(image) || !hashveil_pdq_policy_text(policy)) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    struct hv_hasher hasher = {.policy = policy};
    const struct hv_row_shape shape = {.width_px = image->width_px,
                                       .height_px = image->height_px,
                                       .channels = image->channels,
                                       .block_px = 1};
    const hashveil_status status = hv_hasher_begin(&hasher, &shape);
    if (status == HASHVEIL_OK) {
        for (size_t y = 0; y < image->height_px; y++) {
            hv_hasher_add_row(&hasher, image->pixels + y * image->stride_bytes);
        }
        hv_hasher_finish(&hasher, count, out);
    }
    hv_hasher_clear(&hasher);
    return status;
}

hashveil_status hashveil_pdq_fingerprint(const hashveil_image *image, hashveil_pdq_policy policy,
                                         hashveil_fingerprint *out)
{
    return fingerprint_forms(image, policy, 1, out);
}

hashveil_status hashveil_pdq_dihedral(const hashveil_image *image, hashveil_pdq_policy policy,
                                      hashveil_fingerprint out[HASHVEIL_PDQ_DIHEDRAL])
{
    return fingerprint_forms(image, policy, HASHVEIL_PDQ_DIHEDRAL, out);
}

static const char *const policy_texts[] = {
#define X(name, number, text) [number] = text,
    HASHVEIL_PDQ_POLICY_TABLE(X)
#undef X
};

enum { POLICIES = sizeof policy_texts / sizeof policy_texts[0] };

const char *hashveil_pdq_policy_text(hashveil_pdq_policy policy)
{
    return (unsigned)policy < POLICIES ? policy_texts[policy] : NULL;
}

hashveil_status hashveil_pdq_policy_from_text(const char *text, hashveil_pdq_policy *out)
{
    for (unsigned i = 0; i < POLICIES; i++) {
        if (strcmp(text, policy_texts[i]) == 0) {
            *out = (hashveil_pdq_policy)i;
            return HASHVEIL_OK;
        }
    }
    return HASHVEIL_ERR_ARGUMENT;
}

unsigned hashveil_pdq_distance(const hashveil_pdq *a, const hashveil_pdq *b)
{
    unsigned distance = 0;
    for (size_t i = 0; i < sizeof a->word / sizeof a->word[0]; i++) {
        distance += (unsigned)__builtin_popcountll(a->word[i] ^ b->word[i]);
    }
    return distance;
}

/* Text begins with bit 255, so its bytes go against the order of the words. */
void hashveil_pdq_to_hex(const hashveil_pdq *hash, char out[HASHVEIL_PDQ_HEX_LEN + 1])
{
    uint8_t bytes[HASH_BYTES];
    for (size_t i = 0; i < HASH_BYTES; i++) {
        bytes[HASH_BYTES - 1 - i] = (uint8_t)(hash->word[i / 8] >> (8 * (i % 8)));
    }
    hv_hex_encode(bytes, HASH_BYTES, out);
}

hashveil_status hashveil_pdq_from_hex(const char *text, size_t len, hashveil_pdq *out)
{
    uint8_t bytes[HASH_BYTES];
    if (len != HASHVEIL_PDQ_HEX_LEN || !hv_hex_decode(text, bytes, HASH_BYTES)) {
        return HASHVEIL_ERR_FORMAT;
    }
    *out = (hashveil_pdq){0};
    for (size_t i = 0; i < HASH_BYTES; i++) {
        out->word[i / 8] |= (uint64_t)bytes[HASH_BYTES - 1 - i] << (8 * (i % 8));
    }
    return HASHVEIL_OK;
}
