/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_originals.h"

#include "file_bytes.h"
#include "output.h"
#include "worker_pool.h"

#include <stdlib.h>
#include <string.h>

#include <hashveil/fingerprint.h>

hashveil_status eval_fingerprint_path(const char *path, hashveil_fingerprint *out)
{
    const hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    uint8_t *bytes = NULL;
    size_t len = 0;
    hashveil_status status =
        file_bytes_read(path, options.image.limits.max_file_bytes, &bytes, &len);
    if (status == HASHVEIL_OK) {
        status = hashveil_fingerprint_file(bytes, len, &options, out);
        free(bytes);
    }
    return status;
}

/* What the threads share. */
struct job {
    const struct eval_input *input;
    struct eval_originals *originals;
};

static void hash_original(void *context, size_t index, unsigned worker)
{
    const struct job *job = context;
    (void)worker;
    job->originals->statuses[index] = eval_fingerprint_path(job->input->originals[index].path,
                                                            &job->originals->fingerprints[index]);
}

/* A hash and the original that it is of. */
struct numbered {
    hashveil_pdq hash;
    size_t original;
};

static int compare(const void *a, const void *b)
{
    const struct numbered *x = a;
    const struct numbered *y = b;
    const int order = memcmp(&x->hash, &y->hash, sizeof x->hash);
    return order ? order : (x->original > y->original) - (x->original < y->original);
}

/* Gives every original of sufficient quality a record; those of the same hash share one. Leaves in
 * sorted the first original of each record. */
static void list(struct numbered *sorted, size_t count, struct eval_originals *out,
                 struct eval_report *report)
{
    if (count > 0) {
        qsort(sorted, count, sizeof *sorted, compare);
    }
    for (size_t i = 0; i < count; i++) {
        const struct numbered next = sorted[i]; /* its place may be taken below */
        if (out->count > 0 &&
            memcmp(&next.hash, &out->hashes[out->count - 1], sizeof next.hash) == 0) {
            report->same_hash++;
        } else {
            sorted[out->count] = next;
            out->hashes[out->count++] = next.hash;
        }
        out->records[next.original] = out->count - 1;
    }
    report->listed = out->count;
}

/* Counts each original by what became of it, and puts the good ones into sorted. */
static size_t sort_out(const struct eval_input *input, const struct eval_originals *originals,
                       struct numbered *sorted, struct eval_report *report)
{
    size_t count = 0;
    for (size_t i = 0; i < input->count; i++) {
        const hashveil_status status = originals->statuses[i];
        const hashveil_fingerprint *fingerprint = &originals->fingerprints[i];
        originals->records[i] = SIZE_MAX;
        if (status == HASHVEIL_ERR_UNSUPPORTED && !input->has_copies) {
            report->not_pictures++;
            continue;
        }
        report->pictures++;
        if (status != HASHVEIL_OK) {
            report->unreadable++;
            complain_status(input->originals[i].path, status);
        } else if (fingerprint->quality < HASHVEIL_PDQ_MIN_QUALITY) {
            report->low_quality++;
        } else {
            sorted[count++] = (struct numbered){fingerprint->hash, i};
        }
    }
    return count;
}

/* Keeps the nearest pairs in order. */
static void note_alike(struct eval_report *report, struct eval_alike alike)
{
    size_t place = report->alike_count;
    if (place < EVAL_MOST_ALIKE) {
        report->alike_count++;
    } else if (report->alike[place - 1].distance <= alike.distance) {
        return;
    } else {
        place--;
    }
    for (; place > 0 && report->alike[place - 1].distance > alike.distance; place--) {
        report->alike[place] = report->alike[place - 1];
    }
    report->alike[place] = alike;
}

static void find_alike(const struct eval_input *input, const struct numbered *listed, size_t count,
                       struct eval_report *report)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = i + 1; k < count; k++) {
            const unsigned distance = hashveil_pdq_distance(&listed[i].hash, &listed[k].hash);
            if (distance <= EVAL_ALIKE_BITS) {
                report->near_duplicates += distance <= HASHVEIL_PDQ_MATCH_BITS;
                report->alike_pairs += distance > HASHVEIL_PDQ_MATCH_BITS;
                note_alike(report, (struct eval_alike){input->originals[listed[i].original].path,
                                                       input->originals[listed[k].original].path,
                                                       distance});
            }
        }
    }
}

bool eval_originals_read(const struct eval_input *input, unsigned workers,
                         struct eval_originals *out, struct eval_report *report)
{
    struct job job = {input, out};
    struct progress progress;
    struct numbered *sorted = calloc(input->count + 1, sizeof *sorted);
    out->fingerprints = calloc(input->count + 1, sizeof *out->fingerprints);
    out->statuses = calloc(input->count + 1, sizeof *out->statuses);
    out->records = calloc(input->count + 1, sizeof *out->records);
    out->hashes = calloc(input->count + 1, sizeof *out->hashes);
    if (!sorted || !out->fingerprints || !out->statuses || !out->records || !out->hashes) {
        complain_status("eval", HASHVEIL_ERR_NO_MEMORY);
        free(sorted);
        return false;
    }
    progress_init(&progress, "originals");
    worker_pool_run(input->count, workers, hash_original, &job, &progress);
    list(sorted, sort_out(input, out, sorted, report), out, report);
    find_alike(input, sorted, out->count, report);
    free(sorted);
    return true;
}

void eval_originals_clear(struct eval_originals *originals)
{
    free(originals->fingerprints);
    free(originals->statuses);
    free(originals->records);
    free(originals->hashes);
    *originals = (struct eval_originals){0};
}
