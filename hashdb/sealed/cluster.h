/* SPDX-License-Identifier: Apache-2.0 */
/* Entries to records. Near-duplicates go into one record, so that they do not take each other's
 * tokens: a table holds a token once. */
#ifndef HV_HASHDB_SEALED_CLUSTER_H
#define HV_HASHDB_SEALED_CLUSTER_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/sealed_db.h>

#include "psi/masks.h"

/* Starts as {0}. */
struct hv_clusters {
    uint32_t *order;          /* owned; the entries by hash and record id: all else follows it, so
                                 that it does not matter in which order they came */
    uint32_t *of_entry;       /* owned; for each place in order, its record's number */
    uint32_t *exact_order;    /* owned; the exact entries by kind, digest and record id */
    uint32_t *of_exact;       /* owned; for each place in exact_order, its record's number */
    hashveil_record *records; /* owned: lists and labels of all members, the id of the first */
    size_t count;             /* of records */
    uint64_t labels_left_out; /* for which there was no room */
};

/* Two entries are in one record if they have the same record id, or if they share a token under
 * some mask and the later is at most HASHVEIL_PDQ_MATCH_BITS from the hash that leads the earlier
 * one's cluster: members are all near one hash, and chains of near ones do not grow. Work is
 * bounded on any list: of equal tokens, each is compared with at most 16 leaders.
 *
 * Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_clusters_make(const hashveil_entries *entries,
                                                   const struct hv_masks *masks,
                                                   struct hv_clusters *out);

/* Accepts cleared ones. */
void hv_clusters_clear(struct hv_clusters *clusters);

#endif
