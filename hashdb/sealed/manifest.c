/* SPDX-License-Identifier: Apache-2.0 */
/* Header and manifest to bytes and back; fields in the order of FORMAT.md. */
#include "hashdb/sealed/format.h"

#include <assert.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/bytes.h"
#include "base/text.h"

enum {
    MANIFEST_FIXED_BYTES = 4 + 1 + 3 + 4 * 8 + HASHVEIL_KEY_BYTES + HASHVEIL_DIGEST_BYTES +
                           HV_MASK_SEED_BYTES + 10 * 4,
    SECTION_BYTES = 8 + 8,
    TABLE_BYTES = SECTION_BYTES + 8 + 4 + 4
};

void hv_sealed_digest(const uint8_t *bytes, size_t len, uint8_t out[HASHVEIL_DIGEST_BYTES])
{
    SHA256(bytes, len, out);
}

size_t hv_manifest_len(const struct hv_manifest *manifest)
{
    return MANIFEST_FIXED_BYTES + (size_t)manifest->list_count * HV_SEALED_NAME_BYTES +
           (size_t)manifest->curator_count * HASHVEIL_KEY_BYTES +
           (size_t)manifest->mask_params.masks * TABLE_BYTES +
           (manifest->exact_bits > 0 ? TABLE_BYTES : 0) + SECTION_BYTES * (size_t)3 +
           HASHVEIL_DIGEST_BYTES;
}

static void write_section(struct hv_writer *out, const struct hv_section *section)
{
    hv_write_u64le(out, section->offset);
    hv_write_u64le(out, section->len);
}

static struct hv_section read_section(struct hv_reader *in)
{
    struct hv_section section;
    section.offset = hv_read_u64le(in);
    section.len = hv_read_u64le(in);
    return section;
}

static void write_table(struct hv_writer *out, const struct hv_table_section *table)
{
    write_section(out, &table->section);
    hv_write_u64le(out, table->shape.seed);
    hv_write_u32le(out, table->shape.segment_len);
    hv_write_u32le(out, table->shape.segment_count);
}

void hv_manifest_write(const struct hv_manifest *manifest, uint8_t *out)
{
    static const uint8_t zeros[4];
    struct hv_writer writer = hv_writer_of(out, hv_manifest_len(manifest));
    hv_write_u32le(&writer, HV_SEALED_SUITE);
    hv_write_u8(&writer, HV_OPRF_MODE);
    hv_write_bytes(&writer, zeros, 3);
    hv_write_u64le(&writer, manifest->epoch);
    hv_write_u64le(&writer, manifest->token_epoch);
    hv_write_u64le(&writer, manifest->created_s);
    hv_write_u64le(&writer, manifest->expires_s);
    hv_write_bytes(&writer, manifest->evaluator_public, HASHVEIL_KEY_BYTES);
    hv_write_bytes(&writer, manifest->base_digest, HASHVEIL_DIGEST_BYTES);
    hv_write_bytes(&writer, manifest->mask_seed, HV_MASK_SEED_BYTES);
    hv_write_u32le(&writer, manifest->mask_params.masks);
    hv_write_u32le(&writer, manifest->mask_params.bits);
    hv_write_u32le(&writer, manifest->mask_params.pool_bits);
    hv_write_u32le(&writer, manifest->slot_bits);
    hv_write_u32le(&writer, HV_RECORD_BYTES);
    hv_write_u32le(&writer, manifest->list_count);
    hv_write_u32le(&writer, manifest->curator_count);
    hv_write_u32le(&writer, manifest->exact_bits);
    hv_write_u32le(&writer, manifest->withdrawn_count);
    hv_write_bytes(&writer, zeros, 4);
    for (uint32_t i = 0; i < manifest->list_count; i++) {
        hv_write_bytes(&writer, (const uint8_t *)manifest->list_names[i], HV_SEALED_NAME_BYTES);
    }
    for (uint32_t i = 0; i < manifest->curator_count; i++) {
        hv_write_bytes(&writer, manifest->curator_keys[i], HASHVEIL_KEY_BYTES);
    }
    for (uint32_t i = 0; i < manifest->mask_params.masks; i++) {
        write_table(&writer, &manifest->tables[i]);
    }
    if (manifest->exact_bits > 0) {
        write_table(&writer, &manifest->exact);
    }
    write_section(&writer, &manifest->withdrawn);
    write_section(&writer, &manifest->records);
    write_section(&writer, &manifest->pages);
    hv_write_bytes(&writer, manifest->pages_digest, HASHVEIL_DIGEST_BYTES);
    assert(!writer.failed && writer.len == writer.capacity);
}

