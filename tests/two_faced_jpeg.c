/* SPDX-License-Identifier: Apache-2.0 */
#include "two_faced_jpeg.h"

#include <assert.h>
#include <math.h>
#include <stdio.h> /* jpeglib.h needs it before itself */

#include <jpeglib.h>

enum {
    STEP = 16, /* of the coefficients: the largest, 1,023 steps, is then enough */
    SPIKE = 27 /* the pixel that carries the difference */
};

/* wave[u][x]: the transform's cosine of frequency u, with its scale. */
static void fill_waves(double wave[DCTSIZE][DCTSIZE])
{
    for (int u = 0; u < DCTSIZE; u++) {
        for (int x = 0; x < DCTSIZE; x++) {
            wave[u][x] = (u == 0 ? sqrt(0.5) : 1) / 2 *
                         cos((2 * x + 1) * u * 3.14159265358979323846 / (2 * DCTSIZE));
        }
    }
}

/* All pixels are shown, but for one, which makes the mean. A flat plane has no coefficient but the
 * first, so the others are those of the spike alone. */
static void fill_block(double wave[DCTSIZE][DCTSIZE], uint8_t mean, uint8_t shown, JCOEFPTR out)
{
    const double spike = DCTSIZE2 * ((double)mean - shown);
    for (int v = 0; v < DCTSIZE; v++) {
        for (int u = 0; u < DCTSIZE; u++) {
            const double wanted = spike * wave[v][SPIKE / DCTSIZE] * wave[u][SPIKE % DCTSIZE];
            out[v * DCTSIZE + u] = (JCOEF)lround(wanted / STEP);
        }
    }
    out[0] = (JCOEF)lround(DCTSIZE * (mean - 128.0) / STEP);
}

static void set_up(struct jpeg_compress_struct *file, const hashveil_image *blocks)
{
    unsigned steps[DCTSIZE2];
    for (int i = 0; i < DCTSIZE2; i++) {
        steps[i] = STEP;
    }
    file->image_width = DCTSIZE * blocks->width_px;
    file->image_height = DCTSIZE * blocks->height_px;
    file->in_color_space = JCS_GRAYSCALE;
    file->input_components = 1;
    jpeg_set_defaults(file);
    jpeg_add_quant_table(file, 0, steps, 100, TRUE);
    file->optimize_coding = TRUE;
}

void make_two_faced_jpeg(const hashveil_image *by_means, const hashveil_image *by_pixels,
                         uint8_t **bytes_out, size_t *len_out)
{
    struct jpeg_compress_struct file;
    struct jpeg_error_mgr errors;
    double wave[DCTSIZE][DCTSIZE];
    unsigned long len = 0;

    assert(by_means->width_px == by_pixels->width_px &&
           by_means->height_px == by_pixels->height_px);
    fill_waves(wave);
    *bytes_out = NULL;
    file.err = jpeg_std_error(&errors); /* ends the program */
    jpeg_create_compress(&file);
    jpeg_mem_dest(&file, bytes_out, &len);
    set_up(&file, by_means);
    jvirt_barray_ptr blocks = file.mem->request_virt_barray(
        (j_common_ptr)&file, JPOOL_IMAGE, TRUE, by_means->width_px, by_means->height_px, 1);
    jpeg_write_coefficients(&file, &blocks);
    for (uint32_t y = 0; y < by_means->height_px; y++) {
        JBLOCKARRAY row = file.mem->access_virt_barray((j_common_ptr)&file, blocks, y, 1, TRUE);
        for (uint32_t x = 0; x < by_means->width_px; x++) {
            fill_block(wave, by_means->pixels[y * by_means->stride_bytes + x],
                       by_pixels->pixels[y * by_pixels->stride_bytes + x], row[0][x]);
        }
    }
    jpeg_finish_compress(&file);
    jpeg_destroy_compress(&file);
    *len_out = len;
}
