/* SPDX-License-Identifier: Apache-2.0 */
/* By how many bits a JPEG's hash changes when no more of it is decoded than the hash needs:
 * scaled_decoding BLOCKS PATH... prints a table over all JPEG files and folders, for the smallest
 * number of blocks wanted along a side. Each file is measured as a single scan and as a progressive
 * one, with the same coefficients. */
#include <hashveil/fingerprint.h>

#include "base/files.h"
#include "base/walk.h"
#include "image/rows.h"
#include "pdq/filter.h"
#include "pdq/transform.h"

#include <stdio.h> /* jpeglib.h needs it before itself */

#include <jpeglib.h>
#include <stdlib.h>
#include <string.h>

static void must(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "scaled_decoding: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

/* What a decoder was able to leave out, and what became of the hash. */
struct passage {
    struct hv_filter filter;
    struct hv_row_shape shape;
};

static hashveil_status begin(void *context, const struct hv_row_shape *shape)
{
    struct passage *passage = context;
    passage->shape = *shape;
    return hv_filter_init(hv_kernels_best(), shape, &passage->filter);
}

static hashveil_status take_row(void *context, const uint8_t *samples)
{
    struct passage *passage = context;
    hv_filter_add_row(&passage->filter, samples);
    return HASHVEIL_OK;
}

struct file {
    uint8_t *bytes;
    size_t len;
};

/* min_blocks: 0 for exact decoding. */
static hashveil_status hash(const struct file *file, uint32_t min_blocks,
                            struct hv_row_shape *shape_out, hashveil_fingerprint *out)
{
    const struct hv_row_options options = {.limits = HASHVEIL_IMAGE_LIMITS_DEFAULT,
                                           .min_blocks = min_blocks};
    struct passage passage = {0};
    const struct hv_row_sink sink = {&passage, begin, take_row};
    const hashveil_status status = hv_image_decode_rows(file->bytes, file->len, &options, &sink);
    if (status == HASHVEIL_OK) {
        struct hv_transform transform;
        hv_transform_of(hv_kernels_best(), passage.filter.plane, &transform);
        hv_fingerprint_of(hv_kernels_best(), &transform, out);
        *shape_out = passage.shape;
    }
    hv_filter_clear(&passage.filter);
    return status;
}

/* The same coefficients in other scans. */
static struct file rewritten(const struct file *from, bool is_progressive)
{
    struct jpeg_decompress_struct in;
    struct jpeg_compress_struct out;
    struct jpeg_error_mgr errors; /* ends the program; the file has been decoded before */
    uint8_t *bytes = NULL;
    unsigned long len = 0;
    in.err = out.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&in);
    jpeg_create_compress(&out);
    jpeg_mem_src(&in, from->bytes, from->len);
    jpeg_mem_dest(&out, &bytes, &len);
    jpeg_read_header(&in, TRUE);
    jvirt_barray_ptr *coefficients = jpeg_read_coefficients(&in);
    jpeg_copy_critical_parameters(&in, &out);
    if (is_progressive) {
        jpeg_simple_progression(&out);
    }
    out.optimize_coding = TRUE;
    jpeg_write_coefficients(&out, coefficients);
    jpeg_finish_compress(&out);
    jpeg_destroy_compress(&out);
    jpeg_destroy_decompress(&in);
    return (struct file){bytes, len};
}

enum { SCALES = 4, KINDS = 2, SIZES = 2, LARGE_PX = 8000000 };

static const char *const size_names[SIZES] = {"below 8 MP", "8 MP and more"};
static const char *const kind_names[KINDS] = {"one scan", "progressive"};

struct cell {
    unsigned count, bits, max_bits;
};

struct table {
    struct cell cells[SIZES][SCALES][KINDS];
    struct cell total;
    struct cell low_quality;
    unsigned files, others;
};

static void count(struct cell *cell, unsigned bits)
{
    cell->count++;
    cell->bits += bits;
    cell->max_bits = bits > cell->max_bits ? bits : cell->max_bits;
}

