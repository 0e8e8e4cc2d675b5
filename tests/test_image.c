/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every format: recognition, limits, files cut or damaged anywhere, files of others.
 */
#include "base/files.h"
#include "picture.h"
#include "picture_contract.h"
#include "run_suite.h"

#include <hashveil/image.h>

#include <glob.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum { JPEG_MAGIC_LEN = 3, PNG_MAGIC_LEN = 4, HOSTILE_SECONDS = 60, HOSTILE_BATCH = 25 };

enum { MEBIBYTE = 1 << 20, MEMORY_MAX_MEBIBYTES = 2048 };

static const hashveil_image_options defaults = HASHVEIL_IMAGE_OPTIONS_DEFAULT;

/* Sanitizers reserve terabytes of addresses for themselves. */
static bool can_limit_memory(void)
{
    char text[64] = "";
    FILE *file = fopen("/proc/self/statm", "r");
    if (file) {
        (void)!fgets(text, sizeof text, file);
        fclose(file);
    }
    const unsigned long long pages = strtoull(text, NULL, 10);
    return pages > 0 && pages < ((unsigned long long)MEMORY_MAX_MEBIBYTES << 20) / 4096;
}

static void limit_memory(rlim_t mebibytes)
{
    const struct rlimit limit = {.rlim_cur = mebibytes * MEBIBYTE,
                                 .rlim_max = (rlim_t)MEMORY_MAX_MEBIBYTES * MEBIBYTE};
    if (can_limit_memory()) {
        ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    }
}

enum { BASELINE = 0, PROGRESSIVE = 2 };

/* One a way through the decoders. */
static const struct {
    const char *what;
    bool is_png;
    struct picture_jpeg jpeg;
    struct picture_png png;
} kinds[] = {
    [BASELINE] = {.what = "JPEG", .jpeg = {.quality = 40}},
    {.what = "JPEG with restarts", .jpeg = {.quality = 40, .restart_rows = 1}},
    [PROGRESSIVE] = {.what = "progressive JPEG", .jpeg = {.quality = 40, .is_progressive = true}},
    {.what = "arithmetic JPEG", .jpeg = {.quality = 40, .is_arithmetic = true}},
    {.what = "JPEG with EXIF", .jpeg = {.quality = 40, .orientation = 7}},
    {.what = "CMYK JPEG", .jpeg = {.quality = 40, .colour = PICTURE_JPEG_CMYK_ADOBE}},
    {.what = "PNG", .is_png = true, .png = {.colour_type = PNG_COLOR_TYPE_RGB, .bit_depth = 8}},
    {.what = "PNG with EXIF",
     .is_png = true,
     .png = {.colour_type = PNG_COLOR_TYPE_GRAY, .bit_depth = 8, .orientation = 5}},
    {.what = "interlaced PNG with alpha",
     .is_png = true,
     .png = {.colour_type = PNG_COLOR_TYPE_RGB_ALPHA, .bit_depth = 16, .is_interlaced = true}},
    {.what = "palette PNG",
     .is_png = true,
     .png = {.colour_type = PNG_COLOR_TYPE_PALETTE, .bit_depth = 4, .has_transparency = true}},
};

static struct picture_bytes encode(int kind, uint32_t width_px, uint32_t height_px)
{
    struct picture_bytes file;
    hashveil_image picture;
    picture_draw(&picture, width_px, height_px, 3, 5);
    if (kinds[kind].is_png) {
        picture_to_png(&picture, &kinds[kind].png, &file.bytes, &file.len);
    } else {
        picture_to_jpeg(&picture, &kinds[kind].jpeg, &file.bytes, &file.len);
    }
    hashveil_image_clear(&picture);
    return file;
}

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static const struct {
    const char *what;
    const uint8_t *bytes;
    size_t len;
    hashveil_status expected;
} foreign_files[] = {
    {"nothing", BYTES(""), HASHVEIL_ERR_EMPTY},
    {"one byte", BYTES("\xFF"), HASHVEIL_ERR_UNSUPPORTED},
    {"text", BYTES("hello, world\n"), HASHVEIL_ERR_UNSUPPORTED},
    {"TIFF", BYTES("II*\0\x8\0\0\0\0\0\0\0"), HASHVEIL_ERR_UNSUPPORTED},
    {"BMP", BYTES("BM\x1A\0\0\0\0\0\0\0"), HASHVEIL_ERR_UNSUPPORTED},
    {"sound", BYTES("RIFF\x1A\0\0\0WAVEfmt "), HASHVEIL_ERR_UNSUPPORTED},
    {"JPEG behind other bytes", BYTES("x\xFF\xD8\xFF\xE0"), HASHVEIL_ERR_UNSUPPORTED},
    {"JPEG, its first two bytes", BYTES("\xFF\xD8"), HASHVEIL_ERR_UNSUPPORTED},
    {"JPEG, its first three bytes", BYTES("\xFF\xD8\xFF"), HASHVEIL_ERR_TRUNCATED},
    {"JPEG of an end alone", BYTES("\xFF\xD8\xFF\xD9"), HASHVEIL_ERR_FORMAT},
    {"PNG, its first three bytes", BYTES("\x89PN"), HASHVEIL_ERR_UNSUPPORTED},
    {"PNG, its signature", BYTES("\x89PNG\r\n\x1A\n"), HASHVEIL_ERR_TRUNCATED},
    {"PNG of an end alone", BYTES("\x89PNG\r\n\x1A\n\0\0\0\0IEND\xAE\x42\x60\x82"),
     HASHVEIL_ERR_FORMAT},
};

