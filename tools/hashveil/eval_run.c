/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_run.h"

#include "eval_edits.h"
#include "eval_pixels.h"
#include "eval_setting.h"
#include "output.h"
#include "worker_pool.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <hashveil/fingerprint.h>
#include <hashveil/image.h>
#include <hashveil/scanner.h>

enum { MOST_CRYPTO_COPIES = 1000 };

/* All of one measurement. Starts as {0}. */
struct evaluation {
    const struct eval_options *options; /* of the first setting */
    const struct eval_input *input;
    struct eval_originals originals;
    struct eval_fingerprints copies; /* where they are files */
    struct eval_setting settings[EVAL_MOST_SETTINGS];
    size_t setting_count;
    unsigned workers;
    atomic_int trouble; /* a hashveil_status that ends the measurement */
};

static hashveil_status count_original(const struct evaluation *run, unsigned worker, size_t index)
{
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = 0; i < run->setting_count && status == HASHVEIL_OK; i++) {
        status = eval_count_original(&run->settings[i].counters[worker], index);
    }
    return status;
}

/* made: what came of it; the fingerprint is for OK only. */
static hashveil_status count_copy(const struct evaluation *run, unsigned worker, size_t edit,
                                  hashveil_status made, const hashveil_fingerprint *fingerprint)
{
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = 0; i < run->setting_count && status == HASHVEIL_OK; i++) {
        struct eval_counter *counter = &run->settings[i].counters[worker];
        if (made == HASHVEIL_OK) {
            status = eval_count_copy(counter, edit, fingerprint);
        } else {
            counter->counts.edits[edit].failed++;
        }
    }
    return status;
}

static hashveil_status read_copies(const struct evaluation *run, unsigned worker, size_t index)
{
    const struct eval_original *original = &run->input->originals[index];
    const size_t end = original->first_copy + original->copy_count;
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = original->first_copy; i < end && status == HASHVEIL_OK; i++) {
        status = count_copy(run, worker, run->input->copy_edits[i], run->copies.statuses[i],
                            &run->copies.fingerprints[i]);
    }
    return status;
}

/* What is fingerprinted was made here, and needs no sandbox. */
static hashveil_status make_copy(const struct evaluation *run, const hashveil_image *image,
                                 size_t edit, uint64_t seed, hashveil_fingerprint *out)
{
    hashveil_fingerprint_options options = run->options->decode.fingerprint;
    uint8_t *bytes = NULL;
    size_t len = 0;
    options.sandbox = NULL;
    hashveil_status status = eval_edit_make(image, edit, seed, &bytes, &len);
    if (status == HASHVEIL_OK) {
        status = hashveil_fingerprint_file(bytes, len, &options, out);
    }
    eval_edit_free(bytes);
    return status;
}

static hashveil_status make_copies(const struct evaluation *run, unsigned worker, size_t index)
{
    const char *path = run->input->original_paths[index];
    hashveil_image image = {0};
    const hashveil_status decoded =
        eval_pixels_read(path, &run->options->decode.fingerprint.image, &image);
    hashveil_status status = HASHVEIL_OK;
    if (decoded != HASHVEIL_OK) {
        complain_status(path, decoded);
    }
    for (size_t edit = 0; edit < eval_edit_count() && status == HASHVEIL_OK; edit++) {
        hashveil_fingerprint fingerprint;
        const uint64_t seed = (run->options->seed + edit) ^ run->input->originals[index].path_hash;
        const hashveil_status made =
            decoded == HASHVEIL_OK ? make_copy(run, &image, edit, seed, &fingerprint) : decoded;
        status = count_copy(run, worker, edit, made, &fingerprint);
    }
    hashveil_image_clear(&image);
    return status;
}

static void measure_original(void *context, size_t index, unsigned worker)
{
    struct evaluation *run = context;
    if (run->originals.records[index] == SIZE_MAX || atomic_load(&run->trouble) != HASHVEIL_OK) {
        return;
    }
    hashveil_status status = count_original(run, worker, index);
    if (status == HASHVEIL_OK && run->options->has_list_policy) {
        status = count_copy(run, worker, run->input->unchanged, HASHVEIL_OK,
                            &run->originals.device.fingerprints[index]);
    }
    if (status == HASHVEIL_OK) {
        status = run->input->has_copies ? read_copies(run, worker, index)
                                        : make_copies(run, worker, index);
    }
    if (status != HASHVEIL_OK) {
        atomic_store(&run->trouble, (int)status);
    }
}

