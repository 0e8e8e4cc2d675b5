/* SPDX-License-Identifier: Apache-2.0 */
/* What a server counts, as Prometheus reads it (text exposition format 0.0.4). For one thread. */
#ifndef HASHVEIL_TOOLS_SERVER_METRICS_H
#define HASHVEIL_TOOLS_SERVER_METRICS_H

#include <stddef.h>
#include <stdint.h>

enum { SERVER_METRICS_CODES = 32, SERVER_METRICS_BUCKETS = 12, SERVER_METRICS_BYTES = 8192 };

/* Starts as {0}. */
struct server_metrics {
    uint64_t connections; /* that were ever accepted */
    uint64_t connections_open;
    uint64_t connections_cut; /* closed because no whole request came in time */
    uint64_t elements;        /* that were evaluated */
    size_t queue_length;      /* now */
    struct {
        int code; /* 0 in rows that are not used yet */
        uint64_t count;
    } answers[SERVER_METRICS_CODES];
    uint64_t buckets[SERVER_METRICS_BUCKETS]; /* answers by how long they took */
    uint64_t timed;                           /* answers in all */
    double seconds;                           /* that all of them took */
};

/* Counts an answer. seconds: from the whole request to the answer. */
void server_metrics_answer(struct server_metrics *metrics, int code, double seconds);

/* Returns how many bytes of out are filled. */
size_t server_metrics_print(const struct server_metrics *metrics, char out[SERVER_METRICS_BYTES]);

#endif
