/* SPDX-License-Identifier: Apache-2.0 */
/* The means of a progressive picture's blocks, from the few scans that send them: a tenth of the
 * file, and no room for its other coefficients. */
#ifndef HV_IMAGE_JPEG_MEANS_H
#define HV_IMAGE_JPEG_MEANS_H

#include <stdint.h>

#include <hashveil/status.h>

#include "base/bytes.h"
#include "base/rows.h"

/* Passes on the means of blocks of 8 x 8, of the first component of a file whose header has been
 * read and accepted: its sampling factors are the largest.
 *
 * shape      what the header says
 * step       of the means' quantisation
 * max_scans  as in hashveil_image_limits
 *
 * Errors: ERR_UNSUPPORTED (the means alone may not tell what the file shows; nothing has been
 * passed on), ERR_NO_MEMORY; what the sink returns. */
HASHVEIL_MUST_USE hashveil_status hv_jpeg_pass_means_on(struct hv_reader file,
                                                        const struct hv_row_shape *shape,
                                                        uint16_t step, uint32_t max_scans,
                                                        const struct hv_row_sink *sink);

#endif
