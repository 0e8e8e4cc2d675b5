/* SPDX-License-Identifier: Apache-2.0 */
/* Files to hashes, beside what the decoders alone take for the same file. JPEG: grey at the scale
 * that is used, of a progressive file the first scan alone where that is what is used, grey at full
 * size, and the bare entropy decoding. PNG: its rows. */
#include <hashveil/fingerprint.h>

#include "base/bytes.h"
#include "picture.h"
#include "stopwatch.h"

#include <stdio.h> /* jpeglib.h needs it before itself */

#include <jpeglib.h>
#include <png.h>
#include <stdbool.h>
#include <stdlib.h>

enum { RUNS = 15 };

struct file {
    uint8_t *bytes;
    size_t len;
};

static const struct {
    const char *what;
    uint32_t width_px, height_px, channels;
    bool is_png;
    bool is_progressive;
    unsigned block_px; /* that our short way uses */
} cases[] = {
    {"JPEG, 1 MP", 1200, 900, 3, false, false, 2},
    {"JPEG, 1 MP progressive", 1200, 900, 3, false, true, 2},
    {"JPEG, 6 MP progressive", 2800, 2100, 3, false, true, 4},
    {"JPEG, 12 MP", 4000, 3000, 3, false, false, 8},
    {"JPEG, 12 MP progressive", 4000, 3000, 3, false, true, 8},
    {"PNG, 1 MP RGB", 1200, 900, 3, true, false, 1},
    {"PNG, 1 MP grey", 1200, 900, 1, true, false, 1},
};

static void open_file(const struct file *input, struct jpeg_decompress_struct *file,
                      struct jpeg_error_mgr *errors)
{
    file->err = jpeg_std_error(errors);
    jpeg_create_decompress(file);
    jpeg_mem_src(file, input->bytes, input->len);
    jpeg_read_header(file, TRUE);
}

static void read_rows(struct jpeg_decompress_struct *file)
{
    JSAMPARRAY row =
        file->mem->alloc_sarray((j_common_ptr)file, JPOOL_IMAGE, file->output_width, 1);
    while (file->output_scanline < file->output_height) {
        jpeg_read_scanlines(file, row, 1);
    }
}

static void decode_grey(const struct file *input, unsigned block_px, bool is_first_scan)
{
    struct jpeg_decompress_struct file;
    struct jpeg_error_mgr errors;
    open_file(input, &file, &errors);
    file.out_color_space = JCS_GRAYSCALE;
    file.scale_num = 1;
    file.scale_denom = block_px;
    file.buffered_image = is_first_scan;
    file.do_block_smoothing = FALSE;
    jpeg_start_decompress(&file);
    if (is_first_scan) {
        while (jpeg_consume_input(&file) != JPEG_SCAN_COMPLETED) {
        }
        jpeg_start_output(&file, 1);
    }
    read_rows(&file);
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

static void take_bytes(png_struct *png, uint8_t *out, size_t len)
{
    hv_read_copy(png_get_io_ptr(png), out, len);
}

static void decode_png(const struct file *input)
{
    struct hv_reader in = hv_reader_of(input->bytes, input->len);
    png_struct *png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_info *info = png_create_info_struct(png);
    png_set_read_fn(png, &in, take_bytes);
    png_read_info(png, info);
    uint8_t *row = malloc(png_get_rowbytes(png, info));
    for (uint32_t y = 0; row && y < png_get_image_height(png, info); y++) {
        png_read_row(png, row, NULL);
    }
    free(row);
    png_destroy_read_struct(&png, &info, NULL);
}

enum way {
    SHORT_WAY,
    BOTH_POLICIES,
    EXACT_WAY,
    AT_SCALE,
    FIRST_SCAN,
    GREY,
    ENTROPY,
    PNG_ROWS,
    WAYS
};

static const char *const names[WAYS] = {"short way",
                                        "short way, both policies",
                                        "exact way",
                                        "libjpeg, grey at that scale",
                                        "libjpeg, first scan at that scale",
                                        "libjpeg, grey",
                                        "libjpeg, entropy decoding",
                                        "libpng, rows"};

static bool has_way(size_t number, enum way way)
{
    const bool reads_first_scan = cases[number].is_progressive && cases[number].block_px == 8;
    switch (way) {
    case SHORT_WAY:
    case BOTH_POLICIES:
    case EXACT_WAY:
        return true;
    case PNG_ROWS:
        return cases[number].is_png;
    case FIRST_SCAN:
        return reads_first_scan;
    case AT_SCALE:
    case GREY:
    case ENTROPY:
    case WAYS:
        break;
    }
    return !cases[number].is_png;
}

static hashveil_status go(enum way way, const struct file *file, unsigned block_px)
{
    hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    hashveil_fingerprint fingerprint[HASHVEIL_PDQ_POLICIES];
    options.is_exact_decode = way == EXACT_WAY;
    if (way == SHORT_WAY || way == EXACT_WAY) {
        return hashveil_fingerprint_file(file->bytes, file->len, &options, fingerprint);
    }
    if (way == BOTH_POLICIES) {
        return hashveil_fingerprint_file_policies(file->bytes, file->len, &options, fingerprint);
    }
    if (way == ENTROPY) {
        decode_entropy(file);
    } else if (way == PNG_ROWS) {
        decode_png(file);
    } else {
        decode_grey(file, way == GREY ? 1 : block_px, way == FIRST_SCAN);
    }
    return HASHVEIL_OK;
}

static struct file encode(size_t number)
{
    const struct picture_jpeg jpeg = {.quality = 85,
                                      .is_progressive = cases[number].is_progressive};
    const struct picture_png png = {.colour_type = cases[number].channels == 1 ? PNG_COLOR_TYPE_GRAY
                                                                               : PNG_COLOR_TYPE_RGB,
                                    .bit_depth = 8};
    hashveil_image picture;
    struct file file;
    picture_draw(&picture, cases[number].width_px, cases[number].height_px, cases[number].channels,
                 1);
    if (cases[number].is_png) {
        picture_to_png(&picture, &png, &file.bytes, &file.len);
    } else {
        picture_to_jpeg(&picture, &jpeg, &file.bytes, &file.len);
    }
    hashveil_image_clear(&picture);
    return file;
}

/* Takes turns, so that a change of clock speed meets all. */
static hashveil_status run_case(size_t number)
{
    static double taken_ms[WAYS][RUNS];
    double more_ms[RUNS];
    hashveil_status status = HASHVEIL_OK;
    const struct file file = encode(number);
    for (size_t i = 0; i < RUNS; i++) {
        for (int way = 0; way < WAYS && status == HASHVEIL_OK; way++) {
            const double start_ms = now_ms();
            if (has_way(number, (enum way)way)) {
                status = go((enum way)way, &file, cases[number].block_px);
            }
            taken_ms[way][i] = now_ms() - start_ms;
        }
        more_ms[i] = taken_ms[BOTH_POLICIES][i] - taken_ms[SHORT_WAY][i];
    }
    free(file.bytes);
    const double ours_ms = median(taken_ms[SHORT_WAY], RUNS);
    printf("%s: %s %.2f ms\n", cases[number].what, names[SHORT_WAY], ours_ms);
    for (int way = SHORT_WAY + 1; way < WAYS; way++) {
        if (!has_way(number, (enum way)way)) {
            continue;
        }
        const double other_ms = median(taken_ms[way], RUNS);
        printf("    %-34s %8.2f ms, ratio %.3f\n", names[way], other_ms, ours_ms / other_ms);
    }
    printf("    the second policy: %.3f ms more\n", median(more_ms, RUNS));
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
