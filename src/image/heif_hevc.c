/* SPDX-License-Identifier: Apache-2.0 */
/* HEVC through libde265, as a decoder of libheif's. */
#include "image/heif_hevc.h"

#include "image/decoder.h"
#include "image/heif_planes.h"
#include "image/hevc_size.h"

#include <libde265/de265.h>

enum { LENGTH_BYTES = 4 };

static const char name[] = "hashveil HEVC";

/* libheif does not say what the caller's limits are, which are checked against the container's size
 * before and against the picture after; in between, no picture is larger than by default. */
static struct heif_error check_size(const uint8_t *unit, size_t len)
{
    static const hashveil_image_limits limits = HASHVEIL_IMAGE_LIMITS_DEFAULT;
    uint32_t width_px;
    uint32_t height_px;
    if (!hv_hevc_read_size(unit, len, &width_px, &height_px)) {
        return hv_heif_damaged;
    }
    return hv_image_check_sides(&limits, width_px, height_px) == HASHVEIL_OK ? hv_heif_success
                                                                             : hv_heif_too_large;
}

static const char *name_of(void)
{
    return name;
}

static int priority_for(enum heif_compression_format format)
{
    return format == heif_compression_HEVC ? HV_HEIF_PRIORITY : 0;
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
        return hv_heif_no_memory;
    }
    de265_set_parameter_bool(decoder, DE265_DECODER_PARAM_SUPPRESS_FAULTY_PICTURES, 1);
    return hv_heif_success;
}

static struct heif_error push(void *decoder, const void *bytes, size_t len)
{
    struct hv_reader in = hv_reader_of(bytes, len);
    while (in.left > 0) {
        const size_t unit_len = (size_t)hv_read_be(&in, LENGTH_BYTES);
        const uint8_t *unit = hv_read_bytes(&in, unit_len);
        if (!unit || unit_len > INT32_MAX) {
            return hv_heif_cut;
        }
        const struct heif_error error =
            hv_hevc_has_size(unit, unit_len) ? check_size(unit, unit_len) : hv_heif_success;
        if (error.code != heif_error_Ok) {
            return error;
        }
        if (de265_push_NAL(decoder, unit, (int)unit_len, 0, NULL) != DE265_OK) {
            return hv_heif_no_memory;
        }
    }
    return hv_heif_success;
}

static struct heif_error copy_picture(const struct de265_image *from, struct heif_image **out)
{
    const enum de265_chroma chroma = de265_get_chroma_format(from);
    struct hv_heif_picture picture = {.chroma = (enum heif_chroma)chroma,
                                      .primaries = (uint16_t)de265_get_image_colour_primaries(from),
                                      .transfer =
                                          (uint16_t)de265_get_image_transfer_characteristics(from),
                                      .matrix = (uint16_t)de265_get_image_matrix_coefficients(from),
                                      .is_full_range = de265_get_image_full_range_flag(from) != 0};
    for (int i = 0; i < (chroma == de265_chroma_mono ? 1 : HV_HEIF_PLANES); i++) {
        struct hv_heif_plane *plane = &picture.planes[i];
        int stride_bytes;
        plane->samples = de265_get_image_plane(from, i, &stride_bytes);
        plane->stride_bytes = stride_bytes;
        plane->width_px = de265_get_image_width(from, i);
        plane->height_px = de265_get_image_height(from, i);
        plane->bits = de265_get_bits_per_pixel(from, i);
    }
    return hv_heif_copy_picture(&picture, out);
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
    struct heif_error error = hv_heif_success;
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
        error = hv_heif_no_memory;
    } else if (error.code == heif_error_Ok &&
               (result != DE265_OK || pictures != 1 || has_warnings(decoder))) {
        error = hv_heif_damaged;
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
    .plugin_api_version = HV_HEIF_PLUGIN_VERSION,
    .get_plugin_name = name_of,
    .does_support_format = priority_for,
    .new_decoder = create,
    .free_decoder = destroy,
    .push_data = push,
    .decode_image = decode,
    .set_strict_decoding = set_strictness,
    .id_name = name,
};
