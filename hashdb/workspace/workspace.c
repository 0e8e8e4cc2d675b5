/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/workspace/workspace.h"

#include <stdlib.h>

#include "base/hex.h"
#include "base/memory.h"
#include "base/sqlite_file.h"

/* An entry's record id is drawn once, when its hash is first named, and stays with it through all
 * editions. */
static const struct hv_sqlite_kind kind = {
    .application_id = 0x48565753, /* "HVWS" */
    .version = 1,
    .schema = "CREATE TABLE source ("
              "  number INTEGER PRIMARY KEY CHECK (number BETWEEN 0 AND 63),"
              "  name TEXT NOT NULL UNIQUE"
              ") STRICT;"
              "CREATE TABLE entry ("
              "  hash BLOB PRIMARY KEY CHECK (length(hash) = 32),"
              "  record BLOB NOT NULL UNIQUE CHECK (length(record) = 16)"
              ") STRICT, WITHOUT ROWID;"
              "CREATE TABLE claim ("
              "  hash BLOB NOT NULL REFERENCES entry,"
              "  source INTEGER NOT NULL REFERENCES source,"
              "  label TEXT NOT NULL,"
              "  added_s INTEGER NOT NULL,"
              "  PRIMARY KEY (hash, source)"
              ") STRICT, WITHOUT ROWID;",
};

static const enum hv_sqlite_mode modes[] = {
    [HASHVEIL_WORKSPACE_READ] = HV_SQLITE_READ,
    [HASHVEIL_WORKSPACE_WRITE] = HV_SQLITE_WRITE,
};

hashveil_status hashveil_workspace_open(const char *path, hashveil_workspace_mode mode,
                                        hashveil_workspace **out)
{
    *out = NULL;
    hashveil_workspace *workspace = hv_alloc_array(1, sizeof *workspace);
    if (!workspace) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const hashveil_status status = hv_sqlite_open(path, &kind, modes[mode], &workspace->db);
    if (status != HASHVEIL_OK) {
        hashveil_workspace_close(workspace);
        return status;
    }
    *out = workspace;
    return HASHVEIL_OK;
}

void hashveil_workspace_close(hashveil_workspace *workspace)
{
    if (workspace) {
        sqlite3_close(workspace->db);
        free(workspace);
    }
}

/* By way of the text, which is what defines the order. */
void hv_hash_to_blob(const hashveil_pdq *hash, uint8_t out[HV_HASH_BLOB_BYTES])
{
    char text[HASHVEIL_PDQ_HEX_LEN + 1];
    hashveil_pdq_to_hex(hash, text);
    (void)hv_hex_decode(text, out, HV_HASH_BLOB_BYTES); /* they are hex digits */
}

void hv_hash_from_blob(const uint8_t blob[HV_HASH_BLOB_BYTES], hashveil_pdq *out)
{
    char text[HASHVEIL_PDQ_HEX_LEN + 1];
    hv_hex_encode(blob, HV_HASH_BLOB_BYTES, text);
    const hashveil_status status = hashveil_pdq_from_hex(text, HASHVEIL_PDQ_HEX_LEN, out);
    (void)status; /* likewise */
}
