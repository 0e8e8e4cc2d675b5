/* SPDX-License-Identifier: Apache-2.0 */
/* Two workspaces may know different values of one item: which record it is here that another
 * workspace knows under a record id of its own. */
#ifndef HV_HASHDB_WORKSPACE_LINKING_H
#define HV_HASHDB_WORKSPACE_LINKING_H

#include <sqlite3.h>
#include <stdbool.h>

#include "hashdb/workspace/claims.h"

/* A reading of the other's entries, record by record. Starts as {0}. */
struct hv_linking {
    sqlite3_stmt *entries; /* owned; of the other, ordered by record */
    bool has_row;
    bool has_item;                           /* whether the next two are set */
    uint8_t there[HASHVEIL_RECORD_ID_BYTES]; /* the record that was asked for last */
    uint8_t here[HASHVEIL_RECORD_ID_BYTES];  /* and what it is here */
};

HASHVEIL_MUST_USE hashveil_status hv_linking_begin(sqlite3 *other, struct hv_linking *out);

/* Gives the record id here of an item of the other's: that of the first of its values that is here,
 * which all others that are here then get too, or else the other's. Must be asked for in rising
 * order; the same again is fine. Errors: those of both workspaces. */
HASHVEIL_MUST_USE hashveil_status hv_linking_find(struct hv_linking *linking,
                                                  struct hv_claims *claims,
                                                  const uint8_t there[HASHVEIL_RECORD_ID_BYTES],
                                                  uint8_t here_out[HASHVEIL_RECORD_ID_BYTES]);

void hv_linking_end(struct hv_linking *linking);

#endif
