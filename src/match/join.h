/* SPDX-License-Identifier: Apache-2.0 */
/* Table values to records: two masks that name the same slot may hold two shares of its secret. */
#ifndef HV_MATCH_JOIN_H
#define HV_MATCH_JOIN_H

#include <stdbool.h>
#include <stddef.h>

#include <hashveil/sealed_db.h>

#include "hashdb/sealed/reader.h"
#include "psi/token.h"

struct hv_named_value {
    struct hv_table_value value;
    struct hv_token token;
    bool is_hit; /* filled by joining: whether it holds a share of its slot's record */
};

struct hv_joined {
    hashveil_record record;
    unsigned masks_hit;                  /* how many different masks hold a share of its secret */
    const struct hv_named_value *values; /* those of its slot */
    size_t count;
};

/* Tries every two values of different masks and the same slot, and gives the record that most masks
 * named; masks_hit is 0 when none opens. Sorts values in place. */
void hv_join(const hashveil_sealed_db *db, struct hv_named_value *values, size_t count,
             struct hv_joined *out);

#endif
