/* SPDX-License-Identifier: Apache-2.0 */
/* Files through several workers, told in the order of the walk. A slow file holds up the telling,
 * but not the other workers, until they are a fixed number of files ahead: memory does not grow
 * with the number of files. */
#ifndef HV_FILES_LINE_H
#define HV_FILES_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include <hashveil/cancel.h>
#include <hashveil/status.h>

#include "base/walk.h"

enum { HV_LINE_FILES_AHEAD = 8 /* of each worker */ };

/* What the caller keeps of a file begins with a struct hv_walked, which the line fills and
 * releases; the rest is zero when work is called. */
struct hv_line {
    unsigned workers; /* 0 for one a processor */
    size_t item_bytes;
    const hashveil_atomic_bool *is_cancelled; /* when it turns true, files begun are finished */
    hv_next_path_fn *next_path;               /* called by one worker at a time, and so is tell */
    void *path_context;
    void *context; /* of the others */

    /* May be NULL; makes what one worker needs for itself. */
    hashveil_status (*begin)(void *context, void **worker_out);
    /* For a file that can be read; by several workers at a time. */
    void (*work)(void *context, void *worker, void *item);
    void (*tell)(void *context, void *item);
    void (*end)(void *worker); /* NULL where begin is */
};

/* Errors: ERR_NO_MEMORY; what begin returns. */
HASHVEIL_MUST_USE hashveil_status hv_line_run(const struct hv_line *line, bool *is_complete_out);

#endif
