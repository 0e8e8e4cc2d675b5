/* SPDX-License-Identifier: Apache-2.0 */
/* How large an HEVC picture says it is, before any decoder has allocated it. */
#ifndef HV_IMAGE_HEVC_SIZE_H
#define HV_IMAGE_HEVC_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the unit of a stream is a sequence parameter set, which gives the size. */
bool hv_hevc_has_size(const uint8_t *unit, size_t len);

/* Reads the size of the coded picture. Returns false when the unit is too damaged for that. */
bool hv_hevc_read_size(const uint8_t *unit, size_t len, uint32_t *width_px_out,
                       uint32_t *height_px_out);

#endif
