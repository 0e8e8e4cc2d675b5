/* SPDX-License-Identifier: Apache-2.0 */
/* One table: every entry's token under one mask, or every exact entry's digest, padded and laid out
 * as a fuse map. */
#ifndef HV_HASHDB_SEALED_TABLE_H
#define HV_HASHDB_SEALED_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/sealed_db.h>

#include "hashdb/sealed/cluster.h"
#include "hashdb/sealed/fuse.h"
#include "hashdb/sealed/outputs.h"
#include "hashdb/sealed/partial.h"
#include "psi/masks.h"
#include "psi/oprf.h"
#include "psi/shamir.h"

/* Told of tokens done since the last call. */
typedef void hv_tokens_done_fn(void *context, uint64_t tokens);

/* What all tables of a database are made from. Shared, read-only, while they are made. */
struct hv_table_source {
    const hashveil_entries *entries;
    struct hv_output_source outputs;
    struct hv_partial partial; /* owned; from which pieces are taken, and where they are kept */
    const uint8_t *seed;       /* HV_SEED_BYTES */
    struct hv_masks masks;
    struct hv_clusters clusters; /* owned */
    size_t padded_records;       /* this and the next two: powers of two */
    size_t padded_tokens;        /* of each mask's table */
    size_t padded_exact;
    size_t value_bytes;
    uint32_t *slot;       /* owned; of each record */
    struct hv_line *line; /* owned; of each record: secret */
    hv_tokens_done_fn *tokens_done;
    void *tokens_done_context;
};

/* The number of the table that is no mask's. */
enum { HV_EXACT_TABLE = HV_MAX_MASKS };

struct hv_table {
    struct hv_fuse_shape
        shape;      /* given, from hv_fuse_shape_for its padded number; its seed is set */
    uint8_t *bytes; /* owned, released with free: hv_fuse_places x value_bytes */
    uint64_t lost;  /* tokens that another record has */
};

/* number: of the mask, or HV_EXACT_TABLE. worker: the number of this thread.
 *
 * Errors: those of hv_outputs_make and hv_partial_keep. Threads: one call a table, side by side. */
HASHVEIL_MUST_USE hashveil_status hv_table_make(const struct hv_table_source *source,
                                                unsigned number, unsigned worker,
                                                struct hv_table *table);

#endif
