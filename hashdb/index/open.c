/* SPDX-License-Identifier: Apache-2.0 */
/* An index from its file: hashdb/index/FORMAT.md. */
#include "hashdb/index/index.h"

#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "hashdb/index/sections.h"

static const char *const section_names[HV_INDEX_SECTIONS] = {[HV_INDEX_HASHES] = "hashes",
                                                             [HV_INDEX_STARTS] = "starts",
                                                             [HV_INDEX_NUMBERS] = "numbers",
                                                             [HV_INDEX_DIGESTS] = "digests"};

static hashveil_status read_header(const uint8_t *bytes, size_t len, struct hv_index_layout *out)
{
    uint8_t digest[HV_INDEX_SHA256_BYTES];
    struct hv_reader in = hv_reader_of(bytes, len);
    const uint8_t *start = hv_read_bytes(&in, HV_INDEX_MAGIC_BYTES);
    if (len == 0 || !start || memcmp(start, HV_INDEX_MAGIC, HV_INDEX_MAGIC_BYTES) != 0 ||
        !hv_index_is_this_machines()) {
        return len == 0 ? HASHVEIL_ERR_EMPTY : HASHVEIL_ERR_UNSUPPORTED;
    }
    const uint32_t version = hv_read_u32le(&in);
    const uint32_t bits = hv_read_u32le(&in);
    out->count = hv_read_u64le(&in);
    out->digest_count = hv_read_u64le(&in);
    for (unsigned kind = 0; kind < HV_INDEX_SECTIONS; kind++) {
        hv_read_copy(&in, out->sections[kind].digest, HV_INDEX_SHA256_BYTES);
    }
    if (in.failed || len < HV_INDEX_PAGE) {
        return HASHVEIL_ERR_TRUNCATED;
    }
    if (version != HV_INDEX_VERSION) {
        return HASHVEIL_ERR_VERSION;
    }
    const hashveil_status status = hv_index_digest(bytes, HV_INDEX_HEADER_DIGEST_AT, digest);
    if (status != HASHVEIL_OK) {
        return status;
    }
    if (memcmp(digest, bytes + HV_INDEX_HEADER_DIGEST_AT, sizeof digest) != 0 ||
        out->count >= UINT32_MAX || out->digest_count >= UINT32_MAX) {
        return HASHVEIL_ERR_FORMAT;
    }
    hv_index_lay_out(out);
    if (bits != out->bits || len > out->file_bytes) {
        return HASHVEIL_ERR_FORMAT;
    }
    return len < out->file_bytes ? HASHVEIL_ERR_TRUNCATED : HASHVEIL_OK;
}

static hashveil_status check_section(const uint8_t *bytes, struct hv_index_section *section)
{
    uint8_t digest[HV_INDEX_SHA256_BYTES];
    const uint64_t end = section->offset + section->len;
    bool is_sound = true;
    section->bytes = bytes + section->offset;
    const hashveil_status status = hv_index_digest_section(section, digest);
    for (uint64_t i = end; i < hv_index_to_page(end); i++) {
        is_sound &= bytes[i] == 0;
    }
    is_sound &= status != HASHVEIL_OK || memcmp(digest, section->digest, sizeof digest) == 0;
    return is_sound ? status : HASHVEIL_ERR_FORMAT;
}

static hashveil_status read_digests(hashveil_index *index, const struct hv_index_section *section)
{
    struct hv_reader in = hv_reader_of(section->bytes, (size_t)section->len);
    index->digests = hv_alloc_array(index->digest_count, sizeof *index->digests);
    if (!index->digests) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < index->digest_count; i++) {
        const uint32_t kind = hv_read_u32le(&in);
        hv_read_copy(&in, index->digests[i].bytes, sizeof index->digests[i].bytes);
        if (kind >= HASHVEIL_DIGEST_KINDS) {
            return HASHVEIL_ERR_FORMAT;
        }
        index->digests[i].kind = (hashveil_digest_kind)kind;
    }
    return hv_index_digests_are_sorted(index) ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
}

/* Sections begin where 4096 divides, so their numbers are aligned; they are this machine's own. */
static hashveil_status use_tables(hashveil_index *index, const struct hv_index_layout *layout)
{
    if (layout->bits == 0) {
        return HASHVEIL_OK;
    }
    index->buckets = (struct hv_buckets){
        .hashes = index->hashes,
        .count = index->count,
        .bits = layout->bits,
        .starts = (const void *)layout->sections[HV_INDEX_STARTS].bytes,
        .numbers = (const void *)layout->sections[HV_INDEX_NUMBERS].bytes,
    };
    return hv_buckets_check(&index->buckets);
}

static hashveil_status open_checked(hashveil_index *index, const uint8_t *bytes, size_t len,
                                    const char **where_out)
{
    struct hv_index_layout layout = {0};
    *where_out = "header";
    hashveil_status status = read_header(bytes, len, &layout);
    for (unsigned kind = 0; kind < HV_INDEX_SECTIONS && status == HASHVEIL_OK; kind++) {
        *where_out = section_names[kind];
        status = check_section(bytes, &layout.sections[kind]);
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    index->count = (size_t)layout.count;
    index->digest_count = (size_t)layout.digest_count;
    index->hashes = (const void *)layout.sections[HV_INDEX_HASHES].bytes;
    status = read_digests(index, &layout.sections[HV_INDEX_DIGESTS]);
    if (status == HASHVEIL_OK) {
        *where_out = "tables";
        status = use_tables(index, &layout);
    }
    return status;
}

hashveil_status hv_index_open_bytes(const uint8_t *bytes, size_t len, hashveil_index **out,
                                    const char **where_out)
{
    hashveil_index *index = hv_alloc_array(1, sizeof *index);
    *out = NULL;
    *where_out = "";
    if (!index) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const hashveil_status status = open_checked(index, bytes, len, where_out);
    if (status != HASHVEIL_OK) {
        hashveil_index_destroy(index);
        return status;
    }
    *where_out = "";
    *out = index;
    return HASHVEIL_OK;
}

hashveil_status hashveil_index_open(const char *path, hashveil_index **out, const char **where_out)
{
    struct hv_mapping mapping = {0};
    *out = NULL;
    *where_out = "";
    hashveil_status status = hv_map_file(path, &mapping);
    if (status == HASHVEIL_OK) {
        status = hv_index_open_bytes(mapping.bytes, mapping.len, out, where_out);
    }
    if (status != HASHVEIL_OK) {
        hv_unmap_file(&mapping);
        return status;
    }
    (*out)->mapping = mapping;
    return HASHVEIL_OK;
}
