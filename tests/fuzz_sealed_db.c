/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed databases: header and manifest. Behind them digests refuse what a fuzzer could change, so
 * the manifest is also parsed by itself. */
#include <hashveil/sealed_db.h>

#include "base/memory.h"
#include "fuzz.h"
#include "hashdb/sealed/format.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    hashveil_sealed_db *db;
    const char *where;
    const hashveil_status status = hashveil_sealed_db_open_bytes(bytes, len, &db, &where);
    if ((status == HASHVEIL_OK) != (db != NULL) || !where) {
        abort();
    }
    hashveil_sealed_db_close(db);
    if (len > HV_SEALED_HEADER_BYTES) {
        check_manifest(bytes + HV_SEALED_HEADER_BYTES, len - HV_SEALED_HEADER_BYTES);
    }
    return 0;
}
