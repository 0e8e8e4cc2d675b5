/* SPDX-License-Identifier: Apache-2.0 */
/* Planes of a codec to planes of libheif. */
#include "image/heif_planes.h"

#include <string.h>

const struct heif_error hv_heif_success = {heif_error_Ok, heif_suberror_Unspecified, "success"};
const struct heif_error hv_heif_damaged = {heif_error_Decoder_plugin_error,
                                           heif_suberror_Unspecified, "damaged"};
const struct heif_error hv_heif_cut = {heif_error_Decoder_plugin_error, heif_suberror_End_of_data,
                                       "cut"};
const struct heif_error hv_heif_too_large = {heif_error_Memory_allocation_error,
                                             heif_suberror_Security_limit_exceeded, "too large"};
const struct heif_error hv_heif_no_memory = {heif_error_Memory_allocation_error,
                                             heif_suberror_Unspecified, "no memory"};

static struct heif_error copy_plane(const struct hv_heif_plane *plane, enum heif_channel channel,
                                    struct heif_image *to)
{
    if (heif_image_add_plane(to, channel, plane->width_px, plane->height_px, plane->bits).code !=
        heif_error_Ok) {
        return hv_heif_no_memory;
    }
    int stride_bytes;
    uint8_t *to_row = heif_image_get_plane(to, channel, &stride_bytes);
    const uint8_t *from_row = plane->samples;
    const size_t row_bytes = (size_t)plane->width_px * (plane->bits > 8 ? 2 : 1);
    for (int y = 0; y < plane->height_px; y++) {
        memcpy(to_row, from_row, row_bytes);
        to_row += stride_bytes;
        from_row += plane->stride_bytes;
    }
    return hv_heif_success;
}

static void set_profile(const struct hv_heif_picture *picture, struct heif_image *to)
{
    struct heif_color_profile_nclx *profile = heif_nclx_color_profile_alloc();
    if (!profile) {
        return;
    }
    /* Values that libheif does not know leave its defaults. */
    (void)heif_nclx_color_profile_set_color_primaries(profile, picture->primaries);
    (void)heif_nclx_color_profile_set_transfer_characteristics(profile, picture->transfer);
    (void)heif_nclx_color_profile_set_matrix_coefficients(profile, picture->matrix);
    profile->full_range_flag = picture->is_full_range;
    (void)heif_image_set_nclx_color_profile(to, profile);
    heif_nclx_color_profile_free(profile);
}

struct heif_error hv_heif_copy_picture(const struct hv_heif_picture *picture,
                                       struct heif_image **out)
{
    static const enum heif_channel channels[HV_HEIF_PLANES] = {heif_channel_Y, heif_channel_Cb,
                                                               heif_channel_Cr};
    const struct hv_heif_plane *first = &picture->planes[0];
    const bool is_grey = picture->chroma == heif_chroma_monochrome;
    struct heif_error error = hv_heif_success;
    struct heif_image *image = NULL;
    *out = NULL;
    for (int i = 0; i < (is_grey ? 1 : HV_HEIF_PLANES); i++) {
        const struct hv_heif_plane *plane = &picture->planes[i];
        if (plane->width_px < 1 || plane->height_px < 1 || plane->bits != first->bits) {
            return hv_heif_damaged;
        }
    }
    if (heif_image_create(first->width_px, first->height_px,
                          is_grey ? heif_colorspace_monochrome : heif_colorspace_YCbCr,
                          picture->chroma, &image)
            .code != heif_error_Ok) {
        return hv_heif_no_memory;
    }
    for (int i = 0; error.code == heif_error_Ok && i < (is_grey ? 1 : HV_HEIF_PLANES); i++) {
        error = copy_plane(&picture->planes[i], channels[i], image);
    }
    if (error.code == heif_error_Ok) {
        set_profile(picture, image);
        *out = image;
        image = NULL; /* now the caller's */
    }
    heif_image_release(image);
    return error;
}
