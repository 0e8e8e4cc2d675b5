/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/workspace/workspace.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/memory.h"
#include "base/sqlite_file.h"

/* Kinds of values are 0 for PDQ, and 1 and hashveil_digest_kind. A record id is drawn when an item
 * is first named and stays with it through all editions; all values of one item have the same.
 * Sources below 64 list, the others allow: what they name is never sealed. A claim holds from the
 * change that added it to the one that removed it; it is never deleted, so that the workspace can
 * be seen as it was after any change. */
static const struct hv_sqlite_kind file_kind = {
    .application_id = 0x48565753, /* "HVWS" */
    .version = 3,
    .schema = "CREATE TABLE source ("
              "  number INTEGER PRIMARY KEY CHECK (number BETWEEN 0 AND 127),"
              "  name TEXT NOT NULL UNIQUE"
              ") STRICT;"
              "CREATE TABLE change ("
              "  number INTEGER PRIMARY KEY,"
              "  time_s INTEGER NOT NULL,"
              "  who TEXT NOT NULL,"
              "  action TEXT NOT NULL,"
              "  detail TEXT NOT NULL"
              ") STRICT;"
              "CREATE TABLE entry ("
              "  kind INTEGER NOT NULL,"
              "  value BLOB NOT NULL,"
              "  record BLOB NOT NULL CHECK (length(record) = 16),"
              "  PRIMARY KEY (kind, value),"
              "  CHECK (length(value) ="
              "         CASE kind WHEN 0 THEN 32 WHEN 1 THEN 16 WHEN 2 THEN 20 WHEN 3 THEN 32 END"
              "         IS TRUE)"
              ") STRICT, WITHOUT ROWID;"
              "CREATE TABLE claim ("
              "  kind INTEGER NOT NULL,"
              "  value BLOB NOT NULL,"
              "  source INTEGER NOT NULL REFERENCES source,"
              "  added INTEGER NOT NULL REFERENCES change,"
              "  removed INTEGER REFERENCES change DEFERRABLE INITIALLY DEFERRED,"
              "  label TEXT NOT NULL,"
              "  item TEXT NOT NULL,"
              "  PRIMARY KEY (kind, value, source, added),"
              "  FOREIGN KEY (kind, value) REFERENCES entry"
              ") STRICT, WITHOUT ROWID;"
              "CREATE INDEX claim_item ON claim (source, item) WHERE item <> '';",
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
    const hashveil_status status = hv_sqlite_open(path, &file_kind, modes[mode], &workspace->db);
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
struct hv_value hv_value_of_hash(const hashveil_pdq *hash)
{
    struct hv_value value = {.kind = HV_VALUE_PDQ, .len = HV_HASH_BLOB_BYTES};
    char text[HASHVEIL_PDQ_HEX_LEN + 1];
    hashveil_pdq_to_hex(hash, text);
    (void)hv_hex_decode(text, value.bytes, value.len); /* they are hex digits */
    return value;
}

struct hv_value hv_value_of_digest(const hashveil_digest *digest)
{
    struct hv_value value = {.kind = HV_VALUE_FIRST_DIGEST + (int)digest->kind,
                             .len = hashveil_digest_len(digest->kind)};
    memcpy(value.bytes, digest->bytes, value.len);
    return value;
}

bool hv_value_is_valid(int64_t kind, size_t len)
{
    if (kind == HV_VALUE_PDQ) {
        return len == HV_HASH_BLOB_BYTES;
    }
    return kind >= HV_VALUE_FIRST_DIGEST && kind < HV_VALUE_FIRST_DIGEST + HASHVEIL_DIGEST_KINDS &&
           len == hashveil_digest_len((hashveil_digest_kind)(kind - HV_VALUE_FIRST_DIGEST));
}

void hv_hash_from_blob(const uint8_t blob[HV_HASH_BLOB_BYTES], hashveil_pdq *out)
{
    char text[HASHVEIL_PDQ_HEX_LEN + 1];
    hv_hex_encode(blob, HV_HASH_BLOB_BYTES, text);
    const hashveil_status status = hashveil_pdq_from_hex(text, HASHVEIL_PDQ_HEX_LEN, out);
    (void)status; /* likewise */
}
