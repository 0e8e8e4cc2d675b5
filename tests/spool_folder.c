/* SPDX-License-Identifier: Apache-2.0 */
#include "spool_folder.h"

#include "base/bytes.h"
#include "key/key.h"
#include "report/report.h"

#include <check.h>
#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static struct spool_folder folder;

const struct spool_folder *make_spool_folder(void)
{
    snprintf(folder.path, sizeof folder.path, "/tmp/hashveil-spool-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder.path));
    snprintf(folder.spool_path, sizeof folder.spool_path, "%s/spool", folder.path);
    snprintf(folder.socket_path, sizeof folder.socket_path, "%s/socket", folder.path);
    snprintf(folder.address, sizeof folder.address, "unix:%s", folder.socket_path);
    return &folder;
}

/* A process that was killed may leave the spool's journal, or its new file under the first name. */
void remove_spool_folder(void)
{
    DIR *entries = opendir(folder.path);
    ck_assert_ptr_nonnull(entries);
    for (const struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        if (strncmp(entry->d_name, "spool", 5) == 0) {
            ck_assert_int_eq(unlinkat(dirfd(entries), entry->d_name, 0), 0);
        }
    }
    closedir(entries);
    ck_assert_int_eq(rmdir(folder.path), 0); /* nothing else is left behind */
}

void make_report(uint32_t number, uint8_t out[HASHVEIL_SEALED_REPORT_BYTES])
{
    static const uint8_t seed[HV_KEY_SEED_BYTES] = {7};
    hashveil_report report = {
        .matched_by = HASHVEIL_SIGNAL_PDQ, .has_picture = true, .quality = 50};
    const hashveil_account account = {.key = {9}, .threshold = 1};
    hashveil_key reporter;
    hv_store_le(report.id, number, 4);
    ck_assert_int_eq(hv_key_from_seed(HASHVEIL_KEY_REPORTER, seed, &reporter), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_report_seal(&report, &account, &reporter, out), HASHVEIL_OK);
}

hashveil_spool *open_spool(void)
{
    hashveil_spool *spool;
    ck_assert_int_eq(hashveil_spool_open(folder.spool_path, &spool), HASHVEIL_OK);
    return spool;
}

hashveil_status add_report(hashveil_spool *spool, uint32_t number)
{
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    make_report(number, sealed);
    return hashveil_spool_add(spool, sealed);
}

void add_reports(uint32_t first, uint32_t count)
{
    hashveil_spool *spool = open_spool();
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_int_eq(add_report(spool, first + i), HASHVEIL_OK);
    }
    hashveil_spool_close(spool);
}

uint64_t count_reports(void)
{
    uint64_t count;
    hashveil_spool *spool = open_spool();
    ck_assert_int_eq(hashveil_spool_count(spool, &count), HASHVEIL_OK);
    hashveil_spool_close(spool);
    return count;
}

void run_sql(const char *sql)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(folder.spool_path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

size_t read_numbers(uint32_t numbers[MAX_REPORTS])
{
    sqlite3 *db;
    sqlite3_stmt *rows;
    size_t count = 0;
    ck_assert_int_eq(sqlite3_open(folder.spool_path, &db), SQLITE_OK);
    ck_assert_int_eq(
        sqlite3_prepare_v2(db, "SELECT id FROM report ORDER BY sequence", -1, &rows, NULL),
        SQLITE_OK);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        ck_assert_uint_lt(count, MAX_REPORTS);
        numbers[count++] = (uint32_t)hv_load_le(sqlite3_column_blob(rows, 0), 4);
    }
    sqlite3_finalize(rows);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    return count;
}

void ck_assert_waiting(const uint32_t *expected, size_t count)
{
    uint32_t numbers[MAX_REPORTS];
    ck_assert_uint_eq(read_numbers(numbers), count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(numbers[i], expected[i]);
    }
}

uint32_t number_of_report(const uint8_t *bytes, size_t len)
{
    struct hv_report_header header;
    ck_assert_int_eq(hv_report_header_parse(bytes, len, &header), HASHVEIL_OK);
    return (uint32_t)hv_load_le(header.id, 4);
}

pid_t in_child(void (*run)(int), int argument)
{
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        run(argument);
        _exit(0);
    }
    return child;
}

void pause_us(long us)
{
    const struct timespec pause = {.tv_nsec = us * 1000};
    nanosleep(&pause, NULL);
}
