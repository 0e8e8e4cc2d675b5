/* SPDX-License-Identifier: Apache-2.0 */
#include "workspace_folder.h"

#include "base/text.h"
#include "draw.h"

#include <check.h>
#include <dirent.h>
#include <ftw.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_OPEN_FOLDERS = 16 };

static struct workspace_folder folder;

const struct workspace_folder *make_workspace_folder(void)
{
    snprintf(folder.path, sizeof folder.path, "/tmp/hashveil-workspace-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder.path));
    snprintf(folder.workspace_path, sizeof folder.workspace_path, "%s/workspace", folder.path);
    snprintf(folder.list_path, sizeof folder.list_path, "%s/list", folder.path);
    snprintf(folder.pictures_path, sizeof folder.pictures_path, "%s/pictures", folder.path);
    return &folder;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

/* A process that was killed may leave a journal, or the new file under its first name. */
void remove_workspace_folder(void)
{
    DIR *entries = opendir(folder.path);
    ck_assert_ptr_nonnull(entries);
    for (const struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        if (strncmp(entry->d_name, "workspace", strlen("workspace")) == 0) {
            ck_assert_int_eq(unlinkat(dirfd(entries), entry->d_name, 0), 0);
        }
    }
    closedir(entries);
    unlink(folder.list_path);
    nftw(folder.pictures_path, remove_entry, MAX_OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
    ck_assert_int_eq(rmdir(folder.path), 0); /* nothing else is left behind */
}

static FILE *open_list(void)
{
    FILE *file = fopen(folder.list_path, "w");
    ck_assert_ptr_nonnull(file);
    return file;
}

void put_list(const char *text)
{
    FILE *file = open_list();
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

void put_drawn_list(uint64_t first, uint64_t count)
{
    FILE *file = open_list();
    for (uint64_t i = 0; i < count; i++) {
        char hex[HASHVEIL_PDQ_HEX_LEN + 1];
        const hashveil_fingerprint fingerprint = draw_fingerprint(first + i);
        hashveil_pdq_to_hex(&fingerprint.hash, hex);
        fprintf(file, "%s,%u,picture %" PRIu64 "\n", hex, fingerprint.quality, first + i);
    }
    ck_assert_int_eq(fclose(file), 0);
}

static void note_problem(void *context, const char *path, uint64_t line, hashveil_status status)
{
    struct told *told = context;
    const size_t folder_len = strlen(folder.path);
    ck_assert_mem_eq(path, folder.path, folder_len);
    const size_t room = sizeof told->problems - told->problems_len;
    const int len = snprintf(told->problems + told->problems_len, room, "%s:%" PRIu64 ": %s\n",
                             path + folder_len + 1, line, hashveil_status_text(status));
    ck_assert(len > 0 && (size_t)len < room);
    told->problems_len += (size_t)len;
}

static void note_progress(void *context, uint64_t done, uint64_t total)
{
    struct told *told = context;
    ck_assert_uint_ge(done, told->progress);
    ck_assert_uint_eq(total, 0);
    told->progress = done;
}

struct told import_into(hashveil_workspace *workspace, const char *path,
                        const hashveil_import_options *asked)
{
    struct told told = {0};
    hashveil_import_options options = *asked;
    options.on_problem = note_problem;
    options.progress = note_progress;
    options.context = &told;
    told.status = hashveil_workspace_import(workspace, path, &options, &told.counts);
    return told;
}

struct told import_path(const char *path, const hashveil_import_options *asked)
{
    hashveil_workspace *workspace = open_workspace(HASHVEIL_WORKSPACE_WRITE);
    const struct told told = import_into(workspace, path, asked);
    hashveil_workspace_close(workspace);
    return told;
}

struct told import_list(const char *source, const char *label)
{
    const hashveil_import_options asked = {.source = source, .label = label};
    return import_path(folder.list_path, &asked);
}

hashveil_workspace *open_workspace(hashveil_workspace_mode mode)
{
    hashveil_workspace *workspace;
    ck_assert_int_eq(hashveil_workspace_open(folder.workspace_path, mode, &workspace), HASHVEIL_OK);
    return workspace;
}

static void ck_assert_text(const char *text, size_t room)
{
    const size_t len = strnlen(text, room);
    ck_assert(len >= 1 && len < room && hv_text_is_plain(text, len));
}

/* In order, all different, those in use first. */
static void ck_assert_labels(const hashveil_record *record)
{
    if (record->labels[0][0] != '\0') {
        ck_assert_text(record->labels[0], sizeof record->labels[0]);
    }
    for (size_t i = 1; i < HASHVEIL_MAX_LABELS && record->labels[i][0] != '\0'; i++) {
        ck_assert_text(record->labels[i], sizeof record->labels[i]);
        ck_assert_str_lt(record->labels[i - 1], record->labels[i]);
    }
    ck_assert(record->labels[1][0] != '\0' || record->labels[2][0] == '\0');
}

static void ck_assert_sound_record(const hashveil_entries *entries, const hashveil_record *record)
{
    ck_assert_labels(record);
    ck_assert_uint_ne(record->lists, 0);
    ck_assert(entries->list_count == HASHVEIL_MAX_LISTS ||
              record->lists >> entries->list_count == 0);
}

void ck_assert_sound_entries(const hashveil_entries *entries)
{
    ck_assert_uint_le(entries->list_count, HASHVEIL_MAX_LISTS);
    for (size_t i = 0; i < entries->list_count; i++) {
        ck_assert_text(entries->list_names[i], sizeof entries->list_names[i]);
    }
    for (size_t i = 0; i < entries->count; i++) {
        ck_assert_sound_record(entries, &entries->entries[i].record);
    }
    for (size_t i = 0; i < entries->exact_count; i++) {
        ck_assert_uint_gt(hashveil_digest_len(entries->exact[i].digest.kind), 0);
        ck_assert_sound_record(entries, &entries->exact[i].record);
    }
}

static void ck_assert_ordered(const hashveil_entries *entries)
{
    char last[HASHVEIL_PDQ_HEX_LEN + 1] = "";
    for (size_t i = 0; i < entries->count; i++) {
        char hex[HASHVEIL_PDQ_HEX_LEN + 1];
        hashveil_pdq_to_hex(&entries->entries[i].hash, hex);
        ck_assert_str_gt(hex, last);
        memcpy(last, hex, sizeof last);
    }
    for (size_t i = 1; i < entries->exact_count; i++) {
        const hashveil_digest *before = &entries->exact[i - 1].digest;
        const hashveil_digest *digest = &entries->exact[i].digest;
        ck_assert(before->kind < digest->kind ||
                  (before->kind == digest->kind &&
                   memcmp(before->bytes, digest->bytes, sizeof digest->bytes) < 0));
    }
}

hashveil_entries read_entries(void)
{
    hashveil_entries entries;
    hashveil_workspace *workspace = open_workspace(HASHVEIL_WORKSPACE_READ);
    ck_assert_int_eq(hashveil_workspace_entries(workspace, &entries), HASHVEIL_OK);
    hashveil_workspace_close(workspace);
    ck_assert_sound_entries(&entries);
    ck_assert_ordered(&entries);
    return entries;
}

static void ck_assert_same_record(const hashveil_record *a, const hashveil_record *b)
{
    ck_assert_mem_eq(a->id, b->id, sizeof a->id);
    ck_assert_mem_eq(a->labels, b->labels, sizeof a->labels);
    ck_assert_uint_eq(a->lists, b->lists);
}

void ck_assert_same_entries(const hashveil_entries *a, const hashveil_entries *b)
{
    ck_assert_uint_eq(a->list_count, b->list_count);
    ck_assert_mem_eq(a->list_names, b->list_names, sizeof a->list_names);
    ck_assert_uint_eq(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const hashveil_entry *x = &a->entries[i];
        const hashveil_entry *y = &b->entries[i];
        ck_assert_uint_eq(hashveil_pdq_distance(&x->hash, &y->hash), 0);
        ck_assert_same_record(&x->record, &y->record);
    }
    ck_assert_uint_eq(a->exact_count, b->exact_count);
    for (size_t i = 0; i < a->exact_count; i++) {
        const hashveil_exact_entry *x = &a->exact[i];
        const hashveil_exact_entry *y = &b->exact[i];
        ck_assert_int_eq(x->digest.kind, y->digest.kind);
        ck_assert_mem_eq(x->digest.bytes, y->digest.bytes, sizeof x->digest.bytes);
        ck_assert_same_record(&x->record, &y->record);
    }
}

void ck_assert_counts(const struct told *told, hashveil_import_counts expected)
{
    ck_assert_msg(told->status == HASHVEIL_OK, "%s", hashveil_status_text(told->status));
    ck_assert_uint_eq(told->counts.added, expected.added);
    ck_assert_uint_eq(told->counts.known, expected.known);
    ck_assert_uint_eq(told->counts.digests_added, expected.digests_added);
    ck_assert_uint_eq(told->counts.digests_known, expected.digests_known);
    ck_assert_uint_eq(told->counts.low_quality, expected.low_quality);
    ck_assert_uint_eq(told->counts.not_images, expected.not_images);
    ck_assert_uint_eq(told->counts.problems, expected.problems);
}

void run_workspace_sql(const char *sql)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(folder.workspace_path, &db), SQLITE_OK);
    const int result = sqlite3_exec(db, sql, NULL, NULL, NULL);
    ck_assert_msg(result == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}
