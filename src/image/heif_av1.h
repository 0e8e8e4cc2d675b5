/* SPDX-License-Identifier: Apache-2.0 */
/* AV1 for libheif, whose own way to dav1d starts a thread for each processor and sets no limit. */
#ifndef HV_IMAGE_HEIF_AV1_H
#define HV_IMAGE_HEIF_AV1_H

#include <libheif/heif_plugin.h>

/* Comes before all others for a context that it is registered for. */
extern const struct heif_decoder_plugin hv_heif_av1;

#endif
