/* SPDX-License-Identifier: Apache-2.0 */
/* The private match beside libsodium's bare group operations, in the same run: an evaluator's work
 * for one picture, a device's, and sealing. All on one core but where it says so. */
#include <hashveil/evaluator.h>
#include <hashveil/scanner.h>

#include "base/memory.h"
#include "base/threads.h"
#include "draw.h"
#include "match/join.h"
#include "psi/hidden_sum.h"
#include "psi/probes.h"
#include "stopwatch.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS = 21, SEAL_RUNS = 5, SEALED_ENTRIES = 500, MASKS = 32, ELEMENTS = HASHVEIL_PROBES + 1 };

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

/* Of one picture, without and with a proof. */
struct match_times {
    double begin_ms[RUNS], evaluate_ms[RUNS], finish_ms[RUNS];
};

/* digests: NULL for none. */
static void time_match(const hashveil_scanner *scanner, const hashveil_evaluator *evaluator,
                       const hashveil_digests *digests, size_t run, struct match_times *times)
{
    const hashveil_fingerprint fingerprint = draw_fingerprint(run);
    const hashveil_subject subject = {.forms = &fingerprint, .form_count = 1, .digests = digests};
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    size_t len;
    hashveil_query *query;
    hashveil_verdict verdict;
    const double start = now_ms();
    demand(hashveil_scanner_begin(scanner, &subject, &query));
    const double begun = now_ms();
    const uint8_t *request = hashveil_query_request(query, 0, &len);
    demand(hashveil_evaluator_respond(evaluator, request, len, response, &len));
    const double evaluated = now_ms();
    demand(hashveil_scanner_finish(query, 0, response, len, &verdict));
    times->begin_ms[run] = begun - start;
    times->evaluate_ms[run] = evaluated - begun;
    times->finish_ms[run] = now_ms() - evaluated;
    hashveil_query_destroy(query);
}

struct bare_times {
    double multiply_ms[RUNS], hash_ms[RUNS], add_ms[RUNS], sum_ms[RUNS];
};

/* The sum that is hidden in each request: making it and checking it. Under the secret scalar 1
 * every element is its own answer. */
static void hidden_sum(const uint8_t generator[HV_ELEMENT_BYTES])
{
    static uint8_t elements[ELEMENTS][HV_ELEMENT_BYTES];
    struct hv_hidden_sum sum;
    for (size_t i = 0; i < ELEMENTS; i++) {
        memcpy(elements[i], element, sizeof element);
    }
    demand(hv_hidden_sum_draw(ELEMENTS, NULL, &sum));
    if (!hv_hidden_sum_write(&sum, ELEMENTS, elements[0]) ||
        !hv_hidden_sum_holds(&sum, ELEMENTS, generator, elements[0])) {
        exit(EXIT_FAILURE);
    }
}

static void time_bare(size_t run, struct bare_times *times)
{
    static const uint8_t one[HV_SCALAR_BYTES] = {1};
    uint8_t generator[HV_ELEMENT_BYTES];
    uint8_t total[HV_ELEMENT_BYTES];
    if (crypto_scalarmult_ristretto255_base(generator, one) != 0) {
        exit(EXIT_FAILURE);
    }
    memcpy(total, element, sizeof total);
    const double start = now_ms();
    bare_multiplications(HASHVEIL_PROBES);
    const double multiplied = now_ms();
    bare_hashes_to_group(HASHVEIL_PROBES);
    const double hashed = now_ms();
    for (size_t i = 0; i < HASHVEIL_PROBES; i++) {
        crypto_core_ristretto255_add(total, total, element);
    }
    const double added = now_ms();
    hidden_sum(generator);
    times->multiply_ms[run] = multiplied - start;
    times->hash_ms[run] = hashed - multiplied;
    times->add_ms[run] = added - hashed;
    times->sum_ms[run] = now_ms() - added;
}

static double device_ms(struct match_times *times)
{
    return median(times->begin_ms, RUNS) + median(times->finish_ms, RUNS);
}

/* Pippenger's buckets, the fastest way to add count products up where additions are cheap: one
 * addition an element and window, two a bucket and window, one a doubling. */
