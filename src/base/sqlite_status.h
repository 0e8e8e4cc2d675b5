/* SPDX-License-Identifier: Apache-2.0 */
/* What SQLite says, as a status. */
#ifndef HV_BASE_SQLITE_STATUS_H
#define HV_BASE_SQLITE_STATUS_H

#include <sqlite3.h>

#include <hashveil/status.h>

/* The status for a result of a call on db; rows and the end of rows are OK. db may be NULL, as it
 * is when SQLite had no memory for one. */
hashveil_status hv_status_of_sqlite(sqlite3 *db, int result);

#endif
