/* SPDX-License-Identifier: Apache-2.0 */
/* The workspace between its own files: the open handle, and hashes as the tables hold them. */
#ifndef HV_HASHDB_WORKSPACE_WORKSPACE_H
#define HV_HASHDB_WORKSPACE_WORKSPACE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/digest.h>
#include <hashveil/workspace.h>

/* Behind a source's name, of what its list says is known to be good. */
#define HV_ALLOWED_SUFFIX " (allowed)"

struct hashveil_workspace {
    sqlite3 *db; /* owned */
};

enum { HV_HASH_BLOB_BYTES = 32 };

/* What an entry says of its item, as the tables hold it. */
struct hv_value {
    int kind; /* HV_VALUE_PDQ, or 1 and a digest's kind */
    uint8_t bytes[HV_HASH_BLOB_BYTES];
    size_t len;
};

enum {
    HV_VALUE_PDQ = 0,
    HV_VALUE_FIRST_DIGEST = 1,
    HV_ITEM_MAX_VALUES = 1 + HASHVEIL_DIGEST_KINDS
};

/* The 32 bytes of a hash are in the order of its hex digits, so that SQLite sorts hashes as text
 * does. */
struct hv_value hv_value_of_hash(const hashveil_pdq *hash);
struct hv_value hv_value_of_digest(const hashveil_digest *digest);

/* Reads what the tables hold. Returns false where that is no value of its kind. */
bool hv_value_is_valid(int64_t kind, size_t len);
void hv_hash_from_blob(const uint8_t blob[HV_HASH_BLOB_BYTES], hashveil_pdq *out);

/* An import under way; import.c keeps it, folder.c feeds it. */
struct hv_import;

enum hv_import_act { HV_IMPORT_NAMES, HV_IMPORT_WITHDRAWS, HV_IMPORT_ALLOWS };

struct hv_import_item {
    enum hv_import_act act;
    struct hv_value values[HV_ITEM_MAX_VALUES];
    size_t count;
    const char *member; /* "" for none; this and the next two are borrowed for the call */
    const char *label;  /* "" for that of the options */
    const char *id;     /* the source's own name of the item, "" for none */
};

/* Takes what a source says of one item, 0..HV_ITEM_MAX_VALUES values; none where it is withdrawn by
 * its name. Errors: those of the workspace. */
HASHVEIL_MUST_USE hashveil_status hv_import_item(struct hv_import *import,
                                                 const struct hv_import_item *item);
/* Notes what cannot be imported: line 0 for a file. With strict options returns the problem's
 * status, which ends the import. */
HASHVEIL_MUST_USE hashveil_status hv_import_problem(struct hv_import *import, const char *path,
                                                    uint64_t line, hashveil_status problem);
void hv_import_note_low_quality(struct hv_import *import);
void hv_import_note_not_image(struct hv_import *import);
void hv_import_progress(const struct hv_import *import, uint64_t done);
const hashveil_import_options *hv_import_options(const struct hv_import *import);

struct hv_hashed_files *hv_import_hashed_files(struct hv_import *import);

/* Hashes all pictures of a folder, in order, on several threads; goes on where an import that was
 * ended had come to. Errors: those of the import, ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_import_folder(struct hv_import *import, sqlite3 *workspace,
                                                   const char *path);

#endif
