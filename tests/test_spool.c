/* SPDX-License-Identifier: Apache-2.0 */
/* The spool's file: what was added is there, whatever happens. */
#include "base/sqlite_file.h"
#include "base/sqlite_status.h"
#include "report/report.h"
#include "run_suite.h"
#include "spool_folder.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534 };

static const struct spool_folder *folder;

static void make_folder(void)
{
    folder = make_spool_folder();
}

START_TEST(reports_wait_in_order_and_once_each)
{
    hashveil_spool *spool = open_spool();
    uint64_t count = 99;
    ck_assert_int_eq(hashveil_spool_count(spool, &count), HASHVEIL_OK);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(add_report(spool, 30), HASHVEIL_OK);
    ck_assert_int_eq(add_report(spool, 10), HASHVEIL_OK);
    ck_assert_int_eq(add_report(spool, 30), HASHVEIL_OK);
    ck_assert_int_eq(add_report(spool, 20), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_spool_count(spool, &count), HASHVEIL_OK);
    ck_assert_uint_eq(count, 3);
    hashveil_spool_close(spool);
    ck_assert_waiting((const uint32_t[]){30, 10, 20}, 3);
    ck_assert_uint_eq(count_reports(), 3);
    hashveil_spool_close(NULL);
}
END_TEST

START_TEST(what_is_no_sealed_report_is_not_kept)
{
    hashveil_spool *spool = open_spool();
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    make_report(1, sealed);
    sealed[0] ^= 1;
    ck_assert_int_eq(hashveil_spool_add(spool, sealed), HASHVEIL_ERR_PROTOCOL);
    sealed[0] ^= 1;
    sealed[4] ^= 2;
    ck_assert_int_eq(hashveil_spool_add(spool, sealed), HASHVEIL_ERR_VERSION);
    hashveil_spool_close(spool);
    ck_assert_uint_eq(count_reports(), 0);
}
END_TEST

