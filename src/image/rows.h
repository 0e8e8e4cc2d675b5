/* SPDX-License-Identifier: Apache-2.0 */
/* Files to rows: what every use of a picture is made from. */
#ifndef HV_IMAGE_ROWS_H
#define HV_IMAGE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/image.h>

#include "base/rows.h"

/* What the rows are for: a decoder may take the short way that this allows, and need not. */
struct hv_row_options {
    hashveil_image_limits limits;
    /* Rows may be of blocks, of luma as the file stores it, while the smaller side has at least so
     * many of them; 0: pixels, in colour if the file has any. */
    uint32_t min_blocks;
};

/* Decodes a file into rows as they are stored. A picture may turn out to be damaged after most of
 * its rows.
 *
 * Errors: as hashveil_image_decode; what the sink returns. */
HASHVEIL_MUST_USE hashveil_status hv_image_decode_rows(const uint8_t *bytes, size_t len,
                                                       const struct hv_row_options *options,
                                                       const struct hv_row_sink *sink);

/* Returns the name of the format that the content has, "PNG"; NULL when no decoder reads it. */
const char *hv_image_format(const uint8_t *bytes, size_t len);

/* Returns which way up the picture is to be shown, as hv_exif_orientation does. */
unsigned hv_image_orientation(const uint8_t *bytes, size_t len);

#endif
