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

static hashveil_status begin(void *context, const struct hv_row_shape *shape)
{
    return hv_hasher_begin(context, shape);
}

static hashveil_status take_row(void *context, const uint8_t *samples)
{
    hv_hasher_add_row(context, samples);
    return HASHVEIL_OK;
}

static hashveil_status fingerprint_stored(const uint8_t *bytes, size_t len,
                                          const hashveil_fingerprint_options *options,
                                          unsigned count, hashveil_fingerprint *out)
{
    const bool is_whole = options->is_exact_decode || options->policy != HASHVEIL_PDQ_POLICY_FULL;
    const struct hv_row_options rows = {.limits = options->image.limits,
                                        .min_blocks = is_whole ? 0 : MIN_BLOCKS};
    struct hv_hasher hasher = {.policy = options->policy};
    const struct hv_row_sink sink = {&hasher, begin, take_row};
    const hashveil_status status = hv_image_decode_rows(bytes, len, &rows, &sink);
    if (status == HASHVEIL_OK) {
        hv_hasher_finish(&hasher, count, out);
    }
    hv_hasher_clear(&hasher);
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
        status = count == 1 ? hashveil_pdq_fingerprint(&image, options->policy, out)
                            : hashveil_pdq_dihedral(&image, options->policy, out);
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

hashveil_status hashveil_fingerprint_file_dihedral(const uint8_t *bytes, size_t len,
                                                   const hashveil_fingerprint_options *options,
                                                   hashveil_fingerprint out[HASHVEIL_PDQ_DIHEDRAL])
{
    return fingerprint_forms(bytes, len, options, HASHVEIL_PDQ_DIHEDRAL, out);
}
