/* SPDX-License-Identifier: Apache-2.0 */
/* What a progressive JPEG is going to send, told from its markers alone. A viewer shows what the
 * last scan leaves; only where every bit of every coefficient is sent exactly once do the first
 * scans show the same picture. */
#ifndef HV_IMAGE_JPEG_SCRIPT_H
#define HV_IMAGE_JPEG_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/jpeg_segments.h"

enum { HV_JPEG_LOW_BIT_MAX = 13 /* ITU-T T.81, table B.3 */, HV_JPEG_SLOPES = 4 };

struct hv_jpeg_script {
    struct hv_jpeg_frame frame;
    /* The scans that send the means of the first component's blocks, in their order: all bits from
     * one up, then bit by bit down to the last. */
    struct hv_jpeg_scan means[HV_JPEG_LOW_BIT_MAX + 1];
    unsigned means_count;
    /* Those that send the first bits of coefficients 1 to 4. */
    struct hv_jpeg_scan slopes[HV_JPEG_SLOPES];
    unsigned slopes_count;
};

/* Returns whether the file is one Huffman-coded progressive picture up to its end marker, whose at
 * most max_scans scans send every bit of every coefficient once and in order, with no quantisation
 * table after the first scan and nothing unusual between. The entropy-coded data is not looked at.
 *
 * bytes  borrowed for as long as the script is used
 * out    filled when true */
bool hv_jpeg_read_script(const uint8_t *bytes, size_t len, uint32_t max_scans,
                         struct hv_jpeg_script *out);

#endif
