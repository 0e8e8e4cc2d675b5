/* SPDX-License-Identifier: Apache-2.0 */
/* What edits draw upon a picture. No fonts are needed, so that every machine draws the same. */
#ifndef HASHVEIL_TOOLS_EVAL_DRAW_H
#define HASHVEIL_TOOLS_EVAL_DRAW_H

#include <stdbool.h>
#include <stdint.h>
#include <wand/MagickWand.h>

/* Large letters in white with a dark edge, as on a picture with a joke. */
bool eval_draw_text(MagickWand *wand, uint64_t seed);
/* A disc and a bar in a corner, partly transparent. */
bool eval_draw_logo(MagickWand *wand, uint64_t seed);
/* A white bar with dark letters below the picture, a tenth of its height. */
bool eval_draw_caption(MagickWand *wand, uint64_t seed);
/* Noise of a standard deviation of 8 grey levels. */
bool eval_draw_noise(MagickWand *wand, uint64_t seed);

#endif
