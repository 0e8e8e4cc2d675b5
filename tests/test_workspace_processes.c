/* SPDX-License-Identifier: Apache-2.0 */
/* One workspace and several processes: at once, and killed in the middle of an import; or without
 * room for what is imported. */
#include "hashdb/workspace/workspace.h"
#include "run_suite.h"
#include "spool_folder.h" /* for other processes */
#include "workspace_folder.h"

#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 120, FEW = 300 };

static const struct workspace_folder *folder;

static void make_folder(void)
{
    folder = make_workspace_folder();
}

enum { PROCESSES = 4, SOURCES_EACH = 8, SOURCES = PROCESSES * SOURCES_EACH, START_ROUNDS = 10 };

/* Children wait for the end of this pipe, so that they start as one. */
static int start_fds[2];

static void wait_for_start(void)
{
    char nothing;
    close(start_fds[1]);
    if (read(start_fds[0], &nothing, 1) != 0) {
        _exit(1);
    }
}

static void import_as(int number)
{
    char source[16];
    char label[16];
    snprintf(source, sizeof source, "source %d", number);
    snprintf(label, sizeof label, "label %d", number);
    const struct told told = import_list(source, label);
    if (told.status != HASHVEIL_OK || told.counts.added + told.counts.known != FEW) {
        _exit(1);
    }
}

static void import_as_several(int process)
{
    wait_for_start();
    for (int i = 0; i < SOURCES_EACH; i++) {
        import_as(process * SOURCES_EACH + i);
    }
}

static void import_as_one(int process)
{
    wait_for_start();
    import_as(process);
}

static void start_processes(void (*run)(int))
{
    ck_assert_int_eq(pipe(start_fds), 0);
    for (int i = 0; i < PROCESSES; i++) {
        in_child(run, i);
    }
    close(start_fds[0]);
    close(start_fds[1]);
}

