/* SPDX-License-Identifier: Apache-2.0 */
/* The report as tables for people. */
#include "eval_report.h"

#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void print_policies(const struct eval_report *report)
{
    const struct eval_options *options = report->options;
    if (options->has_list_policy) {
        printf("policies   list %s, device %s; %" PRIu64
               " pictures without a side above %d pixels are left out\n",
               hashveil_pdq_policy_text(options->list_policy),
               hashveil_pdq_policy_text(options->decode.fingerprint.policy), report->small,
               EVAL_SMALL_SIDE_PX);
    }
}

static void print_setting(const struct eval_report *report)
{
    const struct eval_options *options = report->options;
    printf("originals  %" PRIu64 " listed of %" PRIu64 " pictures; %" PRIu64 " of low quality, "
           "%" PRIu64 " unreadable, %" PRIu64 " with another's hash\n",
           report->listed, report->pictures, report->low_quality, report->unreadable,
           report->same_hash);
    printf("           part %u of %u: %" PRIu64 " files left out; %" PRIu64 " are no pictures\n",
           options->part, options->parts, report->left_out, report->not_pictures);
    printf("           %" PRIu64
           " pairs of listed ones are within %d bits (near-duplicates), %" PRIu64
           " more within %d (alike)\n",
           report->near_duplicates, HASHVEIL_PDQ_MATCH_BITS, report->alike_pairs, EVAL_ALIKE_BITS);
    for (size_t i = 0; i < report->alike_count; i++) {
        printf("           %u bits: ", report->alike[i].distance);
        print_foreign(report->alike[i].first);
        fputs(" ", stdout);
        print_foreign(report->alike[i].second);
        puts("");
    }
    print_policies(report);
    printf("masks      T = %" PRIu32 " of b = %" PRIu32 " bits, from a pool of %" PRIu32
           "; Q = %u probes; seed %" PRIu64 "\n",
           options->params.masks, options->params.bits, options->params.pool_bits, options->probes,
           options->seed);
    printf("match      %s\n\n", report->is_crypto
                                    ? "by the private exchange, compared with tokens in the clear"
                                    : "simulated: tokens compared in the clear");
}

static void print_share(uint64_t found, uint64_t total)
{
    const struct eval_interval interval = eval_wilson(found, total);
    if (total == 0) {
        printf("%9s %19s", "-", "-");
    } else {
        printf("%8.3f%% %8.3f ..%8.3f", 100 * (double)found / (double)total, 100 * interval.low,
               100 * interval.high);
    }
}

static void print_copies(const char *name, const struct eval_copies *copies)
{
    char *escaped = escape_foreign(name, true);
    const size_t median = eval_median_of_counts(copies->by_distance, EVAL_DISTANCES);
    printf("%-17s %7" PRIu64 " %6" PRIu64 " %5" PRIu64 " %7" PRIu64 " %7" PRIu64 " %7" PRIu64
           " %7" PRIu64 " ",
           escaped ? escaped : "?", copies->copies, copies->failed, copies->low_quality,
           copies->within, copies->plain, copies->psi, copies->within_psi);
    print_share(copies->within_psi, copies->within);
    if (median < EVAL_DISTANCES) {
        printf(" %6zu\n", median);
    } else {
        printf(" %6s\n", "-");
    }
    free(escaped);
}

static void print_edits(const struct eval_report *report)
{
    const struct eval_copies total = eval_report_total(report);
    printf("%-17s %7s %6s %5s %7s %7s %7s %7s %9s %19s %6s\n", "edit", "copies", "failed", "low",
           "<= 31", "PDQ", "PSI", "PSI<=31", "share", "95 % interval", "median");
    for (size_t i = 0; i < report->edit_count; i++) {
        print_copies(report->edit_names[i], &report->counts.edits[i]);
    }
    print_copies("all", &total);
    puts("\nlow: of quality below 50, in no later column. <= 31: copies at most 31 bits from their "
         "original.\nPDQ: found in plaintext, at most 31 bits from a listed hash. PSI: found by "
         "the private match.\nPSI<=31: of those <= 31, and its share. median: distance in bits.\n");
}

static void print_within(const char *name, struct eval_found found)
{
    printf("%s %" PRIu64 " of %" PRIu64 " open ", name, found.opened, found.copies);
    print_share(found.opened, found.copies);
    puts("");
}

static void print_recall(const struct eval_report *report)
{
    const struct eval_copies total = eval_report_total(report);
    puts("distance  copies  opened     share       95 % interval");
    for (size_t i = 0; i <= EVAL_CURVE_BITS; i++) {
        if (total.by_distance[i] > 0) {
            printf("%8zu %7" PRIu64 " %7" PRIu64 " ", i, total.by_distance[i],
                   total.psi_by_distance[i]);
            print_share(total.psi_by_distance[i], total.by_distance[i]);
            puts("");
        }
    }
    puts("");
    print_within("within 16 bits", eval_found_within(&total, EVAL_SURE_BITS));
    print_within("within 31 bits", eval_found_within(&total, HASHVEIL_PDQ_MATCH_BITS));
    printf("over all edits PSI finds %" PRIu64 " where plaintext PDQ finds %" PRIu64 "\n\n",
           total.psi, total.plain);
}

