/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/serve.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hashveil/hashveil.h>

#include "sandbox/channel.h"

enum {
    /* Memory that is freed below this stays with the process, ready for the next file; the C
     * library takes no more. */
    KEPT_BYTES = 32 << 20
};

struct service {
    const uint8_t *file;
    size_t file_room;
    struct hv_channel_results *results;
};

static bool receive(void *out, size_t len)
{
    return read(HV_CHANNEL_SOCKET, out, len) == (ssize_t)len;
}

static bool answer(const void *message, size_t len)
{
    return write(HV_CHANNEL_SOCKET, message, len) == (ssize_t)len;
}

static bool map(const struct hv_channel_setup *setup, struct service *out)
{
    void *file = mmap(NULL, setup->max_file_bytes, PROT_READ, MAP_SHARED, HV_CHANNEL_FILE, 0);
    void *results =
        mmap(NULL, sizeof *out->results, PROT_READ | PROT_WRITE, MAP_SHARED, HV_CHANNEL_RESULTS, 0);
    close(HV_CHANNEL_FILE);
    close(HV_CHANNEL_RESULTS);
    *out = (struct service){.file = file, .file_room = setup->max_file_bytes, .results = results};
    return file != MAP_FAILED && results != MAP_FAILED;
}

/* The kernel kills this process when the other side's end of the pipe is closed, whatever runs here
 * then; a signal at the death of the parent would come when a thread of it ends. */
static bool tie_to_parent(void)
{
    return fcntl(HV_CHANNEL_LIFE, F_SETOWN, getpid()) == 0 &&
           fcntl(HV_CHANNEL_LIFE, F_SETSIG, SIGKILL) == 0 &&
           fcntl(HV_CHANNEL_LIFE, F_SETFL, O_ASYNC) == 0;
}

/* A picture's rows come from one heap, which keeps its pages from one file to the next. */
static void prepare_heap(void)
{
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
}

static hashveil_fingerprint_options options_of(const struct hv_channel_request *request)
{
    return (hashveil_fingerprint_options){
        .image = {.limits = {.max_file_bytes = request->max_file_bytes,
                             .max_pixels = request->max_pixels,
                             .max_side_px = request->max_side_px,
                             .max_scans = request->max_scans},
                  .applies_orientation = request->applies_orientation != 0},
        .policy = (hashveil_pdq_policy)request->policy,
        .is_exact_decode = request->is_exact_decode != 0,
    };
}

static bool serve_one(const struct service *service, hv_decode_fn *decode)
{
    struct hv_channel_request request;
    struct hv_channel_answer result;
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL];
    if (!receive(&request, sizeof request) || request.len > service->file_room ||
        request.forms > HASHVEIL_PDQ_DIHEDRAL) {
        return false;
    }
    const hashveil_fingerprint_options options = options_of(&request);
    result.status = (int32_t)decode(service->file, request.len, &options, request.forms, forms);
    if (result.status == HASHVEIL_OK) {
        memcpy(service->results->forms, forms, request.forms * sizeof forms[0]);
    }
    return answer(&result, sizeof result);
}

/* The file's bytes are mapped here too. */
static uint64_t address_space(const struct hv_channel_setup *setup)
{
    uint64_t bytes;
    return __builtin_add_overflow(setup->max_memory_bytes, setup->max_file_bytes, &bytes)
               ? UINT64_MAX
               : bytes;
}

int hv_serve(hv_lock_fn *lock, hv_decode_fn *decode)
{
    struct hv_channel_setup setup;
    struct service service;
    struct hv_channel_ready ready = {.version = HASHVEIL_VERSION_TEXT,
                                     .request_bytes = sizeof(struct hv_channel_request)};
    if (!tie_to_parent() || !receive(&setup, sizeof setup) || !map(&setup, &service)) {
        return 1;
    }
    prepare_heap();
    ready.status = (int32_t)lock(HV_CHANNEL_SOCKET, address_space(&setup));
    if (!answer(&ready, sizeof ready) || ready.status != HASHVEIL_OK) {
        return 1;
    }
    while (serve_one(&service, decode)) {
    }
    return 0;
}
