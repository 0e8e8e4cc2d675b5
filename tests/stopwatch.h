/* SPDX-License-Identifier: Apache-2.0 */
/* Time and medians, for benchmarks. */
#ifndef HV_TESTS_STOPWATCH_H
#define HV_TESTS_STOPWATCH_H

#include <stddef.h>

/* Milliseconds of a clock that only goes forward. */
double now_ms(void);

/* The middle one of count values, the upper of two; sorts them. */
double median(double *values, size_t count);

#endif
