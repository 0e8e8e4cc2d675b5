/* SPDX-License-Identifier: Apache-2.0 */
/* The spool: what was added is there, whatever happens, until the reporter has it. */
#include "base/bytes.h"
#include "base/sqlite_status.h"
#include "key/key.h"
#include "report/report.h"
#include "report/spool_file.h"
#include "run_suite.h"
#include "scripted_peer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Patient where an answer comes, short where none does. */
enum { PATIENT_MS = 60000, SHORT_MS = 50, NOBODY = 65534, MAX_REPORTS = 4000 };

#define ANSWER(number) "HTTP/1.1 " #number " Text\r\nContent-Length: 0\r\n\r\n"

static char folder[40];
static char path[64];
static char socket_path[64];
static char address[80];

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/hashveil-spool-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/spool", folder);
    snprintf(socket_path, sizeof socket_path, "%s/socket", folder);
    snprintf(address, sizeof address, "unix:%s", socket_path);
}

static void remove_folder(void)
{
    char journal_path[80];
    snprintf(journal_path, sizeof journal_path, "%s-journal", path);
    unlink(journal_path);
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else is left behind */
}

/* A sealed report that carries its number as id. */
static void make_report(uint32_t number, uint8_t out[HASHVEIL_SEALED_REPORT_BYTES])
{
    static const uint8_t seed[HV_KEY_SEED_BYTES] = {7};
    hashveil_report report = {.quality = 50};
    hashveil_key reporter;
    hv_store_le(report.id, number, 4);
    ck_assert_int_eq(hv_key_from_seed(HASHVEIL_KEY_REPORTER, seed, &reporter), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_report_seal(&report, &reporter, out), HASHVEIL_OK);
}

static hashveil_spool *open_spool(void)
{
    hashveil_spool *spool;
    ck_assert_int_eq(hashveil_spool_open(path, &spool), HASHVEIL_OK);
    return spool;
}

static hashveil_status add(hashveil_spool *spool, uint32_t number)
{
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    make_report(number, sealed);
    return hashveil_spool_add(spool, sealed);
}

static void add_reports(uint32_t first, uint32_t count)
{
    hashveil_spool *spool = open_spool();
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_int_eq(add(spool, first + i), HASHVEIL_OK);
    }
    hashveil_spool_close(spool);
}

static uint64_t count_reports(void)
{
    uint64_t count;
    hashveil_spool *spool = open_spool();
    ck_assert_int_eq(hashveil_spool_count(spool, &count), HASHVEIL_OK);
    hashveil_spool_close(spool);
    return count;
}

/* Changes or makes a database behind the spool's back. */
static void run_sql(const char *sql)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

/* Reads the numbers of the reports that wait, in order. */
static size_t read_numbers(uint32_t numbers[MAX_REPORTS])
{
    sqlite3 *db;
    sqlite3_stmt *rows;
    size_t count = 0;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
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

static void ck_assert_waiting(const uint32_t *expected, size_t count)
{
    uint32_t numbers[MAX_REPORTS];
    ck_assert_uint_eq(read_numbers(numbers), count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(numbers[i], expected[i]);
    }
}

START_TEST(reports_wait_in_order_and_once_each)
{
    hashveil_spool *spool = open_spool();
    uint64_t count = 99;
    ck_assert_int_eq(hashveil_spool_count(spool, &count), HASHVEIL_OK);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(add(spool, 30), HASHVEIL_OK);
    ck_assert_int_eq(add(spool, 10), HASHVEIL_OK);
    ck_assert_int_eq(add(spool, 30), HASHVEIL_OK);
    ck_assert_int_eq(add(spool, 20), HASHVEIL_OK);
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
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0600);
}
END_TEST

