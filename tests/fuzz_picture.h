/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets of all picture formats check. */
#ifndef HV_TESTS_FUZZ_PICTURE_H
#define HV_TESTS_FUZZ_PICTURE_H

#include <stddef.h>
#include <stdint.h>

/* Runs the checks once over len bytes that are recognised as the format of this name, passes over
 * others; aborts when a property is broken. Pictures of more than max_pixels are to be refused.
 * Returns 0. */
int fuzz_picture(const char *format, uint64_t max_pixels, const uint8_t *bytes, size_t len);

#endif
