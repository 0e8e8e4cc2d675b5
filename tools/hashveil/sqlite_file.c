/* SPDX-License-Identifier: Apache-2.0 */
#include "sqlite_file.h"

#include "errno_status.h"
#include "sqlite_status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_TIMEOUT_MS = 5000 };

static hashveil_status execute(sqlite3 *db, const char *sql)
{
    return status_of_sqlite(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static hashveil_status read_number(sqlite3 *db, const char *sql, int *out)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
    }
    *out = code == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;
    sqlite3_finalize(statement);
    return status_of_sqlite(code);
}

static hashveil_status make_tables(sqlite3 *db, const struct sqlite_file_kind *kind)
{
    char marks[100];
    snprintf(marks, sizeof marks, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             kind->application_id, kind->version);
    const hashveil_status status = execute(db, marks);
    return status == HASHVEIL_OK ? execute(db, kind->schema) : status;
}

/* Makes the tables in an empty file that may be written; refuses a file that is something else. */
static hashveil_status check_schema(sqlite3 *db, enum sqlite_file_mode mode,
                                    const struct sqlite_file_kind *kind)
{
    int application_id = 0;
    int version = 0;
    int objects = 0;
    hashveil_status status = read_number(db, "PRAGMA application_id", &application_id);
    if (status == HASHVEIL_OK) {
        status = read_number(db, "PRAGMA user_version", &version);
    }
    if (status == HASHVEIL_OK) {
        status = read_number(db, "SELECT count(*) FROM sqlite_schema", &objects);
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    if (mode == SQLITE_FILE_MAKE && application_id == 0 && version == 0 && objects == 0) {
        return make_tables(db, kind);
    }
    if (application_id != kind->application_id) {
        return HASHVEIL_ERR_UNSUPPORTED;
    }
    return version == kind->version ? HASHVEIL_OK : HASHVEIL_ERR_VERSION;
}

/* EXTRA syncs the folder too, without which the end of a transaction could be lost with the power.
 */
static hashveil_status prepare(sqlite3 *db, enum sqlite_file_mode mode,
                               const struct sqlite_file_kind *kind)
{
    sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
    if (mode == SQLITE_FILE_READ) {
        return check_schema(db, mode, kind);
    }
    hashveil_status status = execute(db, "PRAGMA synchronous = EXTRA; BEGIN IMMEDIATE");
    if (status == HASHVEIL_OK) {
        status = check_schema(db, mode, kind);
    }
    return status == HASHVEIL_OK ? execute(db, "COMMIT") : status;
}

/* Makes sure that there is a regular file, which its owner alone may read. path_out: owned, its
 * absolute name, since SQLite gives a meaning of their own to names like ":memory:". */
static hashveil_status prepare_file(const char *path, enum sqlite_file_mode mode, char **path_out)
{
    static const int flags[] = {
        [SQLITE_FILE_READ] = O_RDONLY,
        [SQLITE_FILE_WRITE] = O_RDWR,
        [SQLITE_FILE_MAKE] = O_RDWR | O_CREAT,
    };
    struct stat info;
    const int fd = open(path, flags[mode] | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    if (fd < 0) {
        return status_of_errno(errno);
    }
    const bool is_regular = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    close(fd);
    if (!is_regular) {
        return HASHVEIL_ERR_NOT_A_FILE;
    }
    *path_out = realpath(path, NULL);
    return *path_out ? HASHVEIL_OK : status_of_errno(errno);
}

hashveil_status sqlite_file_open(const char *path, enum sqlite_file_mode mode,
                                 const struct sqlite_file_kind *kind, sqlite3 **out)
{
    char *full_path = NULL;
    sqlite3 *db = NULL;
    *out = NULL;
    hashveil_status status = prepare_file(path, mode, &full_path);
    if (status != HASHVEIL_OK) {
        goto done;
    }
    /* Reading too may have to undo what a killed writer left behind. */
    status = status_of_sqlite(sqlite3_open_v2(full_path, &db, SQLITE_OPEN_READWRITE, NULL));
    if (status == HASHVEIL_OK) {
        status = prepare(db, mode, kind);
    }
    if (status != HASHVEIL_OK) {
        goto done;
    }
    *out = db;
    db = NULL; /* now the caller's */
done:
    sqlite3_close(db);
    free(full_path);
    return status;
}
