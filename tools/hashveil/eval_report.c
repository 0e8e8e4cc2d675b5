/* SPDX-License-Identifier: Apache-2.0 */
/* What all ways of printing derive from the counts alike. */
#include "eval_report.h"

#include "eval_counts.h"

#include <math.h>

const unsigned eval_small_bits[EVAL_SMALL_MASKS] = {16, 18, 20, 22, 24};
const unsigned eval_band_starts[EVAL_BANDS] = {0, 64, 80, 96, 112, 128};
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

static double extrapolate(const struct eval_report *report, size_t first_band)
{
    enum { FEWEST_OPENS = 10 };
    double bits[EVAL_SMALL_MASKS];
    double logarithm[EVAL_SMALL_MASKS];
    size_t count = 0;
    for (size_t i = 0; i < EVAL_SMALL_MASKS; i++) {
        const struct eval_pairs sum = eval_pairs_from(&report->counts.small[i], first_band);
        if (sum.false_opens >= FEWEST_OPENS) {
            bits[count] = eval_small_bits[i];
            logarithm[count++] = log2((double)sum.false_opens / (double)sum.pairs);
        }
    }
    if (count < 2) {
        return -1;
    }
    const struct eval_line line = eval_fit_line(bits, logarithm, count);
    return exp2(line.at_zero + line.slope * report->options->params.bits);
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
        .far = extrapolate(report, EVAL_FAR_BAND),
        .extrapolated = extrapolate(report, 0),
    };
}
