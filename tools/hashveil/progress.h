/* SPDX-License-Identifier: Apache-2.0 */
/* One line on stderr that says how far the work is, rewritten in place, on a terminal only. */
#ifndef HASHVEIL_TOOLS_PROGRESS_H
#define HASHVEIL_TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Starts as {0}, which shows nothing. */
struct progress {
    const char *unit; /* "files" */
    bool is_shown;    /* stderr is a terminal that can rewrite a line */
    bool is_on_screen;
    double printed_s;
    /* Two moments that the rate is measured from, the older one; so that what was done long ago, or
     * before it was ended and went on, does not count. */
    struct progress_mark {
        double time_s;
        uint64_t done;
    } older, newer;
};

void progress_init(struct progress *progress, const char *unit);

/* Shows done of total, with rate and remaining time; total 0 when not known. Has the shape of
 * hashveil_progress_fn; context is the struct progress. */
void progress_show(void *context, uint64_t done, uint64_t total);

/* Takes the line off the screen, before anything else is printed and at the end. */
void progress_clear(struct progress *progress);

#endif
