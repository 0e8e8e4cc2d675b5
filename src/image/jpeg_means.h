/* SPDX-License-Identifier: Apache-2.0 */
/* A progressive picture's blocks, from the few scans that send their first coefficients: a tenth of
 * the file, and no room for the others. */
#ifndef HV_IMAGE_JPEG_MEANS_H
#define HV_IMAGE_JPEG_MEANS_H

#include <stdint.h>

#include <hashveil/status.h>

#include "base/bytes.h"
#include "base/rows.h"

/* Passes on the means of blocks, or of their quarters, of the first component of a file whose
 * header has been read and accepted: its sampling factors are the largest.
 *
 * shape      what the header says; one channel, blocks of 8 or 4 pixels
 * table      the quantisation, row-major, 64 steps
 * max_scans  as in hashveil_image_limits
 *
 * Errors: ERR_UNSUPPORTED (those scans may not tell what the file shows; nothing has been
 * passed on), ERR_NO_MEMORY; what the sink returns. */
HASHVEIL_MUST_USE hashveil_status hv_jpeg_pass_means_on(struct hv_reader file,
                                                        const struct hv_row_shape *shape,
                                                        const uint16_t *table, uint32_t max_scans,
                                                        const struct hv_row_sink *sink);

#endif
