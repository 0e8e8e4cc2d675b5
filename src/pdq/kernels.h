/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loops of the fingerprint, one row a variant. All variants give the same bits: the order
 * of additions is part of each promise, and products are rounded before they are added. */
#ifndef HV_PDQ_KERNELS_H
#define HV_PDQ_KERNELS_H

#include "base/cpu.h"
#include "pdq/windows.h"

#include <stddef.h>
#include <stdint.h>

#include <hashveil/pdq.h>

enum { HV_PDQ_FREQUENCIES = 16, HV_PDQ_PLANE = HV_PDQ_SIDE * HV_PDQ_SIDE };

struct hv_kernels {
    const char *name;
    unsigned needs; /* hv_cpu_feature bits, 0 for none */

    /* sums[x] += weight * grey[x]. */
    void (*add_grey)(const uint8_t *grey, size_t count, float weight, float *sums);
    /* sums[x] += weight * (0.299 R + 0.587 G + 0.114 B), added in this order.
     * rgb: 3 * count bytes. */
    void (*add_rgb)(const uint8_t *rgb, size_t count, float weight, float *sums);

    /* out[k] = the sum over t of weight[t] * sums[first[k] + t], divided by the product of
     * row_total and total[k]. There are HV_PDQ_LANES partial sums: lane l takes the t with
     * t % 8 == l, then ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)).
     * sums: HV_PDQ_LANES more than the side; what lies past a window is read and weighs 0. */
    void (*average_windows)(const float *sums, const struct hv_windows *columns, float row_total,
                            float out[HV_PDQ_SIDE]);

    /* The sum over all neighbours, down and across, of |trunc((u - v) * 100 / 255)|.
     * plane: 64 x 64, row-major, here and below; differences below 2^24. */
    unsigned (*gradient_sum)(const float plane[HV_PDQ_PLANE]);

    /* out[16 r + c] = (D plane D^T)[r][c], the product with D from the left first; each sum over
     * rising indices. */
    void (*transform)(const float plane[HV_PDQ_PLANE], float out[HASHVEIL_PDQ_BITS]);

    /* Returns the lower median, the 128th smallest. No NaN. */
    float (*lower_median)(const float values[HASHVEIL_PDQ_BITS]);
};

extern const struct hv_kernels hv_kernels_plain;
extern const struct hv_kernels hv_kernels_avx2; /* x86-64 only, likewise the next */
extern const struct hv_kernels hv_kernels_avx512;
extern const struct hv_kernels hv_kernels_neon; /* 64-bit ARM only */

/* Those for this processor's family, the slowest first, and NULL after the last. */
extern const struct hv_kernels *const hv_kernels_all[];

/* Returns the fastest row that needs no feature beyond these. */
const struct hv_kernels *hv_kernels_for(unsigned features);

/* Returns the fastest row for the processor at hand. Threads: safe. */
const struct hv_kernels *hv_kernels_best(void);

#endif
