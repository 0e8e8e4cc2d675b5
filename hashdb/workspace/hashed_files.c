/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/workspace/hashed_files.h"

#include <hashveil/hashveil.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/sqlite_file.h"
#include "base/sqlite_status.h"
#include "hashdb/workspace/workspace.h"

/* quality and hash: NULL for what is no picture. digests: one behind the other; NULL where they
 * were not asked for. */
static const struct hv_sqlite_kind file_kind = {
    .application_id = 0x48564846, /* "HVHF" */
    .version = 1,
    .schema = "CREATE TABLE file ("
              "  path BLOB PRIMARY KEY,"
              "  inode INTEGER NOT NULL,"
              "  len INTEGER NOT NULL,"
              "  changed_ns INTEGER NOT NULL,"
              "  way TEXT NOT NULL,"
              "  quality INTEGER CHECK (quality BETWEEN 0 AND 100),"
              "  hash BLOB CHECK (length(hash) = 32),"
              "  digests BLOB CHECK (length(digests) = 68)"
              ") STRICT, WITHOUT ROWID;",
};
_Static_assert(sizeof(hashveil_digests) == 68, "they are bytes without gaps");

static const char find_sql[] =
    "SELECT quality, hash, digests FROM file"
    " WHERE path = ? AND inode = ? AND len = ? AND changed_ns = ? AND way = ?";
static const char keep_sql[] =
    "INSERT OR REPLACE INTO file (path, inode, len, changed_ns, way, quality, hash, digests)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

enum { NS_PER_S = 1000000000 };

static int64_t ns_of(struct timespec time)
{
    return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

static void describe(const hashveil_hash_files_options *options, char *out, size_t room)
{
    const hashveil_fingerprint_options *fingerprint = &options->fingerprint;
    const hashveil_image_limits *limits = &fingerprint->image.limits;
    snprintf(out, room, "%s policy %d exact %d turned %d digests %d limits %ju %ju %u %u",
             HASHVEIL_VERSION_TEXT, (int)fingerprint->policy, fingerprint->is_exact_decode,
             fingerprint->image.applies_orientation, options->computes_digests,
             (uintmax_t)limits->max_file_bytes, (uintmax_t)limits->max_pixels, limits->max_side_px,
             limits->max_scans);
}

static hashveil_status prepare(struct hv_hashed_files *files)
{
    hashveil_status status = hv_sqlite_open(files->path, &file_kind, HV_SQLITE_WRITE, &files->db);
    if (status == HASHVEIL_OK) {
        status = hv_status_of_sqlite(
            files->db, sqlite3_prepare_v2(files->db, find_sql, -1, &files->find, NULL));
    }
    if (status == HASHVEIL_OK) {
        status = hv_status_of_sqlite(
            files->db, sqlite3_prepare_v2(files->db, keep_sql, -1, &files->keep, NULL));
    }
    return status == HASHVEIL_OK ? hv_sqlite_run(files->db, "BEGIN") : status;
}

hashveil_status hv_hashed_files_open(sqlite3 *workspace, const hashveil_hash_files_options *options,
                                     struct hv_hashed_files *out)
{
    static const char suffix[] = ".hashed";
    const char *beside = sqlite3_db_filename(workspace, "main");
    struct timespec now;
    *out = (struct hv_hashed_files){0};
    if (!beside || !*beside || clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0) {
        return HASHVEIL_OK;
    }
    const size_t room = strlen(beside) + sizeof suffix;
    out->path = hv_alloc_array(room, 1);
    if (!out->path) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    snprintf(out->path, room, "%s%s", beside, suffix);
    out->begun_ns = ns_of(now);
    describe(options, out->way, sizeof out->way);
    pthread_mutex_init(&out->lock, NULL);
    const hashveil_status status = prepare(out);
    if (status != HASHVEIL_OK) {
        hv_hashed_files_close(out, false);
    }
    return status == HASHVEIL_ERR_NO_MEMORY ? status : HASHVEIL_OK;
}

/* Binds what a file is known by. Returns false where it cannot be told. */
static bool bind_file(const struct hv_hashed_files *files, sqlite3_stmt *statement,
                      const char *path, int64_t *changed_ns_out)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return false;
    }
    *changed_ns_out = ns_of(info.st_ctim);
    sqlite3_bind_blob(statement, 1, path, (int)strlen(path), SQLITE_TRANSIENT);
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)info.st_ino);
    sqlite3_bind_int64(statement, 3, info.st_size);
    sqlite3_bind_int64(statement, 4, *changed_ns_out);
    sqlite3_bind_text(statement, 5, files->way, -1, SQLITE_STATIC);
    return true;
}