/* A power cut cannot be had here; that SQLite was told to prepare for one can be seen. */
START_TEST(every_commit_is_synced_with_its_folder)
{
    enum { EXTRA = 3 };
    sqlite3 *db;
    sqlite3_stmt *row;
    ck_assert_int_eq(hv_spool_file_open(path, &db), HASHVEIL_OK);
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
    ck_assert_int_eq(chdir(folder), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint64_t count;
        hashveil_spool *spool;
        ck_assert_int_eq(hashveil_spool_open(names[i], &spool), HASHVEIL_OK);
        ck_assert_int_eq(add(spool, 1), HASHVEIL_OK);
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
    {"a version of nobody", "PRAGMA user_version = 1", HASHVEIL_ERR_UNSUPPORTED},
    {"a later version", "PRAGMA application_id = 1213616976; PRAGMA user_version = 2",
     HASHVEIL_ERR_VERSION},
    {"no version", "PRAGMA application_id = 1213616976", HASHVEIL_ERR_VERSION},
    {"no table", "PRAGMA application_id = 1213616976; PRAGMA user_version = 1",
     HASHVEIL_ERR_FORMAT},
};

START_TEST(another_database_is_told_apart_and_left_alone)
{
    hashveil_spool *spool;
    run_sql(databases[_i].sql);
    const hashveil_status status = hashveil_spool_open(path, &spool);
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
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(what_is_no_database_is_refused)
{
    hashveil_spool *spool = NULL;
    char missing[80];
    snprintf(missing, sizeof missing, "%s/missing/spool", folder);
    put("a shopping list, long enough to be looked at: bread, milk, and something for the cat. "
        "And some more, since a header has a hundred bytes.\n");
    ck_assert_int_eq(hashveil_spool_open(path, &spool), HASHVEIL_ERR_UNSUPPORTED);
    ck_assert_ptr_null(spool);
    ck_assert_int_eq(hashveil_spool_open(folder, &spool), HASHVEIL_ERR_NOT_A_FILE);
    ck_assert_int_eq(hashveil_spool_open(missing, &spool), HASHVEIL_ERR_NOT_FOUND);
    put("");
    ck_assert_int_eq(hashveil_spool_open(path, &spool), HASHVEIL_OK);
    hashveil_spool_close(spool);
}
END_TEST

START_TEST(a_damaged_file_is_an_error_and_no_crash)
{
    hashveil_spool *spool;
    uint8_t noise[4096];
    add_reports(1, 30);
    memset(noise, 0xA5, sizeof noise);
    FILE *file = fopen(path, "r+");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, sizeof noise, SEEK_SET), 0);
    for (int i = 0; i < 6; i++) {
        ck_assert_uint_eq(fwrite(noise, sizeof noise, 1, file), 1);
    }
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(hashveil_spool_open(path, &spool), HASHVEIL_OK); /* its first page is whole */
    ck_assert_int_eq(add(spool, 40), HASHVEIL_ERR_FORMAT);
    hashveil_spool_close(spool);
}
END_TEST

START_TEST(a_file_or_folder_of_somebody_else_is_denied)
{
    hashveil_spool *spool;
    const bool is_root = geteuid() == 0;
    ck_assert_int_eq(chmod(folder, 0555), 0);
    ck_assert(!is_root || seteuid(NOBODY) == 0);
    ck_assert_int_eq(hashveil_spool_open(path, &spool), HASHVEIL_ERR_ACCESS);
    ck_assert(!is_root || seteuid(0) == 0);

    ck_assert_int_eq(chmod(folder, 0755), 0);
    add_reports(1, 1);
    ck_assert_int_eq(chmod(path, 0444), 0);
    ck_assert(!is_root || seteuid(NOBODY) == 0);
    ck_assert_int_eq(hashveil_spool_open(path, &spool), HASHVEIL_ERR_ACCESS);
    ck_assert(!is_root || seteuid(0) == 0);
    ck_assert_int_eq(chmod(path, 0000), 0);
    ck_assert(!is_root || seteuid(NOBODY) == 0);
    ck_assert_int_eq(hashveil_spool_open(path, &spool), HASHVEIL_ERR_ACCESS);
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

/* Runs the function in another process, which ends with it. */
static pid_t in_child(void (*run)(int), int argument)
{
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        run(argument);
        _exit(0);
    }
    return child;
}

static void wait_for_child(pid_t child)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void add_forty(int first)
{
    add_reports((uint32_t)first, 40);
}

START_TEST(two_processes_add_side_by_side)
{
    uint32_t numbers[MAX_REPORTS];
    bool seen[80] = {0};
    const pid_t one = in_child(add_forty, 0);
    const pid_t two = in_child(add_forty, 40);
    wait_for_child(one);
    wait_for_child(two);
    ck_assert_uint_eq(read_numbers(numbers), 80);
    for (size_t i = 0; i < 80; i++) {
        ck_assert_uint_lt(numbers[i], 80);
        ck_assert(!seen[numbers[i]]);
        seen[numbers[i]] = true;
    }
}
END_TEST

