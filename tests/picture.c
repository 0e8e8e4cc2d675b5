/* SPDX-License-Identifier: Apache-2.0 */
/* Value noise and a few shapes. Only sums and products of doubles, so that every machine rounds
 * alike. */
#include "picture.h"

#include "base/memory.h"

#include <stdlib.h>

enum { OCTAVES = 6, SHAPES = 8 };

struct shape {
    double x, y, radius; /* in parts of the sides */
    bool is_disc;
    double colour[3];
};

/* SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
static uint64_t mixed(uint64_t number)
{
    uint64_t z = number + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Uniform in 0..1. */
static double uniform(uint64_t seed, uint64_t a, uint64_t b)
{
    return (double)(mixed(mixed(mixed(seed) + a) + b) >> 11) * 0x1p-53;
}

static double eased(double t)
{
    return t * t * (3 - 2 * t);
}

static double blended(double from, double to, double share)
{
    return from + (to - from) * share;
}

/* Random values on a grid of so many cells a side, and smooth between them. */
static double noise(uint64_t seed, unsigned cells, double x, double y)
{
    const uint64_t column = (uint64_t)(x * cells);
    const uint64_t row = (uint64_t)(y * cells);
    const double right = eased(x * cells - (double)column);
    const double down = eased(y * cells - (double)row);
    const double above = blended(uniform(seed, column, row), uniform(seed, column + 1, row), right);
    const double below =
        blended(uniform(seed, column, row + 1), uniform(seed, column + 1, row + 1), right);
    return blended(above, below, down);
}

static void pick_shapes(uint64_t seed, struct shape shapes[SHAPES])
{
    for (uint64_t i = 0; i < SHAPES; i++) {
        shapes[i] = (struct shape){
            .x = uniform(seed, i, 100),
            .y = uniform(seed, i, 101),
            .radius = 0.05 + 0.12 * uniform(seed, i, 102),
            .is_disc = i % 2 == 0,
            .colour = {uniform(seed, i, 103), uniform(seed, i, 104), uniform(seed, i, 105)},
        };
    }
}

static bool covers(const struct shape *shape, double x, double y)
{
    const double dx = x - shape->x;
    const double dy = y - shape->y;
    const double r = shape->radius;
    return shape->is_disc ? dx * dx + dy * dy < r * r : dx * dx < r * r && dy * dy < r * r / 2;
}

static uint8_t level(double value)
{
    const double scaled = value * 255 + 0.5;
    return (uint8_t)(scaled < 0 ? 0 : scaled > 255 ? 255 : scaled);
}

static void colour_of(uint64_t seed, const struct shape shapes[SHAPES], double x, double y,
                      double out[3])
{
    double texture = 0;
    for (unsigned octave = 0; octave < OCTAVES; octave++) {
        const double weight = octave == 0 ? 0.5 : 0.45;
        texture += weight * (noise(seed + octave, 3U << octave, x, y) - 0.5);
    }
    out[0] = 0.30 + 0.4 * x + texture;
    out[1] = 0.35 + 0.3 * y + texture;
    out[2] = 0.75 - 0.4 * x + texture;
    for (int i = 0; i < SHAPES; i++) {
        if (covers(&shapes[i], x, y)) {
            for (int channel = 0; channel < 3; channel++) {
                out[channel] = blended(out[channel], shapes[i].colour[channel], 0.7);
            }
        }
    }
}

void picture_draw(hashveil_image *out, uint32_t width_px, uint32_t height_px, uint32_t channels,
                  uint64_t seed)
{
    struct shape shapes[SHAPES];
    *out = (hashveil_image){.width_px = width_px,
                            .height_px = height_px,
                            .channels = channels,
                            .stride_bytes = (size_t)width_px * channels};
    out->pixels = hv_alloc_array(height_px, out->stride_bytes);
    if (!out->pixels) {
        abort();
    }
    pick_shapes(seed, shapes);
    for (uint32_t y = 0; y < height_px; y++) {
        for (uint32_t x = 0; x < width_px; x++) {
            uint8_t *pixel = out->pixels + y * out->stride_bytes + (size_t)x * channels;
            double colour[3];
            colour_of(seed, shapes, (x + 0.5) / width_px, (y + 0.5) / height_px, colour);
            for (uint32_t channel = 0; channel < channels; channel++) {
                pixel[channel] = level(channels == 1 ? colour[1] : colour[channel]);
            }
        }
    }
}