bool hv_sealed_name_is_valid(const char name[HV_SEALED_NAME_BYTES])
{
    const size_t len = strnlen(name, HV_SEALED_NAME_BYTES);
    for (size_t i = len; i < HV_SEALED_NAME_BYTES; i++) {
        if (name[i] != '\0') {
            return false;
        }
    }
    return len >= 1 && len <= HASHVEIL_LIST_NAME_MAX_LEN && hv_text_is_plain(name, len);
}

static void read_table(struct hv_reader *in, struct hv_table_section *out)
{
    out->section = read_section(in);
    out->shape.seed = hv_read_u64le(in);
    out->shape.segment_len = hv_read_u32le(in);
    out->shape.segment_count = hv_read_u32le(in);
    in->failed = in->failed || !hv_fuse_shape_is_valid(&out->shape);
}

static void read_tables(struct hv_reader *in, struct hv_manifest *out)
{
    for (uint32_t i = 0; i < out->mask_params.masks; i++) {
        read_table(in, &out->tables[i]);
    }
    if (out->exact_bits > 0) {
        read_table(in, &out->exact);
    }
}

static void read_names_and_keys(struct hv_reader *in, struct hv_manifest *out)
{
    for (uint32_t i = 0; i < out->list_count; i++) {
        hv_read_copy(in, (uint8_t *)out->list_names[i], HV_SEALED_NAME_BYTES);
        in->failed = in->failed || !hv_sealed_name_is_valid(out->list_names[i]);
    }
    for (uint32_t i = 0; i < out->curator_count; i++) {
        hv_read_copy(in, out->curator_keys[i], HASHVEIL_KEY_BYTES);
    }
}

static bool numbers_are_valid(const struct hv_manifest *manifest)
{
    return hv_mask_params_are_valid(&manifest->mask_params) &&
           manifest->slot_bits >= HV_SEALED_MIN_SLOT_BITS &&
           manifest->slot_bits <= HV_SEALED_MAX_SLOT_BITS &&
           (manifest->exact_bits == 0 || (manifest->exact_bits >= HV_SEALED_MIN_SLOT_BITS &&
                                          manifest->exact_bits <= HV_SEALED_MAX_SLOT_BITS)) &&
           manifest->list_count <= HASHVEIL_MAX_LISTS &&
           manifest->curator_count <= HASHVEIL_MAX_CURATORS &&
           (hv_manifest_is_segment(manifest)
                ? manifest->token_epoch < manifest->epoch
                : manifest->token_epoch == manifest->epoch && manifest->withdrawn_count == 0) &&
           manifest->withdrawn_count <= (uint32_t)1 << HV_SEALED_MAX_SLOT_BITS;
}

