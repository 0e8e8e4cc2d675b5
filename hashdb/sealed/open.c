/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to an open database: every field's range, every section's place. */
#include "hashdb/sealed/database.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"

/* Sections stand one behind the other, each at the next aligned offset, with zeros between: so
 * there is one way to write a database, and no byte that nothing covers. */
struct layout {
    const uint8_t *bytes;
    uint64_t file_bytes;
    uint64_t end; /* of the section before */
};

static hashveil_status check_section(struct layout *layout, const struct hv_section *section,
                                     uint64_t expected_len)
{
    const uint64_t offset = hv_align(layout->end);
    if (section->offset != offset || section->len != expected_len || offset > layout->file_bytes ||
        section->len > layout->file_bytes - offset) {
        return HASHVEIL_ERR_FORMAT;
    }
    for (uint64_t i = layout->end; i < offset; i++) {
        if (layout->bytes[i] != 0) {
            return HASHVEIL_ERR_FORMAT;
        }
    }
    layout->end = offset + section->len;
    return HASHVEIL_OK;
}

/* The digests of the pages stand before what they are of. */
static hashveil_status check_pages(struct layout *layout, const struct hv_manifest *manifest)
{
    const struct hv_section body = hv_manifest_body(manifest);
    uint8_t digest[HASHVEIL_DIGEST_BYTES];
    if (body.len > layout->file_bytes) {
        return HASHVEIL_ERR_FORMAT;
    }
    const hashveil_status status =
        check_section(layout, &manifest->pages, hv_page_count(body.len) * HASHVEIL_DIGEST_BYTES);
    if (status != HASHVEIL_OK) {
        return status;
    }
    hv_sealed_digest(layout->bytes + manifest->pages.offset, (size_t)manifest->pages.len, digest);
    return memcmp(digest, manifest->pages_digest, sizeof digest) == 0 ? HASHVEIL_OK
                                                                      : HASHVEIL_ERR_DIGEST;
}

static hashveil_status check_signatures(hashveil_sealed_db *db, const struct layout *layout,
                                        const struct hv_sealed_header *header)
{
    if (header->signatures_offset != layout->end) {
        return HASHVEIL_ERR_FORMAT;
    }
    return hv_signatures_parse(layout->bytes + layout->end,
                               (size_t)(layout->file_bytes - layout->end), &db->manifest,
                               header->manifest_digest, &db->signatures);
}

static hashveil_status check_header(const hashveil_sealed_db *db, size_t len,
                                    struct hv_sealed_header *header)
{
    const hashveil_status status = hv_sealed_header_parse(db->bytes, len, header);
    if (status != HASHVEIL_OK) {
        return status;
    }
    return header->manifest_len <= len - HV_SEALED_HEADER_BYTES ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
}

static hashveil_status check_manifest(hashveil_sealed_db *db, const struct hv_sealed_header *header)
{
    const uint8_t *bytes = db->bytes + HV_SEALED_HEADER_BYTES;
    uint8_t digest[HASHVEIL_DIGEST_BYTES];
    hv_sealed_digest(bytes, header->manifest_len, digest);
    if (memcmp(digest, header->manifest_digest, sizeof digest) != 0) {
        return HASHVEIL_ERR_DIGEST;
    }
    return hv_manifest_parse(bytes, header->manifest_len, &db->manifest);
}

static hashveil_status check_table(struct layout *layout, const struct hv_manifest *manifest,
                                   const struct hv_table_section *table)
{
    /* At most 2^18 x 2^28 places of 19 bytes: no overflow. */
    const uint64_t len = hv_fuse_places(&table->shape) * hv_value_bytes(manifest->slot_bits);
    return check_section(layout, &table->section, len);
}

static hashveil_status check_tables(struct layout *layout, const struct hv_manifest *manifest)
{
    hashveil_status status = HASHVEIL_OK;
    for (uint32_t i = 0; i < manifest->mask_params.masks && status == HASHVEIL_OK; i++) {
        status = check_table(layout, manifest, &manifest->tables[i]);
    }
    if (status == HASHVEIL_OK && manifest->exact_bits > 0) {
        status = check_table(layout, manifest, &manifest->exact);
    }
    return status;
}

static hashveil_status check_all(hashveil_sealed_db *db, size_t len, const char **where_out)
{
    struct hv_sealed_header header;
    *where_out = "header";
    hashveil_status status = check_header(db, len, &header);
    if (status != HASHVEIL_OK) {
        return status;
    }
    *where_out = "manifest";
    status = check_manifest(db, &header);
    if (status != HASHVEIL_OK) {
        return status;
    }
    memcpy(db->info.digest, header.manifest_digest, sizeof db->info.digest);
    struct layout layout = {.bytes = db->bytes,
                            .file_bytes = len,
                            .end = HV_SEALED_HEADER_BYTES + (uint64_t)header.manifest_len};
    *where_out = "pages";
    status = check_pages(&layout, &db->manifest);
    if (status != HASHVEIL_OK) {
        return status;
    }
    *where_out = "tables";
    status = check_tables(&layout, &db->manifest);
    if (status != HASHVEIL_OK) {
        return status;
    }
    *where_out = "withdrawn";
    status = check_section(&layout, &db->manifest.withdrawn,
                           (uint64_t)HASHVEIL_RECORD_ID_BYTES * db->manifest.withdrawn_count);
    if (status != HASHVEIL_OK) {
        return status;
    }
    *where_out = "records";
    status = check_section(&layout, &db->manifest.records,
                           (uint64_t)HV_RECORD_BYTES << db->manifest.slot_bits);
    if (status != HASHVEIL_OK) {
        return status;
    }
    *where_out = "signatures";
    return check_signatures(db, &layout, &header);
}

