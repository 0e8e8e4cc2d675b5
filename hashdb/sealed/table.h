/* SPDX-License-Identifier: Apache-2.0 */
/* One mask's table: every entry's token under that mask, padded and laid out as a fuse map. */
#ifndef HV_HASHDB_SEALED_TABLE_H
#define HV_HASHDB_SEALED_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/sealed_db.h>

#include "hashdb/sealed/fuse.h"
#include "psi/masks.h"
#include "psi/oprf.h"
#include "psi/shamir.h"

/* What all tables of a database are made from. Shared, read-only, while they are made. */
struct hv_table_source {
    const hashveil_entries *entries;
    const uint8_t *evaluator_secret;
    const uint8_t *seed; /* HV_SEED_BYTES */
    uint64_t epoch;
    struct hv_masks masks;
    size_t padded_count; /* a power of two */
    size_t value_bytes;
    uint32_t *slot;       /* owned; of each entry */
    struct hv_line *line; /* owned; of each entry: secret */
};

/* Told of tokens done since the last call. */
typedef void hv_tokens_done_fn(void *context, uint64_t tokens);

/* shape       from hv_fuse_shape_for(padded_count); its seed is set
 * table_out   owned, released with free: hv_fuse_places x value_bytes
 *
 * Errors: ERR_NO_MEMORY, ERR_KEY. Threads: one call a mask, side by side. */
HASHVEIL_MUST_USE hashveil_status hv_table_make(const struct hv_table_source *source, unsigned mask,
                                                hv_tokens_done_fn *tokens_done, void *context,
                                                struct hv_fuse_shape *shape, uint8_t **table_out);

#endif
