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

/* One way of doing it. */
struct hv_scan_kernel {
    const char *name;
    unsigned features; /* of the processor; see base/cpu.h */
    /* Fills a bit for each of 64 hashes: whether it is within the radius. */
    uint64_t (*within)(const hashveil_pdq *hashes, const hashveil_pdq *query, unsigned radius);
};

/* The fastest first; the last needs nothing. NULL behind it. */
extern const struct hv_scan_kernel *const hv_scan_kernels[];

/* The fastest that this processor can do. */
const struct hv_scan_kernel *hv_scan_kernel_here(void);

/* Errors: those of tell. */
HASHVEIL_MUST_USE hashveil_status hv_scan_within(const struct hv_scan_kernel *kernel,
                                                 const hashveil_pdq *hashes, size_t count,
                                                 const struct hv_scan_query *query);

#endif