START_TEST(one_process_may_hold_it_twice)
{
    hashveil_spool *one = open_spool();
    hashveil_spool *two = open_spool();
    ck_assert_int_eq(add(one, 1), HASHVEIL_OK);
    ck_assert_int_eq(add(two, 2), HASHVEIL_OK);
    ck_assert_int_eq(add(one, 3), HASHVEIL_OK);
    hashveil_spool_close(two);
    ck_assert_int_eq(add(one, 4), HASHVEIL_OK);
    hashveil_spool_close(one);
    ck_assert_waiting((const uint32_t[]){1, 2, 3, 4}, 4);
}
END_TEST

/* Adds reports and says so, one byte each, until it is killed. */
static void add_and_say_so(int pipe_fd)
{
    hashveil_spool *spool;
    if (hashveil_spool_open(path, &spool) != HASHVEIL_OK) {
        _exit(1);
    }
    for (uint32_t i = 0; i < MAX_REPORTS; i++) {
        if (add(spool, i) != HASHVEIL_OK || write(pipe_fd, "+", 1) != 1) {
            _exit(1);
        }
    }
}

static void pause_us(long us)
{
    const struct timespec pause = {.tv_nsec = us * 1000};
    nanosleep(&pause, NULL);
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

static struct peer *start_peer(const struct peer_step *steps, size_t count)
{
    struct peer *peer = peer_start(socket_path, steps, count);
    ck_assert_ptr_nonnull(peer);
    return peer;
}

static hashveil_status deliver(uint32_t timeout_ms, uint64_t *delivered)
{
    hashveil_connection *reporter;
    hashveil_spool *spool = open_spool();
    ck_assert_int_eq(hashveil_connection_open(address, timeout_ms, &reporter), HASHVEIL_OK);
    const hashveil_status status = hashveil_spool_deliver(spool, reporter, delivered);
    hashveil_connection_close(reporter);
    hashveil_spool_close(spool);
    return status;
}

/* Returns the number of the report in a request. */
static uint32_t number_of(const struct peer_request *request)
{
    struct hv_report_header header;
    ck_assert_int_eq(hv_report_header_parse((const uint8_t *)request->bytes + request->head_len,
                                            request->len - request->head_len, &header),
                     HASHVEIL_OK);
    return (uint32_t)hv_load_le(header.id, 4);
}

static void ck_assert_received(const struct peer *peer, const uint32_t *expected, size_t count)
{
    ck_assert_uint_eq(peer->request_count, count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(number_of(&peer->requests[i]), expected[i]);
    }
}

static const struct peer_step takes_all = {ANSWER(200), PEER_KEEPS, NULL};

START_TEST(what_waits_is_delivered_in_order_and_gone)
{
    uint64_t delivered;
    add_reports(1, 3);
    struct peer *peer = start_peer(&takes_all, 1);
    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), HASHVEIL_OK);
    peer_stop(peer);
    ck_assert_uint_eq(delivered, 3);
    ck_assert_received(peer, (const uint32_t[]){1, 2, 3}, 3);
    ck_assert_mem_eq(peer->requests[0].bytes, "POST /v1/reports HTTP/1.1\r\n", 27);
    ck_assert_uint_eq(count_reports(), 0);
    peer_free(peer);
}
END_TEST

START_TEST(an_empty_spool_makes_no_connection)
{
    uint64_t delivered = 99;
    struct peer *peer = start_peer(&takes_all, 1);
    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), HASHVEIL_OK);
    peer_stop(peer);
    ck_assert_uint_eq(delivered, 0);
    ck_assert_uint_eq(peer->connection_count, 0);
    peer_free(peer);
}
END_TEST

START_TEST(a_reporter_that_dies_midway_gets_the_rest_later)
{
    static const struct peer_step dies[] = {
        {ANSWER(200), PEER_KEEPS, NULL},
        {"", PEER_DIES, NULL}, /* it may have kept the second one, but did not say so */
    };
    uint64_t delivered;
    add_reports(1, 4);
    struct peer *peer = start_peer(dies, 2);
    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), HASHVEIL_ERR_UNREACHABLE);
    peer_stop(peer);
    ck_assert_uint_eq(delivered, 1);
    ck_assert_received(peer, (const uint32_t[]){1, 2}, 2);
    peer_free(peer);

    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), HASHVEIL_ERR_UNREACHABLE);
    ck_assert_uint_eq(delivered, 0);
    ck_assert_waiting((const uint32_t[]){2, 3, 4}, 3);

    peer = start_peer(&takes_all, 1);
    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), HASHVEIL_OK);
    peer_stop(peer);
    ck_assert_uint_eq(delivered, 3);
    ck_assert_received(peer, (const uint32_t[]){2, 3, 4}, 3);
    peer_free(peer);
}
END_TEST

