/* SPDX-License-Identifier: Apache-2.0 */
#include "pdq/kernels.h"

/* The first needs nothing. */
const struct hv_kernels *const hv_kernels_all[] = {
    &hv_kernels_plain,
#if defined(__x86_64__)
    &hv_kernels_avx2,
    &hv_kernels_avx512,
#elif defined(__aarch64__)
    &hv_kernels_neon,
#endif
    NULL,
};

const struct hv_kernels *hv_kernels_for(unsigned features)
{
    const struct hv_kernels *best = hv_kernels_all[0];
    for (size_t k = 1; hv_kernels_all[k]; k++) {
        if ((hv_kernels_all[k]->needs & ~features) == 0) {
            best = hv_kernels_all[k];
        }
    }
    return best;
}

const struct hv_kernels *hv_kernels_best(void)
{
    return hv_kernels_for(hv_cpu_features());
}
