/* SPDX-License-Identifier: Apache-2.0 */
/* bytes, memory, hex, files, threads, status texts. */
#include "base/bytes.h"
#include "base/files.h"
#include "base/hex.h"
#include "base/memory.h"
#include "base/threads.h"
#include "run_suite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(reads_numbers_as_little_endian)
{
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 'x'};
    struct hv_reader in = hv_reader_of(bytes, sizeof bytes);
    ck_assert_uint_eq(hv_read_u8(&in), 1);
    ck_assert_uint_eq(hv_read_u16le(&in), 0x0302);
    ck_assert_uint_eq(hv_read_u32le(&in), 0x07060504);
    ck_assert_uint_eq(hv_read_u64le(&in), UINT64_C(0x0f0e0d0c0b0a0908));
    ck_assert_uint_eq(in.left, 1);
    ck_assert(!in.failed);
}
END_TEST

START_TEST(a_failed_read_sticks_and_gives_zero)
{
    static const uint8_t bytes[] = {1, 2, 3};
    uint8_t copy[2] = {7, 7};
    struct hv_reader in = hv_reader_of(bytes, sizeof bytes);
    ck_assert_uint_eq(hv_read_u32le(&in), 0);
    ck_assert(in.failed);
    ck_assert_uint_eq(hv_read_u8(&in), 0);
    hv_read_copy(&in, copy, sizeof copy);
    ck_assert_uint_eq(copy[0] | copy[1], 0);
    ck_assert_ptr_null(hv_read_bytes(&in, 0));
}
END_TEST

START_TEST(writes_what_it_reads)
{
    uint8_t bytes[15];
    struct hv_writer out = hv_writer_of(bytes, sizeof bytes);
    hv_write_u8(&out, 0xfe);
    hv_write_u16le(&out, 0xfedc);
    hv_write_u32le(&out, 0xfedcba98);
    hv_write_u64le(&out, UINT64_C(0xfedcba9876543210));
    ck_assert(!out.failed);
    struct hv_reader in = hv_reader_of(bytes, out.len);
    ck_assert_uint_eq(hv_read_u8(&in), 0xfe);
    ck_assert_uint_eq(hv_read_u16le(&in), 0xfedc);
    ck_assert_uint_eq(hv_read_u32le(&in), 0xfedcba98);
    ck_assert_uint_eq(hv_read_u64le(&in), UINT64_C(0xfedcba9876543210));
    hv_write_u8(&out, 0);
    ck_assert(out.failed);
    ck_assert_uint_eq(out.len, sizeof bytes);
}
END_TEST

START_TEST(an_array_too_large_to_count_is_refused)
{
    ck_assert_ptr_null(hv_alloc_array(SIZE_MAX / 2, 3));
    void *empty = hv_alloc_array(0, 8);
    ck_assert_ptr_nonnull(empty);
    free(empty);
}
END_TEST

START_TEST(secrets_are_equal_only_when_all_bytes_are)
{
    const uint8_t a[4] = {1, 2, 3, 4};
    const uint8_t b[4] = {1, 2, 3, 5};
    ck_assert(hv_equal_secret(a, a, 4));
    ck_assert(!hv_equal_secret(a, b, 4));
    ck_assert(hv_equal_secret(a, b, 3));
}
END_TEST

START_TEST(hex_goes_there_and_back)
{
    const uint8_t bytes[] = {0x00, 0x9a, 0xff};
    uint8_t back[3];
    char text[7];
    hv_hex_encode(bytes, sizeof bytes, text);
    ck_assert_str_eq(text, "009aff");
    ck_assert(hv_hex_decode("009AfF", back, 3));
    ck_assert_mem_eq(back, bytes, 3);
    ck_assert(!hv_hex_decode("009g", back, 2));
    ck_assert(!hv_hex_decode("", back, 1));
}
END_TEST

static char folder[] = "/tmp/hashveil-base-XXXXXX";
static char path[64];

