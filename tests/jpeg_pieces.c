/* SPDX-License-Identifier: Apache-2.0 */
#include "jpeg_pieces.h"

#include "base/bytes.h"
#include "base/memory.h"
#include "picture.h"

#include <stdio.h> /* jpeglib.h needs it before itself */

#include <jpeglib.h>
#include <stdlib.h>

enum { GREY_STEP = 4, TEXTURE = 5, SLOPE = 16 };

static void must(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

static unsigned number(const char **text)
{
    char *end = NULL;
    const unsigned long value = strtoul(*text, &end, 10);
    must(end != *text);
    *text = end + (*end != '\0');
    return (unsigned)value;
}

static unsigned parse_scans(const char *text, jpeg_scan_info *out)
{
    unsigned count = 0;
    while (*text) {
        jpeg_scan_info *scan = &out[count++];
        *scan = (jpeg_scan_info){0};
        for (; *text != ':'; text++) {
            scan->component_index[scan->comps_in_scan++] = *text - '0';
        }
        text++;
        scan->Ss = (int)number(&text);
        scan->Se = (int)number(&text);
        scan->Ah = (int)number(&text);
        scan->Al = (int)number(&text);
    }
    return count;
}

static void set_up(struct jpeg_compress_struct *file, const struct jpeg_coding *coding)
{
    const bool is_grey = coding->sampling[0] == 0;
    unsigned steps[DCTSIZE2];
    file->input_components = is_grey ? 1 : 3;
    file->in_color_space = is_grey ? JCS_GRAYSCALE : JCS_YCbCr;
    jpeg_set_defaults(file);
    for (int i = 0; i < DCTSIZE2; i++) {
        steps[i] = GREY_STEP;
    }
    jpeg_add_quant_table(file, 0, steps, 100, TRUE);
    jpeg_add_quant_table(file, 1, steps, 100, TRUE);
    for (int i = 0; i < file->num_components && !is_grey; i++) {
        const uint8_t *factors = coding->sampling + (size_t)2 * (size_t)i;
        file->comp_info[i].h_samp_factor = factors[0];
        file->comp_info[i].v_samp_factor = factors[1];
    }
    file->optimize_coding = !coding->is_arithmetic;
    file->arith_code = coding->is_arithmetic;
    file->restart_in_rows = coding->restart_rows;
}

static unsigned divided_up(unsigned a, unsigned b)
{
    return (a + b - 1) / b;
}

/* A component's blocks, as many as whole units take. */
struct grid {
    JDIMENSION width, height; /* of the picture */
    JDIMENSION room_width, room_height;
};

static struct grid grid_of(const struct jpeg_compress_struct *file, int component)
{
    unsigned across = 1;
    unsigned down = 1;
    for (int i = 0; i < file->num_components; i++) {
        const jpeg_component_info *info = &file->comp_info[i];
        across = (unsigned)info->h_samp_factor > across ? (unsigned)info->h_samp_factor : across;
        down = (unsigned)info->v_samp_factor > down ? (unsigned)info->v_samp_factor : down;
    }
    const unsigned h = (unsigned)file->comp_info[component].h_samp_factor;
    const unsigned v = (unsigned)file->comp_info[component].v_samp_factor;
    return (struct grid){divided_up(file->image_width * h, across * DCTSIZE),
                         divided_up(file->image_height * v, down * DCTSIZE),
                         divided_up(file->image_width, across * DCTSIZE) * h,
                         divided_up(file->image_height, down * DCTSIZE) * v};
}

/* Colours stay near grey, so that no channel is cut off. */
static void fill(struct jpeg_compress_struct *file, jvirt_barray_ptr blocks, int component,
                 uint64_t seed)
{
    const struct grid grid = grid_of(file, component);
    hashveil_image means;
    picture_draw(&means, grid.width, grid.height, 1, seed + (uint64_t)component);
    for (JDIMENSION y = 0; y < grid.height; y++) {
        JBLOCKARRAY row = file->mem->access_virt_barray((j_common_ptr)file, blocks, y, 1, TRUE);
        for (JDIMENSION x = 0; x < grid.width; x++) {
            const int mean = means.pixels[y * means.stride_bytes + x] - 128;
            JCOEFPTR block = row[0][x];
            block[0] = (JCOEF)(mean * DCTSIZE / (component > 0 ? 16 : 2) / GREY_STEP);
            for (int k = 1; k < DCTSIZE2; k++) {
                const int texture = (int)((x * 7 + y * 13 + (JDIMENSION)k * 5) % TEXTURE);
                block[k] = (JCOEF)(k < 20 ? texture - TEXTURE / 2 : 0);
            }
            /* Along x, along y and along both, strong enough that none can be taken for another. */
            block[1] = (JCOEF)(SLOPE * ((int)(x * 3 + y * 5) % 3 - 1));
            block[DCTSIZE] = (JCOEF)(SLOPE * ((int)(x + y * 2) % 5 / 2 - 1));
            block[DCTSIZE + 1] = (JCOEF)(SLOPE * ((int)(x * 2 + y) % 7 / 3 - 1));
        }
    }
    hashveil_image_clear(&means);
}

struct jpeg_bytes jpeg_encode(uint32_t width_px, uint32_t height_px, uint64_t seed,
                              const struct jpeg_coding *coding)
{
    struct jpeg_compress_struct file;
    struct jpeg_error_mgr errors;
    jpeg_scan_info scans[JPEG_SCANS_MAX];
    jvirt_barray_ptr blocks[3] = {0};
    uint8_t *bytes = NULL;
    unsigned long len = 0;
    file.err = jpeg_std_error(&errors); /* ends the program */
    jpeg_create_compress(&file);
    jpeg_mem_dest(&file, &bytes, &len);
    file.image_width = width_px;
    file.image_height = height_px;
    set_up(&file, coding);
    if (coding->scans) {
        file.num_scans = (int)parse_scans(coding->scans, scans);
        file.scan_info = scans;
    }
    for (int i = 0; i < file.num_components; i++) {
        const struct grid grid = grid_of(&file, i);
        blocks[i] = file.mem->request_virt_barray((j_common_ptr)&file, JPOOL_IMAGE, TRUE,
                                                  grid.room_width, grid.room_height,
                                                  (JDIMENSION)file.comp_info[i].v_samp_factor);
    }
    jpeg_write_coefficients(&file, blocks);
    for (int i = 0; i < file.num_components; i++) {
        fill(&file, blocks[i], i, seed);
    }
    jpeg_finish_compress(&file);
    jpeg_destroy_compress(&file);
    return (struct jpeg_bytes){bytes, len};
}

static bool begins_a_scan(uint8_t marker)
{
    return marker == 0xC4 || marker == 0xDA || marker == 0xDD || marker == 0xCC;
}

/* Goes on to the marker after a scan's data. */
static void skip_data(struct hv_reader *in)
{
    while (in->left > 1 && (in->next[0] != 0xFF || in->next[1] == 0 ||
                            (in->next[1] >= 0xD0 && in->next[1] <= 0xD7))) {
        hv_read_bytes(in, 1);
    }
}

struct jpeg_pieces jpeg_take_apart(const struct jpeg_bytes *file)
{
    struct jpeg_pieces pieces = {.head = file->bytes, .whole = file->bytes, .whole_len = file->len};
    struct hv_reader in = hv_reader_of(file->bytes, file->len);
    const uint8_t *begin = NULL;
    hv_read_bytes(&in, 2);
    while (in.left > 2) {
        const uint8_t *lead = in.next;
        hv_read_bytes(&in, 1);
        const uint8_t marker = hv_read_u8(&in);
        hv_read_bytes(&in, (size_t)hv_read_be(&in, 2) - 2);
        if (begins_a_scan(marker) && !begin) {
            begin = lead;
        }
        if (pieces.scans == 0 && begin && !pieces.head_len) {
            pieces.head_len = (size_t)(begin - file->bytes);
        }
        if (marker == 0xDA) {
            skip_data(&in);
            pieces.scan[pieces.scans] = begin;
            pieces.scan_len[pieces.scans++] = (size_t)(in.next - begin);
            begin = NULL;
        }
        must(!in.failed && pieces.scans < JPEG_SCANS_MAX);
    }
    return pieces;
}

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static const struct {
    char letter;
    const uint8_t *bytes;
    size_t len;
} insertions[] = {
    {'.', BYTES("\xFF\xD9")},
    {'*', BYTES("\xFF\xD8")},                       /* a second start */
    {'!', BYTES("\xFF\xFE\0\6text\xFF\xE7\0\4xx")}, /* a comment, an application's segment */
    {'~', BYTES("\xFF\xDC\0\4\0\x40")},             /* the number of lines, once more */
    {'0', BYTES("\xFF\xDD\0\4\0\0")},               /* no restarts from here on */
    {'?', BYTES("stray")},                          /* what no scan needs */
    {'^', BYTES("\xFF\xD3")},                       /* a restart that nobody expects */
};

static void put(struct hv_writer *out, const struct jpeg_pieces *one,
                const struct jpeg_pieces *other, char letter)
{
    if (letter >= 'a' && letter <= 'z') {
        must((unsigned)(letter - 'a') < one->scans);
        hv_write_bytes(out, one->scan[letter - 'a'], one->scan_len[letter - 'a']);
    } else if (letter >= 'A' && letter <= 'Z') {
        must((unsigned)(letter - 'A') < other->scans);
        hv_write_bytes(out, other->scan[letter - 'A'], other->scan_len[letter - 'A']);
    } else if (letter == '@') { /* the other file */
        hv_write_bytes(out, other->whole, other->whole_len);
    } else if (letter == '%') { /* the first table of quantisation again, with other numbers */
        hv_write_bytes(out, (const uint8_t *)"\xFF\xDB\0\x43\0", 5);
        for (int i = 0; i < DCTSIZE2; i++) {
            hv_write_u8(out, 2 * GREY_STEP);
        }
    }
    if (letter == '#') { /* the frame once more */
        const uint8_t *frame = memmem(one->head, one->head_len, "\xFF\xC2", 2);
        must(frame);
        hv_write_bytes(out, frame, 2 + (size_t)hv_load_be(frame + 2, 2));
    }
    for (size_t i = 0; i < sizeof insertions / sizeof insertions[0]; i++) {
        if (letter == insertions[i].letter) {
            hv_write_bytes(out, insertions[i].bytes, insertions[i].len);
        }
    }
}

struct jpeg_bytes jpeg_put_together(const struct jpeg_pieces *one, const struct jpeg_pieces *other,
                                    const char *recipe)
{
    const size_t room = 4 * (one->whole_len + other->whole_len);
    uint8_t *bytes = hv_alloc_array(room, 1);
    must(bytes);
    struct hv_writer out = hv_writer_of(bytes, room);
    hv_write_bytes(&out, one->head, one->head_len);
    for (; *recipe; recipe++) {
        put(&out, one, other, *recipe);
    }
    must(!out.failed);
    return (struct jpeg_bytes){bytes, out.len};
}
