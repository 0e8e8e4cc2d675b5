/* SPDX-License-Identifier: Apache-2.0 */
/* What has to be known of a HEIF file's boxes beside what libheif tells. */
#ifndef HV_IMAGE_HEIF_BOXES_H
#define HV_IMAGE_HEIF_BOXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

/* Whether the file ends inside one of its boxes. */
bool hv_heif_is_cut(const uint8_t *bytes, size_t len);

/* Refuses what could cost a decoder that follows it any time, or all of its stack: pictures made
 * from very many others, or from ones that are made from others in turn, themselves perhaps; and
 * what is made in another way than as a grid. Files that are damaged otherwise pass.
 *
 * Errors: ERR_LIMIT (too many), ERR_UNSUPPORTED. */
HASHVEIL_MUST_USE hashveil_status hv_heif_check_derivations(const uint8_t *bytes, size_t len);

#endif
