/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets of all picture formats check. */
#ifndef HV_TESTS_FUZZ_PICTURE_H
#define HV_TESTS_FUZZ_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fuzz_format {
    const char *name;
    uint64_t max_pixels; /* larger pictures are to be refused */
    /* The library fills what a damaged file lacks with what was in memory before. */
    bool is_vague;
};

/* Runs the checks once over len bytes that are recognised as the format of this name, passes over
 * others; aborts when a property is broken. Returns 0. */
int fuzz_picture(const struct fuzz_format *format, const uint8_t *bytes, size_t len);

#endif
