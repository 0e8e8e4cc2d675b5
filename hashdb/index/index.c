/* SPDX-License-Identifier: Apache-2.0 */
#include <hashveil/index.h>

#include <stdlib.h>

#include "base/memory.h"

struct hashveil_index {
    hashveil_pdq *hashes; /* owned */
    size_t count;
};

hashveil_status hashveil_index_create(const hashveil_entries *entries, hashveil_index **out)
{
    *out = NULL;
    hashveil_index *index = hv_alloc_array(1, sizeof *index);
    if (!index) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    index->hashes = hv_alloc_array(entries->count, sizeof *index->hashes);
    if (!index->hashes) {
        hashveil_index_destroy(index);
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < entries->count; i++) {
        index->hashes[i] = entries->entries[i].hash;
    }
    index->count = entries->count;
    *out = index;
    return HASHVEIL_OK;
}

size_t hashveil_index_count(const hashveil_index *index)
{
    return index->count;
}

unsigned hashveil_index_nearest(const hashveil_index *index, const hashveil_pdq *query)
{
    unsigned nearest = HASHVEIL_PDQ_BITS + 1;
    for (size_t i = 0; i < index->count; i++) {
        const unsigned distance = hashveil_pdq_distance(&index->hashes[i], query);
        if (distance < nearest) {
            nearest = distance;
        }
    }
    return nearest;
}

void hashveil_index_destroy(hashveil_index *index)
{
    if (index) {
        free(index->hashes);
        free(index);
    }
}
