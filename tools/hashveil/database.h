/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed databases as commands take them over. */
#ifndef HASHVEIL_TOOL_DATABASE_H
#define HASHVEIL_TOOL_DATABASE_H

#include <hashveil/sealed_db.h>

/* Opens a database and checks all of it before anything is done with it: a command has the time
 * that an application which opens one at its start may not have.
 *
 * where_out, errors: those of hashveil_sealed_db_open and hashveil_sealed_db_check */
hashveil_status database_open(const char *path, hashveil_sealed_db **out, const char **where_out);

#endif
