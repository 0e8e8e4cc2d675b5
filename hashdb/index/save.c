/* SPDX-License-Identifier: Apache-2.0 */
/* An index to its file: hashdb/index/FORMAT.md. */
#include "hashdb/index/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "hashdb/index/sections.h"

enum { FILE_MODE = 0600 };

static hashveil_status write_header(const struct hv_index_layout *layout,
                                    uint8_t out[HV_INDEX_PAGE])
{
    struct hv_writer header = hv_writer_of(out, HV_INDEX_PAGE);
    memset(out, 0, HV_INDEX_PAGE);
    hv_write_bytes(&header, (const uint8_t *)HV_INDEX_MAGIC, HV_INDEX_MAGIC_BYTES);
    hv_write_u32le(&header, HV_INDEX_VERSION);
    hv_write_u32le(&header, layout->bits);
    hv_write_u64le(&header, layout->count);
    hv_write_u64le(&header, layout->digest_count);
    for (unsigned kind = 0; kind < HV_INDEX_SECTIONS; kind++) {
        hv_write_bytes(&header, layout->sections[kind].digest, HV_INDEX_SHA256_BYTES);
    }
    return hv_index_digest(out, HV_INDEX_HEADER_DIGEST_AT, out + HV_INDEX_HEADER_DIGEST_AT);
}

/* Digests as rows of the file. Returns NULL without memory. */
static uint8_t *rows_of_digests(const hashveil_index *index)
{
    uint8_t *rows = hv_alloc_array(index->digest_count, HV_INDEX_DIGEST_ROW_BYTES);
    for (size_t i = 0; i < index->digest_count && rows; i++) {
        uint8_t *row = rows + i * HV_INDEX_DIGEST_ROW_BYTES;
        hv_store_le(row, index->digests[i].kind, 4);
        memcpy(row + 4, index->digests[i].bytes, HASHVEIL_DIGEST_MAX_LEN);
    }
    return rows;
}

static hashveil_status write_section(const struct hv_new_file *file,
                                     struct hv_index_section *section)
{
    static const uint8_t zeros[HV_INDEX_PAGE];
    const uint64_t end = section->offset + section->len;
    hashveil_status status = hv_index_digest_section(section, section->digest);
    if (status == HASHVEIL_OK && section->len > 0) {
        status = hv_new_file_write(file, section->bytes, (size_t)section->len, section->offset);
    }
    if (status == HASHVEIL_OK && hv_index_to_page(end) > end) {
        status = hv_new_file_write(file, zeros, (size_t)(hv_index_to_page(end) - end), end);
    }
    return status;
}

static hashveil_status write_all(const struct hv_new_file *file, struct hv_index_layout *layout)
{
    uint8_t header[HV_INDEX_PAGE];
    hashveil_status status = HASHVEIL_OK;
    for (unsigned kind = 0; kind < HV_INDEX_SECTIONS && status == HASHVEIL_OK; kind++) {
        status = write_section(file, &layout->sections[kind]);
    }
    if (status == HASHVEIL_OK) {
        status = write_header(layout, header);
    }
    return status == HASHVEIL_OK ? hv_new_file_write(file, header, sizeof header, 0) : status;
}

hashveil_status hashveil_index_save(const hashveil_index *index, const char *path)
{
    struct hv_index_layout layout = {.count = index->count, .digest_count = index->digest_count};
    struct hv_new_file file = {0};
    uint8_t *rows = rows_of_digests(index);
    hashveil_status status = rows ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    hv_index_lay_out(&layout);
    layout.sections[HV_INDEX_HASHES].bytes = (const uint8_t *)index->hashes;
    layout.sections[HV_INDEX_STARTS].bytes = (const uint8_t *)index->buckets.starts;
    layout.sections[HV_INDEX_NUMBERS].bytes = (const uint8_t *)index->buckets.numbers;
    layout.sections[HV_INDEX_DIGESTS].bytes = rows;
    if (!hv_index_is_this_machines()) {
        status = HASHVEIL_ERR_UNSUPPORTED;
    }
    if (status == HASHVEIL_OK) {
        status = hv_new_file_init(path, FILE_MODE, &file);
    }
    if (status == HASHVEIL_OK) {
        status = write_all(&file, &layout);
    }
    if (status == HASHVEIL_OK) {
        status = hv_new_file_commit(&file);
    }
    hv_new_file_clear(&file);
    free(rows);
    return status;
}
