/* SPDX-License-Identifier: Apache-2.0 */
/* A file's fingerprint by a decoder process, beside the same call in this process, one at a time
 * and with all processors busy; and what starting such a process costs: bench_sandbox DECODER. */
#include <hashveil/fingerprint.h>

#include "base/threads.h"
#include "picture.h"
#include "stopwatch.h"

#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 101, ROUNDS = 15, FILES_A_ROUND = 64, STARTS = 21 };

struct file {
    uint8_t *bytes;
    size_t len;
};

static const struct {
    const char *what;
    uint32_t width_px, height_px;
} cases[] = {
    {"JPEG, 0.1 MP", 400, 300},
    {"JPEG, 1 MP", 1200, 900},
    {"JPEG, 12 MP", 4000, 3000},
};

static struct file encode(uint32_t width_px, uint32_t height_px)
{
    const struct picture_jpeg jpeg = {.quality = 85};
    hashveil_image picture;
    struct file file;
    picture_draw(&picture, width_px, height_px, 3, 1);
    picture_to_jpeg(&picture, &jpeg, &file.bytes, &file.len);
    hashveil_image_clear(&picture);
    return file;
}

static hashveil_status time_one(const struct file *file, hashveil_sandbox *sandbox,
                                double *taken_ms_out)
{
    hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    hashveil_fingerprint fingerprint;
    options.sandbox = sandbox;
    const double start_ms = now_ms();
    const hashveil_status status =
        hashveil_fingerprint_file(file->bytes, file->len, &options, &fingerprint);
    *taken_ms_out = now_ms() - start_ms;
    return status;
}

static void print_row(const char *what, double *here_ms, double *sandbox_ms, size_t count)
{
    const double here = median(here_ms, count);
    const double sandbox = median(sandbox_ms, count);
    printf("%-24s in this process %8.3f ms, in the sandbox %8.3f ms, ratio %.3f\n", what, here,
           sandbox, sandbox / here);
}

/* Takes turns, so that a change of clock speed meets both. */
static hashveil_status run_case(size_t number, hashveil_sandbox *sandbox)
{
    static double sandbox_ms[RUNS], here_ms[RUNS];
    const struct file file = encode(cases[number].width_px, cases[number].height_px);
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = 0; i < RUNS && status == HASHVEIL_OK; i++) {
        status = time_one(&file, NULL, &here_ms[i]);
        if (status == HASHVEIL_OK) {
            status = time_one(&file, sandbox, &sandbox_ms[i]);
        }
    }
    free(file.bytes);
    print_row(cases[number].what, here_ms, sandbox_ms, RUNS);
    return status;
}

struct round {
    const struct file *file;
    hashveil_sandbox *sandbox;
};

static hashveil_status run_job(void *context, size_t index, unsigned worker)
{
    const struct round *round = context;
    double taken_ms;
    (void)index;
    (void)worker;
    return time_one(round->file, round->sandbox, &taken_ms);
}

static hashveil_status run_round(struct round *round, double *taken_ms_out)
{
    const double start_ms = now_ms();
    const hashveil_status status = hv_parallel(FILES_A_ROUND, hv_processor_count(), run_job, round);
    *taken_ms_out = now_ms() - start_ms;
    return status;
}

static hashveil_status run_rounds(hashveil_sandbox *sandbox)
{
    static double sandbox_ms[ROUNDS], here_ms[ROUNDS];
    char what[48];
    const struct file file = encode(1200, 900);
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = 0; i < ROUNDS && status == HASHVEIL_OK; i++) {
        status = run_round(&(struct round){&file, NULL}, &here_ms[i]);
        if (status == HASHVEIL_OK) {
            status = run_round(&(struct round){&file, sandbox}, &sandbox_ms[i]);
        }
    }
    free(file.bytes);
    snprintf(what, sizeof what, "%d of 1 MP, %u threads", FILES_A_ROUND, hv_processor_count());
    print_row(what, here_ms, sandbox_ms, ROUNDS);
    return status;
}

static hashveil_status run_starts(const hashveil_sandbox_options *options)
{
    static double taken_ms[STARTS];
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = 0; i < STARTS && status == HASHVEIL_OK; i++) {
        hashveil_sandbox *sandbox;
        const double start_ms = now_ms();
        status = hashveil_sandbox_open(options, &sandbox);
        taken_ms[i] = now_ms() - start_ms;
        hashveil_sandbox_close(sandbox);
    }
    printf("starting a process %.2f ms\n", median(taken_ms, STARTS));
    return status;
}

int main(int count, char **arguments)
{
    const hashveil_sandbox_options options = {.decoder_path = count > 1 ? arguments[1] : NULL};
    hashveil_sandbox *sandbox;
    hashveil_status status = hashveil_sandbox_open(&options, &sandbox);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0] && status == HASHVEIL_OK; i++) {
        status = run_case(i, sandbox);
    }
    if (status == HASHVEIL_OK) {
        status = run_rounds(sandbox);
    }
    hashveil_sandbox_close(sandbox);
    if (status == HASHVEIL_OK) {
        status = run_starts(&options);
    }
    if (status != HASHVEIL_OK) {
        fprintf(stderr, "bench_sandbox: %s\n", hashveil_status_text(status));
    }
    return status == HASHVEIL_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
