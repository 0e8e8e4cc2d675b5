/* SPDX-License-Identifier: Apache-2.0 */
#include "worker_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct pool {
    size_t count;
    worker_pool_fn *run;
    void *context;
    struct progress *progress;
    pthread_mutex_t lock; /* of all below and of progress */
    size_t next, done;
    unsigned workers_started;
};

static void *work(void *argument)
{
    struct pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    const unsigned worker = pool->workers_started++;
    while (pool->next < pool->count) {
        const size_t index = pool->next++;
        pthread_mutex_unlock(&pool->lock);
        pool->run(pool->context, index, worker);
        pthread_mutex_lock(&pool->lock);
        progress_show(pool->progress, ++pool->done, pool->count);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

unsigned worker_pool_size(unsigned wish)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return wish > 0 ? wish : processors > 1 ? (unsigned)processors : 1;
}

void worker_pool_run(size_t count, unsigned workers, worker_pool_fn *run, void *context,
                     struct progress *progress)
{
    struct pool pool = {.count = count,
                        .run = run,
                        .context = context,
                        .progress = progress,
                        .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t *threads = calloc(workers, sizeof *threads);
    unsigned started = 0;
    while (threads && started + 1 < workers &&
           pthread_create(&threads[started], NULL, work, &pool) == 0) {
        started++;
    }
    work(&pool);
    for (unsigned i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    free(threads);
    progress_clear(progress);
}
