/* SPDX-License-Identifier: Apache-2.0 */
/* Folders of pictures into a workspace: what is hashed, what is passed over, what is told. */
#include "base/hex.h"
#include "draw.h"
#include "picture.h"
#include "run_suite.h"
#include "spool_folder.h" /* for other processes */
#include "workspace_folder.h"

#include <hashveil/fingerprint.h>

#include <png.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

/* More than are hashed at once. */
enum { NOBODY = 65534, SECONDS = 60, MANY = 70, SIDE_PX = 64 };

static const hashveil_import_options asked = {.source = "source", .label = "label", .workers = 2};
static const struct workspace_folder *folder;

static void make_folder(void)
{
    folder = make_workspace_folder();
    ck_assert_int_eq(mkdir(folder->pictures_path, 0755), 0);
}

struct path {
    char text[104]; /* fits the address of a socket */
};

static struct path path_of(const char *name)
{
    struct path path;
    snprintf(path.text, sizeof path.text, "%s/%s", folder->pictures_path, name);
    return path;
}

static void put(const char *name, const void *bytes, size_t len)
{
    FILE *file = fopen(path_of(name).text, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

static void put_folder(const char *name)
{
    ck_assert_int_eq(mkdir(path_of(name).text, 0755), 0);
}

enum kind { JPEG, PNG };

static void encode(const hashveil_image *picture, enum kind kind, uint8_t **bytes_out,
                   size_t *len_out)
{
    static const struct picture_jpeg jpeg = {.quality = 90};
    static const struct picture_png png = {.colour_type = PNG_COLOR_TYPE_RGB, .bit_depth = 8};
    if (kind == JPEG) {
        picture_to_jpeg(picture, &jpeg, bytes_out, len_out);
    } else {
        picture_to_png(picture, &png, bytes_out, len_out);
    }
}

/* Puts a picture and returns its hash, by way of its file: JPEG changes it. */
static hashveil_pdq put_picture(const char *name, enum kind kind, uint64_t seed)
{
    const hashveil_fingerprint_options options = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT;
    hashveil_fingerprint fingerprint;
    hashveil_image picture;
    uint8_t *bytes;
    size_t len;
    picture_draw(&picture, SIDE_PX, SIDE_PX, 3, seed);
    encode(&picture, kind, &bytes, &len);
    hashveil_image_clear(&picture);
    put(name, bytes, len);
    ck_assert_int_eq(hashveil_fingerprint_file(bytes, len, &options, &fingerprint), HASHVEIL_OK);
    ck_assert_uint_ge(fingerprint.quality, HASHVEIL_PDQ_MIN_QUALITY);
    free(bytes);
    return fingerprint.hash;
}

static void put_flat_picture(const char *name)
{
    hashveil_image picture;
    uint8_t *bytes;
    size_t len;
    picture_draw(&picture, SIDE_PX, SIDE_PX, 3, 0);
    memset(picture.pixels, 128, picture.height_px * picture.stride_bytes);
    encode(&picture, PNG, &bytes, &len);
    put(name, bytes, len);
    free(bytes);
    hashveil_image_clear(&picture);
}

/* A picture that ends in the middle. */
static void put_half_picture(const char *name, enum kind kind)
{
    hashveil_image picture;
    uint8_t *bytes;
    size_t len;
    picture_draw(&picture, SIDE_PX, SIDE_PX, 3, 0);
    encode(&picture, kind, &bytes, &len);
    put(name, bytes, len / 2);
    free(bytes);
    hashveil_image_clear(&picture);
}

static void ck_assert_holds(const hashveil_pdq *hashes, size_t count)
{
    hashveil_entries entries = read_entries();
    ck_assert_uint_eq(entries.count, count);
    for (size_t i = 0; i < count; i++) {
        size_t place = 0;
        while (place < count && hashveil_pdq_distance(&hashes[i], &entries.entries[place].hash)) {
            place++;
        }
        ck_assert_msg(place < count, "picture %zu is missing", i);
    }
    hashveil_entries_clear(&entries);
}

START_TEST(every_picture_below_a_folder_is_hashed)
{
    hashveil_pdq hashes[5];
    put_folder("b");
    put_folder("b/deeper");
    put_folder("empty");
    hashes[0] = put_picture("a.jpg", JPEG, 0);
    hashes[1] = put_picture("b/deeper/c.png", PNG, 1);
    hashes[2] = put_picture("b/without extension", JPEG, 2);
    hashes[3] = put_picture(".hidden.png", PNG, 3);
    hashes[4] = put_picture("wrong.jpg", PNG, 4);
    const struct told told = import_path(folder->pictures_path, &asked);
    ck_assert_counts(&told, (hashveil_import_counts){.added = 5});
    ck_assert_uint_eq(told.progress, 5);
    ck_assert_holds(hashes, 5);
}
END_TEST

START_TEST(importing_a_folder_again_changes_nothing)
{
    put_picture("a.jpg", JPEG, 0);
    put_picture("b.png", PNG, 1);
    import_path(folder->pictures_path, &asked);
    hashveil_entries before = read_entries();
    put_picture("copy of b.png", PNG, 1);
    const struct told told = import_path(folder->pictures_path, &asked);
    ck_assert_counts(&told, (hashveil_import_counts){.known = 3});
    hashveil_entries after = read_entries();
    ck_assert_same_entries(&before, &after);
    hashveil_entries_clear(&before);
    hashveil_entries_clear(&after);
}
END_TEST

START_TEST(what_is_no_picture_is_counted_and_no_problem)
{
    const hashveil_import_options strict = {
        .source = "source", .label = "label", .is_strict = true};
    put("notes.txt", "notes", 5);
    put("empty.jpg", "", 0);
    put("JF", "\xff\xd8", 2); /* as a JPEG begins, but too short to tell */
    put_flat_picture("flat.png");
    const hashveil_pdq hash = put_picture("z.png", PNG, 1);
    const struct told told = import_path(folder->pictures_path, &strict);
    ck_assert_counts(&told,
                     (hashveil_import_counts){.added = 1, .low_quality = 1, .not_images = 3});
    ck_assert_str_eq(told.problems, "");
    ck_assert_uint_eq(told.progress, 5);
    ck_assert_holds(&hash, 1);
}
END_TEST

static const hashveil_import_options asked_digests = {
    .source = "source", .label = "label", .takes_digests = true};

static void ck_assert_id_of_all(const hashveil_entries *entries, const uint8_t *id)
{
    for (size_t i = 0; i < entries->exact_count; i++) {
        ck_assert_mem_eq(entries->exact[i].record.id, id, HASHVEIL_RECORD_ID_BYTES);
    }
}

START_TEST(digests_of_a_picture_are_of_the_same_item_as_its_hash)
{
    put_picture("a.jpg", JPEG, 0);
    struct told told = import_path(folder->pictures_path, &asked_digests);
    ck_assert_counts(&told, (hashveil_import_counts){.added = 1, .digests_added = 3});
    hashveil_entries before = read_entries();
    ck_assert_id_of_all(&before, before.entries[0].record.id);
    told = import_path(folder->pictures_path, &asked_digests);
    ck_assert_counts(&told, (hashveil_import_counts){.known = 1, .digests_known = 3});
    hashveil_entries after = read_entries();
    ck_assert_same_entries(&before, &after);
    hashveil_entries_clear(&before);
    hashveil_entries_clear(&after);
}
END_TEST

START_TEST(digests_are_taken_of_whatever_can_be_read_and_is_not_empty)
{
    put("notes.txt", "notes", 5);
    put("empty.txt", "", 0);
    put_half_picture("half.png", PNG);
    put_flat_picture("flat.png");
    const struct told told = import_path(folder->pictures_path, &asked_digests);
    ck_assert_counts(&told,
                     (hashveil_import_counts){
                         .digests_added = 9, .low_quality = 1, .not_images = 2, .problems = 1});
    ck_assert_str_eq(told.problems, "pictures/half.png:0: it ends too early\n");
    hashveil_entries entries = read_entries();
    ck_assert_uint_eq(entries.count, 0);
    ck_assert_uint_eq(entries.exact_count, 9);
    hashveil_entries_clear(&entries);
}
END_TEST

START_TEST(an_item_keeps_the_record_id_that_a_digest_of_it_has)
{
    put("notes.txt", "notes", 5);
    put_list("c4d2568e7dcd3bbc4c39d8a75fe1e31d  notes.txt\n"); /* of other bytes */
    import_list("source", "label");
    hashveil_digests digests;
    char hex[2 * sizeof digests.sha1 + 1];
    ck_assert_int_eq(hashveil_digests_of((const uint8_t *)"notes", 5, &digests), HASHVEIL_OK);
    hv_hex_encode(digests.sha1, sizeof digests.sha1, hex);
    put_list(hex);
    import_list("source", "label");
    hashveil_entries before = read_entries();
    ck_assert_int_eq(before.exact[1].digest.kind, HASHVEIL_DIGEST_SHA1);
    const struct told told = import_path(folder->pictures_path, &asked_digests);
    ck_assert_counts(
        &told, (hashveil_import_counts){.digests_added = 2, .digests_known = 1, .not_images = 1});
    hashveil_entries after = read_entries();
    unsigned same = 0;
    for (size_t i = 0; i < after.exact_count; i++) {
        same += memcmp(after.exact[i].record.id, before.exact[1].record.id,
                       HASHVEIL_RECORD_ID_BYTES) == 0;
    }
    ck_assert_uint_eq(after.exact_count, 4);
    ck_assert_uint_eq(same, 3); /* and the fourth is another item's */
    hashveil_entries_clear(&before);
    hashveil_entries_clear(&after);
}
END_TEST

START_TEST(digests_known_by_themselves_go_to_the_item_of_the_hash)
{
    put_picture("a.jpg", JPEG, 0);
    import_path(folder->pictures_path, &asked);
    hashveil_entries hashes = read_entries();
    struct told told = import_path(folder->pictures_path, &asked_digests);
    ck_assert_counts(&told, (hashveil_import_counts){.known = 1, .digests_added = 3});
    run_workspace_sql("UPDATE entry SET record = randomblob(16) WHERE kind > 0");
    told = import_path(folder->pictures_path, &asked_digests);
    ck_assert_counts(&told, (hashveil_import_counts){.known = 1, .digests_known = 3});
    hashveil_entries entries = read_entries();
    ck_assert_mem_eq(entries.entries[0].record.id, hashes.entries[0].record.id,
                     HASHVEIL_RECORD_ID_BYTES);
    ck_assert_id_of_all(&entries, hashes.entries[0].record.id);
    hashveil_entries_clear(&hashes);
    hashveil_entries_clear(&entries);
}
END_TEST

START_TEST(problems_are_told_with_their_files_in_order)
{
    put_folder("middle");
    put_half_picture("a.jpg", JPEG);
    put_half_picture("middle/b.png", PNG);
    put("z.jpg", "\xff\xd8\xff\xd9", 4);
    const hashveil_pdq hash = put_picture("n.jpg", JPEG, 1);
    const struct told told = import_path(folder->pictures_path, &asked);
    ck_assert_counts(&told, (hashveil_import_counts){.added = 1, .problems = 3});
    ck_assert_str_eq(told.problems, "pictures/a.jpg:0: it ends too early\n"
                                    "pictures/middle/b.png:0: it ends too early\n"
                                    "pictures/z.jpg:0: malformed or damaged\n");
    ck_assert_holds(&hash, 1);
}
END_TEST

static void put_socket(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path_of(name).text);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

START_TEST(links_and_special_files_are_passed_over)
{
    put_folder("real");
    const hashveil_pdq hash = put_picture("real/a.jpg", JPEG, 0);
    ck_assert_int_eq(symlink("real/a.jpg", path_of("link.jpg").text), 0);
    ck_assert_int_eq(symlink("real", path_of("link to a folder").text), 0);
    ck_assert_int_eq(symlink("..", path_of("real/loop").text), 0);
    ck_assert_int_eq(symlink("nothing", path_of("link to nothing").text), 0);
    ck_assert_int_eq(mkfifo(path_of("pipe.jpg").text, 0600), 0);
    put_socket("socket.jpg");
    const struct told told = import_path(folder->pictures_path, &asked);
    ck_assert_counts(&told, (hashveil_import_counts){.added = 1});
    ck_assert_holds(&hash, 1);
}
END_TEST

START_TEST(what_may_not_be_read_is_told_and_the_rest_is_kept)
{
    const bool is_root = geteuid() == 0;
    put_folder("closed");
    put_picture("closed/a.jpg", JPEG, 0);
    put_picture("d.jpg", JPEG, 1);
    const hashveil_pdq hash = put_picture("e.jpg", JPEG, 2);
    ck_assert_int_eq(chmod(path_of("closed").text, 0), 0);
    ck_assert_int_eq(chmod(path_of("d.jpg").text, 0), 0);
    ck_assert_int_eq(chmod(folder->path, 0777), 0);
    ck_assert(!is_root || seteuid(NOBODY) == 0);
    const struct told told = import_path(folder->pictures_path, &asked);
    ck_assert_counts(&told, (hashveil_import_counts){.added = 1, .problems = 2});
    ck_assert_str_eq(told.problems, "pictures/closed:0: permission denied\n"
                                    "pictures/d.jpg:0: permission denied\n");
    ck_assert_holds(&hash, 1);
    ck_assert(!is_root || seteuid(0) == 0);
    ck_assert_int_eq(chmod(path_of("closed").text, 0755), 0);
}
END_TEST

/* Sparse files: they take no room. */
static void put_giant(const char *name, const void *start, size_t len)
{
    const hashveil_image_limits limits = HASHVEIL_IMAGE_LIMITS_DEFAULT;
    put(name, start, len);
    ck_assert_int_eq(truncate(path_of(name).text, (off_t)limits.max_file_bytes + 1), 0);
}

START_TEST(a_giant_file_is_a_problem_only_if_it_is_a_picture)
{
    put_giant("a video.mp4",
              "\0\0\0\x20"
              "ftypmp42",
              12);
    put_giant("picture.jpg", "\xff\xd8\xff\xe0", 4);
    put_giant("picture.png", "\x89PNG\r\n\x1a\n", 8);
    const struct told told = import_path(folder->pictures_path, &asked);
    ck_assert_counts(&told, (hashveil_import_counts){.not_images = 1, .problems = 2});
    ck_assert_str_eq(told.problems, "pictures/picture.jpg:0: above a configured limit\n"
                                    "pictures/picture.png:0: above a configured limit\n");
}
END_TEST

START_TEST(a_strict_import_ends_at_the_first_problem_in_order)
{
    const hashveil_import_options strict = {
        .source = "source", .label = "label", .is_strict = true, .workers = 4};
    put_picture("a.png", PNG, 0);
    put_half_picture("b.png", PNG);
    put_picture("c.png", PNG, 1);
    put_half_picture("d.jpg", JPEG);
    const struct told told = import_path(folder->pictures_path, &strict);
    ck_assert_int_eq(told.status, HASHVEIL_ERR_TRUNCATED);
    ck_assert_str_eq(told.problems, "pictures/b.png:0: it ends too early\n");
    hashveil_entries entries = read_entries();
    ck_assert_uint_eq(entries.count, 0);
    ck_assert_uint_eq(entries.list_count, 0);
    hashveil_entries_clear(&entries);
}
END_TEST

static const unsigned worker_counts[] = {1, 2, 7, 0};

START_TEST(the_number_of_workers_changes_nothing)
{
    static hashveil_pdq hashes[MANY];
    hashveil_import_options with_workers = asked;
    with_workers.workers = worker_counts[_i];
    for (unsigned i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "%03u.png", i);
        hashes[i] = put_picture(name, PNG, i);
    }
    put_half_picture("000 half.png", PNG);
    put_half_picture("063 half.png", PNG);
    put_half_picture("069 half.jpg", JPEG);
    const struct told told = import_path(folder->pictures_path, &with_workers);
    ck_assert_counts(&told, (hashveil_import_counts){.added = MANY, .problems = 3});
    ck_assert_str_eq(told.problems, "pictures/000 half.png:0: it ends too early\n"
                                    "pictures/063 half.png:0: it ends too early\n"
                                    "pictures/069 half.jpg:0: it ends too early\n");
    ck_assert_uint_eq(told.progress, MANY + 3);
    ck_assert_holds(hashes, MANY);
}
END_TEST

/* Removes what is left of the folder when the first files are done. */
struct vandal {
    uint64_t problems;
    bool is_done;
};

static void remove_the_rest(void *context, uint64_t done, uint64_t total)
{
    struct vandal *vandal = context;
    (void)total;
    ck_assert_uint_gt(done, 0);
    if (!vandal->is_done) {
        ck_assert_int_eq(unlink(path_of("y.txt").text), 0);
        ck_assert_int_eq(unlink(path_of("z/a.txt").text), 0);
        ck_assert_int_eq(rmdir(path_of("z").text), 0);
        vandal->is_done = true;
    }
}

static void count_vanished(void *context, const char *path, uint64_t line, hashveil_status status)
{
    struct vandal *vandal = context;
    ck_assert_int_eq(status, HASHVEIL_ERR_NOT_FOUND);
    ck_assert_uint_eq(line, 0);
    ck_assert_str_eq(path, path_of(vandal->problems == 0 ? "y.txt" : "z").text);
    vandal->problems++;
}

START_TEST(what_vanishes_during_an_import_is_a_problem)
{
    struct vandal vandal = {0};
    hashveil_import_counts counts;
    hashveil_import_options options = asked;
    options.progress = remove_the_rest;
    options.on_problem = count_vanished;
    options.context = &vandal;
    for (unsigned i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "%03u.txt", i);
        put(name, "x", 1);
    }
    put("y.txt", "x", 1);
    put_folder("z");
    put("z/a.txt", "x", 1);
    hashveil_workspace *workspace = open_workspace(HASHVEIL_WORKSPACE_WRITE);
    ck_assert_int_eq(hashveil_workspace_import(workspace, folder->pictures_path, &options, &counts),
                     HASHVEIL_OK);
    ck_assert_uint_eq(counts.not_images, MANY);
    ck_assert_uint_eq(counts.problems, 2);
    ck_assert_uint_eq(vandal.problems, 2);
    hashveil_workspace_close(workspace);
}
END_TEST

