/* SPDX-License-Identifier: Apache-2.0 */
/* From the spool to the reporter: at least once, and again after a pause. */
#include "report/spool.h"

#include "base/backoff.h"

enum { MAX_ANSWER_BYTES = 256 }; /* an acknowledgement says nothing more than its number */

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

hashveil_status hashveil_spool_deliver(hashveil_spool *spool, hashveil_connection *reporter,
                                       const hashveil_patience *patience, uint64_t *delivered_out)
{
    const hashveil_patience none = {.most_ms = 0};
    hashveil_status refusal;
    *delivered_out = 0;
    patience = patience ? patience : &none;
    hashveil_status status = deliver_all(spool, reporter, &refusal, delivered_out);
    struct hv_backoff backoff = hv_backoff_of(patience->most_ms);
    while (may_pass(status) && hv_backoff_wait(&backoff, patience->is_cancelled)) {
        status = deliver_all(spool, reporter, &refusal, delivered_out);
    }
    return refusal == HASHVEIL_OK ? status : refusal;
}
