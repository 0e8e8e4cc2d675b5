/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/index/sections.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/threads.h"
#include "hashdb/index/buckets.h"

enum { PIECE = 1 << 20 };

bool hv_index_is_this_machines(void)
{
    const uint32_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    return first == 1;
}

uint64_t hv_index_to_page(uint64_t offset)
{
    return (offset + HV_INDEX_PAGE - 1) / HV_INDEX_PAGE * HV_INDEX_PAGE;
}

void hv_index_lay_out(struct hv_index_layout *layout)
{
    const bool has_tables = layout->count >= HV_BUCKET_MIN_COUNT;
    layout->bits = has_tables ? hv_bucket_bits(layout->count) : 0;
    const uint64_t lens[HV_INDEX_SECTIONS] = {
        [HV_INDEX_HASHES] = layout->count * HV_INDEX_HASH_BYTES,
        [HV_INDEX_STARTS] = has_tables ? hv_bucket_start_count(layout->bits) * sizeof(uint32_t) : 0,
        [HV_INDEX_NUMBERS] = has_tables ? HV_BUCKET_PARTS * layout->count * sizeof(uint32_t) : 0,
        [HV_INDEX_DIGESTS] = layout->digest_count * HV_INDEX_DIGEST_ROW_BYTES,
    };
    uint64_t offset = HV_INDEX_PAGE;
    for (unsigned kind = 0; kind < HV_INDEX_SECTIONS; kind++) {
        layout->sections[kind].offset = offset;
        layout->sections[kind].len = lens[kind];
        offset = hv_index_to_page(offset + lens[kind]);
    }
    layout->file_bytes = offset;
}

hashveil_status hv_index_digest(const uint8_t *bytes, size_t len,
                                uint8_t out[HV_INDEX_SHA256_BYTES])
{
    return EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) == 1 ? HASHVEIL_OK
                                                                      : HASHVEIL_ERR_NO_MEMORY;
}

struct pieces {
    const struct hv_index_section *section;
    uint8_t *digests; /* of each piece */
};

static hashveil_status digest_piece(void *context, size_t index, unsigned worker)
{
    const struct pieces *pieces = context;
    const uint64_t from = (uint64_t)index * PIECE;
    const uint64_t left = pieces->section->len - from;
    (void)worker;
    return hv_index_digest(pieces->section->bytes + from, left < PIECE ? (size_t)left : PIECE,
                           pieces->digests + index * HV_INDEX_SHA256_BYTES);
}

hashveil_status hv_index_digest_section(const struct hv_index_section *section,
                                        uint8_t out[HV_INDEX_SHA256_BYTES])
{
    const size_t count = (size_t)((section->len + PIECE - 1) / PIECE);
    struct pieces pieces = {section, hv_alloc_array(count, HV_INDEX_SHA256_BYTES)};
    if (!pieces.digests) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hashveil_status status = hv_parallel(count, hv_processor_count(), digest_piece, &pieces);
    if (status == HASHVEIL_OK) {
        status = hv_index_digest(pieces.digests, count * HV_INDEX_SHA256_BYTES, out);
    }
    free(pieces.digests);
    return status;
}