static uint64_t count_copies(const struct evaluation *run)
{
    return run->input->has_copies ? run->input->copy_count
                                  : (uint64_t)run->input->count * eval_edit_count();
}

/* Those that are files. Returns false after a message. */
static bool hash_copies(struct evaluation *run)
{
    const struct eval_input *input = run->input;
    const struct eval_paths paths = {input->copy_paths, input->copy_count, "copies"};
    if (!eval_fingerprint_paths(&paths, &run->options->decode.fingerprint, run->options->workers,
                                &run->copies)) {
        return false;
    }
    for (size_t i = 0; i < input->copy_count; i++) {
        if (run->copies.statuses[i] != HASHVEIL_OK) {
            complain_status(input->copy_paths[i], run->copies.statuses[i]);
        }
    }
    return true;
}

static hashveil_status prepare(struct evaluation *run, struct eval_report *reports)
{
    const enum eval_mode mode = run->options->mode;
    const bool is_alone = run->setting_count == 1;
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = 0; i < run->setting_count && status == HASHVEIL_OK; i++) {
        reports[i].is_crypto =
            is_alone && (mode == EVAL_CRYPTO ||
                         (mode == EVAL_BY_SIZE && count_copies(run) <= MOST_CRYPTO_COPIES));
        status = eval_setting_init(&run->originals, is_alone, run->workers, &reports[i],
                                   &run->settings[i]);
    }
    if (status == HASHVEIL_OK && is_alone) {
        status =
            eval_cost_measure(run->settings[0].private_match, &run->options->decode.fingerprint,
                              run->input->original_paths, run->input->count, &reports[0].cost);
    }
    return status;
}

static hashveil_status measure(struct evaluation *run, struct eval_report *reports)
{
    struct progress progress;
    hashveil_status status = prepare(run, reports);
    if (status != HASHVEIL_OK) {
        return status;
    }
    progress_init(&progress, "originals and their copies");
    worker_pool_run(run->input->count, run->workers, measure_original, run, &progress);
    status = (hashveil_status)atomic_load(&run->trouble);
    for (size_t i = 0; i < run->setting_count && status == HASHVEIL_OK; i++) {
        status = eval_setting_collect(&run->settings[i]);
    }
    return status;
}

/* Hashes what is there. Returns false after a message. */
static bool read_files(struct evaluation *run, struct eval_report *report)
{
    if (!eval_originals_read(run->input, run->options, &run->originals, report)) {
        return false;
    }
    if (report->listed == 0) {
        complain(run->options->input_path, "there is no picture here that could be listed");
        return false;
    }
    return hash_copies(run);
}

static void clear(struct evaluation *run)
{
    for (size_t i = 0; i < run->setting_count; i++) {
        eval_setting_clear(&run->settings[i]);
    }
    eval_fingerprints_clear(&run->copies);
    eval_originals_clear(&run->originals);
}

bool eval_run(const struct eval_options *options, size_t count, const struct eval_input *input,
              struct eval_report *out)
{
    struct evaluation run = {.options = options,
                             .input = input,
                             .setting_count = count,
                             .workers = worker_pool_size(options->workers),
                             .trouble = HASHVEIL_OK};
    out[0] = (struct eval_report){.edit_names = input->edit_names,
                                  .edit_count = input->edit_count,
                                  .left_out = input->left_out};
    eval_counts_init(&out[0].counts);
    bool is_done = read_files(&run, &out[0]);
    for (size_t i = 0; i < count; i++) {
        out[i] = out[0]; /* nothing in it is owned yet */
        out[i].options = &options[i];
    }
    if (is_done) {
        const hashveil_status status = measure(&run, out);
        is_done = status == HASHVEIL_OK;
        if (!is_done) {
            complain_status("eval", status);
        }
    }
    clear(&run);
    return is_done;
}

void eval_report_clear(struct eval_report *report)
{
    free(report->counts.edits);
    *report = (struct eval_report){0};
}
