/* SPDX-License-Identifier: Apache-2.0 */
#include "report/spool_file.h"

#include "base/files.h"
#include "base/sqlite_status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* "HVSP": sqlite3 and file(1) see whose database it is. */
#define APPLICATION_ID 1213616976
#define VERSION 1
#define TEXT_OF(number) TEXT_OF_VALUE(number)
#define TEXT_OF_VALUE(number) #number

enum { BUSY_TIMEOUT_MS = 10000 };

static const char schema[] =
    "CREATE TABLE report ("
    "  sequence INTEGER PRIMARY KEY," /* the order in which they were added */
    "  id BLOB NOT NULL UNIQUE CHECK (typeof(id) = 'blob' AND length(id) = 16),"
    "  sealed BLOB NOT NULL CHECK (typeof(sealed) = 'blob' AND length(sealed) = 280)"
    ");"
    "PRAGMA application_id = " TEXT_OF(APPLICATION_ID) ";"
                                                       "PRAGMA user_version = " TEXT_OF(
                                                           VERSION) ";";

/* Makes an empty file that nobody else may open; one that is there meanwhile is as good.
 *
 * Under another name first: closing any descriptor of a file drops all locks that this process has
 * on it, those of SQLite in another thread too. */
static hashveil_status make_file(const char *path)
{
    uint32_t unique;
    char *new_path = NULL;
    if (getentropy(&unique, sizeof unique) != 0) {
        return HASHVEIL_ERR_IO;
    }
    if (asprintf(&new_path, "%s.new-%08x", path, unique) < 0) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hashveil_status status = HASHVEIL_OK;
    const int fd = open(new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        status = hv_status_of_errno(errno);
    } else {
        close(fd);
        if (link(new_path, path) != 0 && errno != EEXIST) {
            status = hv_status_of_errno(errno);
        }
        unlink(new_path);
    }
    free(new_path);
    return status;
}

static hashveil_status make_file_if_missing(const char *path)
{
    struct stat info;
    if (stat(path, &info) == 0) {
        return S_ISREG(info.st_mode) ? HASHVEIL_OK : HASHVEIL_ERR_NOT_A_FILE;
    }
    return errno == ENOENT ? make_file(path) : hv_status_of_errno(errno);
}

/* SQLite gives names such as ":memory:" a meaning of their own; none of them begins so. */
static char *plain_name(const char *path)
{
    char *name = NULL;
    return asprintf(&name, "%s%s", path[0] == '/' ? "" : "./", path) < 0 ? NULL : name;
}

static hashveil_status run(sqlite3 *db, const char *sql)
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

/* Within a transaction, so that of two processes one makes the table and the other finds it. */
static hashveil_status recognise_or_fill(sqlite3 *db)
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
    if (application_id == 0 && version == 0 && tables == 0) {
        return run(db, schema);
    }
    if (application_id != APPLICATION_ID) {
        return HASHVEIL_ERR_UNSUPPORTED;
    }
    return version == VERSION ? HASHVEIL_OK : HASHVEIL_ERR_VERSION;
}

/* A rollback journal with "extra" syncing: when a commit returns, the file is synced, and so is the
 * folder without the journal, which would otherwise undo it after a power cut. A write-ahead log
 * would be quicker, but then a copy of the file alone would lack what was added last. */
static hashveil_status set_up(sqlite3 *db)
{
    sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
    if (sqlite3_db_readonly(db, "main") == 1) {
        return HASHVEIL_ERR_ACCESS;
    }
    hashveil_status status = run(db, "PRAGMA synchronous = EXTRA; BEGIN IMMEDIATE");
    if (status == HASHVEIL_OK) {
        status = recognise_or_fill(db);
    }
    return status == HASHVEIL_OK ? run(db, "COMMIT") : status;
}

hashveil_status hv_spool_file_open(const char *path, sqlite3 **out)
{
    sqlite3 *db = NULL;
    *out = NULL;
    hashveil_status status = make_file_if_missing(path);
    if (status != HASHVEIL_OK) {
        return status;
    }
    char *name = plain_name(path);
    if (!name) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    status = hv_status_of_sqlite(
        db, sqlite3_open_v2(name, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
    if (status == HASHVEIL_OK) {
        status = set_up(db);
    }
    if (status == HASHVEIL_OK) {
        *out = db;
        db = NULL; /* now the caller's */
    }
    sqlite3_close(db);
    free(name);
    return status;
}
