/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG through libjpeg-turbo, with the accurate transform and smooth chroma: the pixels from which
 * the published PDQ hashes were made. */
#include "image/decoder.h"
#include "image/jpeg_exif.h"
#include "image/jpeg_means.h"
#include "image/jpeg_segments.h"

#include <stdio.h> /* jpeglib.h needs it before itself */

#include <jerror.h>
#include <jpeglib.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdnoreturn.h>

/* One file. Lives outside the function that calls setjmp, so that its content is defined after a
 * jump. */
struct jpeg_reading {
    struct jpeg_decompress_struct file;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf failed;
    hashveil_status status; /* why, after a jump */
    const struct hv_row_options *options;
    const struct hv_row_sink *sink;
    bool may_lack_end; /* from here on, all that is missing is noticed where it is needed */
};

static noreturn void fail(struct jpeg_reading *reading, hashveil_status status)
{
    reading->status = status;
    longjmp(reading->failed, 1);
}

static noreturn void on_error(j_common_ptr file)
{
    hashveil_status status = HASHVEIL_ERR_FORMAT;
    if (file->err->msg_code == JERR_OUT_OF_MEMORY) {
        status = HASHVEIL_ERR_NO_MEMORY;
    } else if (file->err->msg_code == JERR_IMAGE_TOO_BIG) {
        status = HASHVEIL_ERR_LIMIT; /* libjpeg's own: 65,500 a side */
    }
    fail(file->client_data, status);
}

/* Other warnings are about damage that every viewer passes over. */
static void on_warning(j_common_ptr file, int level)
{
    struct jpeg_reading *reading = file->client_data;
    const int code = file->err->msg_code;
    const bool is_cut = code == JWRN_HIT_MARKER /* a scan lacks data */ ||
                        (code == JWRN_JPEG_EOF && !reading->may_lack_end);
    if (level < 0 && is_cut) {
        fail(reading, HASHVEIL_ERR_TRUNCATED);
    }
}

static void print_nothing(j_common_ptr file)
{
    (void)file;
}

/* Called before each row of blocks: a file of a few bytes a scan could ask for thousands of passes
 * over the whole picture. */
static void count_scans(j_common_ptr file)
{
    struct jpeg_reading *reading = file->client_data;
    if ((uint32_t)reading->file.input_scan_number > reading->options->limits.max_scans) {
        fail(reading, HASHVEIL_ERR_LIMIT);
    }
}

/* What libjpeg is asked for, by the number of components in the file. */
static const J_COLOR_SPACE colour_spaces[] = {
    [1] = JCS_GRAYSCALE,
    [3] = JCS_RGB,
    [4] = JCS_CMYK,
};

enum { CMYK_COMPONENTS = 4 };

/* The largest block that leaves enough of them along the smaller side. */
static uint32_t block_px_for(const struct jpeg_reading *reading)
{
    const struct jpeg_decompress_struct *file = &reading->file;
    const uint32_t smaller_px =
        file->image_width < file->image_height ? file->image_width : file->image_height;
    uint32_t block_px = HV_JPEG_BLOCK_PX;
    while (block_px > 1 && smaller_px / block_px < reading->options->min_blocks) {
        block_px /= 2;
    }
    return block_px;
}

/* libjpeg has no way from other factors to colours, but ignores colours when luma is enough: both
 * ways are to refuse the same files. */
static bool has_common_sampling(const struct jpeg_decompress_struct *file)
{
    for (int i = 0; i < file->num_components; i++) {
        const jpeg_component_info *component = &file->comp_info[i];
        if (file->max_h_samp_factor % component->h_samp_factor != 0 ||
            file->max_v_samp_factor % component->v_samp_factor != 0) {
            return false;
        }
    }
    return true;
}

/* Not for four components: how light shows through ink cannot be told from means. */
static bool has_short_way(const struct jpeg_decompress_struct *file)
{
    return file->num_components != CMYK_COMPONENTS && has_common_sampling(file);
}

/* Where colours lie outside of what RGB can hold, luma is not that of the pixels shown; over blocks
 * of a large picture that costs less than it saves. */
static void take_the_short_way(struct jpeg_reading *reading)
{
    struct jpeg_decompress_struct *file = &reading->file;
    file->scale_denom = block_px_for(reading);
    if (file->scale_denom > 1) {
        file->out_color_space = JCS_GRAYSCALE;
    }
}

static void take_the_long_way(struct jpeg_reading *reading)
{
    struct jpeg_decompress_struct *file = &reading->file;
    file->out_color_space = colour_spaces[file->num_components];
    file->scale_num = 1;
    file->scale_denom = 1;
}

static void check(struct jpeg_reading *reading, hashveil_status status)
{
    if (status != HASHVEIL_OK) {
        fail(reading, status);
    }
}

static void read_header(struct jpeg_reading *reading, const uint8_t *bytes, size_t len)
{
    struct jpeg_decompress_struct *file = &reading->file;
    jpeg_create_decompress(file);
    file->progress = &reading->progress;
    jpeg_mem_src(file, bytes, len);
    jpeg_read_header(file, TRUE);

    const size_t components = (size_t)file->num_components;
    if (components >= sizeof colour_spaces / sizeof colour_spaces[0] ||
        colour_spaces[components] == JCS_UNKNOWN) {
        fail(reading, HASHVEIL_ERR_FORMAT);
    }
    file->dct_method = JDCT_ISLOW;
    file->do_fancy_upsampling = TRUE;
    take_the_long_way(reading);

    check(reading,
          hv_image_check_sides(&reading->options->limits, file->image_width, file->image_height));
    if (reading->options->min_blocks > 0 && has_short_way(file)) {
        take_the_short_way(reading);
    }
}