hashveil_status hv_manifest_parse(const uint8_t *bytes, size_t len, struct hv_manifest *out)
{
    struct hv_reader in = hv_reader_of(bytes, len);
    struct hv_manifest *manifest = out;
    *manifest = (struct hv_manifest){0};
    const uint32_t suite = hv_read_u32le(&in);
    const uint8_t mode = hv_read_u8(&in);
    const uint8_t *reserved = hv_read_bytes(&in, 3);
    manifest->epoch = hv_read_u64le(&in);
    manifest->token_epoch = hv_read_u64le(&in);
    manifest->created_s = hv_read_u64le(&in);
    manifest->expires_s = hv_read_u64le(&in);
    hv_read_copy(&in, manifest->evaluator_public, HASHVEIL_KEY_BYTES);
    hv_read_copy(&in, manifest->base_digest, HASHVEIL_DIGEST_BYTES);
    hv_read_copy(&in, manifest->mask_seed, HV_MASK_SEED_BYTES);
    manifest->mask_params.masks = hv_read_u32le(&in);
    manifest->mask_params.bits = hv_read_u32le(&in);
    manifest->mask_params.pool_bits = hv_read_u32le(&in);
    manifest->slot_bits = hv_read_u32le(&in);
    const uint32_t record_bytes = hv_read_u32le(&in);
    manifest->list_count = hv_read_u32le(&in);
    manifest->curator_count = hv_read_u32le(&in);
    manifest->exact_bits = hv_read_u32le(&in);
    manifest->withdrawn_count = hv_read_u32le(&in);
    const uint32_t reserved_too = hv_read_u32le(&in);

    if (in.failed || (reserved[0] | reserved[1] | reserved[2] | reserved_too) != 0) {
        return HASHVEIL_ERR_FORMAT;
    }
    if (suite != HV_SEALED_SUITE || mode != HV_OPRF_MODE || record_bytes != HV_RECORD_BYTES) {
        return HASHVEIL_ERR_VERSION;
    }
    if (!numbers_are_valid(manifest)) {
        return HASHVEIL_ERR_FORMAT;
    }
    read_names_and_keys(&in, manifest);
    read_tables(&in, manifest);
    manifest->withdrawn = read_section(&in);
    manifest->records = read_section(&in);
    manifest->pages = read_section(&in);
    hv_read_copy(&in, manifest->pages_digest, HASHVEIL_DIGEST_BYTES);
    return in.failed || in.left != 0 ? HASHVEIL_ERR_FORMAT : HASHVEIL_OK;
}

void hv_sealed_header_write(const struct hv_sealed_header *header,
                            uint8_t out[HV_SEALED_HEADER_BYTES])
{
    struct hv_writer writer = hv_writer_of(out, HV_SEALED_HEADER_BYTES);
    hv_write_bytes(&writer, (const uint8_t *)HV_SEALED_MAGIC, HV_SEALED_MAGIC_LEN);
    hv_write_u32le(&writer, HV_SEALED_VERSION);
    hv_write_u32le(&writer, header->manifest_len);
    hv_write_u64le(&writer, header->file_bytes);
    hv_write_u64le(&writer, header->signatures_offset);
    hv_write_bytes(&writer, header->manifest_digest, HASHVEIL_DIGEST_BYTES);
    assert(!writer.failed && writer.len == HV_SEALED_HEADER_BYTES);
}

hashveil_status hv_sealed_header_parse(const uint8_t *bytes, size_t len,
                                       struct hv_sealed_header *out)
{
    struct hv_reader in = hv_reader_of(bytes, len);
    const uint8_t *magic = hv_read_bytes(&in, HV_SEALED_MAGIC_LEN);
    if (!magic || memcmp(magic, HV_SEALED_MAGIC, HV_SEALED_MAGIC_LEN) != 0) {
        return HASHVEIL_ERR_UNSUPPORTED;
    }
    const uint32_t version = hv_read_u32le(&in);
    out->manifest_len = hv_read_u32le(&in);
    out->file_bytes = hv_read_u64le(&in);
    out->signatures_offset = hv_read_u64le(&in);
    hv_read_copy(&in, out->manifest_digest, HASHVEIL_DIGEST_BYTES);
    if (in.failed) {
        return HASHVEIL_ERR_TRUNCATED;
    }
    if (version != HV_SEALED_VERSION) {
        return HASHVEIL_ERR_VERSION;
    }
    if (len < out->file_bytes) {
        return HASHVEIL_ERR_TRUNCATED;
    }
    return len == out->file_bytes ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
}
