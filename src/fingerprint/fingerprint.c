/* SPDX-License-Identifier: Apache-2.0 */
/* Where pictures and hashes meet: rows from a decoder go into the filter as they come. */
#include <hashveil/fingerprint.h>

#include "image/orientation.h"
#include "image/rows.h"
#include "pdq/hasher.h"
#include "sandbox/sandbox.h"

/* Blocks along the smaller side. With 363 one photo of 1,504 was 6 bits off, all others at most 4;
 * pictures of 3,000 rows and more are to have blocks of 8. */
enum { MIN_BLOCKS = 368 };

/* One picture under one policy, or both: its rows go to each. */
struct hashing {
    struct hv_hasher hashers[HASHVEIL_PDQ_POLICIES];
    unsigned count;
};

static hashveil_status begin(void *context, const struct hv_row_shape *shape)
{
    struct hashing *hashing = context;
    hashveil_status status = HASHVEIL_OK;
    for (unsigned i = 0; i < hashing->count && status == HASHVEIL_OK; i++) {
        status = hv_hasher_begin(&hashing->hashers[i], shape);
    }
    return status;
}

static hashveil_status take_row(void *context, const uint8_t *samples)
{
    struct hashing *hashing = context;
    for (unsigned i = 0; i < hashing->count; i++) {
        hv_hasher_add_row(&hashing->hashers[i], samples);
    }
    return HASHVEIL_OK;
}

static hashveil_pdq_policy other_policy(hashveil_pdq_policy policy)
{
    return policy == HASHVEIL_PDQ_POLICY_FULL ? HASHVEIL_PDQ_POLICY_NEAREST512
                                              : HASHVEIL_PDQ_POLICY_FULL;
}

/* count: 1, HASHVEIL_PDQ_POLICIES or HASHVEIL_PDQ_DIHEDRAL. */
static hashveil_status fingerprint_stored(const uint8_t *bytes, size_t len,
                                          const hashveil_fingerprint_options *options,
                                          unsigned count, hashveil_fingerprint *out)
{
    const bool is_whole = options->is_exact_decode || options->policy != HASHVEIL_PDQ_POLICY_FULL;
    const struct hv_row_options rows = {.limits = options->image.limits,
                                        .min_blocks = is_whole ? 0 : MIN_BLOCKS};
    const bool is_both = count == HASHVEIL_PDQ_POLICIES;
    struct hashing hashing = {
        .hashers = {{.policy = options->policy}, {.policy = other_policy(options->policy)}},
        .count = is_both ? HASHVEIL_PDQ_POLICIES : 1};
    const struct hv_row_sink sink = {&hashing, begin, take_row};
    const hashveil_status status = hv_image_decode_rows(bytes, len, &rows, &sink);
    for (unsigned i = 0; i < hashing.count && status == HASHVEIL_OK; i++) {
        hv_hasher_finish(&hashing.hashers[i], is_both ? 1 : count, out + i);
    }
    for (unsigned i = 0; i < hashing.count; i++) {
        hv_hasher_clear(&hashing.hashers[i]);
    }
    return status;
}

/* The windows are not quite the same from both ends of a side, so that turned pixels have a hash of
 * their own, which cannot be made from the rows as they are stored. */
static hashveil_status fingerprint_turned(const uint8_t *bytes, size_t len,
                                          const hashveil_fingerprint_options *options,
                                          unsigned count, hashveil_fingerprint *out)
{
    hashveil_image image = {0};
    hashveil_status status = hashveil_image_decode(bytes, len, &options->image, &image);
    if (status == HASHVEIL_OK) {
        status = count == HASHVEIL_PDQ_DIHEDRAL
                     ? hashveil_pdq_dihedral(&image, options->policy, out)
                     : hashveil_pdq_fingerprint(&image, options->policy, out);
    }
    if (status == HASHVEIL_OK && count == HASHVEIL_PDQ_POLICIES) {
        status = hashveil_pdq_fingerprint(&image, other_policy(options->policy), out + 1);
    }
    hashveil_image_clear(&image);
    return status;
}

static hashveil_status fingerprint_forms(const uint8_t *bytes, size_t len,
                                         const hashveil_fingerprint_options *options,
                                         unsigned count, hashveil_fingerprint *out)
{
    if (!hashveil_pdq_policy_text(options->policy)) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    if (options->sandbox) {
        return hv_sandbox_fingerprint(options->sandbox, bytes, len, options, count, out);
    }
    const bool is_turned = options->image.applies_orientation &&
                           hv_image_orientation(bytes, len) != HV_ORIENTATION_AS_STORED;
    return is_turned ? fingerprint_turned(bytes, len, options, count, out)
                     : fingerprint_stored(bytes, len, options, count, out);
}

hashveil_status hashveil_fingerprint_file(const uint8_t *bytes, size_t len,
                                          const hashveil_fingerprint_options *options,
                                          hashveil_fingerprint *out)
{
    return fingerprint_forms(bytes, len, options, 1, out);
}

hashveil_status hashveil_fingerprint_file_policies(const uint8_t *bytes, size_t len,
                                                   const hashveil_fingerprint_options *options,
                                                   hashveil_fingerprint out[HASHVEIL_PDQ_POLICIES])
{
    return fingerprint_forms(bytes, len, options, HASHVEIL_PDQ_POLICIES, out);
}

hashveil_status hashveil_fingerprint_file_dihedral(const uint8_t *bytes, size_t len,
                                                   const hashveil_fingerprint_options *options,
                                                   hashveil_fingerprint out[HASHVEIL_PDQ_DIHEDRAL])
{
    return fingerprint_forms(bytes, len, options, HASHVEIL_PDQ_DIHEDRAL, out);
}
