/* SPDX-License-Identifier: Apache-2.0 */
#include "job_queue.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct job_list {
    struct job *first, **end; /* end: where the next one goes */
    size_t count;
};

struct job_queue {
    pthread_t *threads; /* owned; count of them */
    unsigned count;
    size_t room;
    int done_fd;          /* an eventfd(2) */
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t has_work;
    struct job_list waiting, done;
    bool is_stopping;
};

static void append(struct job_list *list, struct job *job)
{
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
    list->count++;
}

static struct job *pop(struct job_list *list)
{
    struct job *job = list->first;
    if (job) {
        list->first = job->next;
        list->end = list->first ? list->end : &list->first;
        list->count--;
    }
    return job;
}

static void tell_done(const struct job_queue *queue)
{
    const uint64_t one = 1;
    /* It fails only where the counter is full, and then the descriptor is readable already. */
    const ssize_t written = write(queue->done_fd, &one, sizeof one);
    (void)written;
}

static void *work(void *argument)
{
    struct job_queue *queue = argument;
    pthread_mutex_lock(&queue->lock);
    for (;;) {
        struct job *job = pop(&queue->waiting);
        if (!job && queue->is_stopping) {
            break;
        }
        if (!job) {
            pthread_cond_wait(&queue->has_work, &queue->lock);
            continue;
        }
        pthread_mutex_unlock(&queue->lock);
        job->run(job);
        pthread_mutex_lock(&queue->lock);
        append(&queue->done, job);
        tell_done(queue);
    }
    pthread_mutex_unlock(&queue->lock);
    return NULL;
}

struct job_queue *job_queue_start(unsigned workers, size_t room)
{
    struct job_queue *queue = calloc(1, sizeof *queue);
    if (!queue) {
        return NULL;
    }
    *queue = (struct job_queue){.room = room,
                                .done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                                .threads = calloc(workers, sizeof *queue->threads),
                                .lock = PTHREAD_MUTEX_INITIALIZER,
                                .has_work = PTHREAD_COND_INITIALIZER};
    queue->waiting.end = &queue->waiting.first;
    queue->done.end = &queue->done.first;
    while (queue->threads && queue->done_fd >= 0 && queue->count < workers &&
           pthread_create(&queue->threads[queue->count], NULL, work, queue) == 0) {
        queue->count++;
    }
    if (queue->count == 0) {
        job_queue_stop(queue);
        return NULL;
    }
    return queue;
}

bool job_queue_put(struct job_queue *queue, struct job *job)
{
    pthread_mutex_lock(&queue->lock);
    const bool has_room = queue->waiting.count < queue->room;
    if (has_room) {
        append(&queue->waiting, job);
        pthread_cond_signal(&queue->has_work);
    }
    pthread_mutex_unlock(&queue->lock);
    return has_room;
}

int job_queue_fd(const struct job_queue *queue)
{
    return queue->done_fd;
}

struct job *job_queue_take(struct job_queue *queue)
{
    uint64_t count;
    pthread_mutex_lock(&queue->lock);
    struct job *job = pop(&queue->done);
    if (!job) {
        /* Nothing is done: the descriptor may rest until something is. */
        const ssize_t taken = read(queue->done_fd, &count, sizeof count);
        (void)taken;
    }
    pthread_mutex_unlock(&queue->lock);
    return job;
}

size_t job_queue_length(struct job_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    const size_t count = queue->waiting.count;
    pthread_mutex_unlock(&queue->lock);
    return count;
}

void job_queue_stop(struct job_queue *queue)
{
    if (!queue) {
        return;
    }
    pthread_mutex_lock(&queue->lock);
    queue->is_stopping = true;
    pthread_cond_broadcast(&queue->has_work);
    pthread_mutex_unlock(&queue->lock);
    for (unsigned i = 0; i < queue->count; i++) {
        pthread_join(queue->threads[i], NULL);
    }
    if (queue->done_fd >= 0) {
        close(queue->done_fd);
    }
    free(queue->threads);
    free(queue);
}