START_TEST(a_folder_may_be_empty_or_named_by_a_link)
{
    const struct path link = path_of("link");
    put_folder("real");
    ck_assert_int_eq(symlink("real", link.text), 0);
    struct told told = import_path(link.text, &asked);
    ck_assert_counts(&told, (hashveil_import_counts){0});
    const hashveil_pdq hash = put_picture("real/a.jpg", JPEG, 0);
    told = import_path(link.text, &asked);
    ck_assert_counts(&told, (hashveil_import_counts){.added = 1});
    ck_assert_holds(&hash, 1);
}
END_TEST

START_TEST(a_folder_that_is_not_there_or_no_folder_is_an_error)
{
    put_picture("a.jpg", JPEG, 0);
    ck_assert_int_eq(import_path(path_of("nothing").text, &asked).status, HASHVEIL_ERR_NOT_FOUND);
    ck_assert_int_eq(import_path(path_of("a.jpg/b").text, &asked).status, HASHVEIL_ERR_NOT_FOUND);
    ck_assert_int_eq(import_path("", &asked).status, HASHVEIL_ERR_NOT_FOUND);
    ck_assert_int_eq(import_path(path_of("a.jpg").text, &asked).status,
                     HASHVEIL_ERR_UNSUPPORTED); /* a list would be text */
    ck_assert_holds(NULL, 0);
}
END_TEST

