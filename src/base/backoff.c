/* SPDX-License-Identifier: Apache-2.0 */
#include "base/backoff.h"

#include <sodium.h>
#include <time.h>

enum {
    FIRST_BOUND_MS = 100,
    LAST_BOUND_MS = 30000,
    STEP_MS = 50 /* in which a cancellation is noticed */
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool is_set(const hashveil_atomic_bool *flag)
{
    return flag && *flag;
}

struct hv_backoff hv_backoff_of(uint32_t most_ms)
{
    return (struct hv_backoff){.end_ms = now_ms() + most_ms, .bound_ms = FIRST_BOUND_MS};
}

bool hv_backoff_wait(struct hv_backoff *backoff, const hashveil_atomic_bool *is_cancelled)
{
    uint64_t now = now_ms();
    if (now >= backoff->end_ms || is_set(is_cancelled)) {
        return false;
    }
    uint64_t next_ms = now + randombytes_uniform(backoff->bound_ms);
    next_ms = next_ms < backoff->end_ms ? next_ms : backoff->end_ms;
    for (; now < next_ms && !is_set(is_cancelled); now = now_ms()) {
        const uint64_t left_ms = next_ms - now < STEP_MS ? next_ms - now : STEP_MS;
        const struct timespec step = {.tv_nsec = (long)left_ms * 1000000};
        nanosleep(&step, NULL);
    }
    backoff->bound_ms =
        2 * backoff->bound_ms < LAST_BOUND_MS ? 2 * backoff->bound_ms : LAST_BOUND_MS;
    return true;
}
