/* SPDX-License-Identifier: Apache-2.0 */
/* Which way up a picture is shown: EXIF 2.3, tag Orientation. */
#ifndef HV_IMAGE_ORIENTATION_H
#define HV_IMAGE_ORIENTATION_H

#include <hashveil/image.h>

#include "base/bytes.h"

enum { HV_ORIENTATION_AS_STORED = 1, HV_ORIENTATION_MAX = 8 };

/* Returns the orientation that an EXIF block gives, 1..8; as stored when the block is empty, broken
 * or does not say: a viewer shows such a picture too. */
unsigned hv_exif_orientation(struct hv_reader exif);

/* Turns the pixels so that the picture stands as it is to be shown. Errors: ERR_NO_MEMORY; the
 * image is then unchanged. */
HASHVEIL_MUST_USE hashveil_status hv_image_turn(hashveil_image *image, unsigned orientation);

#endif
