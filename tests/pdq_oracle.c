/* SPDX-License-Identifier: Apache-2.0 */
#include "pdq_oracle.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void oracle_room_init(size_t pixels, struct oracle_room *out)
{
    out->plane = calloc(pixels, sizeof *out->plane);
    out->other_plane = calloc(pixels, sizeof *out->other_plane);
    if (!out->plane || !out->other_plane) {
        abort();
    }
    for (int i = 0; i < ORACLE_FREQUENCIES; i++) {
        for (int j = 0; j < ORACLE_SIDE; j++) {
            out->dct[i][j] =
                (oracle_number)(sqrt(2.0 / 64) * cos(M_PI / 128 * (i + 1) * (2 * j + 1)));
        }
    }
}

void oracle_room_clear(struct oracle_room *room)
{
    free(room->plane);
    free(room->other_plane);
    memset(room, 0, sizeof *room);
}

static size_t picked(size_t i, size_t side, size_t sampled_side)
{
    return (size_t)floor((double)i * (double)side / (double)sampled_side);
}

hashveil_image oracle_nearest512(const hashveil_image *image)
{
    const bool is_large = image->width_px > 512 || image->height_px > 512;
    hashveil_image out = *image;
    out.width_px = is_large ? 512 : image->width_px;
    out.height_px = is_large ? 512 : image->height_px;
    out.stride_bytes = (size_t)out.width_px * out.channels;
    out.pixels = malloc(out.stride_bytes * out.height_px);
    if (!out.pixels) {
        abort();
    }
    for (size_t y = 0; y < out.height_px; y++) {
        for (size_t x = 0; x < out.width_px; x++) {
            const size_t row = picked(y, image->height_px, out.height_px);
            const size_t column = picked(x, image->width_px, out.width_px);
            memcpy(out.pixels + y * out.stride_bytes + x * out.channels,
                   image->pixels + row * image->stride_bytes + column * image->channels,
                   out.channels);
        }
    }
    return out;
}

static oracle_number luma_of(const uint8_t *pixel, uint32_t channels)
{
    if (channels == 1) {
        return (oracle_number)pixel[0];
    }
    return (oracle_number)0.299 * (oracle_number)pixel[0] +
           (oracle_number)0.587 * (oracle_number)pixel[1] +
           (oracle_number)0.114 * (oracle_number)pixel[2];
}

static void fill_luma(const hashveil_image *image, oracle_number *out)
{
    for (size_t y = 0; y < image->height_px; y++) {
        const uint8_t *pixel = image->pixels + y * image->stride_bytes;
        for (size_t x = 0; x < image->width_px; x++, pixel += image->channels) {
            *out++ = luma_of(pixel, image->channels);
        }
    }
}

/* Output i is the mean of inputs i - behind .. i + ahead, as far as there are such. */
static void box_pass(const oracle_number *in, oracle_number *out, size_t count, size_t stride,
                     size_t window)
{
    const size_t half = (window + 2) / 2;
    const size_t behind = window - half;
    const size_t ahead = half - 1;
    oracle_number sum = 0;
    size_t inside = 0;

    for (size_t i = 0; i < ahead; i++, inside++) {
        sum += in[i * stride];
    }
    for (size_t i = 0; i < count; i++) {
        if (i + ahead < count) {
            sum += in[(i + ahead) * stride];
            inside++;
        }
        if (i > behind) {
            sum -= in[(i - behind - 1) * stride];
            inside--;
        }
        out[i * stride] = sum / (oracle_number)inside;
    }
}

static size_t window_of(size_t side)
{
    return (side + 127) / 128;
}

static void filter(struct oracle_room *room, size_t width, size_t height)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t y = 0; y < height; y++) {
            box_pass(room->plane + y * width, room->other_plane + y * width, width, 1,
                     window_of(width));
        }
        for (size_t x = 0; x < width; x++) {
            box_pass(room->other_plane + x, room->plane + x, height, width, window_of(height));
        }
    }
}

static size_t input_of(size_t i, size_t side)
{
    return (size_t)(((double)i + 0.5) * (double)side / ORACLE_SIDE);
}

void oracle_axis(oracle_number *in, oracle_number *scratch, size_t side,
                 oracle_number out[ORACLE_SIDE])
{
    box_pass(in, scratch, side, 1, window_of(side));
    box_pass(scratch, in, side, 1, window_of(side));
    for (size_t i = 0; i < ORACLE_SIDE; i++) {
        out[i] = in[input_of(i, side)];
    }
}

static int percent(oracle_number u, oracle_number v)
{
    return abs((int)((u - v) * 100 / 255));
}

static unsigned quality_of(const oracle_number *plane)
{
    int sum = 0;
    for (int r = 0; r < ORACLE_SIDE; r++) {
        for (int c = 0; c < ORACLE_SIDE; c++) {
            const oracle_number *at = plane + (size_t)r * ORACLE_SIDE + c;
            sum += r + 1 < ORACLE_SIDE ? percent(at[0], at[ORACLE_SIDE]) : 0;
            sum += c + 1 < ORACLE_SIDE ? percent(at[0], at[1]) : 0;
        }
    }
    return sum / 90 > 100 ? 100 : (unsigned)(sum / 90);
}

