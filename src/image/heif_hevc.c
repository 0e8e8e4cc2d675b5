/* SPDX-License-Identifier: Apache-2.0 */
/* HEVC through libde265, as a decoder of libheif's. */
#include "image/heif_hevc.h"

#include "image/decoder.h"
#include "image/hevc_size.h"

#include <libde265/de265.h>
#include <libheif/heif.h>
#include <stdlib.h>

enum {
    PLUGIN_VERSION = 3,
    PLANES = 3,
    LENGTH_BYTES = 4,
    PRIORITY = 1000 /* usual: 100 */
};

static const char name[] = "hashveil";

static const struct heif_error success = {heif_error_Ok, heif_suberror_Unspecified, "success"};
static const struct heif_error damaged = {heif_error_Decoder_plugin_error,
                                          heif_suberror_Unspecified, "damaged"};
static const struct heif_error cut = {heif_error_Decoder_plugin_error, heif_suberror_End_of_data,
                                      "cut"};
static const struct heif_error too_large = {heif_error_Memory_allocation_error,
                                            heif_suberror_Security_limit_exceeded, "too large"};
static const struct heif_error no_memory = {heif_error_Memory_allocation_error,
                                            heif_suberror_Unspecified, "no memory"};

/* libheif does not say what the caller's limits are, which are checked against the container's size
 * before and against the picture after; in between, no picture is larger than by default. */
static struct heif_error check_size(const uint8_t *unit, size_t len)
{
    static const hashveil_image_limits limits = HASHVEIL_IMAGE_LIMITS_DEFAULT;
    uint32_t width_px;
    uint32_t height_px;
    if (!hv_hevc_read_size(unit, len, &width_px, &height_px)) {
        return damaged;
    }
    return hv_image_check_sides(&limits, width_px, height_px) == HASHVEIL_OK ? success : too_large;
}

static const char *name_of(void)
{
    return name;
}

static int priority_for(enum heif_compression_format format)
{
    return format == heif_compression_HEVC ? PRIORITY : 0;
}

/* A decoder is libde265's context. */
static void destroy(void *decoder)
{
    de265_free_decoder(decoder);
}

static struct heif_error create(void **out)
{
    de265_decoder_context *decoder = de265_new_decoder();
    *out = decoder;
    if (!decoder) {
        return no_memory;
    }
    de265_set_parameter_bool(decoder, DE265_DECODER_PARAM_SUPPRESS_FAULTY_PICTURES, 1);
    return success;
}

static struct heif_error push(void *decoder, const void *bytes, size_t len)
{
    struct hv_reader in = hv_reader_of(bytes, len);
    while (in.left > 0) {
        const size_t unit_len = (size_t)hv_read_be(&in, LENGTH_BYTES);
        const uint8_t *unit = hv_read_bytes(&in, unit_len);
        if (!unit || unit_len > INT32_MAX) {
            return cut;
        }
        const struct heif_error error =
            hv_hevc_has_size(unit, unit_len) ? check_size(unit, unit_len) : success;
        if (error.code != heif_error_Ok) {
            return error;
        }
        if (de265_push_NAL(decoder, unit, (int)unit_len, 0, NULL) != DE265_OK) {
            return no_memory;
        }
    }
    return success;
}

static struct heif_error copy_plane(const struct de265_image *from, int plane,
                                    enum heif_channel channel, struct heif_image *to)
{
    const int width = de265_get_image_width(from, plane);
    const int height = de265_get_image_height(from, plane);
    const int bits = de265_get_bits_per_pixel(from, plane);
    if (width < 1 || height < 1 || bits != de265_get_bits_per_pixel(from, 0)) {
        return damaged;
    }
    const struct heif_error error = heif_image_add_plane(to, channel, width, height, bits);
    if (error.code != heif_error_Ok) {
        return no_memory;
    }
    int from_stride;
    int to_stride;
    const uint8_t *from_row = de265_get_image_plane(from, plane, &from_stride);
    uint8_t *to_row = heif_image_get_plane(to, channel, &to_stride);
    for (int y = 0; y < height; y++, from_row += from_stride, to_row += to_stride) {
        memcpy(to_row, from_row, (size_t)width * (bits > 8 ? 2 : 1));
    }
    return success;
}

