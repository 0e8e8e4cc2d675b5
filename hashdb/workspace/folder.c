/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of files to hashes and digests. */
#include "hashdb/workspace/workspace.h"

#include <hashveil/hash_files.h>

#include "hashdb/workspace/hashed_files.h"

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

static bool is_known(void *context, const char *path, hashveil_hashed_file *out)
{
    const struct folder *folder = context;
    return hv_hashed_files_find(hv_import_hashed_files(folder->import), path, out);
}

/* What was made of a file's pixels. Errors: those that end the import. */
static hashveil_status note_picture(struct hv_import *import, const hashveil_hashed_file *file)
{
    const bool takes_digests = hv_import_options(import)->takes_digests;
    if (file->status == HASHVEIL_OK) {
        if (file->forms[0].quality < HASHVEIL_PDQ_MIN_QUALITY) {
            hv_import_note_low_quality(import);
        }
        return HASHVEIL_OK;
    }
    if (file->status == HASHVEIL_ERR_UNSUPPORTED && !file->is_read && takes_digests) {
        return hv_import_problem(import, file->path, 0, HASHVEIL_ERR_LIMIT);
    }
    if (file->status == HASHVEIL_ERR_UNSUPPORTED || file->status == HASHVEIL_ERR_EMPTY) {
        hv_import_note_not_image(import);
        return HASHVEIL_OK;
    }
    return hv_import_problem(import, file->path, 0, file->status);
}

static hashveil_status take(struct hv_import *import, const hashveil_hashed_file *file)
{
    struct hv_import_item item = {.act = HV_IMPORT_NAMES, .member = "", .label = "", .id = ""};
    const hashveil_status status = note_picture(import, file);
    if (status != HASHVEIL_OK) {
        return status;
    }
    if (file->status == HASHVEIL_OK && file->forms[0].quality >= HASHVEIL_PDQ_MIN_QUALITY) {
        item.values[item.count++] = hv_value_of_hash(&file->forms[0].hash);
    }
    /* The digest of nothing would be found wherever there is an empty file. The surest kind first:
     * what it is known by already names the record. */
    if (hv_import_options(import)->takes_digests && file->is_read &&
        file->status != HASHVEIL_ERR_EMPTY) {
        for (unsigned kind = HASHVEIL_DIGEST_KINDS; kind-- > 0;) {
            const hashveil_digest digest =
                hashveil_digests_get(&file->digests, (hashveil_digest_kind)kind);
            item.values[item.count++] = hv_value_of_digest(&digest);
        }
    }
    return item.count > 0 ? hv_import_item(import, &item) : HASHVEIL_OK;
}

static void on_file(void *context, const hashveil_hashed_file *file)
{
    struct folder *folder = context;
    if (folder->status != HASHVEIL_OK) {
        return;
    }
    hv_hashed_files_keep(hv_import_hashed_files(folder->import), file);
    folder->status = take(folder->import, file);
    if (folder->status != HASHVEIL_OK) {
        atomic_store(&folder->is_over, true);
    }
    hv_import_progress(folder->import, ++folder->done);
}

hashveil_status hv_import_folder(struct hv_import *import, sqlite3 *workspace, const char *path)
{
    struct folder folder = {.import = import, .path = path};
    const hashveil_import_options *given = hv_import_options(import);
    const hashveil_fingerprint_options defaults = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    const hashveil_hash_files_options options = {
        .fingerprint = given->fingerprint ? *given->fingerprint : defaults,
        .computes_digests = given->takes_digests,
        .workers = given->workers,
        .next_path = next_path,
        .on_file = on_file,
        .known = is_known,
        .context = &folder,
        .is_cancelled = &folder.is_over,
    };
    hashveil_digests digests;
    bool is_complete;
    if (given->takes_digests && hashveil_digests_of(NULL, 0, &digests) != HASHVEIL_OK) {
        return HASHVEIL_ERR_UNSUPPORTED; /* else every file would look as if it were no picture */
    }
    hashveil_status status =
        hv_hashed_files_open(workspace, &options, hv_import_hashed_files(import));
    if (status == HASHVEIL_OK) {
        status = hashveil_hash_files(&options, &is_complete);
    }
    return status == HASHVEIL_OK ? folder.status : status;
}