/* A row of all bands. */
static void print_pairs(const char *name, const struct eval_unrelated *unrelated,
                        const struct eval_options *options, unsigned bits)
{
    const struct eval_pairs sum = eval_pairs_from(unrelated, 0);
    const double pairs = (double)sum.pairs;
    const double ideal = eval_ideal_hits(options->probes, bits);
    char nearest[16] = "-";
    if (unrelated->nearest < EVAL_DISTANCES) {
        snprintf(nearest, sizeof nearest, "%u", unrelated->nearest);
    }
    printf("%-13s %10" PRIu64 " %8s %8" PRIu64 " %11.4g %8" PRIu64 " %11.3g\n", name, sum.pairs,
           nearest, sum.hits, pairs * ideal, sum.false_opens,
           pairs * eval_open_chance(ideal, options->params.masks));
}

/* Opens observed and ideal, by distance and by size of mask. */
static void print_bands(const struct eval_report *report)
{
    const struct eval_options *options = report->options;
    printf("opens / ideal");
    for (size_t i = 0; i < EVAL_SMALL_MASKS; i++) {
        printf("      b = %u", eval_small_bits[i]);
    }
    puts("");
    for (size_t band = 0; band < EVAL_BANDS; band++) {
        printf("from %3u bits", eval_band_starts[band]);
        for (size_t i = 0; i < EVAL_SMALL_MASKS; i++) {
            const struct eval_pairs *pairs = &report->counts.small[i].bands[band];
            const double ideal = eval_ideal_hits(options->probes, eval_small_bits[i]);
            printf(" %4" PRIu64 " / %6.1g", pairs->false_opens,
                   (double)pairs->pairs * eval_open_chance(ideal, options->params.masks));
        }
        puts("");
    }
    puts("");
}

static void print_prediction(const char *name, double chance)
{
    if (chance < 0) {
        printf("%-42s %10s\n", name, "-");
        return;
    }
    printf("%-42s", name);
    for (size_t i = 0; i < EVAL_LIST_SIZES; i++) {
        printf(" %10.2e", eval_any_chance(chance, eval_list_sizes[i]));
    }
    puts("");
}

static void print_predictions(const struct eval_report *report)
{
    const struct eval_prediction prediction = eval_report_predict(report);
    char far[64];
    snprintf(far, sizeof far, "the same, of pairs from %u bits on",
             eval_band_starts[EVAL_FAR_BAND]);
    puts("chance of a false open for one picture          N = 1e5    N = 1e6    N = 1e7");
    print_prediction("were all tokens equally likely", prediction.ideal);
    print_prediction("at the hits observed", prediction.observed);
    print_prediction("at the 95 % upper bound of those hits", prediction.upper);
    print_prediction("by the opens at b = 16 and their distances", prediction.by_distance);
    print_prediction(far, prediction.far);
    puts("");
}

static void print_unrelated(const struct eval_report *report)
{
    const struct eval_options *options = report->options;
    const struct eval_counts *counts = &report->counts;
    puts("unrelated         pairs  nearest     hits  ideal hits    opens ideal opens");
    print_pairs("originals", &counts->originals, options, options->params.bits);
    print_pairs("copies", &counts->copies, options, options->params.bits);
    for (size_t i = 0; i < EVAL_SMALL_MASKS; i++) {
        char name[32];
        snprintf(name, sizeof name, "both, b = %u", eval_small_bits[i]);
        if (eval_pairs_from(&counts->small[i], 0).pairs > 0) {
            print_pairs(name, &counts->small[i], options, eval_small_bits[i]);
        }
    }
    puts("");
    print_bands(report);
    print_predictions(report);
}

static void print_cost(const struct eval_report *report)
{
    const struct eval_cost *cost = &report->cost;
    const struct {
        const char *name;
        struct eval_exchange_cost cost;
    } rows[] = {{"without a proof", cost->without_proof},
                {"with a proof", cost->with_proof},
                {"on average", cost->average}};
    printf("cost of a picture at %u probes, %u elements with the one that checks, %u %% of answers "
           "proved:\n%-15s %10s %8s %16s %10s %9s %9s %9s\n",
           cost->probes, cost->elements, cost->verified_percent, "", "bytes sent", "received",
           "device mult.", "evaluator", "begin ms", "evaluate", "finish");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct eval_exchange_cost *row = &rows[i].cost;
        printf("%-15s %10.0f %8.0f %16.0f %10.0f %9.2f %9.2f %9.2f\n", rows[i].name,
               row->request_bytes, row->response_bytes, row->device_multiplications,
               row->evaluator_multiplications, row->begin_ms, row->respond_ms, row->finish_ms);
    }
    printf("medians of %zu pictures; a file to its fingerprint takes %.2f ms; mult.: scalar "
           "multiplications, by the protocol\n",
           cost->pictures, cost->fingerprint_ms);
}

bool eval_print_text(const struct eval_report *report)
{
    print_setting(report);
    print_edits(report);
    print_recall(report);
    print_unrelated(report);
    print_cost(report);
    if (report->is_crypto) {
        printf("the exchange and the tokens in the clear differ on %" PRIu64 " copies\n",
               report->counts.disagreements);
    }
    return !output_failed();
}
