/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of pictures to hashes: in batches, so that memory does not grow with the folder. */
#include "hashdb/workspace/workspace.h"

#include <stdlib.h>

#include <hashveil/fingerprint.h>

#include "base/files.h"
#include "base/memory.h"
#include "base/threads.h"
#include "base/walk.h"

enum { BATCH_FILES = 64, START_BYTES = 64 };

/* One file, and what became of it. */
struct picture {
    char *path; /* owned */
    hashveil_status status;
    hashveil_fingerprint fingerprint;
};

struct batch {
    struct picture picture[BATCH_FILES];
    size_t count;
};

/* A file above the limit is a problem only if it is a picture: its first bytes tell. */
static hashveil_status status_of_giant(const char *path,
                                       const hashveil_fingerprint_options *options)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    hashveil_fingerprint unused;
    hashveil_status status = hv_read_file_start(path, START_BYTES, &bytes, &len);
    if (status != HASHVEIL_OK) {
        return status;
    }
    status = hashveil_fingerprint_file(bytes, len, options, &unused);
    free(bytes);
    return status == HASHVEIL_ERR_UNSUPPORTED ? status : HASHVEIL_ERR_LIMIT;
}

static hashveil_status fingerprint_file(const char *path, hashveil_fingerprint *out)
{
    const hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    uint8_t *bytes = NULL;
    size_t len = 0;
    hashveil_status status = hv_read_file(path, options.image.limits.max_file_bytes, &bytes, &len);
    if (status == HASHVEIL_ERR_LIMIT) {
        return status_of_giant(path, &options);
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    status = hashveil_fingerprint_file(bytes, len, &options, out);
    free(bytes);
    return status;
}

static hashveil_status hash_job(void *context, size_t index, unsigned worker)
{
    struct batch *batch = context;
    struct picture *picture = &batch->picture[index];
    (void)worker;
    if (picture->status == HASHVEIL_OK) {
        picture->status = fingerprint_file(picture->path, &picture->fingerprint);
    }
    return HASHVEIL_OK; /* what is wrong with a file is that file's status */
}

static hashveil_status fill(struct hv_walk *walk, struct batch *batch)
{
    hashveil_status status = HASHVEIL_OK;
    for (batch->count = 0; batch->count < BATCH_FILES; batch->count++) {
        struct picture *picture = &batch->picture[batch->count];
        status = hv_walk_next(walk, &picture->path, &picture->status);
        if (status != HASHVEIL_OK || !picture->path) {
            break;
        }
    }
    return status;
}

static hashveil_status take(struct hv_import *import, const struct picture *picture)
{
    if (picture->status == HASHVEIL_OK) {
        return hv_import_hash(import, &picture->fingerprint.hash, picture->fingerprint.quality);
    }
    if (picture->status == HASHVEIL_ERR_UNSUPPORTED || picture->status == HASHVEIL_ERR_EMPTY) {
        hv_import_note_not_image(import);
        return HASHVEIL_OK;
    }
    return hv_import_problem(import, picture->path, 0, picture->status);
}

static hashveil_status import_batches(struct hv_import *import, struct hv_walk *walk,
                                      struct batch *batch)
{
    const unsigned asked = hv_import_options(import)->workers;
    const unsigned workers = asked ? asked : hv_processor_count();
    uint64_t done = 0;
    hashveil_status status;
    do {
        status = fill(walk, batch);
        if (status == HASHVEIL_OK) {
            status = hv_parallel(batch->count, workers, hash_job, batch);
        }
        for (size_t i = 0; i < batch->count; i++) {
            if (status == HASHVEIL_OK) {
                status = take(import, &batch->picture[i]);
            }
            free(batch->picture[i].path);
        }
        done += batch->count;
        hv_import_progress(import, done);
    } while (status == HASHVEIL_OK && batch->count == BATCH_FILES);
    return status;
}

hashveil_status hv_import_folder(struct hv_import *import, const char *path)
{
    struct hv_walk *walk = NULL;
    hashveil_status status = HASHVEIL_ERR_NO_MEMORY;
    struct batch *batch = hv_alloc_array(1, sizeof *batch);
    if (batch) {
        status = hv_walk_open(&path, 1, &walk);
    }
    if (status == HASHVEIL_OK) {
        status = import_batches(import, walk, batch);
    }
    hv_walk_close(walk);
    free(batch);
    return status;
}
