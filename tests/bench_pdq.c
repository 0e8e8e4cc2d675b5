/* SPDX-License-Identifier: Apache-2.0 */
/* Pixels to hash: ours beside a plain single-precision implementation of the published steps. Built
 * with ORACLE_NUMBER float. */
#include <hashveil/pdq.h>

#include "pdq_oracle.h"
#include "picture.h"
#include "stopwatch.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_RUNS = 301 };

static const struct {
    const char *what;
    uint32_t width_px, height_px, channels;
    size_t runs;  /* odd; the median counts */
    double units; /* the printed time is for one of so many */
} cases[] = {
    {"512 x 512 grey plane", 512, 512, 1, 301, 1},
    {"megapixel of 4000 x 3000 grey", 4000, 3000, 1, 7, 12},
    {"megapixel of 1024 x 1024 RGB", 1024, 1024, 3, 101, 1.048576},
    {"megapixel of 4000 x 3000 RGB", 4000, 3000, 3, 7, 12},
};

/* Takes turns, so that a change of clock speed meets both. Returns false when the two disagree by
 * more than rounding can explain. */
static bool run_case(size_t number)
{
    static double ours_ms[MAX_RUNS];
    static double plain_ms[MAX_RUNS];
    const size_t runs = cases[number].runs;
    hashveil_image image = {0};
    hashveil_fingerprint fingerprint;
    struct oracle_room room;
    struct oracle plain;
    hashveil_status status = HASHVEIL_OK;

    picture_draw(&image, cases[number].width_px, cases[number].height_px, cases[number].channels,
                 number);
    oracle_room_init((size_t)image.width_px * image.height_px, &room);
    for (size_t i = 0; i < runs && status == HASHVEIL_OK; i++) {
        const double start_ms = now_ms();
        status = hashveil_pdq_fingerprint(&image, &fingerprint);
        const double middle_ms = now_ms();
        oracle_run(&image, &room, &plain);
        ours_ms[i] = middle_ms - start_ms;
        plain_ms[i] = now_ms() - middle_ms;
    }
    const double ours = median(ours_ms, runs) / cases[number].units;
    const double published = median(plain_ms, runs) / cases[number].units;
    printf("%-30s %8.4f ms, published steps %8.3f ms, ratio 1/%.1f\n", cases[number].what, ours,
           published, published / ours);
    const bool agrees =
        status == HASHVEIL_OK && hashveil_pdq_distance(&fingerprint.hash, &plain.hash) <= 2;
    oracle_room_clear(&room);
    hashveil_image_clear(&image);
    return agrees;
}

int main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (!run_case(i)) {
            fputs("the two disagree\n", stderr);
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
