/* SPDX-License-Identifier: Apache-2.0 */
/* The private match beside libsodium's bare group operations, in the same run: an evaluator's work
 * for one picture, a device's, and sealing. All on one core but where it says so. */
#include <hashveil/evaluator.h>
#include <hashveil/scanner.h>

#include "base/threads.h"
#include "draw.h"
#include "stopwatch.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { RUNS = 21, SEAL_RUNS = 5, SEALED_ENTRIES = 500, MASKS = 32 };

static uint8_t scalar[32];
static uint8_t element[32];
static uint8_t uniform[64];

static void bare_multiplications(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (crypto_scalarmult_ristretto255(element, scalar, element) != 0) {
            exit(EXIT_FAILURE);
        }
    }
}

static void bare_hashes_to_group(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uniform[0] = (uint8_t)i;
        crypto_core_ristretto255_from_hash(element, uniform);
    }
}

static void demand(hashveil_status status)
{
    if (status != HASHVEIL_OK) {
        fprintf(stderr, "bench_psi: %s\n", hashveil_status_text(status));
        exit(EXIT_FAILURE);
    }
}

struct match_times {
    double begin_ms[RUNS], evaluate_ms[RUNS], finish_ms[RUNS];
    double multiply_ms[RUNS], client_bound_ms[RUNS];
};

static void time_one_match(const hashveil_scanner *scanner, const hashveil_evaluator *evaluator,
                           size_t run, struct match_times *times)
{
    const hashveil_fingerprint fingerprint = draw_fingerprint(run);
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    size_t len;
    hashveil_query *query;
    hashveil_verdict verdict;
    const double start = now_ms();
    demand(hashveil_scanner_begin(scanner, &fingerprint, &query));
    const double begun = now_ms();
    demand(hashveil_evaluator_respond(evaluator, hashveil_query_request(query),
                                      HASHVEIL_REQUEST_BYTES, response, &len));
    const double evaluated = now_ms();
    demand(hashveil_scanner_finish(query, response, len, &verdict));
    const double finished = now_ms();
    hashveil_query_destroy(query);
    bare_multiplications(HASHVEIL_PROBES);
    const double multiplied = now_ms();
    bare_multiplications((size_t)2 * HASHVEIL_PROBES);
    bare_hashes_to_group(HASHVEIL_PROBES);
    times->begin_ms[run] = begun - start;
    times->evaluate_ms[run] = evaluated - begun;
    times->finish_ms[run] = finished - evaluated;
    times->multiply_ms[run] = multiplied - finished;
    times->client_bound_ms[run] = now_ms() - multiplied;
}

static void bench_match(const char *path)
{
    static struct match_times times;
    hashveil_sealed_db *db;
    hashveil_scanner *scanner;
    hashveil_evaluator *evaluator;
    const char *where;
    const hashveil_key key = draw_evaluator_key();
    hashveil_entries entries = draw_entries(SEALED_ENTRIES);
    draw_database(path, &entries, &key);
    demand(hashveil_sealed_db_open(path, &db, &where));
    demand(hashveil_scanner_create(db, NULL, &scanner));
    demand(hashveil_evaluator_create(&key, &evaluator));
    for (size_t run = 0; run < RUNS; run++) {
        time_one_match(scanner, evaluator, run, &times);
    }
    const double evaluate = median(times.evaluate_ms, RUNS);
    const double multiply = median(times.multiply_ms, RUNS);
    const double client = median(times.begin_ms, RUNS) + median(times.finish_ms, RUNS);
    const double bound = median(times.client_bound_ms, RUNS);
    printf("evaluator: %7.0f evaluations/s, bare multiplications %7.0f/s, ratio %.3f\n",
           HASHVEIL_PROBES / evaluate * 1e3, HASHVEIL_PROBES / multiply * 1e3, multiply / evaluate);
    printf("device: %.2f ms a picture, (2 multiplications + hash to group) x %d %.2f ms, "
           "ratio %.3f\n",
           client, HASHVEIL_PROBES, bound, client / bound);
    hashveil_evaluator_destroy(evaluator);
    hashveil_scanner_destroy(scanner);
    hashveil_sealed_db_close(db);
    hashveil_entries_clear(&entries);
}

static void bench_sealing(const char *path, unsigned workers)
{
    const size_t tokens = (size_t)SEALED_ENTRIES * MASKS;
    const hashveil_key key = draw_evaluator_key();
    hashveil_entries entries = draw_entries(SEALED_ENTRIES);
    const hashveil_seal_options options = {.evaluator_key = &key,
                                           .epoch = 1,
                                           .mask_params = HASHVEIL_MASK_PARAMS_DEFAULT,
                                           .workers = workers};
    double seal_ms[SEAL_RUNS];
    double bound_ms[SEAL_RUNS];
    for (size_t run = 0; run < SEAL_RUNS; run++) {
        const double start = now_ms();
        demand(hashveil_sealed_db_build(path, &entries, &options));
        const double sealed = now_ms();
        bare_multiplications(tokens);
        bare_hashes_to_group(tokens);
        seal_ms[run] = sealed - start;
        bound_ms[run] = now_ms() - sealed;
    }
    const double seal = median(seal_ms, SEAL_RUNS) * workers;
    const double bound = median(bound_ms, SEAL_RUNS);
    printf("sealing, %u thread%s: %6.0f tokens/s a core, bare (multiplication + hash to group) "
           "%6.0f/s, ratio %.3f\n",
           workers, workers == 1 ? "" : "s", (double)tokens / seal * 1e3,
           (double)tokens / bound * 1e3, bound / seal);
    hashveil_entries_clear(&entries);
}

int main(void)
{
    char path[] = "/tmp/hashveil-bench-XXXXXX";
    const int fd = mkstemp(path);
    if (fd < 0 || sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    close(fd);
    crypto_core_ristretto255_scalar_random(scalar);
    crypto_core_ristretto255_random(element);
    bench_match(path);
    bench_sealing(path, 1);
    if (hv_processor_count() > 1) {
        bench_sealing(path, hv_processor_count());
    }
    unlink(path);
    return EXIT_SUCCESS;
}
