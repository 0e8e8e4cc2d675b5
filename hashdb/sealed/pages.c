/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/sealed/pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "hashdb/sealed/format.h"

static size_t len_of_page(uint64_t len, uint64_t page)
{
    const uint64_t left = len - page * HV_PAGE_BYTES;
    return left < HV_PAGE_BYTES ? (size_t)left : HV_PAGE_BYTES;
}

void hv_pages_digest(const uint8_t *bytes, uint64_t len, uint8_t *out)
{
    for (uint64_t page = 0; page < hv_page_count(len); page++) {
        hv_sealed_digest(bytes + page * HV_PAGE_BYTES, len_of_page(len, page),
                         out + page * HASHVEIL_DIGEST_BYTES);
    }
}

hashveil_status hv_pages_init(const uint8_t *bytes, uint64_t len, const uint8_t *digests,
                              struct hv_pages *out)
{
    *out = (struct hv_pages){.bytes = bytes, .len = len, .digests = digests};
    out->is_sound = hv_alloc_array((size_t)hv_page_count(len), sizeof *out->is_sound);
    return out->is_sound ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
}

/* Two threads may do the same work; what they find is the same. */
static bool check_page(const struct hv_pages *pages, uint64_t page)
{
    uint8_t digest[HASHVEIL_DIGEST_BYTES];
    if (atomic_load_explicit(&pages->is_sound[page], memory_order_relaxed)) {
        return true;
    }
    hv_sealed_digest(pages->bytes + page * HV_PAGE_BYTES, len_of_page(pages->len, page), digest);
    if (memcmp(digest, pages->digests + page * HASHVEIL_DIGEST_BYTES, sizeof digest) != 0) {
        return false;
    }
    atomic_store_explicit(&pages->is_sound[page], 1, memory_order_relaxed);
    return true;
}

bool hv_pages_check(const struct hv_pages *pages, uint64_t offset, uint64_t len)
{
    bool are_sound = true;
    for (uint64_t page = offset / HV_PAGE_BYTES; page < hv_page_count(offset + len); page++) {
        are_sound = are_sound && check_page(pages, page);
    }
    return are_sound;
}

void hv_pages_clear(struct hv_pages *pages)
{
    free(pages->is_sound);
    *pages = (struct hv_pages){0};
}
