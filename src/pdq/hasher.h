/* SPDX-License-Identifier: Apache-2.0 */
/* Rows to fingerprints, whoever has the rows: a decoder, or an application with pixels. */
#ifndef HV_PDQ_HASHER_H
#define HV_PDQ_HASHER_H

#include "base/rows.h"
#include "pdq/filter.h"
#include "pdq/sampler.h"

#include <stdbool.h>
#include <stdint.h>

#include <hashveil/pdq.h>

/* One picture on its way. Starts with its policy and otherwise as {0}. */
struct hv_hasher {
    hashveil_pdq_policy policy;
    bool is_sampled;
    bool is_tiny; /* too small for a hash */
    struct hv_sampler sampler;
    struct hv_filter filter;
};

/* shape: where the policy is nearest512, a block stands for each pixel of it.
 * Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_hasher_begin(struct hv_hasher *hasher,
                                                  const struct hv_row_shape *shape);

/* Takes the next row, from the top; borrowed for the call. */
void hv_hasher_add_row(struct hv_hasher *hasher, const uint8_t *samples);

/* After the last row: fills the first count forms of HASHVEIL_DIHEDRAL_TABLE. */
void hv_hasher_finish(const struct hv_hasher *hasher, unsigned count, hashveil_fingerprint *out);

void hv_hasher_clear(struct hv_hasher *hasher);

#endif
