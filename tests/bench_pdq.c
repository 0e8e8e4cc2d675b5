/* SPDX-License-Identifier: Apache-2.0 */
/* Pixels to hash: every set of kernels that this processor can run beside a plain single-precision
 * implementation of the published steps. Built with ORACLE_NUMBER float. */
#include "pdq/filter.h"
#include "pdq/kernels.h"
#include "pdq/transform.h"
#include "pdq_oracle.h"
#include "picture.h"
#include "stopwatch.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_RUNS = 301, MAX_VARIANTS = 4 };

static const struct {
    const char *what;
    uint32_t width_px, height_px, channels;
    size_t runs;  /* odd; the median counts */
    double units; /* the printed time is for one of so many */
} cases[] = {
    {"512 x 512 grey plane", 512, 512, 1, 301, 1},
    {"512 x 512 RGB", 512, 512, 3, 301, 1},
    {"megapixel of 4000 x 3000 grey", 4000, 3000, 1, 7, 12},
    {"megapixel of 4000 x 3000 RGB", 4000, 3000, 3, 7, 12},
};

/* Times of one case, in milliseconds. */
struct times {
    double published[MAX_RUNS];
    double ours[MAX_VARIANTS][MAX_RUNS];
};

/* Fills with the rows of the table that this processor can run; returns how many. */
static size_t find_variants(const struct hv_kernels *out[MAX_VARIANTS])
{
    size_t count = 0;
    for (size_t i = 0; hv_kernels_all[i]; i++) {
        if ((hv_kernels_all[i]->needs & ~hv_cpu_features()) == 0) {
            out[count++] = hv_kernels_all[i];
        } else {
            printf("%s: not on this processor\n", hv_kernels_all[i]->name);
        }
    }
    return count;
}

static hashveil_status run_ours(const struct hv_kernels *kernels, const hashveil_image *image,
                                hashveil_fingerprint *out)
{
    const struct hv_row_shape shape = {image->width_px, image->height_px, image->channels, 1};
    struct hv_filter filter;
    struct hv_transform transform;
    const hashveil_status status = hv_filter_init(kernels, &shape, &filter);
    if (status != HASHVEIL_OK) {
        return status;
    }
    for (size_t y = 0; y < image->height_px; y++) {
        hv_filter_add_row(&filter, image->pixels + y * image->stride_bytes);
    }
    hv_transform_of(kernels, filter.plane, &transform);
    hv_fingerprint_of(kernels, &transform, out);
    hv_filter_clear(&filter);
    return HASHVEIL_OK;
}

static bool is_same(const hashveil_fingerprint *left, const hashveil_fingerprint *right)
{
    bool same = hashveil_pdq_distance(&left->hash, &right->hash) == 0;
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        same = same && left->margin[i] == right->margin[i];
    }
    return same && left->quality == right->quality;
}

/* Returns false when a variant differs from plain C in anything, or that from the published steps
 * by more than rounding can explain. */
static bool measure(const hashveil_image *image, const struct hv_kernels *const *variants,
                    size_t variant_count, size_t runs, struct times *out)
{
    hashveil_fingerprint prints[MAX_VARIANTS] = {0};
    struct oracle_room room;
    struct oracle published;
    bool agrees = true;

    oracle_room_init((size_t)image->width_px * image->height_px, &room);
    /* Takes turns, so that a change of clock speed meets all. */
    for (size_t run = 0; run < runs; run++) {
        double start_ms = now_ms();
        oracle_run(image, &room, &published);
        out->published[run] = now_ms() - start_ms;
        for (size_t v = 0; v < variant_count; v++) {
            /* First without the watch: all find the picture in the caches, as far as it fits. */
            agrees = run_ours(variants[v], image, &prints[v]) == HASHVEIL_OK && agrees;
            start_ms = now_ms();
            agrees = run_ours(variants[v], image, &prints[v]) == HASHVEIL_OK && agrees;
            out->ours[v][run] = now_ms() - start_ms;
            agrees = is_same(&prints[v], &prints[0]) && agrees;
        }
        agrees = hashveil_pdq_distance(&prints[0].hash, &published.hash) <= 2 && agrees;
    }
    oracle_room_clear(&room);
    return agrees;
}

static bool run_case(size_t number, const struct hv_kernels *const *variants, size_t variant_count)
{
    static struct times times;
    const size_t runs = cases[number].runs;
    hashveil_image image = {0};

    picture_draw(&image, cases[number].width_px, cases[number].height_px, cases[number].channels,
                 number);
    const bool agrees = measure(&image, variants, variant_count, runs, &times);
    const double published = median(times.published, runs) / cases[number].units;
    printf("%-30s  %-15s %8.4f ms\n", cases[number].what, "published steps", published);
    double plain = 0;
    for (size_t v = 0; v < variant_count; v++) {
        const double ours = median(times.ours[v], runs) / cases[number].units;
        plain = v == 0 ? ours : plain;
        printf("%-30s  %-15s %8.4f ms, 1/%.0f of that, 1/%.1f of plain C\n", "", variants[v]->name,
               ours, published / ours, plain / ours);
    }
    hashveil_image_clear(&image);
    return agrees;
}

int main(void)
{
    const struct hv_kernels *variants[MAX_VARIANTS];
    const size_t variant_count = find_variants(variants);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (!run_case(i, variants, variant_count)) {
            fputs("they disagree\n", stderr);
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
