/* SPDX-License-Identifier: Apache-2.0 */
/* Files to fingerprints: the exact way gives what decoding and hashing give; the short way stays
 * within a few bits of it, refuses the same files and needs no picture in memory. */
#include <hashveil/fingerprint.h>

#include "base/files.h"
#include "base/memory.h"
#include "picture.h"
#include "run_suite.h"
#include "two_faced_jpeg.h"

#include <png.h>
#include <stdio.h> /* jpeglib.h needs it before itself */

#include <jpeglib.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum { MAX_BITS_OFF = 4, PATH_ROOM = 4096, LINE_ROOM = 1024 };

static const double max_mean_bits_off = 0.5;

static const hashveil_fingerprint_options short_way = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
static const hashveil_fingerprint_options exact_way = {.image = HASHVEIL_IMAGE_OPTIONS_DEFAULT,
                                                       .is_exact_decode = true};

struct file {
    uint8_t *bytes;
    size_t len;
};

/* One a way through the decoders. */
static const struct {
    const char *what;
    bool is_png;
    struct picture_jpeg jpeg;
    struct picture_png png;
} kinds[] = {
    {.what = "JPEG", .jpeg = {.quality = 80}},
    {.what = "JPEG, rough", .jpeg = {.quality = 20}},
    {.what = "JPEG, 4:4:4", .jpeg = {.quality = 80, .has_full_chroma = true}},
    {.what = "JPEG with restarts", .jpeg = {.quality = 80, .restart_rows = 1}},
    {.what = "grey JPEG", .jpeg = {.quality = 80, .colour = PICTURE_JPEG_GREY}},
    {.what = "RGB JPEG", .jpeg = {.quality = 80, .colour = PICTURE_JPEG_RGB}},
    {.what = "CMYK JPEG", .jpeg = {.quality = 80, .colour = PICTURE_JPEG_CMYK_ADOBE}},
    {.what = "YCCK JPEG", .jpeg = {.quality = 80, .colour = PICTURE_JPEG_YCCK}},
    {.what = "progressive JPEG", .jpeg = {.quality = 80, .is_progressive = true}},
    {.what = "arithmetic JPEG", .jpeg = {.quality = 80, .is_arithmetic = true}},
    {.what = "JPEG with EXIF", .jpeg = {.quality = 80, .orientation = 6}},
    {.what = "PNG", .is_png = true, .png = {.colour_type = PNG_COLOR_TYPE_RGB, .bit_depth = 8}},
    {.what = "interlaced PNG with alpha",
     .is_png = true,
     .png = {.colour_type = PNG_COLOR_TYPE_RGB_ALPHA, .bit_depth = 16, .is_interlaced = true}},
    {.what = "grey PNG with EXIF",
     .is_png = true,
     .png = {.colour_type = PNG_COLOR_TYPE_GRAY, .bit_depth = 8, .orientation = 5}},
};

enum { JPEG_KINDS = COUNT(kinds) - 3 /* the last rows; there is no short way through them */ };

static struct file encode_as(int kind, const hashveil_image *picture)
{
    struct file file;
    if (kinds[kind].is_png) {
        picture_to_png(picture, &kinds[kind].png, &file.bytes, &file.len);
    } else {
        picture_to_jpeg(picture, &kinds[kind].jpeg, &file.bytes, &file.len);
    }
    return file;
}

static struct file encode(int kind, uint32_t width_px, uint32_t height_px)
{
    hashveil_image picture;
    picture_draw(&picture, width_px, height_px, 3, 5);
    const struct file file = encode_as(kind, &picture);
    hashveil_image_clear(&picture);
    return file;
}

static hashveil_status decode_and_hash(const struct file *file,
                                       const hashveil_image_options *options,
                                       hashveil_fingerprint *out)
{
    hashveil_image image = {0};
    hashveil_status status = hashveil_image_decode(file->bytes, file->len, options, &image);
    if (status == HASHVEIL_OK) {
        status = hashveil_pdq_fingerprint(&image, HASHVEIL_PDQ_POLICY_FULL, out);
    }
    hashveil_image_clear(&image);
    return status;
}

