/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_cost.h"

#include "eval_fingerprints.h"
#include "eval_statistics.h"

#include <hashveil/scanner.h>

enum {
    TIMED_PICTURES = 15,
    HUNDRED_PERCENT = 100,
    NEARLY_ALWAYS = 99 /* with all of them requests ask at once, and are not sent twice */
};

/* One way to ask, picture by picture. */
struct timing {
    double begin_ms[TIMED_PICTURES], respond_ms[TIMED_PICTURES], finish_ms[TIMED_PICTURES];
    size_t count;
    struct eval_times last; /* whose bytes are those of all */
};

/* The hidden sum is one element more, and one multiplication on either way. A proof is for all
 * elements: the evaluator weights those that it got, the device these and its answers; each then
 * adds the few that make and check the proof. */
static struct eval_exchange_cost multiplications(unsigned exchanges)
{
    const double probes = HASHVEIL_PROBES;
    const double elements = probes + 1;
    const struct eval_exchange_cost plain = {.device_multiplications = 2 * probes + 2,
                                             .evaluator_multiplications = elements};
    if (exchanges == 1) {
        return plain;
    }
    return (struct eval_exchange_cost){
        .device_multiplications = plain.device_multiplications + 2 * elements + 4,
        .evaluator_multiplications = 2 * plain.evaluator_multiplications + elements + 3};
}

static hashveil_status time_exchange(const struct eval_private *match, unsigned exchanges,
                                     const hashveil_fingerprint *fingerprint, struct timing *out)
{
    struct eval_hit hit;
    const unsigned verified_percent = exchanges > 1 ? NEARLY_ALWAYS : 0;
    hashveil_status status;
    do {
        status = eval_private_match(match, verified_percent, fingerprint, &hit, &out->last);
    } while (status == HASHVEIL_OK && out->last.exchanges != exchanges);
    if (status == HASHVEIL_OK) {
        out->begin_ms[out->count] = out->last.begin_ms;
        out->respond_ms[out->count] = out->last.respond_ms;
        out->finish_ms[out->count++] = out->last.finish_ms;
    }
    return status;
}

/* count is at least 1. */
static struct eval_exchange_cost cost_of(struct timing *timing)
{
    struct eval_exchange_cost cost = multiplications(timing->last.exchanges);
    cost.request_bytes = (double)timing->last.request_bytes;
    cost.response_bytes = (double)timing->last.response_bytes;
    cost.begin_ms = eval_median(timing->begin_ms, timing->count);
    cost.respond_ms = eval_median(timing->respond_ms, timing->count);
    cost.finish_ms = eval_median(timing->finish_ms, timing->count);
    return cost;
}

static double mix(double without_proof, double with_proof, unsigned verified_percent)
{
    return without_proof + (with_proof - without_proof) * verified_percent / HUNDRED_PERCENT;
}

static struct eval_exchange_cost average(const struct eval_cost *cost)
{
    const struct eval_exchange_cost *a = &cost->without_proof;
    const struct eval_exchange_cost *b = &cost->with_proof;
    const unsigned share = cost->verified_percent;
    return (struct eval_exchange_cost){
        .request_bytes = mix(a->request_bytes, b->request_bytes, share),
        .response_bytes = mix(a->response_bytes, b->response_bytes, share),
        .device_multiplications = mix(a->device_multiplications, b->device_multiplications, share),
        .evaluator_multiplications =
            mix(a->evaluator_multiplications, b->evaluator_multiplications, share),
        .begin_ms = mix(a->begin_ms, b->begin_ms, share),
        .respond_ms = mix(a->respond_ms, b->respond_ms, share),
        .finish_ms = mix(a->finish_ms, b->finish_ms, share)};
}

/* Leaves status as it is when the file cannot be read: it was told when the originals were. */
static hashveil_status time_picture(const struct eval_private *match,
                                    const hashveil_fingerprint_options *options, const char *path,
                                    double *fingerprint_ms, struct timing timings[2])
{
    const struct eval_paths paths = {.list = &path, .count = 1, .unit = "pictures"};
    struct eval_fingerprints got;
    hashveil_status status = HASHVEIL_OK;
    const double started = eval_now_ms();
    if (!eval_fingerprint_paths(&paths, options, 1, &got)) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    *fingerprint_ms = eval_now_ms() - started;
    for (unsigned i = 0; i < 2 && got.statuses[0] == HASHVEIL_OK && status == HASHVEIL_OK; i++) {
        status = time_exchange(match, 1 + i, &got.fingerprints[0], &timings[i]);
    }
    eval_fingerprints_clear(&got);
    return status;
}

hashveil_status eval_cost_measure(const struct eval_private *match,
                                  const hashveil_fingerprint_options *options, const char **paths,
                                  size_t count, struct eval_cost *out)
{
    static const hashveil_scanner_options scanner = HASHVEIL_SCANNER_OPTIONS_DEFAULT;
    struct timing timings[2] = {{.count = 0}};
    double fingerprint_ms[TIMED_PICTURES];
    const size_t step = count / TIMED_PICTURES + 1;
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = 0; i < count && status == HASHVEIL_OK; i += step) {
        status = time_picture(match, options, paths[i], &fingerprint_ms[timings[0].count], timings);
    }
    *out = (struct eval_cost){.pictures = timings[0].count,
                              .probes = HASHVEIL_PROBES,
                              .elements = HASHVEIL_PROBES + 1,
                              .verified_percent = scanner.verified_percent};
    if (status == HASHVEIL_OK && out->pictures > 0) {
        out->fingerprint_ms = eval_median(fingerprint_ms, out->pictures);
        out->without_proof = cost_of(&timings[0]);
        out->with_proof = cost_of(&timings[1]);
        out->average = average(out);
    }
    return status;
}
