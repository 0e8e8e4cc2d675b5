/* SPDX-License-Identifier: Apache-2.0 */
/* What all ways of printing derive from the counts alike. */
#include "eval_report.h"

#include "eval_counts.h"

const unsigned eval_small_bits[EVAL_SMALL_MASKS] = {16, 18, 20, 22, 24};
const unsigned eval_band_starts[EVAL_BANDS] = {32, 64, 80, 96, 112, 128};
const double eval_list_sizes[EVAL_LIST_SIZES] = {1e5, 1e6, 1e7};

struct eval_copies eval_report_total(const struct eval_report *report)
{
    struct eval_copies total = {0};
    for (size_t i = 0; i < report->edit_count; i++) {
        eval_copies_add(&report->counts.edits[i], &total);
    }
    return total;
}

struct eval_found eval_found_within(const struct eval_copies *copies, unsigned max_distance_bits)
{
    struct eval_found found = {0};
    for (size_t i = 0; i <= max_distance_bits && i < EVAL_DISTANCES; i++) {
        found.copies += copies->by_distance[i];
        found.opened += copies->psi_by_distance[i];
    }
    return found;
}

struct eval_pairs eval_pairs_from(const struct eval_unrelated *unrelated, size_t first)
{
    struct eval_pairs sum = {0};
    for (size_t i = first; i < EVAL_BANDS; i++) {
        sum.pairs += unrelated->bands[i].pairs;
        sum.hits += unrelated->bands[i].hits;
        sum.false_opens += unrelated->bands[i].false_opens;
    }
    return sum;
}

/* By the opens of the smallest masks, the most there are, of pairs at least so far apart. */
static double predict_by_distance(const struct eval_report *report, unsigned min_distance_bits)
{
    const struct eval_unrelated *smallest = &report->counts.small[0];
    const uint64_t pairs = eval_pairs_from(smallest, 0).pairs;
    double opens = 0;
    if (pairs == 0) {
        return -1; /* those masks are not smaller */
    }
    for (unsigned i = min_distance_bits; i < EVAL_DISTANCES; i++) {
        opens += (double)smallest->false_opens_by_distance[i] *
                 eval_longer_masks(i, report->options->params.bits - eval_small_bits[0]);
    }
    return opens / (double)pairs;
}

struct eval_prediction eval_report_predict(const struct eval_report *report)
{
    const struct eval_options *options = report->options;
    const unsigned masks = options->params.masks;
    const struct eval_pairs originals = eval_pairs_from(&report->counts.originals, 0);
    const struct eval_pairs copies = eval_pairs_from(&report->counts.copies, 0);
    const uint64_t hits = originals.hits + copies.hits;
    const uint64_t pairs = originals.pairs + copies.pairs;
    const double per_pair = pairs > 0 ? 1 / (double)pairs : 0;
    return (struct eval_prediction){
        .ideal = eval_open_chance(eval_ideal_hits(options->probes, options->params.bits), masks),
        .observed = eval_open_chance((double)hits * per_pair, masks),
        .upper = eval_open_chance(eval_poisson_upper(hits) * per_pair, masks),
        .far = predict_by_distance(report, eval_band_starts[EVAL_FAR_BAND]),
        .by_distance = predict_by_distance(report, 0),
    };
}
