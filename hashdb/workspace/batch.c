/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/workspace/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

hashveil_status hv_batch_init(struct hv_batch *batch)
{
    batch->rows = hv_alloc_array(HV_BATCH_ROOM, sizeof *batch->rows);
    batch->count = 0;
    return batch->rows ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
}

static int compare_rows(const void *a, const void *b)
{
    const struct hv_batch_row *x = a;
    const struct hv_batch_row *y = b;
    if (x->value.kind != y->value.kind) {
        return x->value.kind < y->value.kind ? -1 : 1;
    }
    const int by_value = memcmp(x->value.bytes, y->value.bytes, sizeof x->value.bytes);
    return by_value != 0 ? by_value : (x->number > y->number) - (x->number < y->number);
}

void hv_batch_sort(struct hv_batch *batch)
{
    qsort(batch->rows, batch->count, sizeof *batch->rows, compare_rows);
}

void hv_batch_clear(struct hv_batch *batch)
{
    free(batch->rows);
    *batch = (struct hv_batch){0};
}