START_TEST(tells_files_apart_by_content)
{
    const hashveil_status status =
        contract_status(foreign_files[_i].bytes, foreign_files[_i].len, &defaults);
    ck_assert_msg(status == foreign_files[_i].expected, "%s: got %s", foreign_files[_i].what,
                  hashveil_status_text(status));
}
END_TEST

START_TEST(limits_are_inclusive)
{
    static const uint32_t sizes[][2] = {{30, 20}, {20, 30}};
    for (int i = 0; i < COUNT(sizes); i++) {
        const struct picture_bytes file = encode(_i, sizes[i][0], sizes[i][1]);
        contract_check_limits(&file, sizes[i][0], sizes[i][1]);
        free(file.bytes);
    }
}
END_TEST

/* Files that end after their headers: whoever asks for the pixels' memory first runs out of it, or
 * says that they are cut. */
static const struct {
    const char *what;
    const uint8_t *bytes;
    size_t len;
} giants[] = {
    {"JPEG, 65,500 x 65,500",
     BYTES("\xFF\xD8\xFF\xC0\0\x11\x8\xFF\xDC\xFF\xDC\3\1\x11\0\2\x11\0\3\x11\0"
           "\xFF\xDA\0\x0C\3\1\0\2\0\3\0\0\x3F\0")},
    {"progressive JPEG, 65,500 x 65,500",
     BYTES("\xFF\xD8\xFF\xC2\0\x11\x8\xFF\xDC\xFF\xDC\3\1\x11\0\2\x11\0\3\x11\0"
           "\xFF\xDA\0\x0C\3\1\0\2\0\3\0\0\0\0")},
    {"PNG, 2,147,483,647 x 2,147,483,647",
     BYTES("\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\x7F\xFF\xFF\xFF\x7F\xFF\xFF\xFF\x8\2\0\0\0"
           "\x9B\xAB\x9C\x31\0\0\0\0IDAT\x35\xAF\x06\x1E")},
    {"PNG, 65,500 x 65,500",
     BYTES("\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\xFF\xDC\0\0\xFF\xDC\x8\2\0\0\1"
           "\x6B\x32\xB1\xDA\0\0\0\0IDAT\x35\xAF\x06\x1E")},
};

START_TEST(a_giant_is_refused_by_its_header)
{
    const hashveil_status status = contract_status(giants[_i].bytes, giants[_i].len, &defaults);
    ck_assert_msg(status == HASHVEIL_ERR_LIMIT, "%s: got %s", giants[_i].what,
                  hashveil_status_text(status));
}
END_TEST

/* Pixels take 561 MiB, what a progressive file keeps until its last scan takes as much again. */
static const struct {
    int kind;
    rlim_t mebibytes;
    hashveil_status expected;
} shortages[] = {
    {BASELINE, 300, HASHVEIL_ERR_NO_MEMORY},
    {BASELINE, 1000, HASHVEIL_ERR_TRUNCATED},
    {PROGRESSIVE, 1000, HASHVEIL_ERR_NO_MEMORY},
};