/* What the stream says of its colours counts where the container says nothing. */
static void copy_colour_profile(const struct de265_image *from, struct heif_image *to)
{
    struct heif_color_profile_nclx *profile = heif_nclx_color_profile_alloc();
    if (!profile) {
        return;
    }
    /* Values that libheif does not know leave its defaults. */
    (void)heif_nclx_color_profile_set_color_primaries(
        profile, (uint16_t)de265_get_image_colour_primaries(from));
    (void)heif_nclx_color_profile_set_transfer_characteristics(
        profile, (uint16_t)de265_get_image_transfer_characteristics(from));
    (void)heif_nclx_color_profile_set_matrix_coefficients(
        profile, (uint16_t)de265_get_image_matrix_coefficients(from));
    profile->full_range_flag = (uint8_t)de265_get_image_full_range_flag(from);
    (void)heif_image_set_nclx_color_profile(to, profile);
    heif_nclx_color_profile_free(profile);
}

static struct heif_error copy_picture(const struct de265_image *from, struct heif_image **out)
{
    static const enum heif_channel channels[PLANES] = {heif_channel_Y, heif_channel_Cb,
                                                       heif_channel_Cr};
    const enum de265_chroma chroma = de265_get_chroma_format(from);
    const bool is_grey = chroma == de265_chroma_mono;
    struct heif_error error =
        heif_image_create(de265_get_image_width(from, 0), de265_get_image_height(from, 0),
                          is_grey ? heif_colorspace_monochrome : heif_colorspace_YCbCr,
                          (enum heif_chroma)chroma, out);
    for (int i = 0; error.code == heif_error_Ok && i < (is_grey ? 1 : PLANES); i++) {
        error = copy_plane(from, i, channels[i], *out);
    }
    if (error.code == heif_error_Ok) {
        copy_colour_profile(from, *out);
    }
    return error;
}

/* Whether the stream lacked something, or contradicted itself, on the way. */
static bool has_warnings(de265_decoder_context *decoder)
{
    bool has_any = false;
    de265_error warning = de265_get_warning(decoder);
    while (warning != DE265_OK) {
        has_any |= warning != DE265_WARNING_NO_WPP_CANNOT_USE_MULTITHREADING &&
                   warning != DE265_WARNING_SPS_MISSING_CANNOT_DECODE_SEI;
        warning = de265_get_warning(decoder);
    }
    return has_any;
}

/* A stream of several pictures could show one here and another elsewhere. */
static struct heif_error decode(void *decoder, struct heif_image **out)
{
    struct heif_error error = success;
    int pictures = 0;
    int more = 1;
    *out = NULL;
    de265_error result = de265_flush_data(decoder);
    while (result == DE265_OK && more && error.code == heif_error_Ok) {
        result = de265_decode(decoder, &more);
        const struct de265_image *picture = de265_peek_next_picture(decoder);
        if (picture && pictures++ == 0) {
            error = copy_picture(picture, out);
        }
        if (picture) {
            de265_release_next_picture(decoder);
        }
    }
    if (result == DE265_ERROR_OUT_OF_MEMORY) {
        error = no_memory;
    } else if (error.code == heif_error_Ok &&
               (result != DE265_OK || pictures != 1 || has_warnings(decoder))) {
        error = damaged;
    }
    if (error.code != heif_error_Ok) {
        heif_image_release(*out);
        *out = NULL;
    }
    return error;
}

static void set_strictness(void *decoder, int is_strict)
{
    (void)decoder;
    (void)is_strict; /* it always is */
}

const struct heif_decoder_plugin hv_heif_hevc = {
    .plugin_api_version = PLUGIN_VERSION,
    .get_plugin_name = name_of,
    .does_support_format = priority_for,
    .new_decoder = create,
    .free_decoder = destroy,
    .push_data = push,
    .decode_image = decode,
    .set_strict_decoding = set_strictness,
    .id_name = name,
};
