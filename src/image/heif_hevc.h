/* SPDX-License-Identifier: Apache-2.0 */
/* HEVC for libheif, whose own way to libde265 starts a thread for each picture, passes over damage
 * and learns how large a picture is once it is decoded. */
#ifndef HV_IMAGE_HEIF_HEVC_H
#define HV_IMAGE_HEIF_HEVC_H

#include <libheif/heif_plugin.h>

/* Comes before all others for a context that it is registered for. */
extern const struct heif_decoder_plugin hv_heif_hevc;

#endif
