/* SPDX-License-Identifier: Apache-2.0 */
/* Table values to records: a digest's value may hold a record's secret, and those of two masks that
 * name the same slot two shares of it. */
#ifndef HV_MATCH_JOIN_H
#define HV_MATCH_JOIN_H

#include <stdbool.h>
#include <stddef.h>

#include <hashveil/scanner.h>
#include <hashveil/sealed_db.h>

#include "hashdb/sealed/reader.h"
#include "psi/token.h"

struct hv_named_value {
    struct hv_table_value value; /* of a digest: the secret itself in place of a share */
    struct hv_token token;       /* of PDQ */
    hashveil_signal signal;      /* not NONE */
    bool is_hit; /* filled by joining: whether it holds a share of its slot's record */
};

struct hv_joined {
    hashveil_record record;
    size_t part;                         /* of the database: where the record is */
    hashveil_signal matched_by;          /* the surest that opens it */
    unsigned masks_hit;                  /* how many different masks hold a share of its secret */
    const struct hv_named_value *values; /* those of its slot */
    size_t count;
};

/* Tries every digest's value, and every two of different masks and the same slot, all of one part
 * of the database. Gives the record that the surest digest opens, else the one that most masks
 * named, where that is better than what out already has. Records that are withdrawn do not count.
 * Sorts values in place.
 *
 * out  starts as {0}: matched_by is NONE while none has opened; borrows from values
 *
 * Errors: ERR_DIGEST (a record that was tried is damaged). */
HASHVEIL_MUST_USE hashveil_status hv_join(const hashveil_sealed_db *db, size_t part,
                                          struct hv_named_value *values, size_t count,
                                          struct hv_joined *out);

#endif
