/* SPDX-License-Identifier: Apache-2.0 */
/* Pauses between tries: random ones below a bound that doubles, so that those who failed together
 * do not come back together (full jitter; Brooker, "Exponential Backoff And Jitter", 2015). */
#ifndef HV_BASE_BACKOFF_H
#define HV_BASE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include <hashveil/cancel.h>

struct hv_backoff {
    uint64_t end_ms;   /* of the clock that no one sets */
    uint32_t bound_ms; /* of the next pause */
};

/* For tries until so long after now. */
struct hv_backoff hv_backoff_of(uint32_t most_ms);

/* Pauses. Returns false, at once, when the time is over, and when it is cancelled. is_cancelled: or
 * NULL. */
bool hv_backoff_wait(struct hv_backoff *backoff, const hashveil_atomic_bool *is_cancelled);

#endif
