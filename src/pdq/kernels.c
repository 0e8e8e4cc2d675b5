/* SPDX-License-Identifier: Apache-2.0 */
#include "pdq/kernels.h"

/* The slowest first, and that one needs nothing. */
static const struct hv_kernels *const rows[] = {&hv_kernels_plain};

const struct hv_kernels *hv_kernels_for(unsigned features)
{
    size_t best = 0;
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        if ((rows[k]->needs & ~features) == 0) {
            best = k;
        }
    }
    return rows[best];
}
