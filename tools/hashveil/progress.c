/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void progress_init(struct progress *progress, const char *unit)
{
    const char *terminal = getenv("TERM");
    *progress = (struct progress){.unit = unit, .older.time_s = now_s()};
    progress->newer = progress->older;
    progress->is_shown = isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

/* Things a second, over the last ten seconds or somewhat more. */
static double rate_of(struct progress *progress, const struct progress_mark *now)
{
    static const double span_s = 10;
    if (now->time_s - progress->newer.time_s > span_s) {
        progress->older = progress->newer;
        progress->newer = *now;
    }
    const double elapsed_s = now->time_s - progress->older.time_s;
    return elapsed_s > 0 ? (double)(now->done - progress->older.done) / elapsed_s : 0;
}

void progress_show(void *context, uint64_t done, uint64_t total)
{
    static const double pause_s = 0.1; /* readable, and cheap however often it is called */
    struct progress *progress = context;
    const double now = progress->is_shown ? now_s() : 0;
    if (!progress->is_shown || now - progress->printed_s < pause_s) {
        return;
    }
    const double rate = rate_of(progress, &(struct progress_mark){now, done});
    progress->printed_s = now;
    progress->is_on_screen = true;
    fprintf(stderr, "\r%" PRIu64, done);
    if (total > 0) {
        fprintf(stderr, " of %" PRIu64, total);
    }
    fprintf(stderr, " %s, %.0f a second", progress->unit, rate);
    if (total > done && rate > 0) {
        const uint64_t left_s = (uint64_t)((double)(total - done) / rate) + 1;
        fprintf(stderr, ", %" PRIu64 ":%02u:%02u left", left_s / 3600, (unsigned)(left_s / 60 % 60),
                (unsigned)(left_s % 60));
    }
    fputs("\033[K", stderr);
}

void progress_clear(struct progress *progress)
{
    if (progress->is_on_screen) {
        fputs("\r\033[K", stderr);
        progress->is_on_screen = false;
    }
}