static size_t least_bucket_additions(size_t count)
{
    enum { SCALAR_BITS = 253 };
    size_t least = SIZE_MAX;
    for (size_t window_bits = 1; window_bits <= 12; window_bits++) {
        const size_t windows = (SCALAR_BITS + window_bits - 1) / window_bits;
        const size_t additions = windows * (count + ((size_t)2 << window_bits)) + SCALAR_BITS;
        least = additions < least ? additions : least;
    }
    return least;
}

static void print_match(struct match_times *unproved, struct match_times *proved,
                        struct bare_times *bare)
{
    const hashveil_scanner_options defaults = HASHVEIL_SCANNER_OPTIONS_DEFAULT;
    const double multiply = median(bare->multiply_ms, RUNS);
    const double add = median(bare->add_ms, RUNS);
    const double sum = median(bare->sum_ms, RUNS);
    const double bound = 2 * multiply + median(bare->hash_ms, RUNS);
    const double evaluate = median(unproved->evaluate_ms, RUNS);
    const double prove = median(proved->evaluate_ms, RUNS);
    const double device = device_ms(unproved);
    const double verify = device_ms(proved) - device;
    /* A proof is asked for by the same request once more. */
    const double share = defaults.verified_percent / 100.0;
    const size_t elements = ELEMENTS;
    printf("evaluator without proof: %7.0f evaluations/s, bare multiplications %7.0f/s, "
           "ratio %.3f\n",
           (double)elements / evaluate * 1e3, HASHVEIL_PROBES / multiply * 1e3,
           multiply / HASHVEIL_PROBES * (double)elements / evaluate);
    printf(
        "evaluator with proof: %.2f ms a response, %.2f times that without; on average at %u %%, "
        "%.2f times\n",
        prove, prove / evaluate, defaults.verified_percent, 1 + share * prove / evaluate);
    printf(
        "device without proof: %.2f ms a picture, %.2f of them the hidden sum; (2 multiplications "
        "+ hash to group) x %d %.2f ms, ratio %.3f, without the hidden sum %.3f\n",
        device, sum, HASHVEIL_PROBES, bound, device / bound, (device - sum) / bound);
    printf("device with proof: %.2f ms a picture, ratio %.3f; on average at %u %%, %.3f\n",
           device + verify, (device + verify) / bound, defaults.verified_percent,
           (device + share * verify) / bound);
    printf("verifying a proof: %.2f ms; 2 x %zu multiplications and additions %.2f ms, ratio %.3f; "
           "by buckets of encoded additions %.0f ms\n",
           verify, elements, 2 * (multiply + add) * (double)elements / HASHVEIL_PROBES,
           verify / (2 * (multiply + add) * (double)elements / HASHVEIL_PROBES),
           2 * (double)least_bucket_additions(elements) * add / HASHVEIL_PROBES);
}

/* What looking up and opening take of a listed picture's time: of one that is not, there is less to
 * open. */
static double look_up_ms(const hashveil_sealed_db *db, const hashveil_key *key, size_t run)
{
    static struct hv_token tokens[HASHVEIL_PROBES];
    static struct hv_named_value values[HASHVEIL_PROBES];
    static uint8_t y[HASHVEIL_PROBES][HV_OPRF_OUTPUT_BYTES];
    const hashveil_fingerprint fingerprint = draw_fingerprint(run);
    struct hv_joined joined = {.matched_by = HASHVEIL_SIGNAL_NONE};
    demand(hv_probes_rank(hv_sealed_db_masks(db), &fingerprint, 1, HASHVEIL_PROBES, tokens));
    for (size_t i = 0; i < HASHVEIL_PROBES; i++) {
        struct hv_token_input input;
        hv_token_encode(&tokens[i], hashveil_sealed_db_describe(db)->epoch, &input);
        const struct hv_piece piece = hv_token_piece(&input);
        if (!hv_oprf_evaluate(HV_OPRF_MODE, key->secret_bytes, &piece, y[i])) {
            exit(EXIT_FAILURE);
        }
    }
    const double start = now_ms();
    for (size_t i = 0; i < HASHVEIL_PROBES; i++) {
        values[i].signal = HASHVEIL_SIGNAL_PDQ;
        values[i].token = tokens[i];
        demand(hv_sealed_db_lookup(db, tokens[i].mask, y[i], &values[i].value));
    }
    demand(hv_join(db, 0, values, HASHVEIL_PROBES, &joined));
    const double taken_ms = now_ms() - start;
    if (joined.masks_hit == 0) {
        exit(EXIT_FAILURE);
    }
    return taken_ms;
}

