/* SPDX-License-Identifier: Apache-2.0 */
/* What every Check program of ours ends with. */
#ifndef HV_TESTS_RUN_SUITE_H
#define HV_TESTS_RUN_SUITE_H

#include <check.h>

/* Runs the suite, prints TAP so that meson counts every case, and returns the exit status. Takes
 * the suite. */

int run_suite(Suite *suite);

#endif
