/* SPDX-License-Identifier: Apache-2.0 */
/* A JPEG that is one picture by the means of its blocks and another by its pixels. */
#ifndef HV_TESTS_TWO_FACED_JPEG_H
#define HV_TESTS_TWO_FACED_JPEG_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/image.h>

/* In each block of 8 x 8 one pixel lies so far outside of 0..255 that it carries the difference
 * between the mean and the 63 others; decoders cut it off, and a decoder that reads the mean alone
 * never sees it.
 *
 * by_means, by_pixels  grey, of the same size: a pixel a block; borrowed
 * bytes_out            released with free. Allocation failure ends the program. */
void make_two_faced_jpeg(const hashveil_image *by_means, const hashveil_image *by_pixels,
                         uint8_t **bytes_out, size_t *len_out);

#endif