static hashveil_status open_pages(hashveil_sealed_db *db)
{
    const struct hv_section body = hv_manifest_body(&db->manifest);
    return hv_pages_init(db->bytes + body.offset, body.len, db->bytes + db->manifest.pages.offset,
                         &db->pages);
}

/* Read at once, as the few that there are will be looked for again and again. */
static hashveil_status check_withdrawn(const hashveil_sealed_db *db)
{
    const struct hv_section *section = &db->manifest.withdrawn;
    const uint8_t *ids = db->bytes + section->offset;
    const hashveil_status status = hv_sealed_db_check_read(db, section->offset, section->len);
    for (uint32_t i = 1; i < db->manifest.withdrawn_count && status == HASHVEIL_OK; i++) {
        const uint8_t *id = ids + (size_t)i * HASHVEIL_RECORD_ID_BYTES;
        if (memcmp(id - HASHVEIL_RECORD_ID_BYTES, id, HASHVEIL_RECORD_ID_BYTES) >= 0) {
            return HASHVEIL_ERR_FORMAT;
        }
    }
    return status;
}

static void describe(hashveil_sealed_db *db, size_t len)
{
    const struct hv_manifest *manifest = &db->manifest;
    hashveil_sealed_db_info *info = &db->info;
    info->version = HV_SEALED_VERSION;
    info->epoch = manifest->epoch;
    info->token_epoch = manifest->token_epoch;
    info->created_s = manifest->created_s;
    info->expires_s = manifest->expires_s;
    info->is_segment = hv_manifest_is_segment(manifest);
    memcpy(info->base_digest, manifest->base_digest, sizeof info->base_digest);
    info->withdrawn_count = manifest->withdrawn_count;
    memcpy(info->evaluator_public, manifest->evaluator_public, sizeof info->evaluator_public);
    info->mask_params = manifest->mask_params;
    info->padded_count = UINT64_C(1) << manifest->slot_bits;
    info->padded_exact_count = manifest->exact_bits > 0 ? UINT64_C(1) << manifest->exact_bits : 0;
    info->file_bytes = len;
    info->list_count = manifest->list_count;
    memcpy(info->list_names, manifest->list_names, sizeof info->list_names);
    info->curator_count = manifest->curator_count;
    memcpy(info->curator_keys, manifest->curator_keys, sizeof info->curator_keys);
    info->signature_count = db->signatures.count;
    for (size_t i = 0; i < db->signatures.count; i++) {
        memcpy(info->signed_by[i], db->signatures.list[i].curator, sizeof info->signed_by[i]);
    }
}

static hashveil_status open_checked(hashveil_sealed_db *db, const uint8_t *bytes, size_t len,
                                    const char **where_out)
{
    db->bytes = bytes;
    if (len == 0) {
        return HASHVEIL_ERR_EMPTY;
    }
    hashveil_status status = check_all(db, len, where_out);
    if (status == HASHVEIL_OK) {
        *where_out = "withdrawn";
        status = open_pages(db);
    }
    if (status == HASHVEIL_OK) {
        status = check_withdrawn(db);
    }
    if (status == HASHVEIL_OK) {
        *where_out = "";
        hv_masks_from_seed(db->manifest.mask_seed, &db->manifest.mask_params, &db->masks);
        describe(db, len);
    }
    return status;
}

hashveil_status hashveil_sealed_db_open_bytes(const uint8_t *bytes, size_t len,
                                              hashveil_sealed_db **out, const char **where_out)
{
    *where_out = "";
    *out = NULL;
    hashveil_sealed_db *db = hv_alloc_array(1, sizeof *db);
    if (!db) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const hashveil_status status = open_checked(db, bytes, len, where_out);
    if (status != HASHVEIL_OK) {
        hashveil_sealed_db_close(db);
        return status;
    }
    *out = db;
    return HASHVEIL_OK;
}

hashveil_status hashveil_sealed_db_open(const char *path, hashveil_sealed_db **out,
                                        const char **where_out)
{
    struct hv_mapping mapping = {0};
    *where_out = "";
    *out = NULL;
    hashveil_status status = hv_map_file(path, &mapping);
    if (status != HASHVEIL_OK) {
        return status;
    }
    status = hashveil_sealed_db_open_bytes(mapping.bytes, mapping.len, out, where_out);
    if (status != HASHVEIL_OK) {
        hv_unmap_file(&mapping);
        return status;
    }
    (*out)->mapping = mapping;
    return HASHVEIL_OK;
}

const hashveil_sealed_db_info *hashveil_sealed_db_describe(const hashveil_sealed_db *db)
{
    return &db->info;
}

static void close_part(hashveil_sealed_db *part)
{
    hv_unmap_file(&part->mapping);
    hv_pages_clear(&part->pages);
    free(part);
}

void hashveil_sealed_db_close(hashveil_sealed_db *db)
{
    if (!db) {
        return;
    }
    for (size_t i = 0; i < db->segment_count; i++) { /* they have no segments themselves */
        close_part(db->segments[i]);
    }
    close_part(db);
}
