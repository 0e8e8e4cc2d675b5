/* SPDX-License-Identifier: Apache-2.0 */
/* Values on their way into the tables, in the tables' order: to write neighbours together is
 * several times faster than to write each where it falls. */
#ifndef HV_HASHDB_WORKSPACE_BATCH_H
#define HV_HASHDB_WORKSPACE_BATCH_H

#include <hashveil/sealed_db.h>

#include "hashdb/lists/list_format.h"
#include "hashdb/workspace/workspace.h"

enum { HV_BATCH_ROOM = 1 << 17 };

/* One value, and what is said of it. */
struct hv_batch_row {
    struct hv_value value;
    bool is_withdrawn;
    uint32_t number; /* what comes later in the list counts later */
    int64_t source;
    char label[HASHVEIL_LABEL_MAX_LEN + 1];
    char id[HV_LIST_ID_MAX_LEN + 1];
};

/* Starts as {0}. */
struct hv_batch {
    struct hv_batch_row *rows; /* owned */
    size_t count;
};

/* Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_batch_init(struct hv_batch *batch);

/* Puts the rows in order: by value, then as they came. */
void hv_batch_sort(struct hv_batch *batch);

void hv_batch_clear(struct hv_batch *batch);

#endif
