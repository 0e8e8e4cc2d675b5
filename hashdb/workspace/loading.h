/* SPDX-License-Identifier: Apache-2.0 */
/* All of a workspace at one time, in memory. */
#ifndef HV_HASHDB_WORKSPACE_LOADING_H
#define HV_HASHDB_WORKSPACE_LOADING_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/sealed_db.h>

#include "hashdb/workspace/workspace.h"

/* A value that a source allows. */
struct hv_allowed {
    struct hv_value value;
    uint8_t record[HASHVEIL_RECORD_ID_BYTES];
    size_t source; /* of the names below */
};

/* What is loaded, and how far that is. */
struct hv_loading {
    int64_t as_of_change;
    hashveil_entries entries;   /* owned; all that is listed, allowed or not */
    struct hv_allowed *allowed; /* owned; by value */
    size_t allowed_count;
    char allowing_names[HASHVEIL_MAX_LISTS][HASHVEIL_LIST_NAME_MAX_LEN + 1];
    size_t allowing_count;
    size_t capacity, exact_capacity, allowed_capacity;
    struct hv_value last;    /* the value that the record is of */
    hashveil_record *record; /* borrowed from entries; NULL before the first one */
};

/* as_of_change: 0 for now. On failure too, out is released by hv_loading_clear. Errors: those of
 * the workspace. */
HASHVEIL_MUST_USE hashveil_status hv_loading_run(hashveil_workspace *workspace,
                                                 uint64_t as_of_change, struct hv_loading *out);

void hv_loading_clear(struct hv_loading *loading);

#endif
