/* SPDX-License-Identifier: Apache-2.0 */
#include "report_intake.h"

#include "report_opening.h"

#include <pthread.h>
#include <stdlib.h>

/* An envelope that a thread waits for. */
struct arrival {
    const hashveil_envelope *envelope;
    struct arrival *next;
    hashveil_status status;
    bool is_done;
};

struct report_intake {
    struct report_opening opening;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t has_ended;
    struct arrival *first, **end; /* that wait for the next commit; end: where the next one goes */
    bool is_committing;           /* one of the threads does, for all that had come by then */
};

struct report_intake *report_intake_start(struct report_store *store, report_judge_fn *judge,
                                          void *context)
{
    struct report_intake *intake = calloc(1, sizeof *intake);
    if (!intake) {
        return NULL;
    }
    *intake = (struct report_intake){.lock = PTHREAD_MUTEX_INITIALIZER,
                                     .has_ended = PTHREAD_COND_INITIALIZER};
    intake->end = &intake->first;
    if (report_opening_init(store, judge, context, &intake->opening) != HASHVEIL_OK) {
        report_intake_stop(intake);
        return NULL;
    }
    return intake;
}

void report_intake_stop(struct report_intake *intake)
{
    if (intake) {
        report_opening_clear(&intake->opening);
        free(intake);
    }
}

/* One transaction for all: it fails for all or for none. */
static void commit(struct report_intake *intake, struct arrival *arrivals)
{
    hashveil_status status = report_opening_begin(&intake->opening);
    for (struct arrival *one = arrivals; one && status == HASHVEIL_OK; one = one->next) {
        status = report_opening_take(&intake->opening, one->envelope);
    }
    status = report_opening_end(&intake->opening, status);
    for (struct arrival *one = arrivals; one; one = one->next) {
        one->status = status;
    }
}

/* Called with the lock, which is free while the disk is at work. */
static void commit_waiting(struct report_intake *intake)
{
    struct arrival *arrivals = intake->first;
    intake->first = NULL;
    intake->end = &intake->first;
    intake->is_committing = true;
    pthread_mutex_unlock(&intake->lock);
    commit(intake, arrivals);
    pthread_mutex_lock(&intake->lock);
    while (arrivals) {
        struct arrival *one = arrivals;
        arrivals = one->next;
        one->is_done = true; /* its thread goes on, and one is no more */
    }
    intake->is_committing = false;
    pthread_cond_broadcast(&intake->has_ended);
}

hashveil_status report_intake_take(struct report_intake *intake, const hashveil_envelope *envelope)
{
    struct arrival own = {.envelope = envelope};
    pthread_mutex_lock(&intake->lock);
    *intake->end = &own;
    intake->end = &own.next;
    while (!own.is_done) {
        if (intake->is_committing) {
            pthread_cond_wait(&intake->has_ended, &intake->lock);
        } else {
            commit_waiting(intake);
        }
    }
    pthread_mutex_unlock(&intake->lock);
    return own.status;
}
