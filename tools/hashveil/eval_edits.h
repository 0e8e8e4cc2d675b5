/* SPDX-License-Identifier: Apache-2.0 */
/* Edited copies of a picture, made in memory. Builds without MagickWand make none. */
#ifndef HASHVEIL_TOOLS_EVAL_EDITS_H
#define HASHVEIL_TOOLS_EVAL_EDITS_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/image.h>
#include <hashveil/status.h>

/* How many edits there are: 0 in a build without MagickWand. They are numbered from 0. */
size_t eval_edit_count(void);

/* Returns the name of an edit: "cropped-2". Static. */
const char *eval_edit_name(size_t edit);

/* Once for the process, before the first copy is made, and after the last. */
void eval_edits_begin(void);
void eval_edits_end(void);

/* Makes one edited copy.
 *
 * image    as it was decoded; borrowed
 * seed     of what the edit does at random; the same seed makes the same copy
 * out      a JPEG file; owned, released with eval_edit_free
 *
 * Errors: ERR_FORMAT (the edit cannot be done to this picture), ERR_NO_MEMORY. Threads: safe. */
HASHVEIL_MUST_USE hashveil_status eval_edit_make(const hashveil_image *image, size_t edit,
                                                 uint64_t seed, uint8_t **out, size_t *len_out);

void eval_edit_free(uint8_t *bytes);

#endif