START_TEST(memory_that_is_not_there_is_a_status)
{
    static const uint8_t sides[] = {14000 >> 8, 14000 & 0xFF, 14000 >> 8, 14000 & 0xFF};
    const struct picture_bytes file = encode(shortages[_i].kind, 16, 16);
    uint8_t *frame = file.bytes;
    while (frame[0] != 0xFF || (frame[1] != 0xC0 && frame[1] != 0xC2)) {
        frame++;
    }
    memcpy(frame + 5, sides, sizeof sides);
    limit_memory(shortages[_i].mebibytes);
    ck_assert_int_eq(contract_status(file.bytes, file.len, &defaults), shortages[_i].expected);
    free(file.bytes);
}
END_TEST

/* Every length below that of the file: the pixels are either refused or all there. */
START_TEST(a_cut_file_is_truncated_or_whole)
{
    const struct picture_bytes file = encode(_i, 17, 11);
    const size_t magic_len = kinds[_i].is_png ? PNG_MAGIC_LEN : JPEG_MAGIC_LEN;
    const size_t refused = contract_check_cuts(&file, magic_len);
    ck_assert_uint_gt(refused, file.len - magic_len - 60); /* all but what follows pixels */
    free(file.bytes);
}
END_TEST

START_TEST(a_damaged_byte_gives_a_picture_or_a_documented_status)
{
    const struct picture_bytes file = encode(_i, 17, 11);
    contract_check_damage(&file);
    free(file.bytes);
}
END_TEST

/* Files gathered from fuzzers and test suites, where there are any. */
static glob_t hostile_files;

static void limit_memory_to_usual(void)
{
    limit_memory(MEMORY_MAX_MEBIBYTES);
}

/* A batch of them, as a process for each would take longer than decoding it. */
START_TEST(a_hostile_file_gives_a_picture_or_a_documented_status)
{
    hashveil_image_options options = defaults;
    options.applies_orientation = true;
    const size_t first = (size_t)_i * HOSTILE_BATCH;
    for (size_t i = first; i < hostile_files.gl_pathc && i < first + HOSTILE_BATCH; i++) {
        struct picture_bytes file;
        fprintf(stderr, "%s\n", hostile_files.gl_pathv[i]); /* in case that it is the last one */
        ck_assert_int_eq(
            hv_read_file(hostile_files.gl_pathv[i], UINT32_MAX, &file.bytes, &file.len),
            HASHVEIL_OK);
        (void)!contract_status(file.bytes, file.len, &options);
        free(file.bytes);
    }
}
END_TEST

/* Returns how many batches there are. */
static int find_hostile_files(void)
{
    char pattern[4096];
    const char *shared = getenv("HASHVEIL_SHARED_DATA");
    const int len = snprintf(pattern, sizeof pattern, "%s/hostile/*/*", shared ? shared : "");
    const bool is_found = shared && len > 0 && (size_t)len < sizeof pattern &&
                          glob(pattern, 0, NULL, &hostile_files) == 0;
    return is_found ? (int)((hostile_files.gl_pathc + HOSTILE_BATCH - 1) / HOSTILE_BATCH) : 0;
}

int main(void)
{
    Suite *suite = suite_create("image");
    TCase *contract = tcase_create("contract");
    TCase *hostile = tcase_create("hostile");

    tcase_set_timeout(contract, HOSTILE_SECONDS);
    tcase_add_loop_test(contract, tells_files_apart_by_content, 0, COUNT(foreign_files));
    tcase_add_loop_test(contract, limits_are_inclusive, 0, COUNT(kinds));
    tcase_add_loop_test(contract, a_giant_is_refused_by_its_header, 0, COUNT(giants));
    if (can_limit_memory()) {
        tcase_add_loop_test(contract, memory_that_is_not_there_is_a_status, 0, COUNT(shortages));
    }
    tcase_add_loop_test(contract, a_cut_file_is_truncated_or_whole, 0, COUNT(kinds));
    tcase_add_loop_test(contract, a_damaged_byte_gives_a_picture_or_a_documented_status, 0,
                        COUNT(kinds));
    suite_add_tcase(suite, contract);

    tcase_set_timeout(hostile, HOSTILE_SECONDS);
    tcase_add_checked_fixture(hostile, limit_memory_to_usual, NULL);
    tcase_add_loop_test(hostile, a_hostile_file_gives_a_picture_or_a_documented_status, 0,
                        find_hostile_files());
    suite_add_tcase(suite, hostile);
    const int outcome = run_suite(suite);
    globfree(&hostile_files);
    return outcome;
}
