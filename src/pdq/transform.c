/* SPDX-License-Identifier: Apache-2.0 */
#include "pdq/transform.h"

/* As the reference scales: a sum of 9,000 percents of full contrast is a picture full of detail. */
static unsigned quality_of(unsigned gradient_sum)
{
    const unsigned quality = gradient_sum / 90;
    return quality < 100 ? quality : 100;
}

void hv_transform_of(const struct hv_kernels *kernels, const float plane[HV_PDQ_PLANE],
                     struct hv_transform *out)
{
    kernels->transform(plane, out->coefficients);
    out->quality = quality_of(kernels->gradient_sum(plane));
}

void hv_fingerprint_of(const struct hv_kernels *kernels, const struct hv_transform *transform,
                       hashveil_fingerprint *out)
{
    const float median = kernels->lower_median(transform->coefficients);

    *out = (hashveil_fingerprint){.quality = transform->quality, .median = median};
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        /* Above zero exactly where the coefficient is above the median: a difference of unequal
         * floats is never rounded to zero. */
        out->margin[i] = transform->coefficients[i] - median;
        out->hash.word[i / 64] |= (uint64_t)(out->margin[i] > 0) << (i % 64);
    }
}