enum { ALL = 40, BEFORE_THE_KILL = 36, KEPT_AT_LEAST = 32 };

static struct path hashed_path(void)
{
    struct path path;
    snprintf(path.text, sizeof path.text, "%s.hashed", folder->workspace_path);
    return path;
}

static void wait_to_be_killed(void *context, uint64_t done, uint64_t total)
{
    const int *pipe_fd = context;
    (void)total;
    if (done == BEFORE_THE_KILL) {
        close(*pipe_fd);
        pause();
    }
}

static void import_until_killed(int pipe_fd)
{
    hashveil_import_counts counts;
    hashveil_workspace *workspace;
    hashveil_import_options options = asked;
    options.progress = wait_to_be_killed;
    options.context = &pipe_fd;
    if (hashveil_workspace_open(folder->workspace_path, HASHVEIL_WORKSPACE_WRITE, &workspace) !=
            HASHVEIL_OK ||
        hashveil_workspace_import(workspace, folder->pictures_path, &options, &counts) !=
            HASHVEIL_OK) {
        _exit(1);
    }
}

static void kill_import_of_folder(void)
{
    int fds[2];
    char nothing;
    ck_assert_int_eq(pipe(fds), 0);
    const pid_t child = in_child(import_until_killed, fds[1]);
    close(fds[1]);
    ck_assert_int_eq(read(fds[0], &nothing, 1), 0);
    close(fds[0]);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

/* Puts another hash where that of the first picture is kept: it shows who believes it. */
static void change_kept(void)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    ck_assert_int_eq(sqlite3_open(hashed_path().text, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT count(*) FROM file", -1, &statement, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    ck_assert_int_ge(sqlite3_column_int(statement, 0), KEPT_AT_LEAST);
    sqlite3_finalize(statement);
    ck_assert_int_eq(sqlite3_exec(db,
                                  "UPDATE file SET hash = zeroblob(32)"
                                  " WHERE CAST(path AS TEXT) LIKE '%/00.png'",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_changes(db), 1);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static void put_numbered(hashveil_pdq hashes[ALL])
{
    for (int i = 0; i < ALL; i++) {
        char name[16];
        snprintf(name, sizeof name, "%02d.png", i);
        hashes[i] = put_picture(name, PNG, (uint64_t)i);
    }
    pause_us(50000); /* what is as young as an import is not kept */
}

START_TEST(an_import_of_a_folder_goes_on_where_it_was_killed)
{
    hashveil_pdq hashes[ALL];
    put_numbered(hashes);
    kill_import_of_folder();
    change_kept();
    hashes[0] = (hashveil_pdq){0};
    hashes[1] = put_picture("01.png", PNG, ALL);
    const struct told told = import_path(folder->pictures_path, &asked);
    ck_assert_counts(&told, (hashveil_import_counts){.added = ALL});
    ck_assert_uint_eq(told.progress, ALL);
    ck_assert_holds(hashes, ALL);
    ck_assert_int_eq(access(hashed_path().text, F_OK), -1);
}
END_TEST

START_TEST(what_was_hashed_in_another_way_is_hashed_again)
{
    hashveil_pdq hashes[ALL];
    put_numbered(hashes);
    kill_import_of_folder();
    change_kept();
    const struct told told = import_path(folder->pictures_path, &asked_digests);
    ck_assert_counts(&told, (hashveil_import_counts){.added = ALL, .digests_added = 3L * ALL});
    ck_assert_holds(hashes, ALL);
}
END_TEST

START_TEST(a_file_of_somebody_else_beside_the_workspace_is_left_alone)
{
    char text[8] = "";
    FILE *file = fopen(hashed_path().text, "w");
    ck_assert(file && fputs("theirs", file) >= 0 && fclose(file) == 0);
    const hashveil_pdq hash = put_picture("a.png", PNG, 0);
    const struct told told = import_path(folder->pictures_path, &asked);
    ck_assert_counts(&told, (hashveil_import_counts){.added = 1});
    ck_assert_holds(&hash, 1);
    file = fopen(hashed_path().text, "r");
    ck_assert(file && fgets(text, sizeof text, file) && fclose(file) == 0);
    ck_assert_str_eq(text, "theirs");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("workspace_pictures");
    TCase *pictures = tcase_create("pictures");
    TCase *problems = tcase_create("problems");
    TCase *killed = tcase_create("killed");

    tcase_add_checked_fixture(pictures, make_folder, remove_workspace_folder);
    tcase_set_timeout(pictures, SECONDS);
    tcase_add_test(pictures, every_picture_below_a_folder_is_hashed);
    tcase_add_test(pictures, importing_a_folder_again_changes_nothing);
    tcase_add_test(pictures, what_is_no_picture_is_counted_and_no_problem);
    tcase_add_test(pictures, digests_of_a_picture_are_of_the_same_item_as_its_hash);
    tcase_add_test(pictures, digests_are_taken_of_whatever_can_be_read_and_is_not_empty);
    tcase_add_test(pictures, an_item_keeps_the_record_id_that_a_digest_of_it_has);
    tcase_add_test(pictures, digests_known_by_themselves_go_to_the_item_of_the_hash);
    tcase_add_test(pictures, links_and_special_files_are_passed_over);
    tcase_add_loop_test(pictures, the_number_of_workers_changes_nothing, 0, COUNT(worker_counts));
    tcase_add_test(pictures, a_folder_may_be_empty_or_named_by_a_link);
    suite_add_tcase(suite, pictures);

    tcase_add_checked_fixture(problems, make_folder, remove_workspace_folder);
    tcase_set_timeout(problems, SECONDS);
    tcase_add_test(problems, problems_are_told_with_their_files_in_order);
    tcase_add_test(problems, what_may_not_be_read_is_told_and_the_rest_is_kept);
    tcase_add_test(problems, a_giant_file_is_a_problem_only_if_it_is_a_picture);
    tcase_add_test(problems, a_strict_import_ends_at_the_first_problem_in_order);
    tcase_add_test(problems, what_vanishes_during_an_import_is_a_problem);
    tcase_add_test(problems, a_folder_that_is_not_there_or_no_folder_is_an_error);
    suite_add_tcase(suite, problems);

    tcase_add_checked_fixture(killed, make_folder, remove_workspace_folder);
    tcase_set_timeout(killed, SECONDS);
    tcase_add_test(killed, an_import_of_a_folder_goes_on_where_it_was_killed);
    tcase_add_test(killed, what_was_hashed_in_another_way_is_hashed_again);
    tcase_add_test(killed, a_file_of_somebody_else_beside_the_workspace_is_left_alone);
    suite_add_tcase(suite, killed);
    return run_suite(suite);
}
