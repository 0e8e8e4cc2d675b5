/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic behind `hashveil eval`: intervals, medians, and what chance alone would give. */
#ifndef HASHVEIL_TOOLS_EVAL_STATISTICS_H
#define HASHVEIL_TOOLS_EVAL_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

struct eval_interval {
    double low, high;
};

/* The 95 % Wilson score interval of a share, found of total; 0..1 when total is 0.
 * Wilson, "Probable inference, the law of succession, and statistical inference", 1927. */
struct eval_interval eval_wilson(uint64_t found, uint64_t total);

/* The largest mean of a Poisson distribution that gives count or fewer with a chance of 5 %. */
double eval_poisson_upper(uint64_t count);

/* The lower median of values that are counted: counts[v] times v, v below size. Returns size when
 * nothing is counted. */
size_t eval_median_of_counts(const uint64_t *counts, size_t size);

/* The lower median; sorts. count is at least 1. */
double eval_median(double *values, size_t count);

/* The mean number of hits of an unrelated picture's probes on one listed hash, were all tokens of
 * b bits equally likely. */
double eval_ideal_hits(unsigned probes, unsigned bits);

/* The chance that hits of this mean, spread evenly and independently over the masks, come from two
 * masks or more: that a listed hash opens falsely. */
double eval_open_chance(double mean_hits, unsigned masks);

/* The chance that one of count listed hashes opens, each with its own small chance. */
double eval_any_chance(double chance, double count);

/* Of two masks' tokens that two hashes share, the part that they still share when each mask has so
 * many bits more: each of those is alike with the chance that the hashes' distance gives. */
double eval_longer_masks(unsigned distance, unsigned more_bits);

#endif