static void make_folder(void)
{
    memcpy(folder + sizeof folder - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
}

static void remove_folder(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing is left behind */
}

static void put(const char *text)
{
    struct hv_new_file file = {0};
    ck_assert_int_eq(hv_new_file_init(path, 0600, &file), HASHVEIL_OK);
    ck_assert_int_eq(hv_new_file_write(&file, text, strlen(text), 0), HASHVEIL_OK);
    ck_assert_int_eq(hv_new_file_commit(&file), HASHVEIL_OK);
}

START_TEST(a_committed_file_replaces_the_old_one)
{
    uint8_t *bytes;
    size_t len;
    put("old");
    put("newer");
    ck_assert_int_eq(hv_read_file(path, 5, &bytes, &len), HASHVEIL_OK);
    ck_assert_uint_eq(len, 5);
    ck_assert_mem_eq(bytes, "newer", 5);
    free(bytes);
    ck_assert_int_eq(hv_read_file(path, 4, &bytes, &len), HASHVEIL_ERR_LIMIT);
}
END_TEST

START_TEST(an_abandoned_file_leaves_the_old_one)
{
    struct hv_new_file file = {0};
    struct hv_mapping mapping = {0};
    put("old");
    ck_assert_int_eq(hv_new_file_init(path, 0600, &file), HASHVEIL_OK);
    ck_assert_int_eq(hv_new_file_write(&file, "xxx", 3, 0), HASHVEIL_OK);
    hv_new_file_clear(&file);
    ck_assert_int_eq(hv_map_file(path, &mapping), HASHVEIL_OK);
    ck_assert_uint_eq(mapping.len, 3);
    ck_assert_mem_eq(mapping.bytes, "old", 3);
    hv_unmap_file(&mapping);
}
END_TEST

START_TEST(an_exclusive_file_never_replaces)
{
    struct hv_new_file file = {0};
    put("old");
    ck_assert_int_eq(hv_new_file_init(path, 0600, &file), HASHVEIL_OK);
    ck_assert_int_eq(hv_new_file_commit_exclusive(&file), HASHVEIL_ERR_EXISTS);
    hv_new_file_clear(&file);
    unlink(path);
    ck_assert_int_eq(hv_new_file_init(path, 0600, &file), HASHVEIL_OK);
    ck_assert_int_eq(hv_new_file_commit_exclusive(&file), HASHVEIL_OK);
    hv_new_file_clear(&file);
    ck_assert_int_eq(access(path, R_OK), 0);
}
END_TEST

START_TEST(what_is_no_regular_file_is_refused)
{
    uint8_t *bytes;
    size_t len;
    ck_assert_int_eq(hv_read_file(path, 9, &bytes, &len), HASHVEIL_ERR_NOT_FOUND);
    ck_assert_int_eq(hv_read_file(folder, 9, &bytes, &len), HASHVEIL_ERR_NOT_A_FILE);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(hv_read_file(path, 9, &bytes, &len), HASHVEIL_ERR_NOT_A_FILE);
}
END_TEST

struct tally {
    pthread_mutex_t lock;
    unsigned seen[1000];
};

static hashveil_status count_job(void *context, size_t index, unsigned worker)
{
    struct tally *tally = context;
    ck_assert_uint_lt(worker, 3);
    pthread_mutex_lock(&tally->lock);
    tally->seen[index]++;
    pthread_mutex_unlock(&tally->lock);
    return index == 999 ? HASHVEIL_ERR_EMPTY : HASHVEIL_OK;
}

START_TEST(parallel_jobs_run_once_each_and_failure_is_returned)
{
    struct tally tally = {.lock = PTHREAD_MUTEX_INITIALIZER};
    ck_assert_int_eq(hv_parallel(999, 3, count_job, &tally), HASHVEIL_OK);
    for (size_t i = 0; i < 999; i++) {
        ck_assert_uint_eq(tally.seen[i], 1);
    }
    ck_assert_int_eq(hv_parallel(1000, 3, count_job, &tally), HASHVEIL_ERR_EMPTY);
    ck_assert_int_eq(hv_parallel(0, 3, count_job, &tally), HASHVEIL_OK);
}
END_TEST

START_TEST(every_status_has_a_text)
{
#define X(name, number, meaning) ck_assert_str_eq(hashveil_status_text(number), meaning);
    HASHVEIL_STATUS_TABLE(X)
#undef X
    ck_assert_str_eq(hashveil_status_text((hashveil_status)9999), "unknown status");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base");
    TCase *bytes = tcase_create("bytes");
    TCase *files = tcase_create("files");

    tcase_add_test(bytes, reads_numbers_as_little_endian);
    tcase_add_test(bytes, a_failed_read_sticks_and_gives_zero);
    tcase_add_test(bytes, writes_what_it_reads);
    tcase_add_test(bytes, an_array_too_large_to_count_is_refused);
    tcase_add_test(bytes, secrets_are_equal_only_when_all_bytes_are);
    tcase_add_test(bytes, hex_goes_there_and_back);
    tcase_add_test(bytes, parallel_jobs_run_once_each_and_failure_is_returned);
    tcase_add_test(bytes, every_status_has_a_text);
    suite_add_tcase(suite, bytes);

    tcase_add_checked_fixture(files, make_folder, remove_folder);
    tcase_add_test(files, a_committed_file_replaces_the_old_one);
    tcase_add_test(files, an_abandoned_file_leaves_the_old_one);
    tcase_add_test(files, an_exclusive_file_never_replaces);
    tcase_add_test(files, what_is_no_regular_file_is_refused);
    suite_add_tcase(suite, files);
    return run_suite(suite);
}
