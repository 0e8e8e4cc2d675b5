/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of pictures to hashes. */
#include "hashdb/workspace/workspace.h"

#include <hashveil/hash_files.h>

/* One folder on its way. */
struct folder {
    struct hv_import *import;
    const char *path; /* NULL once it is given */
    uint64_t done;    /* files */
    hashveil_status status;
    hashveil_atomic_bool is_over; /* the import has failed */
};

static const char *next_path(void *context)
{
    struct folder *folder = context;
    const char *path = folder->path;
    folder->path = NULL;
    return path;
}

static hashveil_status take(struct hv_import *import, const hashveil_hashed_file *file)
{
    if (file->status == HASHVEIL_OK) {
        return hv_import_hash(import, &file->forms[0].hash, file->forms[0].quality);
    }
    if (file->status == HASHVEIL_ERR_UNSUPPORTED || file->status == HASHVEIL_ERR_EMPTY) {
        hv_import_note_not_image(import);
        return HASHVEIL_OK;
    }
    return hv_import_problem(import, file->path, 0, file->status);
}

static void on_file(void *context, const hashveil_hashed_file *file)
{
    struct folder *folder = context;
    if (folder->status != HASHVEIL_OK) {
        return;
    }
    folder->status = take(folder->import, file);
    if (folder->status != HASHVEIL_OK) {
        atomic_store(&folder->is_over, true);
    }
    hv_import_progress(folder->import, ++folder->done);
}

hashveil_status hv_import_folder(struct hv_import *import, const char *path)
{
    struct folder folder = {.import = import, .path = path};
    const hashveil_import_options *given = hv_import_options(import);
    const hashveil_fingerprint_options defaults = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    const hashveil_hash_files_options options = {
        .fingerprint = given->fingerprint ? *given->fingerprint : defaults,
        .workers = given->workers,
        .next_path = next_path,
        .on_file = on_file,
        .context = &folder,
        .is_cancelled = &folder.is_over,
    };
    bool is_complete;
    const hashveil_status status = hashveil_hash_files(&options, &is_complete);
    return status == HASHVEIL_OK ? folder.status : status;
}
