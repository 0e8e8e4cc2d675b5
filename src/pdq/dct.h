/* SPDX-License-Identifier: Apache-2.0 */
/* The DCT matrix: the 16 lowest frequencies of 64 samples, without the constant term. */
#ifndef HV_PDQ_DCT_H
#define HV_PDQ_DCT_H

/* hv_dct[k][i] = sqrt(2 / 64) * cos(pi / 128 * (i + 1) * (2 k + 1)): sample k, frequency i + 1. */
extern const float hv_dct[64][16];

#endif
