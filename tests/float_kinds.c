/* SPDX-License-Identifier: Apache-2.0 */
#include "float_kinds.h"

#include "pdq/windows.h"

#include <float.h>
#include <math.h>
#include <string.h>

static float of_byte(uint32_t noise, size_t i)
{
    (void)i;
    return (float)(noise >> 24);
}

static float of_fraction(uint32_t noise, size_t i)
{
    (void)i;
    return (float)noise * 0x1p-24F;
}

static float of_sign(uint32_t noise, size_t i)
{
    (void)i;
    return (float)noise * 0x1p-20F - 2048;
}

static float of_large_step(uint32_t noise, size_t i)
{
    (void)noise;
    return i % 3 == 0 ? -8e6F : 8e6F;
}

static float of_any_size(uint32_t noise, size_t i)
{
    return ldexpf(of_sign(noise, i), (int)(noise % 160) - 80);
}

static float of_huge(uint32_t noise, size_t i)
{
    (void)i;
    return noise >> 31 ? 3e30F : -3.1e30F;
}

static float of_denormal(uint32_t noise, size_t i)
{
    const uint32_t bits = noise & 0x807fffffU;
    float value;
    (void)i;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float of_zero(uint32_t noise, size_t i)
{
    (void)i;
    return noise >> 31 ? 0.0F : -0.0F;
}

static float of_same(uint32_t noise, size_t i)
{
    (void)noise;
    (void)i;
    return 77.3F;
}

static float of_contrast(uint32_t noise, size_t i)
{
    (void)noise;
    return (i + i / HV_PDQ_SIDE) % 2 ? 255 : 0; /* a chessboard */
}

static float of_few(uint32_t noise, size_t i)
{
    (void)i;
    return (float)(noise >> 24) / 64 - 2;
}

static float of_extreme(uint32_t noise, size_t i)
{
    static const float values[] = {-INFINITY, -FLT_MAX, -FLT_MIN, -0.0F,
                                   0.0F,      FLT_MIN,  FLT_MAX,  INFINITY};
    (void)i;
    return values[noise >> 29];
}

static float of_ramp(uint32_t noise, size_t i)
{
    (void)noise;
    return (float)i - 100;
}

const struct float_kind float_kinds[FLOAT_KINDS] = {
    {"bytes", of_byte},
    {"fractions", of_fraction},
    {"both signs", of_sign},
    {"denormals", of_denormal},
    {"zeros of both signs", of_zero},
    {"all the same", of_same},
    {"contrast", of_contrast},
    {"few values", of_few},
    {"a ramp", of_ramp},
    {"large steps", of_large_step},
    {"any size", of_any_size},
    {"huge", of_huge},
    {"extremes", of_extreme},
};

void float_kind_fill(size_t kind, uint32_t seed, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t noise;
        seed = seed * 1664525U + 1013904223U;
        noise = seed ^ seed >> 15;
        out[i] = float_kinds[kind].value(noise, i);
    }
}
