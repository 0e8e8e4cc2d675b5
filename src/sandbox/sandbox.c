/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/sandbox.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/threads.h"
#include "sandbox/environment.h"
#include "sandbox/process.h"

enum { DEFAULT_TIME_LIMIT_MS = 30000, MAX_PROCESSES = 1024 };

static const uint64_t default_file_bytes = UINT64_C(256) << 20;
/* The largest picture of the default limits, 200 MP in colour and once more turned, with room. */
static const uint64_t default_memory_bytes = UINT64_C(1536) << 20;

#if HV_SANDBOX_IS_SANITIZED
static char address_options[] = "ASAN_OPTIONS=detect_leaks=0:abort_on_error=1";
char *const hv_sandbox_environment[] = {address_options, NULL};
#else
char *const hv_sandbox_environment[] = {NULL};
#endif

struct place {
    struct hv_process process;
    bool is_busy;
};

struct hashveil_sandbox {
    hashveil_sandbox_options options; /* with no zeros */
    char *decoder_path;               /* owned */
    pthread_mutex_t lock;             /* of the places' is_busy */
    pthread_cond_t freed;
    unsigned count;
    struct place places[];
};

static hashveil_sandbox_options complete(const hashveil_sandbox_options *given)
{
    hashveil_sandbox_options options = *given;
    options.decoder_path = given->decoder_path ? given->decoder_path : HV_DECODER_PATH;
    options.processes = given->processes ? given->processes : hv_processor_count();
    options.max_file_bytes = given->max_file_bytes ? given->max_file_bytes : default_file_bytes;
    options.max_memory_bytes =
        given->max_memory_bytes ? given->max_memory_bytes : default_memory_bytes;
    options.time_limit_ms = given->time_limit_ms ? given->time_limit_ms : DEFAULT_TIME_LIMIT_MS;
    if (options.processes > MAX_PROCESSES) {
        options.processes = MAX_PROCESSES;
    }
    return options;
}

hashveil_status hashveil_sandbox_open(const hashveil_sandbox_options *given, hashveil_sandbox **out)
{
    const hashveil_sandbox_options options = complete(given);
    hashveil_sandbox *sandbox =
        calloc(1, sizeof *sandbox + options.processes * sizeof sandbox->places[0]);
    *out = NULL;
    if (!sandbox) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    sandbox->options = options;
    sandbox->count = options.processes;
    sandbox->decoder_path = strdup(options.decoder_path);
    sandbox->options.decoder_path = sandbox->decoder_path;
    pthread_mutex_init(&sandbox->lock, NULL);
    pthread_cond_init(&sandbox->freed, NULL);
    const hashveil_status status =
        sandbox->decoder_path ? hv_process_start(&sandbox->options, &sandbox->places[0].process)
                              : HASHVEIL_ERR_NO_MEMORY;
    if (status != HASHVEIL_OK) {
        hashveil_sandbox_close(sandbox);
        return status;
    }
    *out = sandbox;
    return HASHVEIL_OK;
}

void hashveil_sandbox_close(hashveil_sandbox *sandbox)
{
    if (!sandbox) {
        return;
    }
    for (unsigned i = 0; i < sandbox->count; i++) {
        if (sandbox->places[i].process.pid > 0) {
            hv_process_end(&sandbox->places[i].process);
        }
    }
    pthread_cond_destroy(&sandbox->freed);
    pthread_mutex_destroy(&sandbox->lock);
    free(sandbox->decoder_path);
    free(sandbox);
}

/* Prefers a process that runs already: the first are started first. */
static struct place *free_place(hashveil_sandbox *sandbox)
{
    struct place *found = NULL;
    for (unsigned i = 0; i < sandbox->count; i++) {
        struct place *place = &sandbox->places[i];
        if (!place->is_busy && (!found || (found->process.pid == 0 && place->process.pid > 0))) {
            found = place;
        }
    }
    return found;
}

static struct place *take_place(hashveil_sandbox *sandbox)
{
    struct place *place;
    pthread_mutex_lock(&sandbox->lock);
    while (!(place = free_place(sandbox))) {
        pthread_cond_wait(&sandbox->freed, &sandbox->lock);
    }
    place->is_busy = true;
    pthread_mutex_unlock(&sandbox->lock);
    return place;
}

static void give_back(hashveil_sandbox *sandbox, struct place *place)
{
    pthread_mutex_lock(&sandbox->lock);
    place->is_busy = false;
    pthread_cond_signal(&sandbox->freed);
    pthread_mutex_unlock(&sandbox->lock);
}

static struct hv_channel_request request_of(size_t len, const hashveil_fingerprint_options *options,
                                            uint32_t forms)
{
    const hashveil_image_limits *limits = &options->image.limits;
    return (struct hv_channel_request){
        .len = len,
        .max_file_bytes = limits->max_file_bytes,
        .max_pixels = limits->max_pixels,
        .max_side_px = limits->max_side_px,
        .max_scans = limits->max_scans,
        .applies_orientation = options->image.applies_orientation,
        .is_exact_decode = options->is_exact_decode,
        .policy = (uint32_t)options->policy,
        .forms = forms,
    };
}

hashveil_status hv_sandbox_fingerprint(hashveil_sandbox *sandbox, const uint8_t *bytes, size_t len,
                                       const hashveil_fingerprint_options *options, uint32_t forms,
                                       hashveil_fingerprint *out)
{
    const struct hv_channel_request request = request_of(len, options, forms);
    hashveil_status status = HASHVEIL_OK;
    if (len > sandbox->options.max_file_bytes) {
        return HASHVEIL_ERR_LIMIT;
    }
    struct place *place = take_place(sandbox);
    if (!hv_process_is_alive(&place->process)) {
        status = hv_process_start(&sandbox->options, &place->process);
    }
    if (status == HASHVEIL_OK) {
        status = hv_process_run(&place->process, &sandbox->options, bytes, &request, out);
    }
    give_back(sandbox, place);
    return status;
}
