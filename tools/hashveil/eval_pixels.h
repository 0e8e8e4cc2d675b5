/* SPDX-License-Identifier: Apache-2.0 */
/* A picture file to the pixels that edits start from. The sandbox hands out none, so this is done
 * in the process: for pictures that are trusted. */
#ifndef HASHVEIL_TOOLS_EVAL_PIXELS_H
#define HASHVEIL_TOOLS_EVAL_PIXELS_H

#include <hashveil/image.h>

/* out: a cleared image. Errors: those of hashveil_image_decode and of reading a file. */
HASHVEIL_MUST_USE hashveil_status eval_pixels_read(const char *path,
                                                   const hashveil_image_options *options,
                                                   hashveil_image *out);

#endif