/* Returns whether one has ended. */
static bool has_one_ended(int options)
{
    int status;
    const pid_t child = waitpid(-1, &status, options);
    ck_assert_int_ge(child, 0);
    ck_assert(child == 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return child > 0;
}

static bool has_label(const hashveil_record *record, const char *number)
{
    for (size_t i = 0; i < HASHVEIL_MAX_LABELS; i++) {
        if (record->labels[i][0] != '\0' &&
            strcmp(record->labels[i] + strlen("label "), number) == 0) {
            return true;
        }
    }
    return false;
}

/* Every import commits at once what a list holds, so every source has named every hash. */
static void ck_assert_between_imports(const hashveil_entries *entries)
{
    ck_assert_uint_eq(entries->count, entries->list_count > 0 ? FEW : 0);
    for (size_t i = 0; i < entries->count; i++) {
        ck_assert_uint_eq(entries->entries[i].record.lists,
                          (UINT64_C(1) << entries->list_count) - 1);
        for (size_t k = 0; k < entries->list_count && k < HASHVEIL_MAX_LABELS; k++) {
            ck_assert(
                has_label(&entries->entries[i].record, entries->list_names[k] + strlen("source ")));
        }
    }
}

/* Between statements, so that others find time to change what lies between them. */
static int dawdle(unsigned event, void *context, void *statement, void *text)
{
    (void)event;
    (void)context;
    (void)statement;
    (void)text;
    pause_us(1000);
    return 0;
}

START_TEST(several_processes_import_while_another_reads)
{
    hashveil_entries entries;
    int running = PROCESSES;
    put_drawn_list(0, FEW);
    hashveil_workspace_close(open_workspace(HASHVEIL_WORKSPACE_WRITE));
    hashveil_workspace *workspace = open_workspace(HASHVEIL_WORKSPACE_READ);
    sqlite3_trace_v2(workspace->db, SQLITE_TRACE_STMT, dawdle, NULL);
    start_processes(import_as_several);
    while (running > 0) {
        ck_assert_int_eq(hashveil_workspace_entries(workspace, &entries), HASHVEIL_OK);
        ck_assert_between_imports(&entries);
        hashveil_entries_clear(&entries);
        running -= has_one_ended(WNOHANG);
    }
    hashveil_workspace_close(workspace);
    entries = read_entries();
    ck_assert_uint_eq(entries.list_count, SOURCES);
    ck_assert_between_imports(&entries);
    hashveil_entries_clear(&entries);
}
END_TEST

START_TEST(several_processes_make_it_at_once)
{
    put_drawn_list(0, FEW);
    start_processes(import_as_one);
    for (int i = 0; i < PROCESSES; i++) {
        ck_assert(has_one_ended(0));
    }
    hashveil_entries entries = read_entries();
    ck_assert_uint_eq(entries.list_count, PROCESSES);
    ck_assert_between_imports(&entries);
    hashveil_entries_clear(&entries);
}
END_TEST

START_TEST(one_process_may_hold_it_twice)
{
    const hashveil_import_options asked = {.source = "source", .label = "label"};
    hashveil_workspace *one = open_workspace(HASHVEIL_WORKSPACE_WRITE);
    hashveil_workspace *two = open_workspace(HASHVEIL_WORKSPACE_WRITE);
    put_drawn_list(0, FEW);
    ck_assert_uint_eq(import_into(one, folder->list_path, &asked).counts.added, FEW);
    ck_assert_uint_eq(import_into(two, folder->list_path, &asked).counts.known, FEW);
    hashveil_workspace_close(two);
    ck_assert_uint_eq(import_into(one, folder->list_path, &asked).counts.known, FEW);
    hashveil_workspace_close(one);
}
END_TEST

/* So many that SQLite's cache does not hold them: what is half done is in the file when the import
 * is killed. */
enum { MANY = 20000, ROUNDS = 50 };

/* Spread over the table as real hashes are. */
static void put_many(void)
{
    FILE *file = fopen(folder->list_path, "w");
    ck_assert_ptr_nonnull(file);
    for (uint64_t i = 0; i < MANY; i++) {
        fprintf(file, "%016" PRIx64 "%048" PRIx64 "\n", i * UINT64_C(0x9e3779b97f4a7c15), i);
    }
    ck_assert_int_eq(fclose(file), 0);
}

static void say_so(void *context, uint64_t done, uint64_t total)
{
    const int *pipe_fd = context;
    (void)done;
    (void)total;
    if (write(*pipe_fd, "+", 1) != 1) {
        _exit(1);
    }
}

static void import_and_say_so(int pipe_fd)
{
    hashveil_import_counts counts;
    hashveil_workspace *workspace;
    const hashveil_import_options options = {
        .source = "many", .label = "label", .progress = say_so, .context = &pipe_fd};
    if (hashveil_workspace_open(folder->workspace_path, HASHVEIL_WORKSPACE_WRITE, &workspace) !=
            HASHVEIL_OK ||
        hashveil_workspace_import(workspace, folder->list_path, &options, &counts) != HASHVEIL_OK ||
        write(pipe_fd, "!", 1) != 1) {
        _exit(1);
    }
}

/* Kills an import some time after it has told so much of its progress. Returns whether it said
 * that all was done. */
static bool kill_import(int patience, long us)
{
    int fds[2];
    char said = '\0';
    ck_assert_int_eq(pipe(fds), 0);
    const pid_t child = in_child(import_and_say_so, fds[1]);
    close(fds[1]);
    while (patience-- > 0 && read(fds[0], &said, 1) == 1) {
    }
    pause_us(us);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    while (read(fds[0], &said, 1) == 1) {
    }
    close(fds[0]);
    return said == '!';
}

/* How far the child is when it is killed depends on the machine; what must hold then does not. */
START_TEST(a_killed_import_is_there_as_a_whole_or_not_at_all)
{
    const bool is_new = _i % 3 == 0;
    const uint64_t before = is_new ? 0 : FEW;
    if (!is_new) {
        put_drawn_list(0, FEW);
        import_list("before", "label");
    }
    put_many();
    const bool is_done = kill_import(_i % 6, _i * 997L % 20000);
    if (is_new) {
        hashveil_workspace_close(open_workspace(HASHVEIL_WORKSPACE_WRITE));
    }
    hashveil_entries entries = read_entries();
    ck_assert(entries.count == before + MANY || (entries.count == before && !is_done));
    ck_assert_uint_eq(entries.list_count, (is_new ? 0U : 1U) + (entries.count > before));
    const uint64_t kept = entries.count - before;
    hashveil_entries_clear(&entries);

    const struct told told = import_list("many", "label");
    ck_assert_counts(&told, (hashveil_import_counts){.added = MANY - kept, .known = kept});
}
END_TEST

/* As much room as the workspace takes already and these shares of what it is to take. */
enum { ROOM_SHARES = 6, HASH_AND_MORE_BYTES = 100 };

static off_t workspace_len(void)
{
    struct stat info;
    ck_assert_int_eq(stat(folder->workspace_path, &info), 0);
    return info.st_size;
}

static void ck_assert_few(void)
{
    hashveil_entries entries = read_entries();
    ck_assert_uint_eq(entries.count, FEW);
    ck_assert_uint_eq(entries.list_count, 1);
    hashveil_entries_clear(&entries);
}

/* What SQLite says when a disk is full. */
static void allow_pages(hashveil_workspace *workspace, off_t len)
{
    enum { PAGE_BYTES = 4096 };
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA max_page_count = %jd", (intmax_t)len / PAGE_BYTES);
    ck_assert_int_eq(sqlite3_exec(workspace->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

START_TEST(an_import_without_room_leaves_all_as_it_was)
{
    const hashveil_import_options asked = {.source = "many", .label = "label"};
    put_drawn_list(0, FEW);
    import_list("before", "label");
    const off_t before = workspace_len();
    put_many();
    hashveil_workspace *workspace = open_workspace(HASHVEIL_WORKSPACE_WRITE);
    allow_pages(workspace, before + (off_t)MANY * HASH_AND_MORE_BYTES * _i / ROOM_SHARES);
    ck_assert_int_eq(import_into(workspace, folder->list_path, &asked).status,
                     HASHVEIL_ERR_NO_SPACE);
    ck_assert_few();
    allow_pages(workspace, INT32_MAX);
    ck_assert_uint_eq(import_into(workspace, folder->list_path, &asked).counts.added, MANY);
    hashveil_workspace_close(workspace);
}
END_TEST

/* The file itself, or its journal, cannot grow: the system refuses to write. */
START_TEST(an_import_that_cannot_write_leaves_all_as_it_was)
{
    struct rlimit limit;
    put_drawn_list(0, FEW);
    import_list("before", "label");
    const off_t room = workspace_len() + (off_t)MANY * HASH_AND_MORE_BYTES * _i / ROOM_SHARES;
    put_many();
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){(rlim_t)room, limit.rlim_max}), 0);
    const struct told told = import_list("many", "label");
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    /* SQLite keeps the errno, unless it fails later than in the writing itself. */
    ck_assert(told.status == HASHVEIL_ERR_NO_SPACE || told.status == HASHVEIL_ERR_IO);
    ck_assert_few();
    ck_assert_uint_eq(import_list("many", "label").counts.added, MANY);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("workspace_processes");
    TCase *several = tcase_create("several");
    TCase *killed = tcase_create("killed");
    TCase *full = tcase_create("full");

    tcase_add_checked_fixture(several, make_folder, remove_workspace_folder);
    tcase_set_timeout(several, SECONDS);
    tcase_add_test(several, several_processes_import_while_another_reads);
    tcase_add_loop_test(several, several_processes_make_it_at_once, 0, START_ROUNDS);
    tcase_add_test(several, one_process_may_hold_it_twice);
    suite_add_tcase(suite, several);

    tcase_add_checked_fixture(killed, make_folder, remove_workspace_folder);
    tcase_set_timeout(killed, SECONDS);
    tcase_add_loop_test(killed, a_killed_import_is_there_as_a_whole_or_not_at_all, 0, ROUNDS);
    suite_add_tcase(suite, killed);

    tcase_add_checked_fixture(full, make_folder, remove_workspace_folder);
    tcase_set_timeout(full, SECONDS);
    tcase_add_loop_test(full, an_import_without_room_leaves_all_as_it_was, 0, ROOM_SHARES);
    tcase_add_loop_test(full, an_import_that_cannot_write_leaves_all_as_it_was, 0, ROOM_SHARES);
    suite_add_tcase(suite, full);
    return run_suite(suite);
}
