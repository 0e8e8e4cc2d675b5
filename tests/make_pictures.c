/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the pictures of the tests of the whole system, the same on every machine:
 * make_pictures FOLDER. */
#include "picture.h"

#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PICTURES = 8, WIDTH_PX = 480, HEIGHT_PX = 360, BEST_QUALITY = 95, FIRST_OTHER = 1000 };

/* Returns a cleared picture of this size with the other's kind of pixels. */
static hashveil_image blank(const hashveil_image *like, uint32_t width_px, uint32_t height_px)
{
    hashveil_image image = {.width_px = width_px,
                            .height_px = height_px,
                            .channels = like->channels,
                            .stride_bytes = (size_t)width_px * like->channels};
    image.pixels = hv_alloc_array(height_px, image.stride_bytes);
    if (!image.pixels) {
        abort();
    }
    return image;
}

/* The mean of one channel over a rectangle; to_x and to_y are behind it. */
static uint8_t mean(const hashveil_image *image, const uint32_t from[2], const uint32_t to[2],
                    uint32_t channel)
{
    uint64_t sum = 0;
    for (uint32_t y = from[1]; y < to[1]; y++) {
        for (uint32_t x = from[0]; x < to[0]; x++) {
            sum += image->pixels[y * image->stride_bytes + (size_t)x * image->channels + channel];
        }
    }
    const uint64_t count = (uint64_t)(to[0] - from[0]) * (to[1] - from[1]);
    assert(count > 0); /* pictures are only made smaller */
    return (uint8_t)((sum + count / 2) / count);
}

/* Area averaging to other sides. */
static hashveil_image resized(const hashveil_image *image, uint32_t width_px, uint32_t height_px)
{
    hashveil_image out = blank(image, width_px, height_px);
    for (uint32_t y = 0; y < height_px; y++) {
        for (uint32_t x = 0; x < width_px; x++) {
            const uint32_t from[] = {x * image->width_px / width_px,
                                     y * image->height_px / height_px};
            const uint32_t to[] = {(x + 1) * image->width_px / width_px,
                                   (y + 1) * image->height_px / height_px};
            for (uint32_t channel = 0; channel < out.channels; channel++) {
                out.pixels[y * out.stride_bytes + (size_t)x * out.channels + channel] =
                    mean(image, from, to, channel);
            }
        }
    }
    return out;
}

/* Every sample times percent, plus a level, within 0..255. */
static hashveil_image toned(const hashveil_image *image, unsigned percent, unsigned level)
{
    hashveil_image out = blank(image, image->width_px, image->height_px);
    for (size_t i = 0; i < out.height_px * out.stride_bytes; i++) {
        const unsigned sample = image->pixels[i] * percent / 100 + level;
        out.pixels[i] = (uint8_t)(sample > 255 ? 255 : sample);
    }
    return out;
}

static hashveil_image unchanged(const hashveil_image *image)
{
    return toned(image, 100, 0);
}

static hashveil_image brightened(const hashveil_image *image)
{
    return toned(image, 115, 8);
}

/* So little contrast that PDQ's quality is below what is matched. */
static hashveil_image faded(const hashveil_image *image)
{
    return toned(image, 6, 120);
}

static hashveil_image halved(const hashveil_image *image)
{
    return resized(image, image->width_px / 2, image->height_px / 2);
}

static hashveil_image shrunk(const hashveil_image *image)
{
    return resized(image, image->width_px * 2 / 3, image->height_px * 2 / 3);
}

/* Half of one per cent from each side. */
static hashveil_image cropped(const hashveil_image *image)
{
    const uint32_t left_px = image->width_px / 200;
    const uint32_t top_px = image->height_px / 200;
    hashveil_image out = blank(image, image->width_px - 2 * left_px, image->height_px - 2 * top_px);
    for (uint32_t y = 0; y < out.height_px; y++) {
        const uint8_t *row = image->pixels + (y + top_px) * image->stride_bytes;
        for (size_t i = 0; i < out.stride_bytes; i++) {
            out.pixels[y * out.stride_bytes + i] = row[(size_t)left_px * image->channels + i];
        }
    }
    return out;
}

