/* SPDX-License-Identifier: Apache-2.0 */
#include "scan_folder.h"

#include "base/files.h"
#include "base/memory.h"
#include "draw.h"
#include "picture.h"
#include "two_faced_jpeg.h"

#include <hashveil/fingerprint.h>

#include <check.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SIDE_PX = 96,
    TWO_FACED_SIDE_BLOCKS = 512, /* enough for blocks of 8 x 8 pixels to be read as their means */
    MAX_OPEN_FOLDERS = 16,
    JPEG_QUALITY = 90
};

static struct scan_folder folder;

struct file {
    uint8_t *bytes;
    size_t len;
};

static struct file draw_file(uint64_t number)
{
    const struct picture_jpeg kind = {.quality = JPEG_QUALITY};
    struct file file;
    hashveil_image picture;
    picture_draw(&picture, SIDE_PX, SIDE_PX, 3, number);
    picture_to_jpeg(&picture, &kind, &file.bytes, &file.len);
    hashveil_image_clear(&picture);
    return file;
}

static hashveil_fingerprint fingerprint_of(uint64_t number, bool is_exact)
{
    const hashveil_fingerprint_options options = {.image = HASHVEIL_IMAGE_OPTIONS_DEFAULT,
                                                  .is_exact_decode = is_exact};
    hashveil_fingerprint fingerprint;
    const struct file file = draw_file(number);
    ck_assert_int_eq(hashveil_fingerprint_file(file.bytes, file.len, &options, &fingerprint),
                     HASHVEIL_OK);
    ck_assert_uint_ge(fingerprint.quality, HASHVEIL_PDQ_MIN_QUALITY);
    free(file.bytes);
    return fingerprint;
}

hashveil_fingerprint scan_picture_fingerprint(uint64_t number)
{
    return fingerprint_of(number, true);
}

hashveil_fingerprint scan_picture_quick_fingerprint(uint64_t number)
{
    return fingerprint_of(number, false);
}

size_t scan_picture_len(uint64_t number)
{
    const struct file file = draw_file(number);
    free(file.bytes);
    return file.len;
}

static hashveil_entries listed_entries(void)
{
    hashveil_entries entries = draw_entries(LISTED);
    for (size_t i = 0; i < LISTED; i++) {
        entries.entries[i].hash = scan_picture_fingerprint(i).hash;
    }
    return entries;
}

static void seal(const hashveil_entries *entries)
{
    const char *where;
    draw_database(folder.database_path, entries, &folder.evaluator_key);
    ck_assert_int_eq(hashveil_sealed_db_open(folder.database_path, &folder.database, &where),
                     HASHVEIL_OK);
}

static void make_database(void)
{
    hashveil_entries entries = listed_entries();
    folder.evaluator_key = draw_evaluator_key();
    seal(&entries);
    hashveil_entries_clear(&entries);
}

static hashveil_exact_entry entry_of_file(const char *name, uint8_t number,
                                          hashveil_digest_kind kind)
{
    hashveil_exact_entry entry = {.record = {.id = {0xff, number}, .lists = 1}};
    hashveil_digests digests;
    struct file file;
    ck_assert_int_eq(hv_read_file(scan_path(name), UINT32_MAX, &file.bytes, &file.len),
                     HASHVEIL_OK);
    ck_assert_int_eq(hashveil_digests_of(file.bytes, file.len, &digests), HASHVEIL_OK);
    entry.digest = hashveil_digests_get(&digests, kind);
    snprintf(entry.record.labels[0], sizeof entry.record.labels[0], "file %s", name);
    free(file.bytes);
    return entry;
}

void list_scan_files(const char *const *names, size_t count, hashveil_digest_kind kind)
{
    hashveil_entries entries = listed_entries();
    entries.exact = hv_alloc_array(count, sizeof *entries.exact);
    ck_assert_ptr_nonnull(entries.exact);
    entries.exact_count = count;
    for (size_t i = 0; i < count; i++) {
        entries.exact[i] = entry_of_file(names[i], (uint8_t)i, kind);
    }
    hashveil_sealed_db_close(folder.database);
    seal(&entries);
    hashveil_entries_clear(&entries);
}

