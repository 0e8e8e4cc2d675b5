/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target offers, to libFuzzer with the `fuzz` option, to fuzz_replay.c without. */
#ifndef HV_TESTS_FUZZ_H
#define HV_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Runs the target once over len bytes of any content; aborts when a property is broken.
 * Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#endif
