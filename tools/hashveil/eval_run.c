/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_run.h"

#include "eval_counts.h"
#include "eval_edits.h"
#include "eval_pixels.h"
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
    const struct eval_options *options;
    const struct eval_input *input;
    struct eval_report *report;
    struct eval_originals originals;
    struct eval_fingerprints copies; /* where they are files */
    struct eval_private *private_match;
    struct eval_matching matching;
    struct eval_counter *counters; /* one a thread */
    unsigned workers;
    uint8_t mask_seed[HASHVEIL_MASK_SEED_BYTES];
    atomic_int trouble; /* a hashveil_status that ends the measurement */
};

static hashveil_status count_fingerprint(struct eval_counter *counter, size_t edit,
                                         hashveil_status made,
                                         const hashveil_fingerprint *fingerprint)
{
    if (made != HASHVEIL_OK) {
        counter->counts.edits[edit].failed++;
        return HASHVEIL_OK;
    }
    return eval_count_copy(counter, edit, fingerprint);
}

static hashveil_status read_copies(const struct evaluation *run, struct eval_counter *counter,
                                   const struct eval_original *original)
{
    hashveil_status status = HASHVEIL_OK;
    const size_t end = original->first_copy + original->copy_count;
    for (size_t i = original->first_copy; i < end && status == HASHVEIL_OK; i++) {
        status = count_fingerprint(counter, run->input->copy_edits[i], run->copies.statuses[i],
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

static hashveil_status make_copies(const struct evaluation *run, struct eval_counter *counter,
                                   size_t index)
{
    const char *path = run->input->original_paths[index];
    hashveil_image image = {0};
    const hashveil_status decoded =
        eval_pixels_read(path, &run->options->decode.fingerprint.image, &image);
    hashveil_status status = HASHVEIL_OK;
    if (decoded != HASHVEIL_OK) {
        complain_status(path, decoded);
    }
    for (size_t edit = 0; edit < run->input->edit_count && status == HASHVEIL_OK; edit++) {
        hashveil_fingerprint fingerprint;
        const uint64_t seed = (run->options->seed + edit) ^ run->input->originals[index].path_hash;
        const hashveil_status made =
            decoded == HASHVEIL_OK ? make_copy(run, &image, edit, seed, &fingerprint) : decoded;
        status = count_fingerprint(counter, edit, made, &fingerprint);
    }
    hashveil_image_clear(&image);
    return status;
}

static void measure_original(void *context, size_t index, unsigned worker)
{
    struct evaluation *run = context;
    struct eval_counter *counter = &run->counters[worker];
    if (run->originals.records[index] == SIZE_MAX || atomic_load(&run->trouble) != HASHVEIL_OK) {
        return;
    }
    hashveil_status status = eval_count_original(counter, index);
    if (status == HASHVEIL_OK) {
        status = run->input->has_copies ? read_copies(run, counter, &run->input->originals[index])
                                        : make_copies(run, counter, index);
    }
    if (status != HASHVEIL_OK) {
        atomic_store(&run->trouble, (int)status);
    }
}

/* The bytes of a number, over and over. */
static void fill_seed(uint64_t seed, uint8_t out[HASHVEIL_MASK_SEED_BYTES])
{
    for (size_t i = 0; i < HASHVEIL_MASK_SEED_BYTES; i++) {
        out[i] = (uint8_t)(seed >> (8 * (i % sizeof seed)));
    }
}

static hashveil_status make_matchers(struct evaluation *run)
{
    const struct eval_options *options = run->options;
    const struct eval_originals *originals = &run->originals;
    hashveil_status status =
        eval_matcher_create(&options->params, run->mask_seed, originals->hashes, originals->count,
                            &run->matching.matchers[0]);
    for (size_t i = 0; i < EVAL_SMALL_MASKS && status == HASHVEIL_OK; i++) {
        hashveil_mask_params params = options->params;
        params.bits = eval_small_bits[i];
        if (params.bits < options->params.bits) {
            status = eval_matcher_create(&params, run->mask_seed, originals->hashes,
                                         originals->count, &run->matching.matchers[1 + i]);
        }
    }
    return status;
}

static uint64_t count_copies(const struct evaluation *run)
{
    return run->input->has_copies ? run->input->copy_count
                                  : (uint64_t)run->input->count * run->input->edit_count;
}

static hashveil_status prepare(struct evaluation *run)
{
    const enum eval_mode mode = run->options->mode;
    run->report->is_crypto =
        mode == EVAL_CRYPTO || (mode == EVAL_BY_SIZE && count_copies(run) <= MOST_CRYPTO_COPIES);
    fill_seed(run->options->seed, run->mask_seed);
    run->matching = (struct eval_matching){.options = run->options, .originals = &run->originals};
    hashveil_status status = make_matchers(run);
    if (status == HASHVEIL_OK) {
        status = eval_private_create(run->options, run->mask_seed, run->originals.hashes,
                                     run->originals.count, &run->private_match);
    }
    if (run->report->is_crypto) {
        run->matching.private_match = run->private_match;
    }
    run->counters = calloc(run->workers, sizeof *run->counters);
    for (unsigned i = 0; i < run->workers && status == HASHVEIL_OK; i++) {
        if (!run->counters ||
            !eval_counter_init(&run->matching, run->input->edit_count, &run->counters[i])) {
            status = HASHVEIL_ERR_NO_MEMORY;
        }
    }
    return status;
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

static hashveil_status measure(struct evaluation *run)
{
    struct progress progress;
    hashveil_status status = prepare(run);
    if (status == HASHVEIL_OK) {
        status =
            eval_cost_measure(run->private_match, &run->options->decode.fingerprint,
                              run->input->original_paths, run->input->count, &run->report->cost);
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    progress_init(&progress, "originals and their copies");
    worker_pool_run(run->input->count, run->workers, measure_original, run, &progress);
    run->report->counts.edits =
        calloc(run->input->edit_count + 1, sizeof *run->report->counts.edits);
    if (!run->report->counts.edits) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (unsigned i = 0; i < run->workers; i++) {
        eval_counts_add(&run->counters[i].counts, run->input->edit_count, &run->report->counts);
    }
    return (hashveil_status)atomic_load(&run->trouble);
}

static void clear(struct evaluation *run)
{
    for (unsigned i = 0; run->counters && i < run->workers; i++) {
        eval_counter_clear(&run->counters[i]);
    }
    free(run->counters);
    for (size_t i = 0; i < 1 + EVAL_SMALL_MASKS; i++) {
        eval_matcher_destroy(run->matching.matchers[i]);
    }
    eval_private_destroy(run->private_match);
    eval_fingerprints_clear(&run->copies);
    eval_originals_clear(&run->originals);
}

bool eval_run(const struct eval_options *options, const struct eval_input *input,
              struct eval_report *out)
{
    struct evaluation run = {.options = options,
                             .input = input,
                             .report = out,
                             .workers = worker_pool_size(options->workers),
                             .trouble = HASHVEIL_OK};
    *out = (struct eval_report){.options = options,
                                .edit_names = input->edit_names,
                                .edit_count = input->edit_count,
                                .left_out = input->left_out};
    eval_counts_init(&out->counts);
    bool is_done = eval_originals_read(input, options, &run.originals, out);
    if (is_done && out->listed == 0) {
        complain(options->input_path, "there is no picture here that could be listed");
        is_done = false;
    }
    is_done = is_done && hash_copies(&run);
    if (is_done) {
        const hashveil_status status = measure(&run);
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
