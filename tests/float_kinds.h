/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of numbers for kernels: ordinary ones, and all that arithmetic treats apart. */
#ifndef HV_TESTS_FLOAT_KINDS_H
#define HV_TESTS_FLOAT_KINDS_H

#include <stddef.h>
#include <stdint.h>

struct float_kind {
    const char *name;
    float (*value)(uint32_t noise, size_t i);
};

/* The first kinds are fit for all kernels. */
enum {
    FLOAT_KINDS = 13,
    FLOAT_KINDS_FINITE = FLOAT_KINDS - 1, /* weighted sums of these are no NaN */
    FLOAT_KINDS_MODEST = FLOAT_KINDS - 3  /* differences of these are below 2^24 */
};
extern const struct float_kind float_kinds[FLOAT_KINDS];

/* The same numbers for the same seed. */
void float_kind_fill(size_t kind, uint32_t seed, size_t count, float *out);

#endif
