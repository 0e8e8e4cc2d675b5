/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_run.h"

#include "eval_counts.h"
#include "eval_edits.h"
#include "file_bytes.h"
#include "output.h"
#include "worker_pool.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <hashveil/fingerprint.h>
#include <hashveil/image.h>
#include <hashveil/scanner.h>

enum { MOST_CRYPTO_COPIES = 1000, TIMED_PICTURES = 15 };

/* All of one measurement. Starts as {0}. */
struct evaluation {
    const struct eval_options *options;
    const struct eval_input *input;
    struct eval_report *report;
    struct eval_originals originals;
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
    for (size_t i = 0; i < original->copy_count && status == HASHVEIL_OK; i++) {
        const struct eval_copy *copy = &run->input->copies[original->first_copy + i];
        hashveil_fingerprint fingerprint;
        const hashveil_status made = eval_fingerprint_path(copy->path, &fingerprint);
        if (made != HASHVEIL_OK) {
            complain_status(copy->path, made);
        }
        status = count_fingerprint(counter, copy->edit, made, &fingerprint);
    }
    return status;
}

static hashveil_status make_copy(const hashveil_image *image, size_t edit, uint64_t seed,
                                 hashveil_fingerprint *out)
{
    const hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    uint8_t *bytes = NULL;
    size_t len = 0;
    hashveil_status status = eval_edit_make(image, edit, seed, &bytes, &len);
    if (status == HASHVEIL_OK) {
        status = hashveil_fingerprint_file(bytes, len, &options, out);
    }
    eval_edit_free(bytes);
    return status;
}

static hashveil_status decode_path(const char *path, hashveil_image *out)
{
    const hashveil_image_options options = HASHVEIL_IMAGE_OPTIONS_DEFAULT;
    uint8_t *bytes = NULL;
    size_t len = 0;
    hashveil_status status = file_bytes_read(path, options.limits.max_file_bytes, &bytes, &len);
    if (status == HASHVEIL_OK) {
        status = hashveil_image_decode(bytes, len, &options, out);
        free(bytes);
    }
    return status;
}

static hashveil_status make_copies(const struct evaluation *run, struct eval_counter *counter,
                                   const struct eval_original *original)
{
    hashveil_image image = {0};
    const hashveil_status decoded = decode_path(original->path, &image);
    hashveil_status status = HASHVEIL_OK;
    if (decoded != HASHVEIL_OK) {
        complain_status(original->path, decoded);
    }
    for (size_t edit = 0; edit < run->input->edit_count && status == HASHVEIL_OK; edit++) {
        hashveil_fingerprint fingerprint;
        const uint64_t seed = (run->options->seed + edit) ^ original->path_hash;
        const hashveil_status made =
            decoded == HASHVEIL_OK ? make_copy(&image, edit, seed, &fingerprint) : decoded;
        status = count_fingerprint(counter, edit, made, &fingerprint);
    }
    hashveil_image_clear(&image);
    return status;
}

static void measure_original(void *context, size_t index, unsigned worker)
{
    struct evaluation *run = context;
    struct eval_counter *counter = &run->counters[worker];
    const struct eval_original *original = &run->input->originals[index];
    if (run->originals.records[index] == SIZE_MAX || atomic_load(&run->trouble) != HASHVEIL_OK) {
        return;
    }
    hashveil_status status = eval_count_original(counter, index);
    if (status == HASHVEIL_OK) {
        status = run->input->has_copies ? read_copies(run, counter, original)
                                        : make_copies(run, counter, original);
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

/* Some pictures one after another, before there are other threads. */
struct timing {
    double fingerprint_ms[TIMED_PICTURES], begin_ms[TIMED_PICTURES];
    double respond_ms[TIMED_PICTURES], finish_ms[TIMED_PICTURES];
    size_t count, response_bytes;
};

static hashveil_status time_picture(const struct evaluation *run, const char *path,
                                    struct timing *out)
{
    hashveil_fingerprint fingerprint;
    struct eval_hit hit;
    struct eval_times times;
    const double started = eval_now_ms();
    if (eval_fingerprint_path(path, &fingerprint) != HASHVEIL_OK) {
        return HASHVEIL_OK; /* it was told when the originals were read */
    }
    out->fingerprint_ms[out->count] = eval_now_ms() - started;
    const hashveil_status status =
        eval_private_match(run->private_match, &fingerprint, &hit, &times);
    if (status == HASHVEIL_OK) {
        out->begin_ms[out->count] = times.begin_ms;
        out->respond_ms[out->count] = times.respond_ms;
        out->finish_ms[out->count++] = times.finish_ms;
        out->response_bytes = times.response_bytes;
    }
    return status;
}

static hashveil_status time_pictures(struct evaluation *run)
{
    struct timing timing = {0};
    const size_t step = run->input->count / TIMED_PICTURES + 1;
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = 0; i < run->input->count && status == HASHVEIL_OK; i += step) {
        status = time_picture(run, run->input->originals[i].path, &timing);
    }
    if (status == HASHVEIL_OK && timing.count > 0) {
        run->report->cost =
            (struct eval_cost){.fingerprint_ms = eval_median(timing.fingerprint_ms, timing.count),
                               .begin_ms = eval_median(timing.begin_ms, timing.count),
                               .respond_ms = eval_median(timing.respond_ms, timing.count),
                               .finish_ms = eval_median(timing.finish_ms, timing.count),
                               .pictures = timing.count,
                               .probes = HASHVEIL_PROBES,
                               .request_bytes = HASHVEIL_REQUEST_BYTES,
                               .response_bytes = timing.response_bytes};
    }
    return status;
}

static hashveil_status measure(struct evaluation *run)
{
    struct progress progress;
    hashveil_status status = prepare(run);
    if (status == HASHVEIL_OK) {
        status = time_pictures(run);
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
    bool is_done = eval_originals_read(input, run.workers, &run.originals, out);
    if (is_done && out->listed == 0) {
        complain(options->input_path, "there is no picture here that could be listed");
        is_done = false;
    }
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
