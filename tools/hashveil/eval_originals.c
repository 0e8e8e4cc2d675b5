/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_originals.h"

#include "output.h"

#include <stdlib.h>
#include <string.h>

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

/* What the list has of an original. */
static const hashveil_fingerprint *listed_of(const struct eval_originals *originals, size_t index)
{
    return originals->listed.fingerprints ? &originals->listed.fingerprints[index]
                                          : &originals->device.fingerprints[index];
}

static hashveil_status status_of(const struct eval_originals *originals, size_t index)
{
    const hashveil_status status = originals->device.statuses[index];
    return status == HASHVEIL_OK && originals->listed.statuses ? originals->listed.statuses[index]
                                                               : status;
}

/* Counts each original by what became of it, and puts the good ones into sorted. */
static size_t sort_out(const struct eval_input *input, const struct eval_originals *originals,
                       struct numbered *sorted, struct eval_report *report)
{
    size_t count = 0;
    for (size_t i = 0; i < input->count; i++) {
        const hashveil_status status = status_of(originals, i);
        const hashveil_fingerprint *listed = listed_of(originals, i);
        const bool is_none = status == HASHVEIL_ERR_UNSUPPORTED || status == HASHVEIL_ERR_EMPTY;
        originals->records[i] = SIZE_MAX;
        if (is_none && !input->has_copies) {
            report->not_pictures++;
            continue;
        }
        report->pictures++;
        if (status != HASHVEIL_OK) {
            report->unreadable++;
            complain_status(input->original_paths[i], status);
        } else if (originals->is_small && originals->is_small[i]) {
            report->small++;
        } else if (listed->quality < HASHVEIL_PDQ_MIN_QUALITY ||
                   originals->device.fingerprints[i].quality < HASHVEIL_PDQ_MIN_QUALITY) {
            report->low_quality++;
        } else {
            sorted[count++] = (struct numbered){listed->hash, i};
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
                note_alike(report, (struct eval_alike){input->original_paths[listed[i].original],
                                                       input->original_paths[listed[k].original],
                                                       distance});
            }
        }
    }
}

/* Which originals the policies treat alike: those that pass a limit of that many pixels a side,
 * which is checked before anything is decoded. Returns false after a message. */
static bool find_small(const struct eval_paths *paths, const struct eval_options *options,
                       struct eval_originals *out)
{
    hashveil_fingerprint_options limited = options->decode.fingerprint;
    struct eval_fingerprints got;
    limited.image.limits.max_side_px = EVAL_SMALL_SIDE_PX;
    out->is_small = calloc(paths->count + 1, sizeof *out->is_small);
    if (!out->is_small) {
        complain_status("eval", HASHVEIL_ERR_NO_MEMORY);
        return false;
    }
    if (!eval_fingerprint_paths(paths, &limited, options->workers, &got)) {
        return false;
    }
    for (size_t i = 0; i < paths->count; i++) {
        out->is_small[i] = got.statuses[i] == HASHVEIL_OK;
    }
    eval_fingerprints_clear(&got);
    return true;
}

/* As the device and the list hash them. Returns false after a message. */
static bool hash(const struct eval_input *input, const struct eval_options *options,
                 struct eval_originals *out)
{
    const struct eval_paths paths = {input->original_paths, input->count, "originals"};
    hashveil_fingerprint_options of_list = options->decode.fingerprint;
    of_list.policy = options->list_policy;
    return eval_fingerprint_paths(&paths, &options->decode.fingerprint, options->workers,
                                  &out->device) &&
           (!options->has_list_policy ||
            (eval_fingerprint_paths(&paths, &of_list, options->workers, &out->listed) &&
             find_small(&paths, options, out)));
}

bool eval_originals_read(const struct eval_input *input, const struct eval_options *options,
                         struct eval_originals *out, struct eval_report *report)
{
    struct numbered *sorted = calloc(input->count + 1, sizeof *sorted);
    out->records = calloc(input->count + 1, sizeof *out->records);
    out->hashes = calloc(input->count + 1, sizeof *out->hashes);
    if (!sorted || !out->records || !out->hashes) {
        complain_status("eval", HASHVEIL_ERR_NO_MEMORY);
        free(sorted);
        return false;
    }
    const bool is_read = hash(input, options, out);
    if (is_read) {
        list(sorted, sort_out(input, out, sorted, report), out, report);
        find_alike(input, sorted, out->count, report);
    }
    free(sorted);
    return is_read;
}

void eval_originals_clear(struct eval_originals *originals)
{
    eval_fingerprints_clear(&originals->device);
    eval_fingerprints_clear(&originals->listed);
    free(originals->is_small);
    free(originals->records);
    free(originals->hashes);
    *originals = (struct eval_originals){0};
}