static const struct {
    const char *answer;
    hashveil_status expected;
} refusals[] = {
    {ANSWER(400), HASHVEIL_ERR_PROTOCOL},
    {ANSWER(409), HASHVEIL_ERR_KEY},
    {ANSWER(426), HASHVEIL_ERR_VERSION},
    {ANSWER(500), HASHVEIL_ERR_REFUSED},
};

START_TEST(a_refused_report_is_kept_and_holds_nobody_up)
{
    const struct peer_step steps[] = {
        {ANSWER(200), PEER_KEEPS, NULL},
        {refusals[_i].answer, PEER_KEEPS, NULL},
        {ANSWER(200), PEER_KEEPS, NULL},
    };
    uint64_t delivered;
    add_reports(1, 4);
    struct peer *peer = start_peer(steps, 3);
    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), refusals[_i].expected);
    peer_stop(peer);
    ck_assert_uint_eq(delivered, 3);
    ck_assert_received(peer, (const uint32_t[]){1, 2, 3, 4}, 4);
    ck_assert_waiting((const uint32_t[]){2}, 1);
    peer_free(peer);

    peer = start_peer(&takes_all, 1);
    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), HASHVEIL_OK);
    peer_stop(peer);
    ck_assert_received(peer, (const uint32_t[]){2}, 1);
    peer_free(peer);
}
END_TEST

START_TEST(the_first_refusal_is_the_one_returned)
{
    static const struct peer_step steps[] = {
        {ANSWER(409), PEER_KEEPS, NULL},
        {ANSWER(426), PEER_KEEPS, NULL},
        {"", PEER_DIES, NULL},
    };
    uint64_t delivered;
    add_reports(1, 4);
    struct peer *peer = start_peer(steps, 3);
    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), HASHVEIL_ERR_KEY);
    peer_stop(peer);
    ck_assert_uint_eq(delivered, 0);
    ck_assert_received(peer, (const uint32_t[]){1, 2, 3}, 3);
    ck_assert_waiting((const uint32_t[]){1, 2, 3, 4}, 4);
    peer_free(peer);
}
END_TEST

static const struct {
    struct peer_step step;
    hashveil_status expected;
} troubles[] = {
    {{"", PEER_WAITS, NULL}, HASHVEIL_ERR_TIMEOUT},
    {{"", PEER_CLOSES, NULL}, HASHVEIL_ERR_UNREACHABLE},
    {{ANSWER(413), PEER_KEEPS, NULL}, HASHVEIL_ERR_LIMIT},
    {{ANSWER(503), PEER_KEEPS, NULL}, HASHVEIL_ERR_NO_MEMORY},
    {{ANSWER(507), PEER_KEEPS, NULL}, HASHVEIL_ERR_NO_SPACE},
};

START_TEST(a_reporter_in_trouble_is_asked_once)
{
    uint64_t delivered;
    add_reports(1, 3);
    struct peer *peer = start_peer(&troubles[_i].step, 1);
    const uint32_t timeout_ms =
        troubles[_i].expected == HASHVEIL_ERR_TIMEOUT ? SHORT_MS : PATIENT_MS;
    ck_assert_int_eq(deliver(timeout_ms, &delivered), troubles[_i].expected);
    peer_stop(peer);
    ck_assert_uint_eq(delivered, 0);
    ck_assert_uint_le(peer->request_count, 1); /* none when the time was over before it was read */
    ck_assert_waiting((const uint32_t[]){1, 2, 3}, 3);
    peer_free(peer);
}
END_TEST

