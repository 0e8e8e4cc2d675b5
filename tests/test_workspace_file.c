/* SPDX-License-Identifier: Apache-2.0 */
/* The workspace's file: made, recognised, refused, damaged. */
#include "base/files.h"
#include "run_suite.h"
#include "workspace_folder.h"

#include <hashveil/report.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(rows) ((int)(sizeof(rows) / sizeof *(rows)))

#define A "1000000000000000000000000000000000000000000000000000000000000000"

enum { NOBODY = 65534, SECONDS = 120, FEW = 300 };

static const struct workspace_folder *folder;

static void make_folder(void)
{
    folder = make_workspace_folder();
}

struct file {
    uint8_t *bytes;
    size_t len;
};

static struct file read_workspace_file(void)
{
    struct file file;
    ck_assert_int_eq(hv_read_file(folder->workspace_path, 1 << 24, &file.bytes, &file.len),
                     HASHVEIL_OK);
    return file;
}

static void put_workspace_file(const void *bytes, size_t len)
{
    FILE *file = fopen(folder->workspace_path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

static hashveil_status open_status(hashveil_workspace_mode mode)
{
    hashveil_workspace *workspace;
    const hashveil_status status =
        hashveil_workspace_open(folder->workspace_path, mode, &workspace);
    ck_assert((status == HASHVEIL_OK) == (workspace != NULL));
    hashveil_workspace_close(workspace);
    return status;
}

START_TEST(reading_never_makes_a_workspace)
{
    ck_assert_int_eq(open_status(HASHVEIL_WORKSPACE_READ), HASHVEIL_ERR_NOT_FOUND);
    ck_assert_int_eq(access(folder->workspace_path, F_OK), -1);
    put_workspace_file("", 0);
    ck_assert_int_eq(open_status(HASHVEIL_WORKSPACE_READ), HASHVEIL_ERR_UNSUPPORTED);
    struct file file = read_workspace_file();
    ck_assert_uint_eq(file.len, 0);
    free(file.bytes);
    ck_assert_int_eq(open_status(HASHVEIL_WORKSPACE_WRITE), HASHVEIL_OK);
    ck_assert_int_eq(open_status(HASHVEIL_WORKSPACE_READ), HASHVEIL_OK);
}
END_TEST

START_TEST(reading_changes_no_byte)
{
    const hashveil_import_options known = {.source = "source", .label = "label"};
    const hashveil_import_options new = {.source = "another", .label = "label"};
    hashveil_entries entries;
    put_drawn_list(0, FEW);
    import_list("source", "label");
    const struct file before = read_workspace_file();
    hashveil_workspace *workspace = open_workspace(HASHVEIL_WORKSPACE_READ);
    ck_assert_int_eq(hashveil_workspace_entries(workspace, &entries), HASHVEIL_OK);
    hashveil_entries_clear(&entries);
    ck_assert_int_eq(import_into(workspace, folder->list_path, &known).status, HASHVEIL_ERR_ACCESS);
    ck_assert_int_eq(import_into(workspace, folder->list_path, &new).status, HASHVEIL_ERR_ACCESS);
    ck_assert_int_eq(hashveil_workspace_entries(workspace, &entries), HASHVEIL_OK);
    ck_assert_uint_eq(entries.count, FEW);
    hashveil_entries_clear(&entries);
    hashveil_workspace_close(workspace);
    const struct file after = read_workspace_file();
    ck_assert_uint_eq(after.len, before.len);
    ck_assert_mem_eq(after.bytes, before.bytes, before.len);
    free(before.bytes);
    free(after.bytes);
}
END_TEST

START_TEST(a_new_workspace_is_for_its_owner_alone)
{
    struct stat info;
    umask(0);
    ck_assert_int_eq(open_status(HASHVEIL_WORKSPACE_WRITE), HASHVEIL_OK);
    ck_assert_int_eq(stat(folder->workspace_path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0600);
}
END_TEST

START_TEST(who_may_read_alone_can_read)
{
    const bool is_root = geteuid() == 0;
    put_drawn_list(0, FEW);
    import_list("source", "label");
    ck_assert_int_eq(chmod(folder->workspace_path, 0444), 0);
    ck_assert_int_eq(chmod(folder->path, 0555), 0);
    ck_assert(!is_root || seteuid(NOBODY) == 0);
    hashveil_entries entries = read_entries();
    ck_assert_uint_eq(entries.count, FEW);
    hashveil_entries_clear(&entries);
    ck_assert_int_eq(open_status(HASHVEIL_WORKSPACE_WRITE), HASHVEIL_ERR_ACCESS);
    ck_assert(!is_root || seteuid(0) == 0);
    ck_assert_int_eq(chmod(folder->path, 0755), 0);
    ck_assert_int_eq(chmod(folder->workspace_path, 0000), 0);
    ck_assert(!is_root || seteuid(NOBODY) == 0);
    ck_assert_int_eq(open_status(HASHVEIL_WORKSPACE_READ), HASHVEIL_ERR_ACCESS);
    ck_assert(!is_root || seteuid(0) == 0);
}
END_TEST

/* 1213618003 is "HVWS" in the file's header. */
static const struct {
    const char *what, *sql;
    hashveil_status reading, writing;
} databases[] = {
    {"an empty database", "", HASHVEIL_ERR_UNSUPPORTED, HASHVEIL_OK},
    {"another's tables", "CREATE TABLE photo (id)", HASHVEIL_ERR_UNSUPPORTED,
     HASHVEIL_ERR_UNSUPPORTED},
    {"another's application", "PRAGMA application_id = 7", HASHVEIL_ERR_UNSUPPORTED,
     HASHVEIL_ERR_UNSUPPORTED},
    {"a version of nobody", "PRAGMA user_version = 2", HASHVEIL_ERR_UNSUPPORTED,
     HASHVEIL_ERR_UNSUPPORTED},
    {"an earlier version", "PRAGMA application_id = 1213618003; PRAGMA user_version = 2",
     HASHVEIL_ERR_VERSION, HASHVEIL_ERR_VERSION},
    {"a later version", "PRAGMA application_id = 1213618003; PRAGMA user_version = 4",
     HASHVEIL_ERR_VERSION, HASHVEIL_ERR_VERSION},
    {"no version", "PRAGMA application_id = 1213618003", HASHVEIL_ERR_VERSION,
     HASHVEIL_ERR_VERSION},
};

START_TEST(another_database_is_told_apart_and_left_alone)
{
    run_workspace_sql(databases[_i].sql);
    const hashveil_status reading = open_status(HASHVEIL_WORKSPACE_READ);
    const hashveil_status writing = open_status(HASHVEIL_WORKSPACE_WRITE);
    ck_assert_msg(reading == databases[_i].reading && writing == databases[_i].writing,
                  "%s: %s, %s", databases[_i].what, hashveil_status_text(reading),
                  hashveil_status_text(writing));
    if (writing != HASHVEIL_OK) {
        run_workspace_sql("CREATE TABLE entry (id)"); /* there is none yet */
    }
}
END_TEST

START_TEST(a_spool_and_a_workspace_are_not_each_other)
{
    hashveil_spool *spool;
    ck_assert_int_eq(hashveil_spool_open(folder->workspace_path, &spool), HASHVEIL_OK);
    hashveil_spool_close(spool);
    ck_assert_int_eq(open_status(HASHVEIL_WORKSPACE_READ), HASHVEIL_ERR_UNSUPPORTED);
    ck_assert_int_eq(open_status(HASHVEIL_WORKSPACE_WRITE), HASHVEIL_ERR_UNSUPPORTED);
    ck_assert_int_eq(unlink(folder->workspace_path), 0);
    ck_assert_int_eq(open_status(HASHVEIL_WORKSPACE_WRITE), HASHVEIL_OK);
    ck_assert_int_eq(hashveil_spool_open(folder->workspace_path, &spool), HASHVEIL_ERR_UNSUPPORTED);
}
END_TEST

START_TEST(what_is_no_database_is_refused_and_left_alone)
{
    static const char text[] =
        "a shopping list, long enough to be looked at: bread, milk, and something for the cat. "
        "And some more, since a header has a hundred bytes.\n";
    hashveil_workspace *workspace;
    char missing[80];
    put_workspace_file(text, sizeof text);
    ck_assert_int_eq(open_status(HASHVEIL_WORKSPACE_READ), HASHVEIL_ERR_UNSUPPORTED);
    ck_assert_int_eq(open_status(HASHVEIL_WORKSPACE_WRITE), HASHVEIL_ERR_UNSUPPORTED);
    struct file file = read_workspace_file();
    ck_assert_uint_eq(file.len, sizeof text);
    ck_assert_mem_eq(file.bytes, text, sizeof text);
    free(file.bytes);
    put_workspace_file(text, 10);
    ck_assert_int_eq(open_status(HASHVEIL_WORKSPACE_WRITE), HASHVEIL_ERR_UNSUPPORTED);
    ck_assert_int_eq(unlink(folder->workspace_path), 0);
    ck_assert_int_eq(mkfifo(folder->workspace_path, 0600), 0);
    ck_assert_int_eq(open_status(HASHVEIL_WORKSPACE_WRITE), HASHVEIL_ERR_NOT_A_FILE);
    ck_assert_int_eq(hashveil_workspace_open(folder->path, HASHVEIL_WORKSPACE_WRITE, &workspace),
                     HASHVEIL_ERR_NOT_A_FILE);
    ck_assert_ptr_null(workspace);
    snprintf(missing, sizeof missing, "%s/missing/workspace", folder->path);
    ck_assert_int_eq(hashveil_workspace_open(missing, HASHVEIL_WORKSPACE_WRITE, &workspace),
                     HASHVEIL_ERR_NOT_FOUND);
}
END_TEST

#define UNCHECKED "PRAGMA ignore_check_constraints = ON;"

/* What other programs may do to the tables of a workspace with one hash of one source. */
static const struct {
    const char *what, *sql;
} foreign_changes[] = {
    {"a short hash",
     UNCHECKED "UPDATE entry SET value = zeroblob(31); UPDATE claim SET value = zeroblob(31)"},
    {"a long hash",
     UNCHECKED "UPDATE entry SET value = zeroblob(33); UPDATE claim SET value = zeroblob(33)"},
    {"an empty hash", UNCHECKED "UPDATE entry SET value = x''; UPDATE claim SET value = x''"},
    {"a short record id", UNCHECKED "UPDATE entry SET record = zeroblob(15)"},
    {"a long record id", UNCHECKED "UPDATE entry SET record = zeroblob(17)"},
    {"an empty record id", UNCHECKED "UPDATE entry SET record = x''"},
    {"a kind that is none", UNCHECKED "UPDATE entry SET kind = 4; UPDATE claim SET kind = 4"},
    {"a kind below the first", UNCHECKED "UPDATE entry SET kind = -1; UPDATE claim SET kind = -1"},
    {"a hash as an MD5 digest", UNCHECKED "UPDATE entry SET kind = 1; UPDATE claim SET kind = 1"},
    {"a kind of many bits",
     UNCHECKED "UPDATE entry SET kind = 4294967296; UPDATE claim SET kind = 4294967296"},
    {"a label too long", "UPDATE claim SET label = 'abcdefghijklmnopqrstuvwx'"},
    {"a label that goes on after its end", "UPDATE claim SET label = char(97, 0, 98)"},
    {"an escape in a label", "UPDATE claim SET label = char(27)"},
    {"a label that is no UTF-8", "UPDATE claim SET label = CAST(x'ff' AS TEXT)"},
    {"a source that is nobody", "UPDATE claim SET source = 1"},
    {"a source below the first", "UPDATE claim SET source = -1"},
    {"a source above the last", "UPDATE claim SET source = 64"},
    {"a source of many bits", "UPDATE claim SET source = 4294967296"},
    {"an empty name", "UPDATE source SET name = ''"},
    {"a name too long", "UPDATE source SET name = 'abcdefghijklmnopqrstuvwxyzabcdef'"},
    {"a line end in a name", "UPDATE source SET name = char(10)"},
    {"a first source that is not 0", "UPDATE source SET number = 1; UPDATE claim SET source = 1"},
    {"a gap between sources", "INSERT INTO source VALUES (2, 'two')"},
    {"sources below 0", UNCHECKED "INSERT INTO source VALUES (-1, 'less')"},
    {"an allowing source that is not the first", "INSERT INTO source VALUES (65, 'x')"},
    {"a source above them all", UNCHECKED "INSERT INTO source VALUES (128, 'x')"},
    {"a claim of an allowing source that is nobody", "UPDATE claim SET source = 64"},
    {"no claims", "DROP TABLE claim"},
    {"no entries", "DROP TABLE entry"},
    {"no sources", "DROP TABLE source"},
    {"another column", "ALTER TABLE claim RENAME COLUMN label TO category"},
    {"null labels",
     "DROP TABLE claim; CREATE TABLE claim (kind, value, source, added, removed, label);"
     "INSERT INTO claim SELECT kind, value, 0, 1, NULL, NULL FROM entry"},
    {"more entries than an index counts",
     "DROP TABLE entry; CREATE TABLE entry (kind, value, record, x, y, z); CREATE TABLE other (a);"
     "INSERT INTO entry SELECT kind, value, randomblob(16), 'x', 'y', 'z' FROM claim;"
     "CREATE INDEX stale ON entry (kind) WHERE kind = 0; CREATE INDEX empty ON other (a);"
     "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage ="
     " (SELECT rootpage FROM sqlite_master WHERE name = 'empty') WHERE name = 'stale'"},
    {"more digests than an index counts",
     "DROP TABLE entry; CREATE TABLE entry (kind, value, record, x, y, z); CREATE TABLE other (a);"
     "INSERT INTO claim SELECT 3, value, source, 1, NULL, label, '' FROM claim;"
     "INSERT INTO entry SELECT kind, value, randomblob(16), 'x', 'y', 'z' FROM claim;"
     "CREATE INDEX stale ON entry (kind) WHERE kind > 0; CREATE INDEX empty ON other (a);"
     "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage ="
     " (SELECT rootpage FROM sqlite_master WHERE name = 'empty') WHERE name = 'stale'"},
    {"null hashes",
     "DROP TABLE entry; CREATE TABLE entry (kind, value, record);"
     "DROP TABLE claim; CREATE TABLE claim (kind, value, source, added, removed, label);"
     "INSERT INTO entry VALUES (0, 0, zeroblob(16));"
     "INSERT INTO claim VALUES (0, 0, 0, 1, NULL, 'label')"},
};

START_TEST(rows_that_no_import_writes_are_refused)
{
    hashveil_entries entries = {.count = 99};
    put_list(A "\n");
    import_list("source", "label");
    run_workspace_sql(foreign_changes[_i].sql);
    hashveil_workspace *workspace = open_workspace(HASHVEIL_WORKSPACE_READ);
    const hashveil_status status = hashveil_workspace_entries(workspace, &entries);
    ck_assert_msg(status == HASHVEIL_ERR_FORMAT, "%s: %s", foreign_changes[_i].what,
                  hashveil_status_text(status));
    ck_assert_ptr_null(entries.entries);
    ck_assert_ptr_null(entries.exact);
    ck_assert_uint_eq(entries.count, 0);
    ck_assert_uint_eq(entries.exact_count, 0);
    ck_assert_uint_eq(entries.list_count, 0);
    hashveil_workspace_close(workspace);
}
END_TEST

/* Reads and imports, whatever comes of it. */
static void use_damaged(void)
{
    const hashveil_import_options asked = {.source = "another", .label = "label"};
    hashveil_entries entries;
    hashveil_workspace *workspace;
    if (hashveil_workspace_open(folder->workspace_path, HASHVEIL_WORKSPACE_WRITE, &workspace) !=
        HASHVEIL_OK) {
        return;
    }
    if (hashveil_workspace_entries(workspace, &entries) == HASHVEIL_OK) {
        ck_assert_sound_entries(&entries);
    }
    hashveil_entries_clear(&entries);
    import_into(workspace, folder->list_path, &asked);
    if (hashveil_workspace_entries(workspace, &entries) == HASHVEIL_OK) {
        ck_assert_sound_entries(&entries);
    }
    hashveil_entries_clear(&entries);
    hashveil_workspace_close(workspace);
}

enum { PAGE_BYTES = 4096, PAGE_SHARES = 8, FLIPS = 12 };

/* The head of a page says most, so half of the flips are there; the rest are where the cells are,
 * at its end. */
static size_t place_of_flip(size_t page, unsigned flip)
{
    return page * PAGE_BYTES +
           (flip < FLIPS / 2 ? flip * 2 : PAGE_BYTES - 1 - (flip - FLIPS / 2) * 151);
}

/* Each case takes its share of the pages. */
START_TEST(a_workspace_damaged_anywhere_crashes_nobody)
{
    uint8_t page[PAGE_BYTES];
    put_drawn_list(0, FEW);
    import_list("source", "label");
    put_drawn_list(FEW / 2, FEW);
    import_list("second", "label");
    put_drawn_list(FEW, 20);
    const struct file whole = read_workspace_file();
    ck_assert_uint_gt(whole.len, (size_t)PAGE_SHARES * PAGE_BYTES);
    for (size_t i = (size_t)_i; i < whole.len / PAGE_BYTES; i += PAGE_SHARES) {
        uint8_t *place = whole.bytes + i * PAGE_BYTES;
        for (unsigned flip = 0; flip < FLIPS; flip++) {
            whole.bytes[place_of_flip(i, flip)] ^= (uint8_t)(0x81 >> flip % 8);
            put_workspace_file(whole.bytes, whole.len);
            whole.bytes[place_of_flip(i, flip)] ^= (uint8_t)(0x81 >> flip % 8);
            use_damaged();
        }
        memcpy(page, place, PAGE_BYTES);
        memset(place, 0xA5, PAGE_BYTES);
        put_workspace_file(whole.bytes, whole.len);
        use_damaged();
        memcpy(place, whole.bytes + (i ? 1 : 2) * (size_t)PAGE_BYTES, PAGE_BYTES);
        put_workspace_file(whole.bytes, whole.len);
        use_damaged();
        memcpy(place, page, PAGE_BYTES);
        put_workspace_file(whole.bytes, i * PAGE_BYTES + 100);
        use_damaged();
    }
    free(whole.bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("workspace_file");
    TCase *files = tcase_create("files");
    TCase *damage = tcase_create("damage");

    tcase_add_checked_fixture(files, make_folder, remove_workspace_folder);
    tcase_add_test(files, reading_never_makes_a_workspace);
    tcase_add_test(files, reading_changes_no_byte);
    tcase_add_test(files, a_new_workspace_is_for_its_owner_alone);
    tcase_add_test(files, who_may_read_alone_can_read);
    tcase_add_loop_test(files, another_database_is_told_apart_and_left_alone, 0, COUNT(databases));
    tcase_add_test(files, a_spool_and_a_workspace_are_not_each_other);
    tcase_add_test(files, what_is_no_database_is_refused_and_left_alone);
    suite_add_tcase(suite, files);

    tcase_add_checked_fixture(damage, make_folder, remove_workspace_folder);
    tcase_set_timeout(damage, SECONDS);
    tcase_add_loop_test(damage, rows_that_no_import_writes_are_refused, 0, COUNT(foreign_changes));
    tcase_add_loop_test(damage, a_workspace_damaged_anywhere_crashes_nobody, 0, PAGE_SHARES);
    suite_add_tcase(suite, damage);
    return run_suite(suite);
}
