/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HV_HASHDB_INDEX_INDEX_H
#define HV_HASHDB_INDEX_INDEX_H

#include <hashveil/index.h>

#include "base/files.h"
#include "hashdb/index/buckets.h"

struct hashveil_index {
    const hashveil_pdq *hashes; /* own_hashes, or in the file */
    size_t count;
    struct hv_buckets buckets; /* where there are HV_BUCKET_MIN_COUNT hashes */
    hashveil_digest *digests;  /* owned; by kind and bytes, all different */
    size_t digest_count;
    hashveil_pdq *own_hashes;  /* owned, or NULL */
    struct hv_mapping mapping; /* of the file, where it is one's */
};

bool hv_index_digests_are_sorted(const hashveil_index *index);

/* As hashveil_index_open, of bytes at an address that 8 divides, borrowed until destroy. */
HASHVEIL_MUST_USE hashveil_status hv_index_open_bytes(const uint8_t *bytes, size_t len,
                                                      hashveil_index **out, const char **where_out);

#endif
