/* SPDX-License-Identifier: Apache-2.0 */
#include "image/orientation.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
    TAG_ORIENTATION = 0x0112,
    TYPE_SHORT = 3,
    TIFF_VERSION = 42,
    TIFF_HEADER_BYTES = 8,
    STRIP_PX = 64, /* columns turned at a time, so that the rows they come from stay in the cache */
};

/* TIFF 6.0: the first two bytes tell the order of all numbers. */
struct tiff {
    struct hv_reader in;
    bool is_big_endian;
};

static uint32_t number(struct tiff *tiff, unsigned len)
{
    return (uint32_t)(tiff->is_big_endian ? hv_read_be(&tiff->in, len)
                                          : hv_read_le(&tiff->in, len));
}

/* Leaves the reader at the first directory, or failed. */
static struct tiff open_tiff(struct hv_reader exif)
{
    struct tiff tiff = {.in = exif};
    const uint8_t *order = hv_read_bytes(&tiff.in, 2);
    tiff.is_big_endian = order && memcmp(order, "MM", 2) == 0;
    const bool is_known = order && (tiff.is_big_endian || memcmp(order, "II", 2) == 0);
    const uint32_t version = number(&tiff, 2);
    const uint32_t directory = number(&tiff, 4);
    if (!is_known || version != TIFF_VERSION || directory < TIFF_HEADER_BYTES) {
        tiff.in.failed = true;
    }
    hv_read_bytes(&tiff.in, directory - TIFF_HEADER_BYTES);
    return tiff;
}

unsigned hv_exif_orientation(struct hv_reader exif)
{
    struct tiff tiff = open_tiff(exif);
    const uint32_t entries = number(&tiff, 2);
    for (uint32_t i = 0; i < entries && !tiff.in.failed; i++) {
        const uint32_t tag = number(&tiff, 2);
        const uint32_t type = number(&tiff, 2);
        const uint32_t count = number(&tiff, 4);
        const uint32_t value = number(&tiff, 2);
        number(&tiff, 2); /* an entry has four bytes for its value */
        if (tag == TAG_ORIENTATION) {
            const bool is_sound = !tiff.in.failed && type == TYPE_SHORT && count == 1;
            return is_sound && value >= 1 && value <= HV_ORIENTATION_MAX ? value
                                                                         : HV_ORIENTATION_AS_STORED;
        }
    }
    return HV_ORIENTATION_AS_STORED;
}

/* How the shown picture is found in the stored one: its axes are exchanged or not, then each stored
 * axis is walked forwards or backwards. */
static const struct turn {
    bool exchanges_axes, from_right, from_bottom;
} turns[HV_ORIENTATION_MAX + 1] = {
    [1] = {false, false, false}, [2] = {false, true, false}, [3] = {false, true, true},
    [4] = {false, false, true},  [5] = {true, false, false}, [6] = {true, false, true},
    [7] = {true, true, true},    [8] = {true, true, false},
};

struct walk {
    const uint8_t *first;     /* the stored pixel that is shown at the top left */
    ptrdiff_t right_bytes;    /* to the one that is shown on its right */
    ptrdiff_t downward_bytes; /* to the one that is shown below it */
};

static struct walk walk_of(const hashveil_image *stored, const struct turn *turn)
{
    struct walk walk = {.first = stored->pixels};
    ptrdiff_t along_row = (ptrdiff_t)stored->channels;
    ptrdiff_t along_column = (ptrdiff_t)stored->stride_bytes;
    if (turn->from_right) {
        walk.first += along_row * (ptrdiff_t)(stored->width_px - 1);
        along_row = -along_row;
    }
    if (turn->from_bottom) {
        walk.first += along_column * (ptrdiff_t)(stored->height_px - 1);
        along_column = -along_column;
    }
    walk.right_bytes = turn->exchanges_axes ? along_column : along_row;
    walk.downward_bytes = turn->exchanges_axes ? along_row : along_column;
    return walk;
}

/* Fills the columns from first_px on, at most STRIP_PX of them. */
static void fill_strip(const struct walk *walk, uint32_t first_px, hashveil_image *out)
{
    const uint32_t left_px = out->width_px - first_px;
    const uint32_t columns = left_px < STRIP_PX ? left_px : STRIP_PX;
    for (uint32_t y = 0; y < out->height_px; y++) {
        uint8_t *shown = out->pixels + y * out->stride_bytes + (size_t)first_px * out->channels;
        const ptrdiff_t start =
            walk->downward_bytes * (ptrdiff_t)y + walk->right_bytes * (ptrdiff_t)first_px;
        for (uint32_t x = 0; x < columns; x++) {
            const uint8_t *stored = walk->first + start + walk->right_bytes * (ptrdiff_t)x;
            for (uint32_t channel = 0; channel < out->channels; channel++) {
                *shown++ = stored[channel];
            }
        }
    }
}

hashveil_status hv_image_turn(hashveil_image *image, unsigned orientation)
{
    if (orientation == HV_ORIENTATION_AS_STORED) {
        return HASHVEIL_OK;
    }
    const struct turn *turn = &turns[orientation];
    hashveil_image turned = *image;
    if (turn->exchanges_axes) {
        turned.width_px = image->height_px;
        turned.height_px = image->width_px;
    }
    turned.stride_bytes = (size_t)turned.width_px * turned.channels;
    turned.pixels = hv_alloc_array(turned.height_px, turned.stride_bytes);
    if (!turned.pixels) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const struct walk walk = walk_of(image, turn);
    for (uint32_t first_px = 0; first_px < turned.width_px; first_px += STRIP_PX) {
        fill_strip(&walk, first_px, &turned);
    }
    hashveil_image_clear(image);
    *image = turned;
    return HASHVEIL_OK;
}