/* Left and right change places. */
static hashveil_image mirrored(const hashveil_image *image)
{
    hashveil_image out = blank(image, image->width_px, image->height_px);
    for (uint32_t y = 0; y < out.height_px; y++) {
        for (uint32_t x = 0; x < out.width_px; x++) {
            memcpy(out.pixels + y * out.stride_bytes + (size_t)x * out.channels,
                   image->pixels + y * image->stride_bytes +
                       (size_t)(image->width_px - 1 - x) * image->channels,
                   out.channels);
        }
    }
    return out;
}

/* The first row becomes the first column. */
static hashveil_image transposed(const hashveil_image *image)
{
    hashveil_image out = blank(image, image->height_px, image->width_px);
    for (uint32_t y = 0; y < out.height_px; y++) {
        for (uint32_t x = 0; x < out.width_px; x++) {
            memcpy(out.pixels + y * out.stride_bytes + (size_t)x * out.channels,
                   image->pixels + x * image->stride_bytes + (size_t)y * image->channels,
                   out.channels);
        }
    }
    return out;
}

/* A quarter to the right. */
static hashveil_image turned(const hashveil_image *image)
{
    hashveil_image lying = transposed(image);
    hashveil_image out = mirrored(&lying);
    hashveil_image_clear(&lying);
    return out;
}

/* One file for each picture and row: FOLDER/row.folder/NUMBERrow.suffix.jpg. */
static const struct row {
    const char *folder, *suffix;
    hashveil_image (*edit)(const hashveil_image *image);
    uint64_t first_seed;
    int quality;
} rows[] = {
    {"listed", "", unchanged, 0, BEST_QUALITY},
    {"copies", "-recompressed-30", unchanged, 0, 30},
    {"copies", "-recompressed-60", unchanged, 0, 60},
    {"copies", "-halved", halved, 0, BEST_QUALITY},
    {"copies", "-shrunk", shrunk, 0, BEST_QUALITY},
    {"copies", "-brightened", brightened, 0, BEST_QUALITY},
    {"copies", "-cropped", cropped, 0, BEST_QUALITY},
    {"turned", "-mirrored", mirrored, 0, 60},
    {"turned", "-by-a-quarter", turned, 0, 60},
    {"faded", "", faded, 0, BEST_QUALITY},
    {"others", "", unchanged, FIRST_OTHER, BEST_QUALITY},
};

static bool make_folder(const char *parent, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", parent, name);
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

static bool write_file(const char *path, const uint8_t *bytes, size_t len)
{
    FILE *file = fopen(path, "wbe");
    if (!file) {
        return false;
    }
    const bool is_written = fwrite(bytes, 1, len, file) == len;
    return fclose(file) == 0 && is_written;
}

static bool write_row(const char *parent, const struct row *row, unsigned number,
                      const hashveil_image *picture)
{
    char path[4096];
    uint8_t *bytes = NULL;
    size_t len = 0;
    hashveil_image edited = row->edit(picture);
    const struct picture_jpeg kind = {.quality = row->quality};
    picture_to_jpeg(&edited, &kind, &bytes, &len);
    snprintf(path, sizeof path, "%s/%s/%02u%s.jpg", parent, row->folder, number, row->suffix);
    const bool is_written = write_file(path, bytes, len);
    free(bytes);
    hashveil_image_clear(&edited);
    return is_written;
}

/* Writes what is made of the picture of this number and seed. */
static bool write_picture(const char *parent, uint64_t first_seed, unsigned number)
{
    hashveil_image picture = {0};
    bool is_written = true;
    picture_draw(&picture, WIDTH_PX, HEIGHT_PX, 3, first_seed + number);
    for (size_t i = 0; i < sizeof rows / sizeof *rows && is_written; i++) {
        if (rows[i].first_seed == first_seed) {
            is_written = make_folder(parent, rows[i].folder) &&
                         write_row(parent, &rows[i], number, &picture);
        }
    }
    hashveil_image_clear(&picture);
    return is_written;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: make_pictures FOLDER\n", stderr);
        return 64;
    }
    for (unsigned number = 0; number < PICTURES; number++) {
        if (!write_picture(argv[1], 0, number) || !write_picture(argv[1], FIRST_OTHER, number)) {
            perror(argv[1]);
            return 2;
        }
    }
    return 0;
}
