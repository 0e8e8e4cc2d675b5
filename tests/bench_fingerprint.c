/* SPDX-License-Identifier: Apache-2.0 */
/* Files to hashes, beside what the decoder alone takes for the same file: grey at the scale that is
 * used, grey at full size, and the bare entropy decoding. */
#include <hashveil/fingerprint.h>

#include "picture.h"
#include "stopwatch.h"

#include <stdio.h> /* jpeglib.h needs it before itself */

#include <jpeglib.h>
#include <stdbool.h>
#include <stdlib.h>

enum { RUNS = 15 };

struct file {
    uint8_t *bytes;
    size_t len;
};

static const struct {
    const char *what;
    uint32_t width_px, height_px;
    unsigned block_px; /* that our short way uses */
    bool is_progressive;
} cases[] = {
    {"1 MP", 1200, 900, 2, false},
    {"1 MP progressive", 1200, 900, 2, true},
    {"12 MP", 4000, 3000, 8, false},
    {"12 MP progressive", 4000, 3000, 8, true},
};

static void open_file(const struct file *input, struct jpeg_decompress_struct *file,
                      struct jpeg_error_mgr *errors)
{
    file->err = jpeg_std_error(errors);
    jpeg_create_decompress(file);
    jpeg_mem_src(file, input->bytes, input->len);
    jpeg_read_header(file, TRUE);
}

static void decode_grey(const struct file *input, unsigned block_px)
{
    struct jpeg_decompress_struct file;
    struct jpeg_error_mgr errors;
    open_file(input, &file, &errors);
    file.out_color_space = JCS_GRAYSCALE;
    file.scale_num = 1;
    file.scale_denom = block_px;
    jpeg_start_decompress(&file);
    JSAMPARRAY row = file.mem->alloc_sarray((j_common_ptr)&file, JPOOL_IMAGE, file.output_width, 1);
    while (file.output_scanline < file.output_height) {
        jpeg_read_scanlines(&file, row, 1);
    }
    jpeg_destroy_decompress(&file);
}

static void decode_entropy(const struct file *input)
{
    struct jpeg_decompress_struct file;
    struct jpeg_error_mgr errors;
    open_file(input, &file, &errors);
    jpeg_read_coefficients(&file);
    jpeg_destroy_decompress(&file);
}

enum way { SHORT_WAY, EXACT_WAY, GREY_AT_SCALE, GREY, ENTROPY, WAYS };

static const char *const names[WAYS] = {"short way", "exact way", "libjpeg grey at that scale",
                                        "libjpeg grey", "libjpeg entropy decoding"};

static hashveil_status go(enum way way, const struct file *file, unsigned block_px)
{
    hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    hashveil_fingerprint fingerprint;
    options.is_exact_decode = way == EXACT_WAY;
    if (way == SHORT_WAY || way == EXACT_WAY) {
        return hashveil_fingerprint_file(file->bytes, file->len, &options, &fingerprint);
    }
    if (way == ENTROPY) {
        decode_entropy(file);
    } else {
        decode_grey(file, way == GREY ? 1 : block_px);
    }
    return HASHVEIL_OK;
}

/* Takes turns, so that a change of clock speed meets all. */
static hashveil_status run_case(size_t number)
{
    static double taken_ms[WAYS][RUNS];
    const struct picture_jpeg kind = {.quality = 85,
                                      .is_progressive = cases[number].is_progressive};
    hashveil_status status = HASHVEIL_OK;
    hashveil_image picture;
    struct file file;
    picture_draw(&picture, cases[number].width_px, cases[number].height_px, 3, 1);
    picture_to_jpeg(&picture, &kind, &file.bytes, &file.len);
    hashveil_image_clear(&picture);
    for (size_t i = 0; i < RUNS; i++) {
        for (int way = 0; way < WAYS && status == HASHVEIL_OK; way++) {
            const double start_ms = now_ms();
            status = go((enum way)way, &file, cases[number].block_px);
            taken_ms[way][i] = now_ms() - start_ms;
        }
    }
    free(file.bytes);
    const double ours_ms = median(taken_ms[SHORT_WAY], RUNS);
    printf("%s: %s %.2f ms\n", cases[number].what, names[SHORT_WAY], ours_ms);
    for (int way = SHORT_WAY + 1; way < WAYS; way++) {
        const double other_ms = median(taken_ms[way], RUNS);
        printf("    %-28s %8.2f ms, ratio %.3f\n", names[way], other_ms, ours_ms / other_ms);
    }
    return status;
}

int main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (run_case(i) != HASHVEIL_OK) {
            fputs("a file could not be hashed\n", stderr);
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
