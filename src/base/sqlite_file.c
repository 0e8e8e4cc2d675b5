/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sqlite_file.h"

#include "base/files.h"
#include "base/sqlite_status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_TIMEOUT_MS = 10000 };

/* Makes an empty file that nobody else may open; one that is there meanwhile is as good.
 *
 * Under another name first: closing any descriptor of a file drops all locks that this process has
 * on it, those of SQLite in another thread too. */
static hashveil_status make_file(const char *path)
{
    struct hv_new_file file = {0};
    hashveil_status status = hv_new_file_init(path, 0600, &file);
    if (status == HASHVEIL_OK) {
        status = hv_new_file_commit_exclusive(&file);
    }
    hv_new_file_clear(&file);
    return status == HASHVEIL_ERR_EXISTS ? HASHVEIL_OK : status;
}

/* Asks for permission too: SQLite does not keep the error of an open that was denied. */
static hashveil_status find_file(const char *path, enum hv_sqlite_mode mode)
{
    struct stat info;
    if (stat(path, &info) == 0) {
        const int access_mode = mode == HV_SQLITE_WRITE ? R_OK | W_OK : R_OK;
        if (!S_ISREG(info.st_mode)) {
            return HASHVEIL_ERR_NOT_A_FILE;
        }
        return faccessat(AT_FDCWD, path, access_mode, AT_EACCESS) == 0 ? HASHVEIL_OK
                                                                       : hv_status_of_errno(errno);
    }
    return errno == ENOENT && mode == HV_SQLITE_WRITE ? make_file(path) : hv_status_of_errno(errno);
}

/* SQLite gives names such as ":memory:" a meaning of their own; none of them begins so. */
static char *plain_name(const char *path)
{
    char *name = NULL;
    return asprintf(&name, "%s%s", path[0] == '/' ? "" : "./", path) < 0 ? NULL : name;
}

hashveil_status hv_sqlite_run(sqlite3 *db, const char *sql)
{
    return hv_status_of_sqlite(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static hashveil_status read_number(sqlite3 *db, const char *sql, int64_t *out)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
        *out = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    return hv_status_of_sqlite(db, result);
}

static hashveil_status fill(sqlite3 *db, const struct hv_sqlite_kind *kind)
{
    char sql[128];
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             kind->application_id, kind->version);
    const hashveil_status status = hv_sqlite_run(db, kind->schema);
    return status == HASHVEIL_OK ? hv_sqlite_run(db, sql) : status;
}

static hashveil_status recognise(sqlite3 *db, const struct hv_sqlite_kind *kind,
                                 enum hv_sqlite_mode mode)
{
    int64_t application_id = 0;
    int64_t version = 0;
    int64_t tables = 0;
    hashveil_status status = read_number(db, "PRAGMA application_id", &application_id);
    if (status == HASHVEIL_OK) {
        status = read_number(db, "PRAGMA user_version", &version);
    }
    if (status == HASHVEIL_OK) {
        status = read_number(db, "SELECT count(*) FROM sqlite_master", &tables);
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    if (mode == HV_SQLITE_WRITE && application_id == 0 && version == 0 && tables == 0) {
        return fill(db, kind);
    }
    if (application_id != kind->application_id) {
        return HASHVEIL_ERR_UNSUPPORTED;
    }
    return version == kind->version ? HASHVEIL_OK : HASHVEIL_ERR_VERSION;
}

/* A rollback journal with "extra" syncing: when a commit returns, the file is synced, and so is the
 * folder without the journal, which would otherwise undo it after a power cut. A write-ahead log
 * would be quicker, but then a copy of the file alone would lack what was added last.
 *
 * Recognised within a transaction, so that of two processes one makes the tables and the other
 * finds them. */
static hashveil_status set_up(sqlite3 *db, const struct hv_sqlite_kind *kind,
                              enum hv_sqlite_mode mode)
{
    static const char *const begin[] = {
        [HV_SQLITE_READ] = "PRAGMA query_only = ON; BEGIN",
        [HV_SQLITE_WRITE] = "PRAGMA synchronous = EXTRA; PRAGMA foreign_keys = ON; BEGIN IMMEDIATE",
    };
    sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
    if (mode == HV_SQLITE_WRITE && sqlite3_db_readonly(db, "main") == 1) {
        return HASHVEIL_ERR_ACCESS;
    }
    hashveil_status status = hv_sqlite_run(db, begin[mode]);
    if (status == HASHVEIL_OK) {
        status = recognise(db, kind, mode);
    }
    return status == HASHVEIL_OK ? hv_sqlite_run(db, "COMMIT") : status;
}

hashveil_status hv_sqlite_open(const char *path, const struct hv_sqlite_kind *kind,
                               enum hv_sqlite_mode mode, sqlite3 **out)
{
    sqlite3 *db = NULL;
    *out = NULL;
    hashveil_status status = find_file(path, mode);
    if (status != HASHVEIL_OK) {
        return status;
    }
    char *name = plain_name(path);
    if (!name) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    /* For reading too: what a killed writer left half done must be undone first. */
    const int result =
        sqlite3_open_v2(name, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    status = hv_status_of_sqlite(db, result);
    if (status == HASHVEIL_OK) {
        status = set_up(db, kind, mode);
    }
    if (status == HASHVEIL_OK) {
        *out = db;
        db = NULL; /* now the caller's */
    }
    sqlite3_close(db);
    free(name);
    return status;
}
