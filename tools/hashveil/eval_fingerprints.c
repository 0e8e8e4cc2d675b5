/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_fingerprints.h"

#include "output.h"
#include "progress.h"

#include <stdlib.h>
#include <string.h>

#include <hashveil/hash_files.h>

struct job {
    const struct eval_paths *paths;
    struct eval_fingerprints *out;
    struct progress progress;
    size_t asked; /* paths that were handed out */
    size_t told;  /* paths whose outcome has come */
};

static const char *next_path(void *context)
{
    struct job *job = context;
    return job->asked < job->paths->count ? job->paths->list[job->asked++] : NULL;
}

/* Files are told in the order of the paths, but of a folder only what is in it. */
static void on_file(void *context, const hashveil_hashed_file *file)
{
    struct job *job = context;
    if (!file->is_named) {
        return;
    }
    while (job->told < job->asked && strcmp(job->paths->list[job->told], file->path) != 0) {
        job->told++;
    }
    if (job->told < job->asked) {
        job->out->statuses[job->told] = file->status;
        job->out->fingerprints[job->told++] = file->forms[0];
        progress_show(&job->progress, job->told, job->paths->count);
    }
}

static hashveil_status hash(struct job *job, const hashveil_fingerprint_options *options,
                            unsigned workers)
{
    const size_t count = job->paths->count;
    const hashveil_hash_files_options hash_options = {.fingerprint = *options,
                                                      .workers = workers,
                                                      .next_path = next_path,
                                                      .on_file = on_file,
                                                      .context = job};
    bool is_complete;
    job->out->fingerprints = calloc(count + 1, sizeof *job->out->fingerprints);
    job->out->statuses = calloc(count + 1, sizeof *job->out->statuses);
    if (!job->out->fingerprints || !job->out->statuses) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        job->out->statuses[i] = HASHVEIL_ERR_NOT_A_FILE;
    }
    progress_init(&job->progress, job->paths->unit);
    const hashveil_status status = hashveil_hash_files(&hash_options, &is_complete);
    progress_clear(&job->progress);
    return status;
}

bool eval_fingerprint_paths(const struct eval_paths *paths,
                            const hashveil_fingerprint_options *options, unsigned workers,
                            struct eval_fingerprints *out)
{
    struct job job = {.paths = paths, .out = out};
    *out = (struct eval_fingerprints){0};
    const hashveil_status status = hash(&job, options, workers);
    if (status != HASHVEIL_OK) {
        complain_status("eval", status);
        eval_fingerprints_clear(out);
    }
    return status == HASHVEIL_OK;
}

void eval_fingerprints_clear(struct eval_fingerprints *fingerprints)
{
    free(fingerprints->fingerprints);
    free(fingerprints->statuses);
    *fingerprints = (struct eval_fingerprints){0};
}
