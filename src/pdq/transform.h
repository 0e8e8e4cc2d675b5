/* SPDX-License-Identifier: Apache-2.0 */
/* 64 x 64 luma to coefficients and quality; coefficients to a fingerprint. */
#ifndef HV_PDQ_TRANSFORM_H
#define HV_PDQ_TRANSFORM_H

#include "pdq/kernels.h"

#include <hashveil/pdq.h>

/* What is known of a picture before its bits: all of its turned forms follow from it. */
struct hv_transform {
    float coefficients[HASHVEIL_PDQ_BITS]; /* 16 x 16, row-major */
    unsigned quality;
};

/* plane: 64 x 64, row-major. */
void hv_transform_of(const struct hv_kernels *kernels, const float plane[HV_PDQ_PLANE],
                     struct hv_transform *out);

/* Fills hash, quality and margins. */
void hv_fingerprint_of(const struct hv_kernels *kernels, const struct hv_transform *transform,
                       hashveil_fingerprint *out);

/* The transform that the picture would have if it were turned or mirrored. out: not transform. */
void hv_transform_turn(const struct hv_transform *transform, hashveil_dihedral form,
                       struct hv_transform *out);

#endif
