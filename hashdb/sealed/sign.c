/* SPDX-License-Identifier: Apache-2.0 */
/* One more signature under a database. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/locked_file.h"
#include "hashdb/sealed/database.h"

/* To whom the file was open it stays open, whatever the umask of who signs it. */
static hashveil_status start_file(const struct hv_locked_file *old, struct hv_new_file *out)
{
    const hashveil_status status = hv_new_file_init(old->path, old->mode, out);
    if (status == HASHVEIL_OK && fchmod(out->fd, old->mode) != 0) {
        return hv_status_of_errno(errno);
    }
    return status;
}

/* All but the header's length and the signatures stays as it is. */
static hashveil_status write_signed(const struct hv_locked_file *old, const hashveil_sealed_db *db,
                                    const struct hv_signatures *signatures)
{
    const struct hv_section *records = &db->manifest.records;
    struct hv_sealed_header header = {.manifest_len = (uint32_t)hv_manifest_len(&db->manifest),
                                      .signatures_offset = records->offset + records->len};
    uint8_t header_bytes[HV_SEALED_HEADER_BYTES];
    uint8_t signature_bytes[HV_SIGNATURES_MAX_BYTES];
    const size_t len = hv_signatures_len(signatures);
    struct hv_new_file file = {0};

    header.file_bytes = header.signatures_offset + len;
    memcpy(header.manifest_digest, db->info.digest, sizeof header.manifest_digest);
    hv_sealed_header_write(&header, header_bytes);
    hv_signatures_write(signatures, signature_bytes);
    hashveil_status status = start_file(old, &file);
    if (status == HASHVEIL_OK) {
        status = hv_new_file_write(&file, header_bytes, sizeof header_bytes, 0);
    }
    if (status == HASHVEIL_OK) {
        status = hv_new_file_write(&file, db->bytes + HV_SEALED_HEADER_BYTES,
                                   (size_t)header.signatures_offset - HV_SEALED_HEADER_BYTES,
                                   HV_SEALED_HEADER_BYTES);
    }
    if (status == HASHVEIL_OK) {
        status = hv_new_file_write(&file, signature_bytes, len, header.signatures_offset);
    }
    if (status == HASHVEIL_OK) {
        status = hv_new_file_commit(&file);
    }
    hv_new_file_clear(&file);
    return status;
}

static bool names(const hashveil_sealed_db *db, const hashveil_key *curator)
{
    bool is_named = false;
    for (size_t i = 0; i < db->info.curator_count; i++) {
        is_named = is_named ||
                   memcmp(db->info.curator_keys[i], curator->public_bytes, HASHVEIL_KEY_BYTES) == 0;
    }
    return is_named;
}

static hashveil_status sign(const struct hv_locked_file *old, const hashveil_sealed_db *db,
                            const hashveil_key *curator)
{
    struct hv_signatures signatures = db->signatures;
    struct hv_signature signature;
    if (!names(db, curator)) {
        return HASHVEIL_ERR_KEY;
    }
    hashveil_status status = hv_signature_make(curator, db->info.digest, &signature);
    if (status == HASHVEIL_OK) {
        status = hv_signatures_add(&signatures, &signature);
    }
    if (status != HASHVEIL_OK || signatures.count == db->signatures.count) {
        return status; /* signed before: Ed25519 gives the same signature again */
    }
    return write_signed(old, db, &signatures);
}

hashveil_status hashveil_sealed_db_sign(const char *path, const hashveil_key *curator,
                                        const char **where_out)
{
    struct hv_locked_file file = {0};
    hashveil_sealed_db *db = NULL;
    *where_out = "";
    hashveil_status status = hv_locked_file_open(path, &file);
    if (status == HASHVEIL_OK) {
        status = hashveil_sealed_db_open(file.path, &db, where_out);
    }
    if (status == HASHVEIL_OK) {
        status = hashveil_sealed_db_check(db, where_out);
    }
    if (status == HASHVEIL_OK) {
        status = sign(&file, db, curator);
    }
    hashveil_sealed_db_close(db);
    hv_locked_file_close(&file);
    return status;
}