static hashveil_fingerprint fingerprint(const struct file *file,
                                        const hashveil_fingerprint_options *options)
{
    hashveil_fingerprint out;
    ck_assert_int_eq(hashveil_fingerprint_file(file->bytes, file->len, options, &out), HASHVEIL_OK);
    return out;
}

/* Every bit of quality and margins. */
static void check_same(const char *what, const hashveil_fingerprint *a,
                       const hashveil_fingerprint *b)
{
    bool is_same = hashveil_pdq_distance(&a->hash, &b->hash) == 0 && a->quality == b->quality;
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        is_same = is_same && a->margin[i] == b->margin[i];
    }
    ck_assert_msg(is_same, "%s", what);
}

static const uint32_t sizes[][2] = {{4, 300},   {300, 4},    {5, 5},     {64, 64},
                                    {511, 700}, {1040, 513}, {1031, 613}};

/* Loop index: the kind. */
START_TEST(the_exact_way_is_to_decode_and_to_hash)
{
    for (int i = 0; i < COUNT(sizes); i++) {
        const struct file file = encode(_i, sizes[i][0], sizes[i][1]);
        for (int turns = 0; turns < 2; turns++) {
            hashveil_fingerprint_options options = exact_way;
            hashveil_fingerprint expected;
            options.image.applies_orientation = turns;
            ck_assert_int_eq(decode_and_hash(&file, &options.image, &expected), HASHVEIL_OK);
            const hashveil_fingerprint ours = fingerprint(&file, &options);
            check_same(kinds[_i].what, &ours, &expected);
        }
        free(file.bytes);
    }
}
END_TEST

START_TEST(turned_forms_are_those_of_the_picture)
{
    hashveil_fingerprint expected[HASHVEIL_PDQ_DIHEDRAL];
    hashveil_fingerprint ours[HASHVEIL_PDQ_DIHEDRAL];
    hashveil_image image = {0};
    const struct file file = encode(_i, 200, 150);
    ck_assert_int_eq(hashveil_image_decode(file.bytes, file.len, &exact_way.image, &image),
                     HASHVEIL_OK);
    ck_assert_int_eq(hashveil_pdq_dihedral(&image, HASHVEIL_PDQ_POLICY_FULL, expected),
                     HASHVEIL_OK);
    ck_assert_int_eq(hashveil_fingerprint_file_dihedral(file.bytes, file.len, &exact_way, ours),
                     HASHVEIL_OK);
    for (size_t form = 0; form < HASHVEIL_PDQ_DIHEDRAL; form++) {
        check_same(kinds[_i].what, &ours[form], &expected[form]);
    }
    hashveil_image_clear(&image);
    free(file.bytes);
}
END_TEST

/* Sizes around those at which blocks become larger. */
static const uint32_t block_sizes[][2] = {{300, 200},   {735, 800},   {736, 736},   {741, 900},
                                          {1471, 1500}, {1472, 1481}, {2943, 3000}, {2951, 2944}};

/* Loop index: the size. */
START_TEST(the_short_way_is_within_a_few_bits)
{
    hashveil_image picture;
    picture_draw(&picture, block_sizes[_i][0], block_sizes[_i][1], 3, 5);
    for (int kind = 0; kind < JPEG_KINDS; kind++) {
        const struct file file = encode_as(kind, &picture);
        const hashveil_fingerprint ours = fingerprint(&file, &short_way);
        const hashveil_fingerprint expected = fingerprint(&file, &exact_way);
        const unsigned bits = hashveil_pdq_distance(&ours.hash, &expected.hash);
        ck_assert_msg(bits <= MAX_BITS_OFF, "%s: %u bits", kinds[kind].what, bits);
        ck_assert_int_le(abs((int)ours.quality - (int)expected.quality), 1);
        free(file.bytes);
    }
    hashveil_image_clear(&picture);
}
END_TEST

