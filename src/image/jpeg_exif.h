/* SPDX-License-Identifier: Apache-2.0 */
/* Where a JPEG file holds its EXIF block. */
#ifndef HV_IMAGE_JPEG_EXIF_H
#define HV_IMAGE_JPEG_EXIF_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* As hv_decoder's find_exif. */
struct hv_reader hv_jpeg_find_exif(const uint8_t *bytes, size_t len);

#endif