static void transform(const struct oracle_room *room, const oracle_number *plane,
                      oracle_number *out)
{
    oracle_number rows[ORACLE_FREQUENCIES][ORACLE_SIDE];
    for (int i = 0; i < ORACLE_FREQUENCIES; i++) {
        for (int j = 0; j < ORACLE_SIDE; j++) {
            rows[i][j] = 0;
            for (int k = 0; k < ORACLE_SIDE; k++) {
                rows[i][j] += room->dct[i][k] * plane[k * ORACLE_SIDE + j];
            }
        }
    }
    for (int i = 0; i < ORACLE_FREQUENCIES; i++) {
        for (int j = 0; j < ORACLE_FREQUENCIES; j++) {
            oracle_number sum = 0;
            for (int k = 0; k < ORACLE_SIDE; k++) {
                sum += rows[i][k] * room->dct[j][k];
            }
            out[i * ORACLE_FREQUENCIES + j] = sum;
        }
    }
}

static int compare(const void *left, const void *right)
{
    const oracle_number a = *(const oracle_number *)left;
    const oracle_number b = *(const oracle_number *)right;
    return (a > b) - (a < b);
}

void oracle_finish(const struct oracle_room *room, struct oracle *out)
{
    oracle_number sorted[HASHVEIL_PDQ_BITS];

    out->quality = quality_of(out->plane);
    transform(room, out->plane, out->coefficients);
    memcpy(sorted, out->coefficients, sizeof sorted);
    qsort(sorted, HASHVEIL_PDQ_BITS, sizeof *sorted, compare);
    out->hash = (hashveil_pdq){0};
    for (int i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        out->margin[i] = out->coefficients[i] - sorted[127];
        if (out->coefficients[i] > sorted[127]) {
            out->hash.word[i / 64] |= UINT64_C(1) << (i % 64);
        }
    }
}

void oracle_run(const hashveil_image *image, struct oracle_room *room, struct oracle *out)
{
    const size_t width = image->width_px;
    const size_t height = image->height_px;

    fill_luma(image, room->plane);
    if (width != ORACLE_SIDE || height != ORACLE_SIDE) {
        filter(room, width, height);
    }
    for (size_t r = 0; r < ORACLE_SIDE; r++) {
        for (size_t c = 0; c < ORACLE_SIDE; c++) {
            out->plane[r * ORACLE_SIDE + c] =
                room->plane[input_of(r, height) * width + input_of(c, width)];
        }
    }
    oracle_finish(room, out);
}

void oracle_image(const hashveil_image *image, struct oracle *out)
{
    struct oracle_room room;
    oracle_room_init((size_t)image->width_px * image->height_px, &room);
    oracle_run(image, &room, out);
    oracle_room_clear(&room);
}

bool oracle_is_transposed(hashveil_dihedral form)
{
    return form == HASHVEIL_DIHEDRAL_ROTATE_90 || form == HASHVEIL_DIHEDRAL_ROTATE_270 ||
           form == HASHVEIL_DIHEDRAL_FLIP_PLUS_1 || form == HASHVEIL_DIHEDRAL_FLIP_MINUS_1;
}

size_t oracle_turned_from(hashveil_dihedral form, size_t width, size_t height, size_t row,
                          size_t column)
{
    const size_t from_bottom = height - 1;
    const size_t from_right = width - 1;
    switch (form) {
    case HASHVEIL_DIHEDRAL_ORIGINAL:
        return row * width + column;
    case HASHVEIL_DIHEDRAL_ROTATE_90: /* against the clock: the right column becomes the top row */
        return column * width + (from_right - row);
    case HASHVEIL_DIHEDRAL_ROTATE_180:
        return (from_bottom - row) * width + (from_right - column);
    case HASHVEIL_DIHEDRAL_ROTATE_270: /* the left column becomes the top row, bottom first */
        return (from_bottom - column) * width + row;
    case HASHVEIL_DIHEDRAL_FLIP_X:
        return (from_bottom - row) * width + column;
    case HASHVEIL_DIHEDRAL_FLIP_Y:
        return row * width + (from_right - column);
    case HASHVEIL_DIHEDRAL_FLIP_PLUS_1:
        return column * width + row;
    case HASHVEIL_DIHEDRAL_FLIP_MINUS_1:
        return (from_bottom - column) * width + (from_right - row);
    }
    abort();
}

void oracle_noise(uint32_t seed, uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525U + 1013904223U;
        bytes[i] = (uint8_t)(seed >> 24);
    }
}

hashveil_image oracle_noise_image(uint32_t seed, uint32_t width_px, uint32_t height_px,
                                  uint32_t channels)
{
    const size_t stride_bytes = (size_t)width_px * channels;
    const hashveil_image image = {.pixels = malloc(stride_bytes * height_px),
                                  .width_px = width_px,
                                  .height_px = height_px,
                                  .stride_bytes = stride_bytes,
                                  .channels = channels};
    if (!image.pixels) {
        abort();
    }
    oracle_noise(seed, image.pixels, stride_bytes * height_px);
    return image;
}
