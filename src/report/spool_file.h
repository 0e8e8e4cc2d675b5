/* SPDX-License-Identifier: Apache-2.0 */
/* The SQLite file behind a spool: made, recognised, and set to survive a power cut. */
#ifndef HV_REPORT_SPOOL_FILE_H
#define HV_REPORT_SPOOL_FILE_H

#include <sqlite3.h>

#include <hashveil/status.h>

/* Opens a spool's file, or makes it. out is closed with sqlite3_close, also NULL.
 * Errors: as hashveil_spool_open. */
HASHVEIL_MUST_USE hashveil_status hv_spool_file_open(const char *path, sqlite3 **out);

#endif
