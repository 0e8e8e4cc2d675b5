/* SPDX-License-Identifier: Apache-2.0 */
/* An open sealed database, between the files that open it, look up in it and put segments on it. */
#ifndef HV_HASHDB_SEALED_DATABASE_H
#define HV_HASHDB_SEALED_DATABASE_H

#include <hashveil/sealed_db.h>

#include "base/files.h"
#include "hashdb/sealed/format.h"
#include "hashdb/sealed/pages.h"
#include "hashdb/sealed/signatures.h"
#include "psi/masks.h"

struct hashveil_sealed_db {
    struct hv_mapping mapping; /* empty when the bytes are borrowed */
    const uint8_t *bytes;
    struct hv_manifest manifest;
    struct hv_pages pages; /* all from the first table to the records, checked when read */
    struct hv_signatures signatures; /* all of them hold */
    struct hv_masks masks;
    hashveil_sealed_db_info info;
    hashveil_sealed_db *segments[HASHVEIL_MAX_SEGMENTS]; /* owned */
    size_t segment_count;
};

/* Checks the pages of what is to be read. offset: in the file. Errors: ERR_DIGEST. */
HASHVEIL_MUST_USE hashveil_status hv_sealed_db_check_read(const hashveil_sealed_db *db,
                                                          uint64_t offset, uint64_t len);

#endif
