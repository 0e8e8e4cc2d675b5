/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_statistics.h"

#include <math.h>
#include <stdlib.h>

#include <hashveil/pdq.h>

struct eval_interval eval_wilson(uint64_t found, uint64_t total)
{
    static const double z = 1.959963984540054; /* the normal distribution's 97.5 % quantile */
    if (total == 0) {
        return (struct eval_interval){0, 1};
    }
    const double n = (double)total;
    const double share = (double)found / n;
    const double scale = 1 + z * z / n;
    const double centre = (share + z * z / (2 * n)) / scale;
    const double half = z / scale * sqrt(share * (1 - share) / n + z * z / (4 * n * n));
    return (struct eval_interval){.low = found == 0 ? 0 : centre - half,
                                  .high = found == total ? 1 : centre + half};
}

/* The chance of count or fewer. */
static double poisson_at_most(uint64_t count, double mean)
{
    double sum = 0;
    for (uint64_t i = 0; i <= count; i++) {
        sum += exp((double)i * log(mean) - mean - lgamma((double)i + 1));
    }
    return sum;
}

double eval_poisson_upper(uint64_t count)
{
    static const double chance = 0.05;
    enum { MANY = 10000, STEPS = 100 };
    if (count > MANY) { /* where it is a normal distribution */
        return (double)count + 1.6448536269514722 * sqrt((double)count);
    }
    double low = (double)count;
    double high = (double)count + 5 + 5 * sqrt((double)count + 1);
    if (low == 0) {
        low = 1e-9;
    }
    for (int i = 0; i < STEPS; i++) {
        const double middle = (low + high) / 2;
        if (poisson_at_most(count, middle) > chance) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return (low + high) / 2;
}

size_t eval_median_of_counts(const uint64_t *counts, size_t size)
{
    uint64_t total = 0;
    for (size_t value = 0; value < size; value++) {
        total += counts[value];
    }
    uint64_t seen = 0;
    for (size_t value = 0; value < size; value++) {
        seen += counts[value];
        if (counts[value] > 0 && seen >= total - total / 2) {
            return value;
        }
    }
    return size;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

double eval_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[(count - 1) / 2];
}

double eval_ideal_hits(unsigned probes, unsigned bits)
{
    return ldexp((double)probes, -(int)bits);
}

double eval_open_chance(double mean_hits, unsigned masks)
{
    /* 1 - (1 + masks * x) * exp(-masks * x) with one Poisson mean x a mask would cancel to nothing
     * where it is small: 1 - P(no mask) - P(one mask alone), by its series there. */
    static const double small = 1e-3;
    const double each = mean_hits / masks;
    if (mean_hits < small) {
        return mean_hits * mean_hits / 2 * (1 - 1.0 / masks);
    }
    const double none = exp(-mean_hits);
    const double one_mask = masks * (1 - exp(-each)) * exp(-each * (masks - 1));
    return 1 - none - one_mask;
}

double eval_any_chance(double chance, double count)
{
    return chance >= 1 ? 1 : -expm1(count * log1p(-chance));
}

double eval_longer_masks(unsigned distance, unsigned more_bits)
{
    return pow(1 - (double)distance / HASHVEIL_PDQ_BITS, 2.0 * more_bits);
}
