/* SPDX-License-Identifier: Apache-2.0 */
#include "pdq/hasher.h"

#include "pdq/kernels.h"
#include "pdq/transform.h"

#include <string.h>

hashveil_status hv_hasher_begin(struct hv_hasher *hasher, const struct hv_row_shape *shape)
{
    struct hv_row_shape hashed = *shape;
    hasher->is_sampled =
        hasher->policy == HASHVEIL_PDQ_POLICY_NEAREST512 && hv_sampler_is_needed(shape);
    if (hasher->is_sampled) {
        const hashveil_status status = hv_sampler_init(&hashed, &hasher->sampler);
        if (status != HASHVEIL_OK) {
            return status;
        }
    }
    hasher->is_tiny = hashed.width_px < HV_PDQ_MIN_SIDE_PX || hashed.height_px < HV_PDQ_MIN_SIDE_PX;
    return hasher->is_tiny ? HASHVEIL_OK
                           : hv_filter_init(hv_kernels_best(), &hashed, &hasher->filter);
}

void hv_hasher_add_row(struct hv_hasher *hasher, const uint8_t *samples)
{
    if (hasher->is_tiny) {
        return;
    }
    if (!hasher->is_sampled) {
        hv_filter_add_row(&hasher->filter, samples);
        return;
    }
    for (size_t count = hv_sampler_add_row(&hasher->sampler, samples); count > 0; count--) {
        hv_filter_add_row(&hasher->filter, hasher->sampler.samples);
    }
}

void hv_hasher_finish(const struct hv_hasher *hasher, unsigned count, hashveil_fingerprint *out)
{
    const struct hv_kernels *kernels = hasher->filter.kernels;
    struct hv_transform original;
    struct hv_transform turned;

    if (hasher->is_tiny) {
        memset(out, 0, count * sizeof *out);
        return;
    }
    hv_transform_of(kernels, hasher->filter.plane, &original);
    for (unsigned form = 0; form < count; form++) {
        hv_transform_turn(&original, (hashveil_dihedral)form, &turned);
        hv_fingerprint_of(kernels, &turned, out + form);
    }
}

void hv_hasher_clear(struct hv_hasher *hasher)
{
    hv_sampler_clear(&hasher->sampler);
    hv_filter_clear(&hasher->filter);
}