/* path: below the collection. Returns false when there is no collection. */
static bool shared_path(const char *path, char out[PATH_ROOM])
{
    const char *folder = getenv("HASHVEIL_SHARED_DATA");
    snprintf(out, PATH_ROOM, "%s/%s", folder ? folder : "", path);
    return folder && access(out, R_OK) == 0;
}

/* Returns by how many bits the short way is off; pictures that are too even are as they are. */
static unsigned bits_off(const char *path)
{
    struct file file;
    ck_assert_msg(hv_read_file(path, UINT32_MAX, &file.bytes, &file.len) == HASHVEIL_OK, "%s",
                  path);
    const hashveil_fingerprint ours = fingerprint(&file, &short_way);
    const hashveil_fingerprint expected = fingerprint(&file, &exact_way);
    const unsigned bits = hashveil_pdq_distance(&ours.hash, &expected.hash);
    ck_assert_msg(bits <= MAX_BITS_OFF || expected.quality < HASHVEIL_PDQ_MIN_QUALITY,
                  "%s: %u bits", path, bits);
    free(file.bytes);
    return expected.quality < HASHVEIL_PDQ_MIN_QUALITY ? 0 : bits;
}

START_TEST(photos_are_within_a_few_bits_and_half_a_bit_on_average)
{
    char path[PATH_ROOM];
    char line[LINE_ROOM];
    unsigned count = 0;
    unsigned bits = 0;
    if (!shared_path("pdq-reference/photos.tsv", path)) {
        return;
    }
    FILE *list = fopen(path, "r");
    ck_assert_ptr_nonnull(list);
    while (fgets(line, sizeof line, list)) {
        line[strcspn(line, "\t\n")] = '\0';
        if (line[0] != '#' && shared_path(line, path)) {
            bits += bits_off(path);
            count++;
        }
    }
    fclose(list);
    ck_assert_uint_ge(count, 1000);
    ck_assert_msg(bits <= max_mean_bits_off * count, "%u bits in %u photos", bits, count);
}
END_TEST

/* What the short way cannot know, and the exact way is for: here the means are one picture and the
 * pixels another. */
enum { FACE_PX = 400, SAME_PICTURE_BITS = 10, OTHER_PICTURE_BITS = 90 };

static unsigned bits_between(const struct file *file, const hashveil_fingerprint_options *way,
                             const hashveil_image *picture)
{
    hashveil_fingerprint expected;
    const hashveil_fingerprint found = fingerprint(file, way);
    ck_assert_int_eq(hashveil_pdq_fingerprint(picture, HASHVEIL_PDQ_POLICY_FULL, &expected),
                     HASHVEIL_OK);
    return hashveil_pdq_distance(&found.hash, &expected.hash);
}

START_TEST(coefficients_beyond_all_samples_need_the_exact_way)
{
    hashveil_image means;
    hashveil_image pixels;
    struct file file;
    picture_draw(&means, FACE_PX, FACE_PX, 1, 5);
    picture_draw(&pixels, FACE_PX, FACE_PX, 1, 6);
    make_two_faced_jpeg(&means, &pixels, &file.bytes, &file.len);
    ck_assert_uint_le(bits_between(&file, &short_way, &means), SAME_PICTURE_BITS);
    ck_assert_uint_ge(bits_between(&file, &short_way, &pixels), OTHER_PICTURE_BITS);
    ck_assert_uint_le(bits_between(&file, &exact_way, &pixels), SAME_PICTURE_BITS);
    hashveil_image_clear(&means);
    hashveil_image_clear(&pixels);
    free(file.bytes);
}
END_TEST

