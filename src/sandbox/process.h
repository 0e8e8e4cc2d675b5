/* SPDX-License-Identifier: Apache-2.0 */
/* One decoder process, from the side that does not trust it. */
#ifndef HV_SANDBOX_PROCESS_H
#define HV_SANDBOX_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <hashveil/fingerprint.h>
#include <hashveil/sandbox.h>

#include "sandbox/channel.h"

/* Starts as {0}: not running. */
struct hv_process {
    pid_t pid;  /* 0 while none runs */
    int socket; /* owned, likewise the rest, while it runs */
    int life;   /* the child dies when this is closed, as it is when this process dies */
    uint8_t *file;
    size_t file_room;
    const struct hv_channel_results *results;
};

/* options: with no zeros. Errors: as hashveil_sandbox_open; nothing runs then. */
HASHVEIL_MUST_USE hashveil_status hv_process_start(const hashveil_sandbox_options *options,
                                                   struct hv_process *out);

/* Returns false for one that does not run, or has ended behind our back; that one is released. */
HASHVEIL_MUST_USE bool hv_process_is_alive(struct hv_process *process);

/* Has a file decoded by a running process. What goes wrong with the process ends it.
 *
 * out  forms of them, filled on success
 *
 * Errors: as hashveil_fingerprint_file; ERR_CRASHED, ERR_FORBIDDEN, ERR_TOO_SLOW; ERR_LIMIT when
 * it needs more memory than it may have. */
HASHVEIL_MUST_USE hashveil_status hv_process_run(struct hv_process *process,
                                                 const hashveil_sandbox_options *options,
                                                 const uint8_t *bytes,
                                                 const struct hv_channel_request *request,
                                                 hashveil_fingerprint *out);

/* Kills, waits and releases. Accepts one that does not run. */
void hv_process_end(struct hv_process *process);

#endif
