/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite files of ours: each of a kind, whose owner alone may read them, durable when told so. */
#ifndef HASHVEIL_TOOLS_SQLITE_FILE_H
#define HASHVEIL_TOOLS_SQLITE_FILE_H

#include <sqlite3.h>

#include <hashveil/status.h>

struct sqlite_file_kind {
    int application_id; /* what makes a file one of this kind */
    int version;
    const char *schema; /* the statements that make its tables */
};

enum sqlite_file_mode {
    SQLITE_FILE_READ,
    SQLITE_FILE_WRITE,
    SQLITE_FILE_MAKE /* to write; made when it does not exist */
};

/* Opens a file of that kind. What is committed is on the disk, and so is its folder's entry; a
 * writer is waited for, five seconds.
 *
 * out  to be closed with sqlite3_close
 *
 * Errors: ERR_UNSUPPORTED (another kind of file), ERR_VERSION, ERR_BUSY, ERR_FORMAT, ERR_NO_MEMORY,
 * and those of reading or making a file. */
HASHVEIL_MUST_USE hashveil_status sqlite_file_open(const char *path, enum sqlite_file_mode mode,
                                                   const struct sqlite_file_kind *kind,
                                                   sqlite3 **out);

#endif
