/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that do a server's work behind a queue of bounded length, while one other thread talks to
 * clients. All functions but the jobs' own are for that one thread. */
#ifndef HASHVEIL_TOOLS_JOB_QUEUE_H
#define HASHVEIL_TOOLS_JOB_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

/* The first member of whatever is to be done; the caller's until it is put, and after it is taken.
 */
struct job {
    void (*run)(struct job *self); /* on one of the threads */
    struct job *next;              /* the queue's */
};

struct job_queue;

/* room: how many jobs may wait. Returns NULL without memory or threads. */
struct job_queue *job_queue_start(unsigned workers, size_t room);

/* Returns false when the queue is full; the job is the caller's then. */
bool job_queue_put(struct job_queue *queue, struct job *job);

/* A descriptor that becomes readable when a job is done. */
int job_queue_fd(const struct job_queue *queue);

/* Returns a job that is done, or NULL when there is none. */
struct job *job_queue_take(struct job_queue *queue);

/* Jobs that wait for a thread. */
size_t job_queue_length(struct job_queue *queue);

/* Finishes what has been put; jobs that were not taken are the caller's still. Accepts NULL. */
void job_queue_stop(struct job_queue *queue);

#endif
