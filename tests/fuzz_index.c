/* SPDX-License-Identifier: Apache-2.0 */
/* Index files. Behind their digests a fuzzer gets nowhere, so tables are also made of the bytes:
 * those that pass the check lead no query outside. */
#include "fuzz.h"

#include "hashdb/index/index.h"

#include <stdlib.h>
#include <string.h>

enum {
    COUNT = 8,
    BITS = 3,
    STARTS = HV_BUCKET_PARTS * ((1 << BITS) + 1),
    NUMBERS = HV_BUCKET_PARTS * COUNT
};

static hashveil_status demand_hit(void *context, uint64_t number, unsigned distance)
{
    const struct hv_scan_query *query = context;
    if (number >= COUNT || distance > query->radius) {
        abort();
    }
    return HASHVEIL_OK;
}

static void search_tables(const uint8_t *bytes, size_t len)
{
    hashveil_pdq hashes[COUNT] = {0};
    uint32_t table[STARTS + NUMBERS] = {0};
    for (size_t i = 0; i < len && i < STARTS + NUMBERS; i++) {
        table[i] = bytes[i];
    }
    for (size_t i = 0; i < COUNT; i++) {
        hashes[i].word[0] = i;
    }
    const struct hv_buckets buckets = {
        .hashes = hashes, .count = COUNT, .bits = BITS, .starts = table, .numbers = table + STARTS};
    if (hv_buckets_check(&buckets) != HASHVEIL_OK) {
        return;
    }
    for (unsigned radius = 0; radius <= HV_BUCKET_MAX_RADIUS; radius++) {
        struct hv_scan_query query = {&hashes[0], radius, demand_hit, NULL};
        query.context = &query;
        if (hv_buckets_within(&buckets, &query) != HASHVEIL_OK) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    hashveil_index *index;
    const char *where;
    const hashveil_status status = hv_index_open_bytes(bytes, len, &index, &where);
    if ((status == HASHVEIL_OK) != (index != NULL) || (status == HASHVEIL_OK) != (*where == '\0')) {
        abort();
    }
    if (index && hashveil_index_count(index) > 0) {
        const hashveil_pdq query = *hashveil_index_hash(index, 0);
        if (hashveil_index_nearest(index, &query) != 0) {
            abort();
        }
    }
    hashveil_index_destroy(index);
    search_tables(bytes, len);
    return 0;
}