START_TEST(a_row_that_cannot_be_read_holds_nobody_up)
{
    uint64_t delivered;
    add_reports(1, 3);
    run_sql("PRAGMA ignore_check_constraints = ON; UPDATE report SET sealed = x'00' WHERE "
            "sequence = 2");
    struct peer *peer = start_peer(&takes_all, 1);
    ck_assert_int_eq(deliver(PATIENT_MS, &delivered), HASHVEIL_ERR_FORMAT);
    peer_stop(peer);
    ck_assert_uint_eq(delivered, 2);
    ck_assert_received(peer, (const uint32_t[]){1, 3}, 2);
    ck_assert_waiting((const uint32_t[]){2}, 1);
    peer_free(peer);
}
END_TEST

/* Delivers as soon as the reporter is there. */
static void deliver_again_and_again(int ignored)
{
    uint64_t delivered;
    (void)ignored;
    while (deliver(PATIENT_MS, &delivered) == HASHVEIL_ERR_UNREACHABLE) {
        pause_us(100);
    }
}

START_TEST(a_kill_amid_delivery_loses_nothing)
{
    enum { COUNT = 8 };
    uint32_t numbers[MAX_REPORTS];
    bool is_somewhere[COUNT] = {0};
    add_reports(0, COUNT);
    const pid_t child = in_child(deliver_again_and_again, 0);
    struct peer *peer = start_peer(&takes_all, 1);
    pause_us(_i * 1733L % 20000);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    peer_stop(peer);

    ck_assert_uint_le(count_reports(), COUNT); /* opens it as the next scan would */
    const size_t waiting = read_numbers(numbers);
    for (size_t i = 0; i < waiting; i++) {
        is_somewhere[numbers[i]] = true;
    }
    for (size_t i = 0; i < peer->request_count; i++) {
        is_somewhere[number_of(&peer->requests[i])] = true;
    }
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert_msg(is_somewhere[i], "report %zu is lost", i);
    }
    peer_free(peer);
}
END_TEST

#define COUNT_OF(rows) ((int)(sizeof(rows) / sizeof(rows)[0]))

int main(void)
{
    Suite *suite = suite_create("spool");
    TCase *files = tcase_create("files");
    TCase *kills = tcase_create("kills");
    TCase *deliveries = tcase_create("deliveries");

    tcase_add_checked_fixture(files, make_folder, remove_folder);
    tcase_add_test(files, reports_wait_in_order_and_once_each);
    tcase_add_test(files, what_is_no_sealed_report_is_not_kept);
    tcase_add_test(files, the_file_is_for_its_owner_alone);
    tcase_add_test(files, every_commit_is_synced_with_its_folder);
    tcase_add_test(files, names_that_sqlite_knows_are_files_here);
    tcase_add_loop_test(files, another_database_is_told_apart_and_left_alone, 0,
                        COUNT_OF(databases));
    tcase_add_test(files, what_is_no_database_is_refused);
    tcase_add_test(files, a_damaged_file_is_an_error_and_no_crash);
    tcase_add_test(files, a_file_or_folder_of_somebody_else_is_denied);
    tcase_add_loop_test(files, what_sqlite_says_has_its_status, 0, COUNT_OF(results));
    tcase_add_test(files, two_processes_add_side_by_side);
    tcase_add_test(files, one_process_may_hold_it_twice);
    suite_add_tcase(suite, files);

    tcase_set_timeout(kills, 60);
    tcase_add_checked_fixture(kills, make_folder, remove_folder);
    tcase_add_loop_test(kills, a_report_that_was_added_survives_a_kill, 0, 32);
    tcase_add_loop_test(kills, a_kill_amid_delivery_loses_nothing, 0, 16);
    suite_add_tcase(suite, kills);

    tcase_set_timeout(deliveries, 60);
    tcase_add_checked_fixture(deliveries, make_folder, remove_folder);
    tcase_add_test(deliveries, what_waits_is_delivered_in_order_and_gone);
    tcase_add_test(deliveries, an_empty_spool_makes_no_connection);
    tcase_add_test(deliveries, a_reporter_that_dies_midway_gets_the_rest_later);
    tcase_add_loop_test(deliveries, a_refused_report_is_kept_and_holds_nobody_up, 0,
                        COUNT_OF(refusals));
    tcase_add_test(deliveries, the_first_refusal_is_the_one_returned);
    tcase_add_loop_test(deliveries, a_reporter_in_trouble_is_asked_once, 0, COUNT_OF(troubles));
    tcase_add_test(deliveries, a_row_that_cannot_be_read_holds_nobody_up);
    suite_add_tcase(suite, deliveries);
    return run_suite(suite);
}
