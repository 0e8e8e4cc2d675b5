/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_draw.h"

#include <stdlib.h>

enum { MOST_POINTS = 6, LINES_A_LETTER = 3 };

/* A letter's lines on a field 4 wide and 6 high, from its upper left corner. */
struct letter {
    struct {
        size_t count;
        PointInfo point[MOST_POINTS];
    } line[LINES_A_LETTER];
};

static const struct letter letters[] = {
    {.line = {{2, {{2, 0}, {2, 6}}}, {2, {{0, 0}, {4, 0}}}}},                        /* T */
    {.line = {{2, {{0, 0}, {0, 6}}}, {2, {{4, 0}, {4, 6}}}, {2, {{0, 3}, {4, 3}}}}}, /* H */
    {.line = {{4, {{4, 0}, {0, 0}, {0, 6}, {4, 6}}}, {2, {{0, 3}, {3, 3}}}}},        /* E */
    {.line = {{5, {{0, 6}, {0, 0}, {2, 3}, {4, 0}, {4, 6}}}}},                       /* M */
    {.line = {{3, {{0, 6}, {2, 0}, {4, 6}}}, {2, {{1, 4}, {3, 4}}}}},                /* A */
    {.line = {{4, {{0, 6}, {0, 0}, {4, 6}, {4, 0}}}}},                               /* N */
    {.line = {{5, {{0, 0}, {1, 6}, {2, 2}, {3, 6}, {4, 0}}}}},                       /* W */
    {.line = {{2, {{0, 0}, {0, 6}}}, {3, {{4, 0}, {0, 3}, {4, 6}}}}},                /* K */
};

enum { LETTERS = sizeof letters / sizeof *letters, LETTERS_A_LINE = 12 };

/* What a line of letters looks like. */
struct pen {
    const char *colour;
    double width_px;
};

static void draw_letter(DrawingWand *drawing, const struct letter *letter, PointInfo at,
                        double step)
{
    for (size_t i = 0; i < LINES_A_LETTER && letter->line[i].count > 0; i++) {
        PointInfo points[MOST_POINTS];
        for (size_t k = 0; k < letter->line[i].count; k++) {
            points[k].x = at.x + letter->line[i].point[k].x * step;
            points[k].y = at.y + letter->line[i].point[k].y * step;
        }
        DrawPolyline(drawing, letter->line[i].count, points);
    }
}

/* A line of letters across most of the width, its upper edge at top_px. */
static bool draw_letters(MagickWand *wand, uint64_t seed, double top_px, double height_px,
                         const struct pen *pen)
{
    const double step = height_px / 6;
    const double advance = (double)MagickGetImageWidth(wand) * 0.9 / LETTERS_A_LINE;
    const double narrow = advance / 5 < step ? advance / 5 : step;
    DrawingWand *drawing = NewDrawingWand();
    PixelWand *stroke = NewPixelWand();
    PixelWand *none = NewPixelWand();
    PixelSetColor(stroke, pen->colour);
    PixelSetColor(none, "none");
    DrawSetStrokeColor(drawing, stroke);
    DrawSetFillColor(drawing, none);
    DrawSetStrokeWidth(drawing, pen->width_px);
    for (unsigned i = 0; i < LETTERS_A_LINE; i++) {
        const PointInfo at = {(double)MagickGetImageWidth(wand) * 0.05 + i * advance, top_px};
        draw_letter(drawing, &letters[(seed >> (3 * i)) % LETTERS], at, narrow);
    }
    const bool is_drawn = MagickDrawImage(wand, drawing) == MagickTrue;
    DestroyPixelWand(none);
    DestroyPixelWand(stroke);
    DestroyDrawingWand(drawing);
    return is_drawn;
}

bool eval_draw_text(MagickWand *wand, uint64_t seed)
{
    const double height = (double)MagickGetImageHeight(wand);
    const double letter = height * 0.08;
    const struct pen edge = {"black", letter / 4 + 2};
    const struct pen inside = {"white", letter / 6 + 1};
    const double top = height * (seed % 2 ? 0.04 : 0.86);
    return draw_letters(wand, seed >> 1, top, letter, &edge) &&
           draw_letters(wand, seed >> 1, top, letter, &inside);
}

bool eval_draw_caption(MagickWand *wand, uint64_t seed)
{
    const size_t height = MagickGetImageHeight(wand);
    const double bar = (double)height * 0.1;
    const struct pen pen = {"black", bar / 16 + 1};
    PixelWand *white = NewPixelWand();
    PixelSetColor(white, "white");
    const bool is_drawn = MagickSetImageBackgroundColor(wand, white) == MagickTrue &&
                          MagickExtentImage(wand, MagickGetImageWidth(wand), height + (size_t)bar,
                                            0, 0) == MagickTrue &&
                          draw_letters(wand, seed, (double)height + bar * 0.2, bar * 0.6, &pen);
    DestroyPixelWand(white);
    return is_drawn;
}

bool eval_draw_logo(MagickWand *wand, uint64_t seed)
{
    const double width = (double)MagickGetImageWidth(wand);
    const double height = (double)MagickGetImageHeight(wand);
    const double radius = (width < height ? width : height) * 0.06;
    const double x = seed & 1 ? radius * 1.5 : width - radius * 1.5;
    const double y = seed & 2 ? radius * 1.5 : height - radius * 1.5;
    DrawingWand *drawing = NewDrawingWand();
    PixelWand *colour = NewPixelWand();
    PixelSetColor(colour, "rgba(255,255,255,0.7)");
    DrawSetFillColor(drawing, colour);
    DrawCircle(drawing, x, y, x + radius, y);
    PixelSetColor(colour, "rgba(200,30,30,0.8)");
    DrawSetFillColor(drawing, colour);
    DrawRectangle(drawing, x - radius * 0.7, y - radius * 0.2, x + radius * 0.7, y + radius * 0.2);
    const bool is_drawn = MagickDrawImage(wand, drawing) == MagickTrue;
    DestroyPixelWand(colour);
    DestroyDrawingWand(drawing);
    return is_drawn;
}

/* SplitMix64. */
static uint64_t next_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t value = *state;
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

/* Nearly normal: the sum of eight uniform bytes, whose standard deviation is 209. */
static int next_noise(uint64_t *state)
{
    const uint64_t random = next_random(state);
    int sum = 0;
    for (unsigned i = 0; i < 8; i++) {
        sum += (int)(random >> (8 * i) & 255) - 127;
    }
    return sum * 8 / 209;
}

bool eval_draw_noise(MagickWand *wand, uint64_t seed)
{
    const size_t width = MagickGetImageWidth(wand);
    const size_t height = MagickGetImageHeight(wand);
    uint8_t *row = calloc(width, 3);
    bool is_drawn = row != NULL;
    for (size_t y = 0; y < height && is_drawn; y++) {
        is_drawn = MagickExportImagePixels(wand, 0, (ssize_t)y, width, 1, "RGB", CharPixel, row) ==
                   MagickTrue;
        for (size_t i = 0; i < 3 * width; i++) {
            const int sample = row[i] + next_noise(&seed);
            row[i] = (uint8_t)(sample < 0 ? 0 : sample > 255 ? 255 : sample);
        }
        is_drawn = is_drawn && MagickImportImagePixels(wand, 0, (ssize_t)y, width, 1, "RGB",
                                                       CharPixel, row) == MagickTrue;
    }
    free(row);
    return is_drawn;
}
