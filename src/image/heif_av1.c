/* SPDX-License-Identifier: Apache-2.0 */
/* AV1 through dav1d, as a decoder of libheif's. */
#include "image/heif_av1.h"

#include "base/memory.h"
#include "image/heif_planes.h"

#include <hashveil/image.h>

#include <dav1d/dav1d.h>
#include <errno.h>
#include <stdlib.h>

static const char name[] = "hashveil AV1";

struct decoder {
    Dav1dContext *context; /* owned */
    Dav1dData data;        /* owned; what is still to be decoded */
};

static const char *name_of(void)
{
    return name;
}

static int priority_for(enum heif_compression_format format)
{
    return format == heif_compression_AV1 ? HV_HEIF_PRIORITY : 0;
}

static void destroy(void *decoder_of_ours)
{
    struct decoder *decoder = decoder_of_ours;
    if (decoder->data.sz > 0) {
        dav1d_data_unref(&decoder->data);
    }
    dav1d_close(&decoder->context);
    free(decoder);
}

/* libheif does not say what the caller's limits are, which are checked against the container's size
 * before and against the picture after; in between, no picture is larger than by default. */
static struct heif_error create(void **out)
{
    static const hashveil_image_limits limits = HASHVEIL_IMAGE_LIMITS_DEFAULT;
    struct decoder *decoder = hv_alloc_array(1, sizeof *decoder);
    *out = decoder;
    if (!decoder) {
        return hv_heif_no_memory;
    }
    Dav1dSettings settings;
    dav1d_default_settings(&settings);
    settings.n_threads = 1;
    settings.all_layers = 0;
    settings.frame_size_limit = (unsigned)limits.max_pixels;
    settings.logger.callback = NULL;
    if (dav1d_open(&decoder->context, &settings) != 0) {
        free(decoder);
        *out = NULL;
        return hv_heif_no_memory;
    }
    return hv_heif_success;
}

static struct heif_error push(void *decoder_of_ours, const void *bytes, size_t len)
{
    struct decoder *decoder = decoder_of_ours;
    if (decoder->data.sz > 0 || len == 0) {
        return hv_heif_damaged; /* a picture is one piece */
    }
    uint8_t *copy = dav1d_data_create(&decoder->data, len);
    if (!copy) {
        return hv_heif_no_memory;
    }
    memcpy(copy, bytes, len);
    return hv_heif_success;
}

static struct heif_error copy_picture(const Dav1dPicture *from, struct heif_image **out)
{
    static const enum heif_chroma chromas[] = {
        [DAV1D_PIXEL_LAYOUT_I400] = heif_chroma_monochrome,
        [DAV1D_PIXEL_LAYOUT_I420] = heif_chroma_420,
        [DAV1D_PIXEL_LAYOUT_I422] = heif_chroma_422,
        [DAV1D_PIXEL_LAYOUT_I444] = heif_chroma_444,
    };
    const enum Dav1dPixelLayout layout = from->p.layout;
    struct hv_heif_picture picture = {.chroma = chromas[layout],
                                      .primaries = (uint16_t)from->seq_hdr->pri,
                                      .transfer = (uint16_t)from->seq_hdr->trc,
                                      .matrix = (uint16_t)from->seq_hdr->mtrx,
                                      .is_full_range = from->seq_hdr->color_range != 0};
    for (int i = 0; i < HV_HEIF_PLANES; i++) {
        const int halves_width = i > 0 && layout != DAV1D_PIXEL_LAYOUT_I444;
        const int halves_height = i > 0 && layout == DAV1D_PIXEL_LAYOUT_I420;
        picture.planes[i] =
            (struct hv_heif_plane){.samples = from->data[i],
                                   .stride_bytes = from->stride[i > 0],
                                   .width_px = (from->p.w + halves_width) >> halves_width,
                                   .height_px = (from->p.h + halves_height) >> halves_height,
                                   .bits = from->p.bpc};
    }
    return hv_heif_copy_picture(&picture, out);
}

static struct heif_error error_of(int result)
{
    struct heif_error error = hv_heif_damaged;
    if (result == DAV1D_ERR(ENOMEM)) {
        error = hv_heif_no_memory;
    } else if (result == DAV1D_ERR(ERANGE)) {
        error = hv_heif_too_large;
    }
    return error;
}

/* A stream of several pictures could show one here and another elsewhere. */
static struct heif_error decode(void *decoder_of_ours, struct heif_image **out)
{
    struct decoder *decoder = decoder_of_ours;
    struct heif_error error = hv_heif_success;
    int pictures = 0;
    int taken;
    int given;
    *out = NULL;
    do {
        Dav1dPicture picture = {0};
        taken = decoder->data.sz > 0 ? dav1d_send_data(decoder->context, &decoder->data)
                                     : DAV1D_ERR(EAGAIN);
        given = dav1d_get_picture(decoder->context, &picture);
        if (given == 0 && pictures++ == 0) {
            error = copy_picture(&picture, out);
        }
        if (given == 0) {
            dav1d_picture_unref(&picture);
        }
    } while (error.code == heif_error_Ok && (taken == 0 || given == 0));
    const int last = taken == DAV1D_ERR(EAGAIN) ? given : taken;
    if (error.code == heif_error_Ok && (last != DAV1D_ERR(EAGAIN) || pictures != 1)) {
        error = error_of(last);
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

const struct heif_decoder_plugin hv_heif_av1 = {
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
