/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/index/scan.h"

#include <string.h>

#include "base/cpu.h"
#include "hashdb/index/scan_kernels.h"

static uint64_t within_plain(const hashveil_pdq *hashes, const hashveil_pdq *query, unsigned radius)
{
    return hv_within_plain(hashes, query, radius);
}

static void halves_plain(const hashveil_pdq *hashes, const struct hv_scan_halves *queries,
                         unsigned radius, uint8_t near_out[HV_SCAN_BLOCK])
{
    hv_halves_plain(hashes, queries, radius, near_out);
}

static const struct hv_scan_kernel plain = {"plain", 0, within_plain, halves_plain};

const struct hv_scan_kernel *const hv_scan_kernels[] = {
#if defined(__x86_64__)
    &hv_scan_avx512, &hv_scan_avx2, &hv_scan_popcnt,
#endif
    &plain, NULL};

const struct hv_scan_kernel *hv_scan_kernel_here(void)
{
    const unsigned features = hv_cpu_features();
    size_t i = 0;
    while (hv_scan_kernels[i + 1] && (hv_scan_kernels[i]->features & ~features) != 0) {
        i++;
    }
    return hv_scan_kernels[i];
}

hashveil_status hv_scan_within(const struct hv_scan_kernel *kernel, const hashveil_pdq *hashes,
                               size_t count, const struct hv_scan_query *query)
{
    hashveil_status status = HASHVEIL_OK;
    size_t i = 0;
    for (; i + HV_SCAN_BLOCK <= count && status == HASHVEIL_OK; i += HV_SCAN_BLOCK) {
        uint64_t bits = kernel->within(hashes + i, query->hash, query->radius);
        for (; bits != 0 && status == HASHVEIL_OK; bits &= bits - 1) {
            const size_t number = i + (size_t)__builtin_ctzll(bits);
            status = query->tell(query->context, number, hv_distance(&hashes[number], query->hash));
        }
    }
    for (; i < count && status == HASHVEIL_OK; i++) {
        const unsigned distance = hv_distance(&hashes[i], query->hash);
        if (distance <= query->radius) {
            status = query->tell(query->context, i, distance);
        }
    }
    return status;
}

/* Looks whole at those queries of near that are there. */
static hashveil_status look_at(const struct hv_scan_query *queries, unsigned query_count,
                               const hashveil_pdq *hash, uint64_t number, unsigned near)
{
    hashveil_status status = HASHVEIL_OK;
    for (unsigned q = 0; q < query_count && status == HASHVEIL_OK; q++) {
        if ((near >> q & 1) == 0) {
            continue;
        }
        const unsigned distance = hv_distance(hash, queries[q].hash);
        if (distance <= queries[q].radius) {
            status = queries[q].tell(queries[q].context, number, distance);
        }
    }
    return status;
}

/* The widest radius is the kernel's: who has a smaller one is looked at whole a little oftener. */
static unsigned lay_side_by_side(const struct hv_scan_query *queries, unsigned count,
                                 struct hv_scan_halves *out)
{
    unsigned radius = 0;
    memset(out, 0, sizeof *out);
    for (unsigned q = 0; q < count; q++) {
        for (unsigned w = 0; w < HV_SCAN_HALF_WORDS; w++) {
            out->word[w][q] = queries[q].hash->word[w];
        }
        radius = queries[q].radius > radius ? queries[q].radius : radius;
    }
    return radius;
}

hashveil_status hv_scan_each(const struct hv_scan_kernel *kernel, const hashveil_pdq *hashes,
                             size_t count, const struct hv_scan_query *queries,
                             unsigned query_count)
{
    enum { ALL = (1 << HV_SCAN_QUERIES) - 1 };
    struct hv_scan_halves halves;
    uint8_t near[HV_SCAN_BLOCK];
    const unsigned radius = lay_side_by_side(queries, query_count, &halves);
    hashveil_status status = HASHVEIL_OK;
    size_t i = 0;
    for (; i + HV_SCAN_BLOCK <= count && status == HASHVEIL_OK; i += HV_SCAN_BLOCK) {
        kernel->halves_within(hashes + i, &halves, radius, near);
        for (size_t k = 0; k < HV_SCAN_BLOCK && status == HASHVEIL_OK; k++) {
            if (near[k] != 0) {
                status = look_at(queries, query_count, &hashes[i + k], i + k, near[k]);
            }
        }
    }
    for (; i < count && status == HASHVEIL_OK; i++) {
        status = look_at(queries, query_count, &hashes[i], i, ALL);
    }
    return status;
}
