/* SPDX-License-Identifier: Apache-2.0 */
/* From the spool to the reporter: at least once, and again after a pause. */
#include "report/spool.h"

#include <sodium.h>
#include <time.h>

enum {
    MAX_ANSWER_BYTES = 256, /* an acknowledgement says nothing more than its number */
    FIRST_PAUSE_MS = 100,   /* the bound of the first one */
    LONGEST_PAUSE_MS = 30000,
    STEP_MS = 50 /* in which a cancellation is noticed */
};

/* Whether the trouble is with this one report, so that the next may fare better. */
static bool is_refusal(hashveil_status status)
{
    return status == HASHVEIL_ERR_PROTOCOL || status == HASHVEIL_ERR_KEY ||
           status == HASHVEIL_ERR_VERSION || status == HASHVEIL_ERR_REFUSED ||
           status == HASHVEIL_ERR_FORMAT || status == HASHVEIL_ERR_THRESHOLD;
}

/* Whether it may be better in a while. */
static bool may_pass(hashveil_status status)
{
    return status == HASHVEIL_ERR_UNREACHABLE || status == HASHVEIL_ERR_TIMEOUT ||
           status == HASHVEIL_ERR_OVERLOADED;
}

static hashveil_status deliver_one(hashveil_spool *spool, hashveil_connection *reporter,
                                   const struct hv_waiting_report *report, uint64_t *delivered)
{
    uint8_t answer[MAX_ANSWER_BYTES];
    size_t answer_len;
    const hashveil_status status =
        hashveil_connection_exchange(reporter, HASHVEIL_PATH_REPORTS, report->sealed,
                                     sizeof report->sealed, answer, sizeof answer, &answer_len);
    if (status != HASHVEIL_OK) {
        return status;
    }
    (*delivered)++;
    return hv_spool_remove(spool, report);
}

/* Sends all that waits once, until the trouble is not with a report alone: that is returned.
 * refusal_out: why the first one was refused that was. */
static hashveil_status deliver_all(hashveil_spool *spool, hashveil_connection *reporter,
                                   hashveil_status *refusal_out, uint64_t *delivered)
{
    struct hv_waiting_report report = {0};
    hashveil_status status;
    *refusal_out = HASHVEIL_OK;
    for (;;) {
        status = hv_spool_next(spool, &report);
        if (report.sequence == 0) {
            break;
        }
        if (status == HASHVEIL_OK) {
            status = deliver_one(spool, reporter, &report, delivered);
        }
        if (is_refusal(status)) {
            *refusal_out = *refusal_out == HASHVEIL_OK ? status : *refusal_out;
        } else if (status != HASHVEIL_OK) {
            break;
        }
    }
    return status;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool is_cancelled(const hashveil_patience *patience)
{
    return patience->is_cancelled && *patience->is_cancelled;
}

static void pause_until(uint64_t end_ms, const hashveil_patience *patience)
{
    for (uint64_t now = now_ms(); now < end_ms && !is_cancelled(patience); now = now_ms()) {
        const uint64_t left_ms = end_ms - now < STEP_MS ? end_ms - now : STEP_MS;
        const struct timespec step = {.tv_nsec = (long)left_ms * 1000000};
        nanosleep(&step, NULL);
    }
}

hashveil_status hashveil_spool_deliver(hashveil_spool *spool, hashveil_connection *reporter,
                                       const hashveil_patience *patience, uint64_t *delivered_out)
{
    const hashveil_patience none = {.most_ms = 0};
    uint32_t bound_ms = FIRST_PAUSE_MS;
    *delivered_out = 0;
    patience = patience ? patience : &none;
    hashveil_status refusal;
    hashveil_status status = deliver_all(spool, reporter, &refusal, delivered_out);
    const uint64_t end_ms = now_ms() + patience->most_ms;
    while (may_pass(status) && now_ms() < end_ms && !is_cancelled(patience)) {
        const uint64_t next_ms = now_ms() + randombytes_uniform(bound_ms);
        pause_until(next_ms < end_ms ? next_ms : end_ms, patience);
        bound_ms = 2 * bound_ms < LONGEST_PAUSE_MS ? 2 * bound_ms : LONGEST_PAUSE_MS;
        status = deliver_all(spool, reporter, &refusal, delivered_out);
    }
    return refusal == HASHVEIL_OK ? status : refusal;
}