static bool has_blob(sqlite3_stmt *row, int column, size_t len)
{
    return sqlite3_column_blob(row, column) && (size_t)sqlite3_column_bytes(row, column) == len;
}

static void read_row(sqlite3_stmt *row, hashveil_hashed_file *out)
{
    out->is_read = true;
    out->status = HASHVEIL_ERR_UNSUPPORTED;
    if (has_blob(row, 1, HV_HASH_BLOB_BYTES)) {
        out->status = HASHVEIL_OK;
        out->forms[0].quality = (unsigned)sqlite3_column_int(row, 0);
        hv_hash_from_blob(sqlite3_column_blob(row, 1), &out->forms[0].hash);
    }
    if (has_blob(row, 2, sizeof out->digests)) {
        memcpy(&out->digests, sqlite3_column_blob(row, 2), sizeof out->digests);
    }
}

bool hv_hashed_files_find(struct hv_hashed_files *files, const char *path,
                          hashveil_hashed_file *out)
{
    int64_t changed_ns;
    bool is_there = false;
    if (!files->db) {
        return false;
    }
    pthread_mutex_lock(&files->lock);
    if (bind_file(files, files->find, path, &changed_ns) &&
        sqlite3_step(files->find) == SQLITE_ROW) {
        read_row(files->find, out);
        is_there = true;
    }
    sqlite3_reset(files->find);
    pthread_mutex_unlock(&files->lock);
    return is_there;
}

/* What is not written now is hashed again later. */
static void write_row(struct hv_hashed_files *files)
{
    if (sqlite3_step(files->keep) == SQLITE_DONE && ++files->waiting == HV_HASHED_FILES_BATCH) {
        files->waiting = 0;
        sqlite3_reset(files->keep);
        sqlite3_exec(files->db, "COMMIT; BEGIN", NULL, NULL, NULL);
    }
}

void hv_hashed_files_keep(struct hv_hashed_files *files, const hashveil_hashed_file *file)
{
    int64_t changed_ns;
    if (!files->db || !file->is_read ||
        (file->status != HASHVEIL_OK && file->status != HASHVEIL_ERR_UNSUPPORTED)) {
        return;
    }
    pthread_mutex_lock(&files->lock);
    /* A file that changes meanwhile may not be what was hashed. */
    if (bind_file(files, files->keep, file->path, &changed_ns) && changed_ns < files->begun_ns) {
        const struct hv_value hash = hv_value_of_hash(&file->forms[0].hash);
        sqlite3_bind_null(files->keep, 6);
        sqlite3_bind_null(files->keep, 7);
        if (file->status == HASHVEIL_OK) {
            sqlite3_bind_int64(files->keep, 6, file->forms[0].quality);
            sqlite3_bind_blob(files->keep, 7, hash.bytes, (int)hash.len, SQLITE_STATIC);
        }
        sqlite3_bind_blob(files->keep, 8, &file->digests, sizeof file->digests, SQLITE_STATIC);
        write_row(files);
    }
    sqlite3_reset(files->keep);
    pthread_mutex_unlock(&files->lock);
}

void hv_hashed_files_close(struct hv_hashed_files *files, bool is_done)
{
    const bool is_ours = files->db != NULL;
    if (!files->path) {
        return;
    }
    sqlite3_finalize(files->find);
    sqlite3_finalize(files->keep);
    if (is_ours) {
        sqlite3_exec(files->db, "COMMIT", NULL, NULL, NULL);
    }
    sqlite3_close(files->db);
    if (is_ours && is_done) {
        unlink(files->path);
    }
    pthread_mutex_destroy(&files->lock);
    free(files->path);
    *files = (struct hv_hashed_files){0};
}
