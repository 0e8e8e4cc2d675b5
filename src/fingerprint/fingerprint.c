/* SPDX-License-Identifier: Apache-2.0 */
/* Where pictures and hashes meet: rows from a decoder go into the filter as they come. */
#include <hashveil/fingerprint.h>

#include "image/orientation.h"
#include "image/rows.h"
#include "pdq/filter.h"
#include "pdq/kernels.h"
#include "pdq/transform.h"

#include <string.h>

/* Blocks along the smaller side. With 363 one photo of 1,504 was 6 bits off, all others at most 4;
 * pictures of 3,000 rows and more are to have blocks of 8. */
enum { MIN_BLOCKS = 368 };

/* One picture on its way. */
struct passage {
    const struct hv_kernels *kernels;
    struct hv_filter filter;
    bool is_tiny; /* too small for a hash */
};

static hashveil_status begin(void *context, const struct hv_row_shape *shape)
{
    struct passage *passage = context;
    passage->is_tiny =
        shape->width_px < HV_PDQ_MIN_SIDE_PX || shape->height_px < HV_PDQ_MIN_SIDE_PX;
    return passage->is_tiny ? HASHVEIL_OK
                            : hv_filter_init(passage->kernels, shape, &passage->filter);
}

static hashveil_status take_row(void *context, const uint8_t *samples)
{
    struct passage *passage = context;
    if (!passage->is_tiny) {
        hv_filter_add_row(&passage->filter, samples);
    }
    return HASHVEIL_OK;
}

/* Fills the first count forms. */
static void finish(const struct passage *passage, unsigned count, hashveil_fingerprint *out)
{
    struct hv_transform original;
    struct hv_transform turned;

    if (passage->is_tiny) {
        memset(out, 0, count * sizeof *out);
        return;
    }
    hv_transform_of(passage->kernels, passage->filter.plane, &original);
    for (unsigned form = 0; form < count; form++) {
        hv_transform_turn(&original, (hashveil_dihedral)form, &turned);
        hv_fingerprint_of(passage->kernels, &turned, out + form);
    }
}

static hashveil_status fingerprint_stored(const uint8_t *bytes, size_t len,
                                          const hashveil_fingerprint_options *options,
                                          unsigned count, hashveil_fingerprint *out)
{
    const struct hv_row_options rows = {.limits = options->image.limits,
                                        .is_luma_enough = !options->is_exact,
                                        .min_blocks = options->is_exact ? 0 : MIN_BLOCKS};
    struct passage passage = {.kernels = hv_kernels_best()};
    const struct hv_row_sink sink = {&passage, begin, take_row};
    const hashveil_status status = hv_image_decode_rows(bytes, len, &rows, &sink);
    if (status == HASHVEIL_OK) {
        finish(&passage, count, out);
    }
    hv_filter_clear(&passage.filter);
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
        status =
            count == 1 ? hashveil_pdq_fingerprint(&image, out) : hashveil_pdq_dihedral(&image, out);
    }
    hashveil_image_clear(&image);
    return status;
}

static hashveil_status fingerprint_forms(const uint8_t *bytes, size_t len,
                                         const hashveil_fingerprint_options *options,
                                         unsigned count, hashveil_fingerprint *out)
{
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
