/* SPDX-License-Identifier: Apache-2.0 */
/* What SQLite says of a call, as a status. */
#ifndef HASHVEIL_TOOLS_SQLITE_STATUS_H
#define HASHVEIL_TOOLS_SQLITE_STATUS_H

#include <hashveil/status.h>

/* The status for a result code of SQLite, extended or not. */
hashveil_status status_of_sqlite(int code);

#endif