static void measure(struct table *table, const char *path, uint32_t min_blocks,
                    const struct file *file, unsigned kind)
{
    struct hv_row_shape shape;
    struct hv_row_shape exact_shape;
    hashveil_fingerprint ours;
    hashveil_fingerprint expected;
    must(hash(file, min_blocks, &shape, &ours) == HASHVEIL_OK &&
             hash(file, 0, &exact_shape, &expected) == HASHVEIL_OK,
         path);
    const unsigned bits = hashveil_pdq_distance(&ours.hash, &expected.hash);
    const bool is_large = (uint64_t)shape.width_px * shape.height_px >= LARGE_PX;
    unsigned scale = 0;
    while (shape.block_px >> scale > 1) {
        scale++;
    }
    if (expected.quality < HASHVEIL_PDQ_MIN_QUALITY) {
        count(&table->low_quality, bits);
        return;
    }
    count(&table->cells[is_large][scale][kind], bits);
    count(&table->total, bits);
    if (bits > 4) {
        printf("%s, %s: %u bits, quality %u\n", path, kind_names[kind], bits, expected.quality);
    }
}

static void measure_file(struct table *table, const char *path, uint32_t min_blocks)
{
    struct file file;
    struct hv_row_shape shape;
    hashveil_fingerprint fingerprint;
    if (hv_read_file(path, UINT32_MAX, &file.bytes, &file.len) != HASHVEIL_OK) {
        table->others++;
        return;
    }
    const char *format = hv_image_format(file.bytes, file.len);
    if (format && strcmp(format, "JPEG") == 0 &&
        hash(&file, 0, &shape, &fingerprint) == HASHVEIL_OK) {
        table->files++;
        for (unsigned kind = 0; kind < KINDS; kind++) {
            const struct file other = rewritten(&file, kind);
            measure(table, path, min_blocks, &other, kind);
            free(other.bytes);
        }
    } else {
        table->others++;
    }
    free(file.bytes);
}

static void print_cell(const char *size, unsigned scale, const char *kind, const struct cell *cell)
{
    if (cell->count > 0) {
        printf("| %s | 1/%u | %s | %u | %.3f | %u |\n", size, 1U << scale, kind, cell->count,
               (double)cell->bits / cell->count, cell->max_bits);
    }
}

static void print_table(const struct table *table)
{
    printf(
        "| size | decoded at | coded as | files | mean bits | most |\n|---|---|---|---|---|---|\n");
    for (size_t size = 0; size < SIZES; size++) {
        for (unsigned scale = 0; scale < SCALES; scale++) {
            for (size_t kind = 0; kind < KINDS; kind++) {
                print_cell(size_names[size], scale, kind_names[kind],
                           &table->cells[size][scale][kind]);
            }
        }
    }
    printf("\n%u files, mean of all %.3f, most %u; %u passed over\n", table->files,
           (double)table->total.bits / (table->total.count ? table->total.count : 1),
           table->total.max_bits, table->others);
    printf("quality below %d, not in the table: %u, most %u bits\n", HASHVEIL_PDQ_MIN_QUALITY,
           table->low_quality.count, table->low_quality.max_bits);
}

int main(int argc, char **argv)
{
    static struct table table;
    struct hv_walk *walk = NULL;
    struct hv_walked file;
    must(argc > 2, "usage: scaled_decoding BLOCKS PATH...");
    const uint32_t min_blocks = (uint32_t)strtoul(argv[1], NULL, 10);
    must(min_blocks > 0, "BLOCKS is a number above 0");
    struct hv_path_list list = {.paths = (const char *const *)argv + 2, .count = (size_t)argc - 2};
    must(hv_walk_open(hv_next_of_list, &list, &walk) == HASHVEIL_OK, "out of memory");
    while (hv_walk_next(walk, &file) == HASHVEIL_OK && file.path) {
        measure_file(&table, file.path, min_blocks);
        free(file.path);
    }
    hv_walk_close(walk);
    print_table(&table);
    return EXIT_SUCCESS;
}
