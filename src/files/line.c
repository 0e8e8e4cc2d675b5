/* SPDX-License-Identifier: Apache-2.0 */
#include "files/line.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/threads.h"

/* A ring of items: number n is in place n % capacity from being taken until it is told. */
struct run {
    const struct hv_line *line;
    struct hv_walk *walk;
    uint8_t *items; /* owned */
    bool *is_done;  /* owned */
    uint64_t capacity;
    pthread_mutex_t walk_lock; /* of the walk, which may wait for its next path for long */
    pthread_mutex_t lock;      /* of all below */
    pthread_cond_t advanced;   /* turn has, or the end has come */
    uint64_t taken, turn;      /* the next to be taken, and to be told */
    bool is_telling;
    bool is_over, is_complete;
    hashveil_status failure; /* of the walk */
};

static void *item_of(const struct run *run, uint64_t number)
{
    return run->items + number % run->capacity * run->line->item_bytes;
}

static void end_walk(struct run *run)
{
    run->is_over = true;
    pthread_cond_broadcast(&run->advanced);
}

/* Under the walk's lock. Returns whether there is room for another file, and one is wanted. */
static bool wait_for_room(struct run *run)
{
    const hashveil_atomic_bool *is_cancelled = run->line->is_cancelled;
    pthread_mutex_lock(&run->lock);
    while (!run->is_over && run->taken - run->turn == run->capacity) {
        pthread_cond_wait(&run->advanced, &run->lock);
    }
    if (!run->is_over && is_cancelled && atomic_load(is_cancelled)) {
        run->is_complete = false;
        end_walk(run);
    }
    const bool has_room = !run->is_over;
    pthread_mutex_unlock(&run->lock);
    return has_room;
}

/* Returns whether there is another file. */
static bool take(struct run *run, uint64_t *number_out)
{
    bool is_one = false;
    pthread_mutex_lock(&run->walk_lock);
    if (wait_for_room(run)) {
        struct hv_walked *item = item_of(run, run->taken);
        memset(item, 0, run->line->item_bytes);
        const hashveil_status status = hv_walk_next(run->walk, item);
        is_one = item->path != NULL;
        pthread_mutex_lock(&run->lock);
        if (is_one) {
            *number_out = run->taken++;
        } else {
            run->failure = status;
            end_walk(run);
        }
        pthread_mutex_unlock(&run->lock);
    }
    pthread_mutex_unlock(&run->walk_lock);
    return is_one;
}

/* Under the lock, which is not held while an item is told. */
static void tell_what_is_due(struct run *run)
{
    if (run->is_telling) {
        return; /* whoever does will find this one */
    }
    run->is_telling = true;
    while (run->is_done[run->turn % run->capacity]) {
        struct hv_walked *item = item_of(run, run->turn);
        pthread_mutex_unlock(&run->lock);
        run->line->tell(run->line->context, item);
        free(item->path);
        pthread_mutex_lock(&run->lock);
        run->is_done[run->turn % run->capacity] = false;
        run->turn++;
        pthread_cond_broadcast(&run->advanced);
    }
    run->is_telling = false;
}

static void work_on_files(struct run *run, void *worker)
{
    const struct hv_line *line = run->line;
    uint64_t number;
    while (take(run, &number)) {
        struct hv_walked *item = item_of(run, number);
        if (item->problem == HASHVEIL_OK) {
            line->work(line->context, worker, item);
        }
        pthread_mutex_lock(&run->lock);
        run->is_done[number % run->capacity] = true;
        tell_what_is_due(run);
        pthread_mutex_unlock(&run->lock);
    }
}

static hashveil_status run_worker(void *context, size_t index, unsigned number)
{
    struct run *run = context;
    const struct hv_line *line = run->line;
    void *worker = NULL;
    (void)index;
    (void)number;
    const hashveil_status status = line->begin ? line->begin(line->context, &worker) : HASHVEIL_OK;
    if (status == HASHVEIL_OK) {
        work_on_files(run, worker);
    }
    if (line->end) {
        line->end(worker);
    }
    return status;
}

hashveil_status hv_line_run(const struct hv_line *line, bool *is_complete_out)
{
    const unsigned workers = line->workers ? line->workers : hv_processor_count();
    struct run run = {.line = line,
                      .capacity = (uint64_t)workers * HV_LINE_FILES_AHEAD,
                      .walk_lock = PTHREAD_MUTEX_INITIALIZER,
                      .lock = PTHREAD_MUTEX_INITIALIZER,
                      .advanced = PTHREAD_COND_INITIALIZER,
                      .is_complete = true};
    hashveil_status status = HASHVEIL_ERR_NO_MEMORY;
    run.items = hv_alloc_array(run.capacity, line->item_bytes);
    run.is_done = hv_alloc_array(run.capacity, sizeof *run.is_done);
    if (run.items && run.is_done) {
        status = hv_walk_open(line->next_path, line->path_context, &run.walk);
    }
    if (status == HASHVEIL_OK) {
        status = hv_parallel(workers, workers, run_worker, &run);
    }
    if (status == HASHVEIL_OK) {
        status = run.failure;
    }
    *is_complete_out = run.is_complete;
    hv_walk_close(run.walk);
    free(run.items);
    free(run.is_done);
    return status;
}