/* Adobe's programs store the share of light that each ink lets through, and say so in a marker;
 * without it the samples are amounts of ink. In place. */
static void cmyk_to_rgb(uint8_t *row, uint32_t width_px, bool is_light)
{
    const uint8_t inverted = is_light ? 0 : 0xFF;
    const uint8_t *from = row;
    for (uint32_t x = 0; x < width_px; x++, from += CMYK_COMPONENTS) {
        const unsigned black = from[3] ^ inverted;
        for (int i = 0; i < 3; i++) {
            *row++ = (uint8_t)(((from[i] ^ inverted) * black + 127) / 255);
        }
    }
}

static void read_rows(struct jpeg_reading *reading)
{
    struct jpeg_decompress_struct *file = &reading->file;
    const struct hv_row_sink *sink = reading->sink;
    uint8_t *row =
        file->mem->alloc_large((j_common_ptr)file, JPOOL_IMAGE,
                               (size_t)file->output_width * (size_t)file->out_color_components);
    while (file->output_scanline < file->output_height) {
        jpeg_read_scanlines(file, &row, 1);
        if (file->out_color_components == CMYK_COMPONENTS) {
            cmyk_to_rgb(row, file->output_width, file->saw_Adobe_marker);
        }
        check(reading, sink->row(sink->context, row));
    }
}

static struct hv_row_shape shape_of(const struct jpeg_decompress_struct *file)
{
    return (struct hv_row_shape){.width_px = file->image_width,
                                 .height_px = file->image_height,
                                 .channels = file->out_color_space == JCS_GRAYSCALE ? 1 : 3,
                                 .block_px = file->scale_denom};
}

static void read_pixels(struct jpeg_reading *reading)
{
    struct jpeg_decompress_struct *file = &reading->file;
    const struct hv_row_shape shape = shape_of(file);
    check(reading, reading->sink->begin(reading->sink->context, &shape));
    /* Viewers show a file whose end marker alone is missing, and a single scan that is cut earlier
     * runs into a warning of its own. Of several scans nobody can tell whether one is missing, and
     * arithmetic coding does not notice where its data ends. */
    reading->may_lack_end = !jpeg_has_multiple_scans(file) && !file->arith_code;
    jpeg_start_decompress(file);
    read_rows(reading);
    /* What follows the pixels is of no interest, so jpeg_finish_decompress is not called. */
    reading->status = HASHVEIL_OK;
}

/* libjpeg looks for them only when it decodes. */
static bool has_tables(const struct jpeg_decompress_struct *file)
{
    for (int i = 0; i < file->num_components; i++) {
        const int number = file->comp_info[i].quant_tbl_no;
        if (number < 0 || number >= NUM_QUANT_TBLS || !file->quant_tbl_ptrs[number]) {
            return false;
        }
    }
    return true;
}

/* Whether luma's means, which a progressive file sends first, or they and little more could be all
 * that is needed. */
static bool may_do_with_means(const struct jpeg_decompress_struct *file)
{
    const jpeg_component_info *first = &file->comp_info[0];
    return file->progressive_mode && file->scale_denom >= HV_JPEG_BLOCK_PX / 2 &&
           (file->jpeg_color_space == JCS_GRAYSCALE || file->jpeg_color_space == JCS_YCbCr) &&
           first->h_samp_factor == file->max_h_samp_factor &&
           first->v_samp_factor == file->max_v_samp_factor && has_tables(file);
}

/* Returns false when nothing less than all of the file tells what it shows. */
static bool read_means(struct jpeg_reading *reading, const uint8_t *bytes, size_t len)
{
    const struct jpeg_decompress_struct *file = &reading->file;
    if (!may_do_with_means(file)) {
        return false;
    }
    const JQUANT_TBL *table = file->quant_tbl_ptrs[file->comp_info[0].quant_tbl_no];
    const struct hv_row_shape shape = shape_of(file);
    reading->status = hv_jpeg_pass_means_on(hv_reader_of(bytes, len), &shape, table->quantval,
                                            reading->options->limits.max_scans, reading->sink);
    if (reading->status == HASHVEIL_ERR_UNSUPPORTED) {
        take_the_long_way(reading);
        return false;
    }
    return true;
}

static void read_file(struct jpeg_reading *reading, const uint8_t *bytes, size_t len)
{
    if (setjmp(reading->failed) != 0) {
        return;
    }
    read_header(reading, bytes, len);
    if (!read_means(reading, bytes, len)) {
        read_pixels(reading);
    }
}

static hashveil_status decode_jpeg(const uint8_t *bytes, size_t len,
                                   const struct hv_row_options *options,
                                   const struct hv_row_sink *sink)
{
    struct jpeg_reading reading = {.options = options, .sink = sink};
    reading.file.err = jpeg_std_error(&reading.errors);
    reading.file.client_data = &reading;
    reading.errors.error_exit = on_error;
    reading.errors.emit_message = on_warning;
    reading.errors.output_message = print_nothing;
    reading.progress.progress_monitor = count_scans;
    read_file(&reading, bytes, len);
    jpeg_destroy_decompress(&reading.file);
    return reading.status;
}

static bool recognises_jpeg(const uint8_t *bytes, size_t len)
{
    return hv_image_has_magic(bytes, len, 0, "\xFF\xD8\xFF", 3);
}

const struct hv_decoder hv_decoder_jpeg = {
    .name = "JPEG",
    .recognises = recognises_jpeg,
    .decode = decode_jpeg,
    .find_exif = hv_jpeg_find_exif,
};
