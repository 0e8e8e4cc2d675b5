/* SPDX-License-Identifier: Apache-2.0 */
/* The workspace between its own files: the open handle, and hashes as the tables hold them. */
#ifndef HV_HASHDB_WORKSPACE_WORKSPACE_H
#define HV_HASHDB_WORKSPACE_WORKSPACE_H

#include <sqlite3.h>

#include <hashveil/workspace.h>

struct hashveil_workspace {
    sqlite3 *db; /* owned */
};

enum { HV_HASH_BLOB_BYTES = 32 };

/* The 32 bytes of a hash in the order of its hex digits, so that SQLite sorts hashes as text does.
 */
void hv_hash_to_blob(const hashveil_pdq *hash, uint8_t out[HV_HASH_BLOB_BYTES]);
void hv_hash_from_blob(const uint8_t blob[HV_HASH_BLOB_BYTES], hashveil_pdq *out);

/* An import under way; import.c keeps it, folder.c feeds it. */
struct hv_import;

/* Takes one hash. Errors: those of the workspace. */
HASHVEIL_MUST_USE hashveil_status hv_import_hash(struct hv_import *import, const hashveil_pdq *hash,
                                                 unsigned quality);
/* Notes what cannot be imported: line 0 for a file. With strict options returns the problem's
 * status, which ends the import. */
HASHVEIL_MUST_USE hashveil_status hv_import_problem(struct hv_import *import, const char *path,
                                                    uint64_t line, hashveil_status problem);
void hv_import_note_not_image(struct hv_import *import);
void hv_import_progress(const struct hv_import *import, uint64_t done);
const hashveil_import_options *hv_import_options(const struct hv_import *import);

/* Hashes all pictures of a folder, in order, on several threads. Errors: those of the import,
 * ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_import_folder(struct hv_import *import, const char *path);

#endif
