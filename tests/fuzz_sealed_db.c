/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed databases: header and manifest. Behind them digests refuse what a fuzzer could change, so
 * the manifest is also parsed by itself. */
#include <hashveil/sealed_db.h>

#include "base/memory.h"
#include "fuzz.h"
#include "hashdb/sealed/format.h"
#include "hashdb/sealed/signatures.h"

#include <stdlib.h>
#include <string.h>

static void check_manifest(const uint8_t *bytes, size_t len)
{
    struct hv_manifest manifest;
    if (hv_manifest_parse(bytes, len, &manifest) != HASHVEIL_OK) {
        return;
    }
    /* There is one way to write a manifest: what was read is what would be written. */
    uint8_t *again = hv_alloc_array(len, 1);
    if (hv_manifest_len(&manifest) != len) {
        abort();
    }
    hv_manifest_write(&manifest, again);
    if (memcmp(again, bytes, len) != 0) {
        abort();
    }
    free(again);
}

static void check_signatures(const uint8_t *bytes, size_t len)
{
    static const struct hv_manifest manifest = {.curator_count = 1};
    static const uint8_t digest[HASHVEIL_DIGEST_BYTES];
    struct hv_signatures signatures;
    uint8_t again[HV_SIGNATURES_MAX_BYTES];
    if (hv_signatures_parse(bytes, len, &manifest, digest, &signatures) != HASHVEIL_OK) {
        return;
    }
    if (hv_signatures_len(&signatures) != len) {
        abort();
    }
    hv_signatures_write(&signatures, again);
    if (memcmp(again, bytes, len) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    hashveil_sealed_db *db;
    const char *where;
    const hashveil_status status = hashveil_sealed_db_open_bytes(bytes, len, &db, &where);
    if ((status == HASHVEIL_OK) != (db != NULL) || !where) {
        abort();
    }
    hashveil_sealed_db_close(db);
    check_signatures(bytes, len);
    if (len > HV_SEALED_HEADER_BYTES) {
        check_manifest(bytes + HV_SEALED_HEADER_BYTES, len - HV_SEALED_HEADER_BYTES);
    }
    return 0;
}