/* Luma is even; where red is cut off, it is not that of the pixels shown. */
static struct file encode_as_red(const hashveil_image *picture)
{
    enum { LUMA = 230 };
    struct jpeg_compress_struct file;
    struct jpeg_error_mgr errors;
    uint8_t *bytes = NULL;
    unsigned long len = 0;
    uint8_t *row = hv_alloc_array(picture->width_px, 3);
    ck_assert_ptr_nonnull(row);
    file.err = jpeg_std_error(&errors);
    jpeg_create_compress(&file);
    jpeg_mem_dest(&file, &bytes, &len);
    file.image_width = picture->width_px;
    file.image_height = picture->height_px;
    file.input_components = 3;
    file.in_color_space = JCS_YCbCr;
    jpeg_set_defaults(&file);
    jpeg_start_compress(&file, TRUE);
    for (uint32_t y = 0; y < picture->height_px; y++) {
        for (uint32_t x = 0; x < picture->width_px; x++) {
            uint8_t *pixel = row + (size_t)3 * x;
            pixel[0] = LUMA;
            pixel[1] = 128;
            pixel[2] = picture->pixels[y * picture->stride_bytes + x] / 2 + 128;
        }
        jpeg_write_scanlines(&file, &row, 1);
    }
    jpeg_finish_compress(&file);
    jpeg_destroy_compress(&file);
    free(row);
    return (struct file){bytes, len};
}

START_TEST(colours_beyond_rgb_need_the_exact_way)
{
    hashveil_image picture;
    picture_draw(&picture, 2 * FACE_PX, 2 * FACE_PX, 1, 5);
    const struct file file = encode_as_red(&picture);
    const hashveil_fingerprint found = fingerprint(&file, &short_way);
    const hashveil_fingerprint shown = fingerprint(&file, &exact_way);
    ck_assert_uint_eq(found.quality, 0);
    ck_assert_uint_ge(shown.quality, HASHVEIL_PDQ_MIN_QUALITY);
    hashveil_image_clear(&picture);
    free(file.bytes);
}
END_TEST

#define BYTES(text) (uint8_t *)(text), sizeof(text) - 1

static const struct {
    const char *what;
    struct file file;
    hashveil_status expected;
} refusals[] = {
    {"nothing", {BYTES("")}, HASHVEIL_ERR_EMPTY},
    {"text", {BYTES("hello, world\n")}, HASHVEIL_ERR_UNSUPPORTED},
    {"JPEG, its first three bytes", {BYTES("\xFF\xD8\xFF")}, HASHVEIL_ERR_TRUNCATED},
    {"JPEG of an end alone", {BYTES("\xFF\xD8\xFF\xD9")}, HASHVEIL_ERR_FORMAT},
    {"PNG, its signature", {BYTES("\x89PNG\r\n\x1A\n")}, HASHVEIL_ERR_TRUNCATED},
    {"JPEG, 65,500 x 65,500",
     {BYTES("\xFF\xD8\xFF\xC0\0\x11\x8\xFF\xDC\xFF\xDC\3\1\x11\0\2\x11\0\3\x11\0"
            "\xFF\xDA\0\x0C\3\1\0\2\0\3\0\0\x3F\0")},
     HASHVEIL_ERR_LIMIT},
};

START_TEST(a_bad_file_is_refused_either_way)
{
    const struct file *file = &refusals[_i].file;
    hashveil_fingerprint out;
    ck_assert_int_eq(hashveil_fingerprint_file(file->bytes, file->len, &short_way, &out),
                     refusals[_i].expected);
    ck_assert_int_eq(hashveil_fingerprint_file(file->bytes, file->len, &exact_way, &out),
                     refusals[_i].expected);
}
END_TEST

