/* SPDX-License-Identifier: Apache-2.0 */
/* What an open database says of the OPRF's outputs. */
#include "hashdb/sealed/reader.h"

#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "hashdb/sealed/database.h"

const struct hv_masks *hv_sealed_db_masks(const hashveil_sealed_db *db)
{
    return &db->masks;
}

hashveil_status hv_sealed_db_check_read(const hashveil_sealed_db *db, uint64_t offset, uint64_t len)
{
    const uint64_t body_offset = hv_manifest_body(&db->manifest).offset;
    return hv_pages_check(&db->pages, offset - body_offset, len) ? HASHVEIL_OK
                                                                 : HASHVEIL_ERR_DIGEST;
}

static hashveil_status check_places(const hashveil_sealed_db *db,
                                    const struct hv_table_section *table, uint64_t key,
                                    size_t value_bytes)
{
    uint64_t places[HV_FUSE_KEY_PLACES];
    hashveil_status status = HASHVEIL_OK;
    hv_fuse_locate(&table->shape, key, places);
    for (size_t i = 0; i < HV_FUSE_KEY_PLACES && status == HASHVEIL_OK; i++) {
        status = hv_sealed_db_check_read(db, table->section.offset + places[i] * value_bytes,
                                         value_bytes);
    }
    return status;
}

static hashveil_status look_up(const hashveil_sealed_db *db, const struct hv_table_section *table,
                               const uint8_t y[HV_OPRF_OUTPUT_BYTES], struct hv_table_value *out)
{
    const uint32_t slot_bits = db->manifest.slot_bits;
    const size_t value_bytes = hv_value_bytes(slot_bits);
    const uint64_t key = hv_load_le(y, HV_TOKEN_KEY_BYTES);
    const uint8_t *pad = y + HV_TOKEN_KEY_BYTES;
    uint8_t value[HV_VALUE_MAX_BYTES] = {0};
    const hashveil_status status = check_places(db, table, key, value_bytes);
    if (status != HASHVEIL_OK) {
        return status;
    }
    hv_fuse_get(&table->shape, db->bytes + table->section.offset, value_bytes, key, value);
    /* A narrower slot field has zeros and pad above it; its mask takes them away. */
    for (size_t i = 0; i < sizeof value; i++) {
        value[i] ^= pad[i];
    }
    memcpy(out->share, value, HV_SHARE_BYTES);
    out->slot = hv_load_le(value + HV_SHARE_BYTES, HV_VALUE_MAX_BYTES - HV_SHARE_BYTES) &
                ((UINT64_C(1) << slot_bits) - 1);
    hv_wipe(value, sizeof value);
    return HASHVEIL_OK;
}

hashveil_status hv_sealed_db_lookup(const hashveil_sealed_db *db, unsigned mask,
                                    const uint8_t y[HV_OPRF_OUTPUT_BYTES],
                                    struct hv_table_value *out)
{
    return look_up(db, &db->manifest.tables[mask], y, out);
}

hashveil_status hv_sealed_db_lookup_exact(const hashveil_sealed_db *db,
                                          const uint8_t y[HV_OPRF_OUTPUT_BYTES],
                                          struct hv_table_value *out)
{
    return look_up(db, &db->manifest.exact, y, out);
}

hashveil_status hv_sealed_db_open_record(const hashveil_sealed_db *db, uint64_t slot,
                                         const uint8_t secret[HV_SHARE_BYTES], hashveil_record *out)
{
    const uint64_t offset = db->manifest.records.offset + slot * HV_RECORD_BYTES;
    const hashveil_status status = hv_sealed_db_check_read(db, offset, HV_RECORD_BYTES);
    if (status != HASHVEIL_OK) {
        return status;
    }
    return hv_record_open(db->bytes + offset, secret, db->manifest.epoch, slot, out)
               ? HASHVEIL_OK
               : HASHVEIL_ERR_KEY;
}

/* Which part a place of the body belongs to. */
static const char *part_at(const struct hv_manifest *manifest, uint64_t offset)
{
    if (offset >= manifest->records.offset) {
        return "records";
    }
    return offset >= manifest->withdrawn.offset && manifest->withdrawn.len > 0 ? "withdrawn"
                                                                               : "tables";
}

hashveil_status hashveil_sealed_db_check(const hashveil_sealed_db *db, const char **where_out)
{
    const struct hv_section body = hv_manifest_body(&db->manifest);
    *where_out = "";
    for (uint64_t offset = 0; offset < body.len; offset += HV_PAGE_BYTES) {
        if (!hv_pages_check(&db->pages, offset, 1)) {
            *where_out = part_at(&db->manifest, body.offset + offset);
            return HASHVEIL_ERR_DIGEST;
        }
    }
    return HASHVEIL_OK;
}