static void print_look_up(const hashveil_sealed_db *db, const hashveil_key *key,
                          struct match_times *unproved)
{
    double taken_ms[RUNS];
    for (size_t run = 0; run < RUNS; run++) {
        taken_ms[run] = look_up_ms(db, key, run);
    }
    const double taken = median(taken_ms, RUNS);
    const double device = device_ms(unproved);
    printf("lookup and opening: %.3f ms of the device's %.2f, ratio %.4f\n", taken, device,
           taken / device);
}

static void print_digested(struct match_times *digested, struct match_times *unproved)
{
    printf("device, digests among the probes: %.2f ms a picture, ratio to without %.3f\n",
           device_ms(digested), device_ms(digested) / device_ms(unproved));
}

/* Beside what the same probes cost without turning. */
static void print_dihedral(struct match_times *turned, struct match_times *unproved)
{
    const double times = (double)HASHVEIL_PROBES_DIHEDRAL / HASHVEIL_PROBES;
    printf("device, all turned forms: %.2f ms a picture, %.2f times as long for %.0f times the "
           "probes; evaluator %.2f ms, %d bytes\n",
           device_ms(turned), device_ms(turned) / device_ms(unproved), times,
           median(turned->evaluate_ms, RUNS), HASHVEIL_REQUEST_MAX_BYTES);
}

/* So that the database lists digests. */
static void add_exact(const hashveil_digests *digests, hashveil_entries *entries)
{
    entries->exact = hv_alloc_array(1, sizeof *entries->exact);
    if (!entries->exact) {
        exit(EXIT_FAILURE);
    }
    entries->exact_count = 1;
    entries->exact[0] =
        (hashveil_exact_entry){.digest = hashveil_digests_get(digests, HASHVEIL_DIGEST_SHA256),
                               .record = {.id = {0xff, 0xff}, .lists = 1}};
}

static void bench_match(const char *path)
{
    static struct match_times unproved;
    static struct match_times proved;
    static struct match_times turned;
    static struct match_times digested;
    static struct bare_times bare;
    const hashveil_scanner_options none = {.verified_percent = 0};
    const hashveil_scanner_options all = {.verified_percent = 100};
    const hashveil_scanner_options dihedral = {.verified_percent = 0, .is_dihedral = true};
    hashveil_sealed_db *db;
    hashveil_scanner *trusting;
    hashveil_scanner *verifying;
    hashveil_scanner *turning;
    hashveil_evaluator *evaluator;
    const char *where;
    const hashveil_key key = draw_evaluator_key();
    hashveil_entries entries = draw_entries(SEALED_ENTRIES);
    hashveil_digests digests;
    demand(hashveil_digests_of(NULL, 0, &digests));
    add_exact(&digests, &entries);
    draw_database(path, &entries, &key);
    demand(hashveil_sealed_db_open(path, &db, &where));
    demand(hashveil_scanner_create(db, &none, &trusting));
    demand(hashveil_scanner_create(db, &all, &verifying));
    demand(hashveil_scanner_create(db, &dihedral, &turning));
    demand(hashveil_evaluator_create(&key, &evaluator));
    for (size_t run = 0; run < RUNS; run++) {
        time_match(trusting, evaluator, NULL, run, &unproved);
        time_match(trusting, evaluator, &digests, run, &digested);
        time_match(verifying, evaluator, NULL, run, &proved);
        time_match(turning, evaluator, NULL, run, &turned);
        time_bare(run, &bare);
    }
    print_match(&unproved, &proved, &bare);
    print_look_up(db, &key, &unproved);
    print_digested(&digested, &unproved);
    print_dihedral(&turned, &unproved);
    hashveil_evaluator_destroy(evaluator);
    hashveil_scanner_destroy(turning);
    hashveil_scanner_destroy(verifying);
    hashveil_scanner_destroy(trusting);
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
                                           .is_resumable = true,
                                           .workers = workers};
    double seal_ms[SEAL_RUNS];
    double bound_ms[SEAL_RUNS];
    for (size_t run = 0; run < SEAL_RUNS; run++) {
        const double start = now_ms();
        demand(hashveil_sealed_db_build(path, &entries, &options, NULL));
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