void list_scan_hash(const hashveil_pdq *hash)
{
    hashveil_entries entries = listed_entries();
    entries.entries[0].hash = *hash;
    hashveil_sealed_db_close(folder.database);
    seal(&entries);
    hashveil_entries_clear(&entries);
}

const struct scan_folder *make_scan_folder(void)
{
    snprintf(folder.path, sizeof folder.path, "/tmp/hashveil-scan-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder.path));
    snprintf(folder.pictures_path, sizeof folder.pictures_path, "%s/pictures", folder.path);
    snprintf(folder.database_path, sizeof folder.database_path, "%s/hvdb", folder.path);
    snprintf(folder.spool_path, sizeof folder.spool_path, "%s/spool", folder.path);
    snprintf(folder.evaluator_path, sizeof folder.evaluator_path, "%s/evaluator", folder.path);
    snprintf(folder.reporter_path, sizeof folder.reporter_path, "%s/reporter", folder.path);
    snprintf(folder.evaluator_address, sizeof folder.evaluator_address, "unix:%s",
             folder.evaluator_path);
    snprintf(folder.reporter_address, sizeof folder.reporter_address, "unix:%s",
             folder.reporter_path);
    ck_assert_int_eq(mkdir(folder.pictures_path, 0755), 0);
    make_database();
    return &folder;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

void remove_scan_folder(void)
{
    hashveil_sealed_db_close(folder.database);
    hashveil_key_clear(&folder.evaluator_key);
    ck_assert_int_eq(nftw(folder.path, remove_entry, MAX_OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS), 0);
}

const char *scan_path(const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", folder.pictures_path, name);
    return path;
}

void put_scan_file(const char *name, const void *bytes, size_t len)
{
    FILE *file = fopen(scan_path(name), "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

void put_scan_picture(const char *name, uint64_t number)
{
    const struct file file = draw_file(number);
    put_scan_file(name, file.bytes, file.len);
    free(file.bytes);
}

void put_scan_half_picture(const char *name, uint64_t number)
{
    const struct file file = draw_file(number);
    put_scan_file(name, file.bytes, file.len / 2);
    free(file.bytes);
}

/* Pixel by pixel: what was drawn last comes first. */
static void turn_by_half(hashveil_image *picture)
{
    const size_t count = (size_t)picture->width_px * picture->height_px;
    ck_assert_uint_eq(picture->stride_bytes, (size_t)3 * picture->width_px);
    for (size_t i = 0; i < count / 2; i++) {
        for (size_t channel = 0; channel < 3; channel++) {
            uint8_t *a = &picture->pixels[3 * i + channel];
            uint8_t *b = &picture->pixels[3 * (count - 1 - i) + channel];
            const uint8_t kept = *a;
            *a = *b;
            *b = kept;
        }
    }
}

void put_scan_turned_picture(const char *name, uint64_t number)
{
    const struct picture_jpeg kind = {.quality = JPEG_QUALITY};
    struct file file;
    hashveil_image picture;
    picture_draw(&picture, SIDE_PX, SIDE_PX, 3, number);
    turn_by_half(&picture);
    picture_to_jpeg(&picture, &kind, &file.bytes, &file.len);
    put_scan_file(name, file.bytes, file.len);
    free(file.bytes);
    hashveil_image_clear(&picture);
}

void put_scan_flat_picture(const char *name)
{
    const struct picture_jpeg kind = {.quality = JPEG_QUALITY};
    struct file file;
    hashveil_image picture;
    picture_draw(&picture, SIDE_PX, SIDE_PX, 3, 0);
    memset(picture.pixels, 128, picture.height_px * picture.stride_bytes);
    picture_to_jpeg(&picture, &kind, &file.bytes, &file.len);
    put_scan_file(name, file.bytes, file.len);
    free(file.bytes);
    hashveil_image_clear(&picture);
}

void put_scan_two_faced_picture(const char *name, uint64_t by_means, uint64_t by_pixels)
{
    struct file file;
    hashveil_image means;
    hashveil_image pixels;
    picture_draw(&means, TWO_FACED_SIDE_BLOCKS, TWO_FACED_SIDE_BLOCKS, 1, by_means);
    picture_draw(&pixels, TWO_FACED_SIDE_BLOCKS, TWO_FACED_SIDE_BLOCKS, 1, by_pixels);
    make_two_faced_jpeg(&means, &pixels, &file.bytes, &file.len);
    put_scan_file(name, file.bytes, file.len);
    free(file.bytes);
    hashveil_image_clear(&means);
    hashveil_image_clear(&pixels);
}

static void append(char *text, size_t size, size_t *len, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int added = vsnprintf(text + *len, size - *len, format, arguments);
    va_end(arguments);
    ck_assert(added > 0 && (size_t)added < size - *len);
    *len += (size_t)added;
}

/* The part of a path that does not change with each test. */
static const char *name_of(const char *path)
{
    const size_t len = strlen(folder.pictures_path);
    return strncmp(path, folder.pictures_path, len) == 0 && path[len] == '/' ? path + len + 1
                                                                             : path;
}

static void take_result(void *context, const hashveil_file_result *result)
{
    struct scan_seen *seen = context;
    const bool is_match = result->file_class == HASHVEIL_FILE_MATCH;
    const bool is_trouble = hashveil_file_class_is_trouble(result->file_class);
    ck_assert(is_trouble == (result->status != HASHVEIL_OK));
    append(seen->results, sizeof seen->results, &seen->results_len, "%s: %s%s%s%s%s%s\n",
           name_of(result->path), hashveil_file_class_text(result->file_class),
           is_trouble ? ": " : "", is_trouble ? hashveil_status_text(result->status) : "",
           is_match ? " " : "", result->verdict.record.labels[0],
           result->is_reported ? " (reported)" : "");
    seen->told++;
    if (seen->after_result) {
        seen->after_result(seen, result);
    }
}

static void take_trouble(void *context, const char *peer, hashveil_status status)
{
    struct scan_seen *seen = context;
    const char *place = strstr(peer, folder.path);
    ck_assert_ptr_nonnull(place);
    append(seen->troubles, sizeof seen->troubles, &seen->troubles_len, "%s: %s\n",
           place + strlen(folder.path) + 1, hashveil_status_text(status));
}

hashveil_scan_options scan_options(struct scan_seen *seen)
{
    /* One exchange a picture, so that tests can count them. */
    static const hashveil_scanner_options verify_all = {.verified_percent = 100};
    *seen = (struct scan_seen){0};
    return (hashveil_scan_options){
        .database = folder.database,
        .evaluators = {{.address = folder.evaluator_address, .timeout_ms = SCAN_PATIENT_MS}},
        .reporter = {.timeout_ms = SCAN_PATIENT_MS},
        .scanner_options = &verify_all,
        .workers = 1,
        .fingerprint_options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT,
        .on_result = take_result,
        .on_trouble = take_trouble,
        .context = seen,
    };
}

void scan_paths(const char *const *paths, size_t count, const hashveil_scan_options *options)
{
    struct scan_seen *seen = options->context;
    uint64_t files = 0;
    seen->status = hashveil_scan(paths, count, options, &seen->summary);
    if (seen->status == HASHVEIL_OK) {
        for (int i = 0; i < HASHVEIL_FILE_CLASSES; i++) {
            files += seen->summary.by_class[i];
        }
        ck_assert_uint_eq(files, seen->summary.files);
        ck_assert_uint_eq(files, seen->told);
        ck_assert_uint_le(seen->summary.reports_spooled,
                          seen->summary.by_class[HASHVEIL_FILE_MATCH]);
    }
}

void scan_pictures(const hashveil_scan_options *options)
{
    const char *path = folder.pictures_path;
    scan_paths(&path, 1, options);
}
