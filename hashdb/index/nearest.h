/* SPDX-License-Identifier: Apache-2.0 */
/* Of all hashes that a search tells of, the nearest. */
#ifndef HV_HASHDB_INDEX_NEAREST_H
#define HV_HASHDB_INDEX_NEAREST_H

#include <hashveil/index.h>

/* The nearest so far, as a heap: the farthest of them at the top. Starts with its first two
 * fields. */
struct hv_nearest {
    hashveil_index_hit *hits; /* room of them, borrowed */
    size_t room, kept;
    uint64_t count; /* of all */
};

/* Has the shape of hv_scan_fn; context is the struct hv_nearest. */
hashveil_status hv_nearest_keep(void *context, uint64_t number, unsigned distance);

/* Puts them in order, the nearest first. Returns how many were told of, which may be more. */
size_t hv_nearest_sort(struct hv_nearest *nearest);

#endif