/* A cut at every length: both ways refuse it, or neither. */
START_TEST(a_cut_file_is_refused_by_both_ways_or_by_none)
{
    const struct file file = encode(_i, 33, 21);
    for (size_t len = 0; len < file.len; len++) {
        uint8_t *copy = hv_copy_bytes(file.bytes, len);
        hashveil_fingerprint ours;
        hashveil_fingerprint expected;
        const hashveil_status status = hashveil_fingerprint_file(copy, len, &short_way, &ours);
        ck_assert_int_eq(hashveil_fingerprint_file(copy, len, &exact_way, &expected), status);
        if (status == HASHVEIL_OK) {
            ck_assert_uint_le(hashveil_pdq_distance(&ours.hash, &expected.hash), MAX_BITS_OFF);
        }
        free(copy);
    }
    free(file.bytes);
}
END_TEST

/* 100 MP, without 100 MP in memory. */
enum { LARGE_SIDE_PX = 10000, LARGE_MAX_KIBIBYTES = 32 << 10 };

static struct file encode_large(void)
{
    struct jpeg_compress_struct file;
    struct jpeg_error_mgr errors;
    uint8_t *bytes = NULL;
    unsigned long len = 0;
    uint8_t *row = hv_alloc_array(LARGE_SIDE_PX, 3);
    ck_assert_ptr_nonnull(row);
    file.err = jpeg_std_error(&errors);
    jpeg_create_compress(&file);
    jpeg_mem_dest(&file, &bytes, &len);
    file.image_width = file.image_height = LARGE_SIDE_PX;
    file.input_components = 3;
    file.in_color_space = JCS_RGB;
    jpeg_set_defaults(&file);
    jpeg_start_compress(&file, TRUE);
    for (size_t y = 0; y < LARGE_SIDE_PX; y++) {
        for (size_t i = 0; i < (size_t)3 * LARGE_SIDE_PX; i++) {
            row[i] = (uint8_t)(i / 700 * (y / 300 + 3) * 29);
        }
        jpeg_write_scanlines(&file, &row, 1);
    }
    jpeg_finish_compress(&file);
    jpeg_destroy_compress(&file);
    free(row);
    return (struct file){bytes, len};
}

static long peak_kibibytes(void)
{
    struct rusage usage;
    ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* Loop index: the way. Each runs in a process of its own, whose peak begins with the file. */
START_TEST(a_hundred_megapixels_take_a_few_megabytes)
{
    const struct file file = encode_large();
    const long before = peak_kibibytes();
    (void)fingerprint(&file, _i ? &exact_way : &short_way);
    ck_assert_int_lt(peak_kibibytes() - before, LARGE_MAX_KIBIBYTES);
    free(file.bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fingerprint");
    TCase *ways = tcase_create("ways");
    TCase *photos = tcase_create("photos");
    TCase *refusal = tcase_create("refusal");

    tcase_set_timeout(ways, 120);
    tcase_add_loop_test(ways, the_exact_way_is_to_decode_and_to_hash, 0, COUNT(kinds));
    tcase_add_loop_test(ways, turned_forms_are_those_of_the_picture, 0, COUNT(kinds));
    tcase_add_loop_test(ways, the_short_way_is_within_a_few_bits, 0, COUNT(block_sizes));
    tcase_add_test(ways, coefficients_beyond_all_samples_need_the_exact_way);
    tcase_add_test(ways, colours_beyond_rgb_need_the_exact_way);
    tcase_add_loop_test(ways, a_hundred_megapixels_take_a_few_megabytes, 0, 2);
    suite_add_tcase(suite, ways);

    tcase_set_timeout(photos, 240); /* with sanitizers, on a busy machine */
    tcase_add_test(photos, photos_are_within_a_few_bits_and_half_a_bit_on_average);
    suite_add_tcase(suite, photos);

    tcase_set_timeout(refusal, 60);
    tcase_add_loop_test(refusal, a_bad_file_is_refused_either_way, 0, COUNT(refusals));
    tcase_add_loop_test(refusal, a_cut_file_is_refused_by_both_ways_or_by_none, 0, COUNT(kinds));
    suite_add_tcase(suite, refusal);
    return run_suite(suite);
}
