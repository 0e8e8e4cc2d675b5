/* SPDX-License-Identifier: Apache-2.0 */
#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { MAX_WORKERS = 256 };

unsigned hv_processor_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return 1;
    }
    const int count = CPU_COUNT(&set);
    return count > 0 ? (unsigned)count : 1;
}

struct loop {
    size_t count;
    hv_job_fn *run;
    void *context;
    atomic_size_t next;
    atomic_int failure; /* a hashveil_status; the first one stays */
};

struct worker {
    struct loop *loop;
    unsigned number;
    pthread_t thread;
};

static void *work(void *argument)
{
    const struct worker *worker = argument;
    struct loop *loop = worker->loop;
    while (atomic_load(&loop->failure) == HASHVEIL_OK) {
        const size_t index = atomic_fetch_add(&loop->next, 1);
        if (index >= loop->count) {
            break;
        }
        const hashveil_status status = loop->run(loop->context, index, worker->number);
        int expected = HASHVEIL_OK;
        if (status != HASHVEIL_OK) {
            atomic_compare_exchange_strong(&loop->failure, &expected, (int)status);
        }
    }
    return NULL;
}

hashveil_status hv_parallel(size_t count, unsigned workers, hv_job_fn *run, void *context)
{
    struct loop loop = {.count = count, .run = run, .context = context};
    struct worker worker[MAX_WORKERS];
    unsigned started = 1;

    if (workers > MAX_WORKERS) {
        workers = MAX_WORKERS;
    }
    worker[0] = (struct worker){.loop = &loop};
    for (; started < workers && started < count; started++) {
        worker[started] = (struct worker){.loop = &loop, .number = started};
        if (pthread_create(&worker[started].thread, NULL, work, &worker[started]) != 0) {
            break;
        }
    }
    work(&worker[0]);
    for (unsigned i = 1; i < started; i++) {
        pthread_join(worker[i].thread, NULL);
    }
    return (hashveil_status)atomic_load(&loop.failure);
}
