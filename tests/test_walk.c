/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over files: its order, and what it gives of what is no plain file. */
#include "base/walk.h"
#include "run_suite.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

enum { NOBODY = 65534, MAX_OPEN_FOLDERS = 16, LOG_BYTES = 4000 };

static char folder[40];
static int start_fd; /* of the folder that the test began in */

/* The tests work in a folder of their own, so that paths are short. */
static void enter_folder(void)
{
    start_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(start_fd, 0);
    snprintf(folder, sizeof folder, "/tmp/hashveil-walk-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static void leave_folder(void)
{
    ck_assert_int_eq(fchdir(start_fd), 0);
    close(start_fd);
    ck_assert_int_eq(nftw(folder, remove_entry, MAX_OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS), 0);
}

/* A name that ends in '/' is a folder's. */
static void put(const char *name)
{
    if (name[strlen(name) - 1] == '/') {
        ck_assert_int_eq(mkdir(name, 0755), 0);
        return;
    }
    const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void put_all(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put(names[i]);
    }
}

/* What a walk gives: "PATH; PATH: reason; ". */
struct log {
    char text[LOG_BYTES];
    size_t len;
};

static void note(struct log *log, const char *path, hashveil_status problem)
{
    const size_t room = sizeof log->text - log->len;
    const int len = problem == HASHVEIL_OK ? snprintf(log->text + log->len, room, "%s; ", path)
                                           : snprintf(log->text + log->len, room, "%s: %s; ", path,
                                                      hashveil_status_text(problem));
    ck_assert(len > 0 && (size_t)len < room);
    log->len += (size_t)len;
}

/* Returns whether there was one more. */
static bool walk_on(struct hv_walk *walk, struct log *log)
{
    struct hv_walked file;
    ck_assert_int_eq(hv_walk_next(walk, &file), HASHVEIL_OK);
    if (file.path) {
        note(log, file.path, file.problem);
    }
    free(file.path);
    return file.path != NULL;
}

static struct hv_walk *open_walk(const char *const *paths, size_t count)
{
    static struct hv_path_list list; /* of the walk under way */
    struct hv_walk *walk;
    list = (struct hv_path_list){.paths = paths, .count = count};
    ck_assert_int_eq(hv_walk_open(hv_next_of_list, &list, &walk), HASHVEIL_OK);
    return walk;
}

static struct log walk_all(const char *const *paths, size_t count)
{
    struct log log = {0};
    struct hv_walk *walk = open_walk(paths, count);
    while (walk_on(walk, &log)) {
    }
    ck_assert(!walk_on(walk, &log)); /* the end stays the end */
    hv_walk_close(walk);
    return log;
}

static struct log walk_one(const char *path)
{
    return walk_all(&path, 1);
}

START_TEST(entries_come_in_the_order_of_their_names)
{
    static const char *const names[] = {"f/",     "f/b",     "f/a.b",  "f/B",      "f/a/",
                                        "f/a/x",  "f/ab",    "f/\xff", "f/a/10",   "f/a/9",
                                        "f/a/y/", "f/a/y/z", "f/ ",    "f/.hidden"};
    put_all(names, COUNT(names));
    ck_assert_str_eq(walk_one("f").text, "f/ ; f/.hidden; f/B; f/a/10; f/a/9; f/a/x; f/a/y/z; "
                                         "f/a.b; f/ab; f/b; f/\xff; ");
}
END_TEST

START_TEST(paths_come_in_the_order_in_which_they_were_given)
{
    static const char *const names[] = {"z/", "z/1", "a", "m/", "m/2", "m/1"};
    static const char *const paths[] = {"z", "a", "m", "z/1", "a"};
    put_all(names, COUNT(names));
    ck_assert_str_eq(walk_all(paths, COUNT(paths)).text, "z/1; a; m/1; m/2; z/1; a; ");
    ck_assert_str_eq(walk_all(paths, 0).text, "");
}
END_TEST

START_TEST(paths_are_given_as_they_were_written)
{
    static const char *const names[] = {"f/", "f/a", "f/d/", "f/d/b"};
    char expected[120];
    put_all(names, COUNT(names));
    ck_assert_str_eq(walk_one("f/").text, "f/a; f/d/b; ");
    ck_assert_str_eq(walk_one(".").text, "./f/a; ./f/d/b; ");
    ck_assert_str_eq(walk_one("./f//d/../a").text, "./f//d/../a; ");
    ck_assert_str_eq(walk_one("f/d/..").text, "f/d/../a; f/d/../d/b; ");
    snprintf(expected, sizeof expected, "%s/f/a; %s/f/d/b; ", folder, folder);
    ck_assert_str_eq(walk_one(folder).text, expected);
}
END_TEST

START_TEST(names_may_hold_anything)
{
    static const char *const names[] = {"-r/",         "-r/a\nb", "-r/\x1b[2J",
                                        "-r/\xc3\x28", "-r/...",  "-r/*"};
    put_all(names, COUNT(names));
    ck_assert_str_eq(walk_one("-r").text, "-r/\x1b[2J; -r/*; -r/...; -r/a\nb; -r/\xc3\x28; ");
}
END_TEST

START_TEST(links_and_special_files_below_a_folder_are_passed_over)
{
    static const char *const names[] = {"f/", "f/a", "f/d/", "f/d/b", "other"};
    put_all(names, COUNT(names));
    ck_assert_int_eq(symlink("a", "f/link"), 0);
    ck_assert_int_eq(symlink("d", "f/link to a folder"), 0);
    ck_assert_int_eq(symlink("../other", "f/d/link out"), 0);
    ck_assert_int_eq(symlink("..", "f/d/loop"), 0);
    ck_assert_int_eq(symlink("nothing", "f/link to nothing"), 0);
    ck_assert_int_eq(symlink("itself", "f/itself"), 0);
    ck_assert_int_eq(mkfifo("f/pipe", 0644), 0);
    ck_assert_str_eq(walk_one("f").text, "f/a; f/d/b; ");
}
END_TEST

START_TEST(links_that_were_given_are_followed)
{
    static const char *const names[] = {"f/", "f/a", "f/d/", "f/d/b"};
    put_all(names, COUNT(names));
    ck_assert_int_eq(symlink("f/a", "link"), 0);
    ck_assert_int_eq(symlink("f", "link to a folder"), 0);
    ck_assert_int_eq(symlink("link to a folder", "link to a link"), 0);
    ck_assert_str_eq(walk_one("link").text, "link; ");
    ck_assert_str_eq(walk_one("link to a folder").text,
                     "link to a folder/a; link to a folder/d/b; ");
    ck_assert_str_eq(walk_one("link to a link").text, "link to a link/a; link to a link/d/b; ");
}
END_TEST

static char long_path[PATH_MAX + 10];
static char giant_path[70000]; /* more than 16 bits count */

/* Given paths that cannot be walked, and what is said of them. */
static const struct {
    const char *path;
    hashveil_status problem;
} refused[] = {
    {"nothing", HASHVEIL_ERR_NOT_FOUND}, {"nothing/below", HASHVEIL_ERR_NOT_FOUND},
    {"a/below", HASHVEIL_ERR_NOT_FOUND}, /* a is a file */
    {"", HASHVEIL_ERR_NOT_FOUND},        {"link to nothing", HASHVEIL_ERR_NOT_FOUND},
    {"pipe", HASHVEIL_ERR_NOT_A_FILE},   {"/dev/null", HASHVEIL_ERR_NOT_A_FILE},
    {long_path, HASHVEIL_ERR_IO},        {giant_path, HASHVEIL_ERR_IO},
};

START_TEST(what_was_given_and_cannot_be_read_is_told)
{
    const char *const paths[] = {"a", refused[_i].path, "a"};
    struct hv_walked file;
    put("a");
    memset(long_path, 'x', sizeof long_path - 1);
    memset(giant_path, 'x', sizeof giant_path - 1);
    ck_assert_int_eq(symlink("nowhere", "link to nothing"), 0);
    ck_assert_int_eq(mkfifo("pipe", 0644), 0);
    struct hv_walk *walk = open_walk(paths, COUNT(paths));
    for (int i = 0; i < COUNT(paths); i++) {
        ck_assert_int_eq(hv_walk_next(walk, &file), HASHVEIL_OK);
        ck_assert_ptr_nonnull(file.path);
        ck_assert_str_eq(file.path, paths[i]);
        ck_assert(file.is_named);
        ck_assert_int_eq(file.problem, i == 1 ? refused[_i].problem : HASHVEIL_OK);
        free(file.path);
    }
    ck_assert_int_eq(hv_walk_next(walk, &file), HASHVEIL_OK);
    ck_assert_ptr_null(file.path);
    hv_walk_close(walk);
}
END_TEST

START_TEST(a_folder_that_may_not_be_read_is_told)
{
    static const char *const names[] = {"f/",        "f/closed/",  "f/closed/x",
                                        "f/hidden/", "f/hidden/x", "f/z"};
    const bool is_root = geteuid() == 0;
    put_all(names, COUNT(names));
    ck_assert_int_eq(chmod(folder, 0755), 0);
    ck_assert_int_eq(chmod("f/closed", 0), 0);
    ck_assert_int_eq(chmod("f/hidden", 0444), 0); /* its names can be read, and nothing else */
    ck_assert_int_eq(chmod("f/z", 0), 0);         /* who reads it will see */
    ck_assert(!is_root || seteuid(NOBODY) == 0);
    const struct log below = walk_one("f");
    const struct log given = walk_one("f/closed");
    const struct log behind = walk_one("f/closed/x");
    ck_assert(!is_root || seteuid(0) == 0);
    ck_assert_int_eq(chmod("f/closed", 0755), 0);
    ck_assert_int_eq(chmod("f/hidden", 0755), 0);
    ck_assert_str_eq(below.text,
                     "f/closed: permission denied; f/hidden/x: permission denied; f/z; ");
    ck_assert_str_eq(given.text, "f/closed: permission denied; ");
    ck_assert_str_eq(behind.text, "f/closed/x: permission denied; ");
}
END_TEST

START_TEST(a_folder_that_vanishes_is_told)
{
    static const char *const names[] = {"f/", "f/a", "f/b/", "f/b/x", "f/c", "f/d/", "f/d/x"};
    struct log log = {0};
    const char *path = "f";
    put_all(names, COUNT(names));
    struct hv_walk *walk = open_walk(&path, 1);
    ck_assert(walk_on(walk, &log));
    ck_assert_int_eq(unlink("f/b/x"), 0);
    ck_assert_int_eq(rmdir("f/b"), 0);
    ck_assert(walk_on(walk, &log));
    ck_assert(walk_on(walk, &log));
    ck_assert_int_eq(unlink("f/d/x"), 0);
    ck_assert_int_eq(rmdir("f/d"), 0);
    ck_assert_int_eq(unlink("f/a"), 0);
    ck_assert_int_eq(unlink("f/c"), 0);
    ck_assert_int_eq(rmdir("f"), 0);
    ck_assert(walk_on(walk, &log));
    ck_assert(!walk_on(walk, &log));
    hv_walk_close(walk);
    ck_assert_str_eq(log.text,
                     "f/a; f/b: no such file or folder; f/c; f/d: no such file or folder; ");
}
END_TEST

START_TEST(an_empty_folder_gives_nothing)
{
    static const char *const names[] = {"f/", "f/d/", "f/d/e/"};
    put_all(names, COUNT(names));
    ck_assert_str_eq(walk_one("f").text, "");
}
END_TEST

/* Paths that are too long for the system are told; they are not passed over in silence. */
START_TEST(a_folder_below_the_longest_path_is_told)
{
    enum { NAME_LEN = 250, DEPTH = 20 };
    char name[NAME_LEN + 1] = "";
    int fds[DEPTH];
    struct hv_walked file;
    const char *root = ".";
    memset(name, 'x', NAME_LEN);
    for (int i = 0; i < DEPTH; i++) {
        const int above = i ? fds[i - 1] : AT_FDCWD;
        ck_assert_int_eq(mkdirat(above, name, 0755), 0);
        fds[i] = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_ge(fds[i], 0);
    }
    struct hv_walk *walk = open_walk(&root, 1);
    ck_assert_int_eq(hv_walk_next(walk, &file), HASHVEIL_OK);
    ck_assert_ptr_nonnull(file.path);
    ck_assert_int_eq(file.problem, HASHVEIL_ERR_IO);
    ck_assert_uint_ge(strlen(file.path), PATH_MAX);
    free(file.path);
    ck_assert_int_eq(hv_walk_next(walk, &file), HASHVEIL_OK);
    ck_assert_ptr_null(file.path);
    hv_walk_close(walk);
    for (int i = DEPTH - 1; i >= 0; i--) {
        ck_assert_int_eq(unlinkat(i ? fds[i - 1] : AT_FDCWD, name, AT_REMOVEDIR), 0);
        close(fds[i]);
    }
}
END_TEST

static int find_free_fd(void)
{
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    close(fd);
    return fd;
}

START_TEST(a_walk_may_end_early)
{
    static const char *const names[] = {"f/", "f/a", "f/d/", "f/d/b", "f/e"};
    const char *const paths[] = {"f", "f"};
    const int first_free_fd = find_free_fd();
    put_all(names, COUNT(names));
    for (int steps = 0; steps < 7; steps++) {
        struct log log = {0};
        struct hv_walk *walk = open_walk(paths, COUNT(paths));
        for (int i = 0; i < steps; i++) {
            walk_on(walk, &log);
        }
        hv_walk_close(walk);
        ck_assert_int_eq(find_free_fd(), first_free_fd);
    }
    hv_walk_close(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("walk");
    TCase *order = tcase_create("order");
    TCase *oddities = tcase_create("oddities");

    tcase_add_checked_fixture(order, enter_folder, leave_folder);
    tcase_add_test(order, entries_come_in_the_order_of_their_names);
    tcase_add_test(order, paths_come_in_the_order_in_which_they_were_given);
    tcase_add_test(order, paths_are_given_as_they_were_written);
    tcase_add_test(order, names_may_hold_anything);
    tcase_add_test(order, an_empty_folder_gives_nothing);
    tcase_add_test(order, a_walk_may_end_early);
    suite_add_tcase(suite, order);

    tcase_add_checked_fixture(oddities, enter_folder, leave_folder);
    tcase_add_test(oddities, links_and_special_files_below_a_folder_are_passed_over);
    tcase_add_test(oddities, links_that_were_given_are_followed);
    tcase_add_loop_test(oddities, what_was_given_and_cannot_be_read_is_told, 0, COUNT(refused));
    tcase_add_test(oddities, a_folder_that_may_not_be_read_is_told);
    tcase_add_test(oddities, a_folder_that_vanishes_is_told);
    tcase_add_test(oddities, a_folder_below_the_longest_path_is_told);
    suite_add_tcase(suite, oddities);
    return run_suite(suite);
}
