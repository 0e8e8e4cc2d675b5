/* SPDX-License-Identifier: Apache-2.0 */
/* A SQLite file of ours: made, recognised by its application id, and set to survive a power cut. */
#ifndef HV_BASE_SQLITE_FILE_H
#define HV_BASE_SQLITE_FILE_H

#include <sqlite3.h>
#include <stdint.h>

#include <hashveil/status.h>

/* What makes a file one of this kind. */
struct hv_sqlite_kind {
    int32_t application_id; /* four letters; sqlite3 and file(1) see whose database it is */
    int32_t version;
    const char *schema; /* SQL for an empty file */
};

enum hv_sqlite_mode {
    HV_SQLITE_READ,  /* must exist; is not changed */
    HV_SQLITE_WRITE, /* made, readable by its owner alone, when it does not exist */
};

/* out is closed with sqlite3_close; NULL on failure.
 * Errors: ERR_UNSUPPORTED (another kind of file), ERR_VERSION, ERR_BUSY, ERR_FORMAT,
 * ERR_NO_MEMORY, and those of reading or making a file. */
HASHVEIL_MUST_USE hashveil_status hv_sqlite_open(const char *path,
                                                 const struct hv_sqlite_kind *kind,
                                                 enum hv_sqlite_mode mode, sqlite3 **out);

/* Runs SQL that gives no rows. */
HASHVEIL_MUST_USE hashveil_status hv_sqlite_run(sqlite3 *db, const char *sql);

#endif
