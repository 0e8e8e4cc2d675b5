/* SPDX-License-Identifier: Apache-2.0 */
/* Every hash of an array against a query: for short lists, for what no index helps with, and to
 * measure the index by. */
#ifndef HV_HASHDB_INDEX_SCAN_H
#define HV_HASHDB_INDEX_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/pdq.h>

/* Told of each hash within the radius, in order. Another status than OK ends the scan. */
typedef hashveil_status hv_scan_fn(void *context, uint64_t number, unsigned distance);

/* What is looked for. */
struct hv_scan_query {
    const hashveil_pdq *hash; /* borrowed */
    unsigned radius;
    hv_scan_fn *tell;
    void *context;
};

enum { HV_SCAN_BLOCK = 64, HV_SCAN_QUERIES = 8, HV_SCAN_HALF_WORDS = 2 };

/* The first halves of several queries, side by side. */
struct hv_scan_halves {
    _Alignas(64) uint64_t word[HV_SCAN_HALF_WORDS][HV_SCAN_QUERIES];
};

/* One way of doing it. Takes a block of hashes at a time. */
struct hv_scan_kernel {
    const char *name;
    unsigned features; /* of the processor; see base/cpu.h */
    /* Returns a bit for each hash: whether it is within the radius. */
    uint64_t (*within)(const hashveil_pdq *hashes, const hashveil_pdq *query, unsigned radius);
    /* Fills in of each hash a bit for each query: whether their first halves are within the radius.
     * Where they are not, the hash is not. */
    void (*halves_within)(const hashveil_pdq *hashes, const struct hv_scan_halves *queries,
                          unsigned radius, uint8_t near_out[HV_SCAN_BLOCK]);
};

/* The fastest first; the last needs nothing. NULL behind it. */
extern const struct hv_scan_kernel *const hv_scan_kernels[];

/* The fastest that this processor can do. */
const struct hv_scan_kernel *hv_scan_kernel_here(void);

/* Errors: those of tell. */
HASHVEIL_MUST_USE hashveil_status hv_scan_within(const struct hv_scan_kernel *kernel,
                                                 const hashveil_pdq *hashes, size_t count,
                                                 const struct hv_scan_query *query);

/* As hv_scan_within of each of 1..HV_SCAN_QUERIES queries, with one look at the hashes. Whichever
 * tell fails first ends it all. */
HASHVEIL_MUST_USE hashveil_status hv_scan_each(const struct hv_scan_kernel *kernel,
                                               const hashveil_pdq *hashes, size_t count,
                                               const struct hv_scan_query *queries,
                                               unsigned query_count);

#endif
