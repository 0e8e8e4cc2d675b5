/* SPDX-License-Identifier: Apache-2.0 */
#include "server_metrics.h"

#include <inttypes.h>
#include <stdio.h>

#include <hashveil/hashveil.h>

/* The last is all there are. */
static const double bucket_s[SERVER_METRICS_BUCKETS - 1] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                            0.1,   0.25,   0.5,   1,    2.5};

void server_metrics_answer(struct server_metrics *metrics, int code, double seconds)
{
    size_t row = 0;
    size_t bucket = 0;
    while (row + 1 < SERVER_METRICS_CODES && metrics->answers[row].code != 0 &&
           metrics->answers[row].code != code) {
        row++;
    }
    metrics->answers[row].code = code;
    metrics->answers[row].count++;
    while (bucket < SERVER_METRICS_BUCKETS - 1 && seconds > bucket_s[bucket]) {
        bucket++;
    }
    metrics->buckets[bucket]++;
    metrics->timed++;
    metrics->seconds += seconds;
}

static void print_number(FILE *out, const char *name, const char *type, const char *help,
                         uint64_t number)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name, help, name, type, name,
            number);
}

static void print_answers(FILE *out, const struct server_metrics *metrics)
{
    fputs("# HELP hashveil_answers_total Requests answered, by status.\n"
          "# TYPE hashveil_answers_total counter\n",
          out);
    for (size_t i = 0; i < SERVER_METRICS_CODES && metrics->answers[i].code != 0; i++) {
        fprintf(out, "hashveil_answers_total{code=\"%d\"} %" PRIu64 "\n", metrics->answers[i].code,
                metrics->answers[i].count);
    }
}

static void print_seconds(FILE *out, const struct server_metrics *metrics)
{
    uint64_t sum = 0;
    fputs("# HELP hashveil_answer_seconds From the whole request to its answer.\n"
          "# TYPE hashveil_answer_seconds histogram\n",
          out);
    for (size_t i = 0; i < SERVER_METRICS_BUCKETS - 1; i++) {
        sum += metrics->buckets[i];
        fprintf(out, "hashveil_answer_seconds_bucket{le=\"%g\"} %" PRIu64 "\n", bucket_s[i], sum);
    }
    fprintf(out,
            "hashveil_answer_seconds_bucket{le=\"+Inf\"} %" PRIu64
            "\nhashveil_answer_seconds_sum %.6f\nhashveil_answer_seconds_count %" PRIu64 "\n",
            metrics->timed, metrics->seconds, metrics->timed);
}

size_t server_metrics_print(const struct server_metrics *metrics, char out[SERVER_METRICS_BYTES])
{
    FILE *text = fmemopen(out, SERVER_METRICS_BYTES, "w");
    if (!text) {
        return 0;
    }
    print_answers(text, metrics);
    print_seconds(text, metrics);
    print_number(text, "hashveil_elements_total", "counter", "Elements evaluated.",
                 metrics->elements);
    print_number(text, "hashveil_queue_length", "gauge", "Requests that wait for a thread.",
                 metrics->queue_length);
    print_number(text, "hashveil_connections_open", "gauge", "Connections now.",
                 metrics->connections_open);
    print_number(text, "hashveil_connections_total", "counter", "Connections ever accepted.",
                 metrics->connections);
    print_number(text, "hashveil_connections_cut_total", "counter",
                 "Connections closed as no whole request came in time.", metrics->connections_cut);
    fprintf(text,
            "# HELP hashveil_build_info The version that runs.\n# TYPE hashveil_build_info gauge\n"
            "hashveil_build_info{version=\"%s\"} 1\n",
            HASHVEIL_VERSION_TEXT);
    const long len = ftell(text);
    fclose(text);
    return len > 0 && len < SERVER_METRICS_BYTES ? (size_t)len : 0;
}