START_TEST(the_file_is_for_its_owner_alone)
{
    struct stat info;
    umask(0);
    add_reports(1, 1);
    ck_assert_int_eq(stat(folder->spool_path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0600);
}
END_TEST

/* A power cut cannot be had here; that SQLite was told to prepare for one can be seen. */
START_TEST(every_commit_is_synced_with_its_folder)
{
    enum { EXTRA = 3 };
    static const struct hv_sqlite_kind kind = {.application_id = 7, .version = 1, .schema = ""};
    sqlite3 *db;
    sqlite3_stmt *row;
    ck_assert_int_eq(hv_sqlite_open(folder->spool_path, &kind, HV_SQLITE_WRITE, &db), HASHVEIL_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, "PRAGMA synchronous", -1, &row, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
    ck_assert_int_eq(sqlite3_column_int(row, 0), EXTRA);
    sqlite3_finalize(row);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}
END_TEST

START_TEST(names_that_sqlite_knows_are_files_here)
{
    static const char *const names[] = {":memory:", "file:x?mode=memory", "file:x"};
    ck_assert_int_eq(chdir(folder->path), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint64_t count;
        hashveil_spool *spool;
        ck_assert_int_eq(hashveil_spool_open(names[i], &spool), HASHVEIL_OK);
        ck_assert_int_eq(add_report(spool, 1), HASHVEIL_OK);
        hashveil_spool_close(spool);
        ck_assert_int_eq(hashveil_spool_open(names[i], &spool), HASHVEIL_OK);
        ck_assert_int_eq(hashveil_spool_count(spool, &count), HASHVEIL_OK);
        ck_assert_uint_eq(count, 1);
        hashveil_spool_close(spool);
        ck_assert_int_eq(unlink(names[i]), 0);
    }
}
END_TEST

/* Databases and files that look like a spool, more or less. */
static const struct {
    const char *what, *sql;
    hashveil_status expected;
} databases[] = {
    {"an empty database", "", HASHVEIL_OK},
    {"another's tables", "CREATE TABLE photo (id)", HASHVEIL_ERR_UNSUPPORTED},
    {"another's application", "PRAGMA application_id = 7", HASHVEIL_ERR_UNSUPPORTED},
    {"a version of nobody", "PRAGMA user_version = 2", HASHVEIL_ERR_UNSUPPORTED},
    {"a later version", "PRAGMA application_id = 1213616976; PRAGMA user_version = 4",
     HASHVEIL_ERR_VERSION},
    {"no version", "PRAGMA application_id = 1213616976", HASHVEIL_ERR_VERSION},
    {"no table", "PRAGMA application_id = 1213616976; PRAGMA user_version = 3",
     HASHVEIL_ERR_FORMAT},
};

START_TEST(another_database_is_told_apart_and_left_alone)
{
    hashveil_spool *spool;
    run_sql(databases[_i].sql);
    const hashveil_status status = hashveil_spool_open(folder->spool_path, &spool);
    ck_assert_msg(status == databases[_i].expected, "%s: %s", databases[_i].what,
                  hashveil_status_text(status));
    hashveil_spool_close(spool);
    if (status != HASHVEIL_OK) {
        run_sql("CREATE TABLE report (id)"); /* there is none yet */
    }
}
END_TEST

static void put(const char *text)
{
    FILE *file = fopen(folder->spool_path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(what_is_no_database_is_refused)
{
    hashveil_spool *spool = NULL;
    char missing[80];
    snprintf(missing, sizeof missing, "%s/missing/spool", folder->path);
    put("a shopping list, long enough to be looked at: bread, milk, and something for the cat. "
        "And some more, since a header has a hundred bytes.\n");
    ck_assert_int_eq(hashveil_spool_open(folder->spool_path, &spool), HASHVEIL_ERR_UNSUPPORTED);
    ck_assert_ptr_null(spool);
    ck_assert_int_eq(hashveil_spool_open(folder->path, &spool), HASHVEIL_ERR_NOT_A_FILE);
    ck_assert_int_eq(hashveil_spool_open(missing, &spool), HASHVEIL_ERR_NOT_FOUND);
    put("");
    ck_assert_int_eq(hashveil_spool_open(folder->spool_path, &spool), HASHVEIL_OK);
    hashveil_spool_close(spool);
}
END_TEST

START_TEST(a_damaged_file_is_an_error_and_no_crash)
{
    hashveil_spool *spool;
    uint8_t noise[4096];
    add_reports(1, 30);
    memset(noise, 0xA5, sizeof noise);
    FILE *file = fopen(folder->spool_path, "r+");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, sizeof noise, SEEK_SET), 0);
    for (int i = 0; i < 6; i++) {
        ck_assert_uint_eq(fwrite(noise, sizeof noise, 1, file), 1);
    }
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(hashveil_spool_open(folder->spool_path, &spool),
                     HASHVEIL_OK); /* its first page is whole */
    ck_assert_int_eq(add_report(spool, 40), HASHVEIL_ERR_FORMAT);
    hashveil_spool_close(spool);
}
END_TEST

START_TEST(a_file_or_folder_of_somebody_else_is_denied)
{
    hashveil_spool *spool;
    const bool is_root = geteuid() == 0;
    ck_assert_int_eq(chmod(folder->path, 0555), 0);
    ck_assert(!is_root || seteuid(NOBODY) == 0);
    ck_assert_int_eq(hashveil_spool_open(folder->spool_path, &spool), HASHVEIL_ERR_ACCESS);
    ck_assert(!is_root || seteuid(0) == 0);

    ck_assert_int_eq(chmod(folder->path, 0755), 0);
    add_reports(1, 1);
    ck_assert_int_eq(chmod(folder->spool_path, 0444), 0);
    ck_assert(!is_root || seteuid(NOBODY) == 0);
    ck_assert_int_eq(hashveil_spool_open(folder->spool_path, &spool), HASHVEIL_ERR_ACCESS);
    ck_assert(!is_root || seteuid(0) == 0);
    ck_assert_int_eq(chmod(folder->spool_path, 0000), 0);
    ck_assert(!is_root || seteuid(NOBODY) == 0);
    ck_assert_int_eq(hashveil_spool_open(folder->spool_path, &spool), HASHVEIL_ERR_ACCESS);
    ck_assert(!is_root || seteuid(0) == 0);
}
END_TEST

static const struct {
    int result;
    hashveil_status expected;
} results[] = {
    {SQLITE_OK, HASHVEIL_OK},
    {SQLITE_DONE, HASHVEIL_OK},
    {SQLITE_ROW, HASHVEIL_OK},
    {SQLITE_BUSY, HASHVEIL_ERR_BUSY},
    {SQLITE_BUSY_SNAPSHOT, HASHVEIL_ERR_BUSY},
    {SQLITE_LOCKED, HASHVEIL_ERR_BUSY},
    {SQLITE_FULL, HASHVEIL_ERR_NO_SPACE},
    {SQLITE_NOMEM, HASHVEIL_ERR_NO_MEMORY},
    {SQLITE_IOERR_NOMEM, HASHVEIL_ERR_IO},
    {SQLITE_READONLY, HASHVEIL_ERR_ACCESS},
    {SQLITE_CORRUPT_INDEX, HASHVEIL_ERR_FORMAT},
    {SQLITE_NOTADB, HASHVEIL_ERR_UNSUPPORTED},
    {SQLITE_IOERR_WRITE, HASHVEIL_ERR_IO},
    {SQLITE_INTERNAL, HASHVEIL_ERR_IO},
};

START_TEST(what_sqlite_says_has_its_status)
{
    ck_assert_int_eq(hv_status_of_sqlite(NULL, results[_i].result), results[_i].expected);
}
END_TEST

static void wait_for_child(pid_t child)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

enum { PROCESSES = 6, REPORTS_EACH = 8, REPORTS = PROCESSES * REPORTS_EACH };

static void add_a_few(int process)
{
    add_reports((uint32_t)process * REPORTS_EACH, REPORTS_EACH);
}

START_TEST(several_processes_make_it_and_add)
{
    uint32_t numbers[MAX_REPORTS];
    bool seen[REPORTS] = {0};
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = in_child(add_a_few, i);
    }
    for (int i = 0; i < PROCESSES; i++) {
        wait_for_child(children[i]);
    }
    ck_assert_uint_eq(read_numbers(numbers), REPORTS);
    for (size_t i = 0; i < REPORTS; i++) {
        ck_assert_uint_lt(numbers[i], REPORTS);
        ck_assert(!seen[numbers[i]]);
        seen[numbers[i]] = true;
    }
}
END_TEST

START_TEST(one_process_may_hold_it_twice)
{
    hashveil_spool *one = open_spool();
    hashveil_spool *two = open_spool();
    ck_assert_int_eq(add_report(one, 1), HASHVEIL_OK);
    ck_assert_int_eq(add_report(two, 2), HASHVEIL_OK);
    ck_assert_int_eq(add_report(one, 3), HASHVEIL_OK);
    hashveil_spool_close(two);
    ck_assert_int_eq(add_report(one, 4), HASHVEIL_OK);
    hashveil_spool_close(one);
    ck_assert_waiting((const uint32_t[]){1, 2, 3, 4}, 4);
}
END_TEST

/* Adds reports and says so, one byte each, until it is killed. */
static void add_and_say_so(int pipe_fd)
{
    hashveil_spool *spool;
    if (hashveil_spool_open(folder->spool_path, &spool) != HASHVEIL_OK) {
        _exit(1);
    }
    for (uint32_t i = 0; i < MAX_REPORTS; i++) {
        if (add_report(spool, i) != HASHVEIL_OK || write(pipe_fd, "+", 1) != 1) {
            _exit(1);
        }
    }
}

/* How far the child is when it is killed depends on the machine; what must hold then does not. */
START_TEST(a_report_that_was_added_survives_a_kill)
{
    int fds[2];
    char said;
    size_t added = 0;
    uint32_t numbers[MAX_REPORTS];
    const size_t patience = (size_t)_i % 8;
    ck_assert_int_eq(pipe(fds), 0);
    const pid_t child = in_child(add_and_say_so, fds[1]);
    close(fds[1]);
    while (added < patience && read(fds[0], &said, 1) == 1) {
        added++;
    }
    pause_us(_i * 331L % 4000);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    while (read(fds[0], &said, 1) == 1) {
        added++;
    }
    close(fds[0]);
    ck_assert_uint_ge(added, patience);

    const uint64_t kept = count_reports(); /* opens it as the next scan would */
    ck_assert_uint_ge(kept, added);
    ck_assert_uint_le(kept, added + 1);
    ck_assert_uint_eq(read_numbers(numbers), kept);
    for (size_t i = 0; i < kept; i++) {
        ck_assert_uint_eq(numbers[i], i);
    }
}
END_TEST

#define COUNT(rows) ((int)(sizeof(rows) / sizeof(rows)[0]))

int main(void)
{
    Suite *suite = suite_create("spool");
    TCase *files = tcase_create("files");
    TCase *processes = tcase_create("processes");

    tcase_add_checked_fixture(files, make_folder, remove_spool_folder);
    tcase_add_test(files, reports_wait_in_order_and_once_each);
    tcase_add_test(files, what_is_no_sealed_report_is_not_kept);
    tcase_add_test(files, the_file_is_for_its_owner_alone);
    tcase_add_test(files, every_commit_is_synced_with_its_folder);
    tcase_add_test(files, names_that_sqlite_knows_are_files_here);
    tcase_add_loop_test(files, another_database_is_told_apart_and_left_alone, 0, COUNT(databases));
    tcase_add_test(files, what_is_no_database_is_refused);
    tcase_add_test(files, a_damaged_file_is_an_error_and_no_crash);
    tcase_add_test(files, a_file_or_folder_of_somebody_else_is_denied);
    tcase_add_loop_test(files, what_sqlite_says_has_its_status, 0, COUNT(results));
    tcase_add_test(files, one_process_may_hold_it_twice);
    suite_add_tcase(suite, files);

    tcase_set_timeout(processes, 60);
    tcase_add_checked_fixture(processes, make_folder, remove_spool_folder);
    tcase_add_loop_test(processes, several_processes_make_it_and_add, 0, 4);
    tcase_add_loop_test(processes, a_report_that_was_added_survives_a_kill, 0, 32);
    suite_add_tcase(suite, processes);
    return run_suite(suite);
}
