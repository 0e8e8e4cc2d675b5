/* SPDX-License-Identifier: Apache-2.0 */
#include <hashveil/pdq.h>

#include "base/hex.h"
#include "pdq/filter.h"
#include "pdq/kernels.h"
#include "pdq/transform.h"

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

static hashveil_status transform_image(const struct hv_kernels *kernels,
                                       const hashveil_image *image, struct hv_transform *out)
{
    struct hv_filter filter;
    const struct hv_row_shape shape = {.width_px = image->width_px,
                                       .height_px = image->height_px,
                                       .channels = image->channels,
                                       .block_px = 1};
    const hashveil_status status = hv_filter_init(kernels, &shape, &filter);
    if (status != HASHVEIL_OK) {
        return status;
    }
    for (size_t y = 0; y < image->height_px; y++) {
        hv_filter_add_row(&filter, image->pixels + y * image->stride_bytes);
    }
    hv_transform_of(kernels, filter.plane, out);
    hv_filter_clear(&filter);
    return HASHVEIL_OK;
}

/* Fills the first count forms. */
static hashveil_status fingerprint_forms(const hashveil_image *image, unsigned count,
                                         hashveil_fingerprint *out)
{
    const struct hv_kernels *kernels = hv_kernels_best();
    struct hv_transform original;
    struct hv_transform turned;

    if (!out || !is_valid(image)) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    if (image->width_px < HV_PDQ_MIN_SIDE_PX || image->height_px < HV_PDQ_MIN_SIDE_PX) {
        memset(out, 0, count * sizeof *out);
        return HASHVEIL_OK;
    }
    const hashveil_status status = transform_image(kernels, image, &original);
    if (status != HASHVEIL_OK) {
        return status;
    }
    for (unsigned form = 0; form < count; form++) {
        hv_transform_turn(&original, (hashveil_dihedral)form, &turned);
        hv_fingerprint_of(kernels, &turned, out + form);
    }
    return HASHVEIL_OK;
}

hashveil_status hashveil_pdq_fingerprint(const hashveil_image *image, hashveil_fingerprint *out)
{
    return fingerprint_forms(image, 1, out);
}

hashveil_status hashveil_pdq_dihedral(const hashveil_image *image,
                                      hashveil_fingerprint out[HASHVEIL_PDQ_DIHEDRAL])
{
    return fingerprint_forms(image, HASHVEIL_PDQ_DIHEDRAL, out);
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
