/* SPDX-License-Identifier: Apache-2.0 */
/* One way to a SQLite file and to a PostgreSQL database, for statements that mean the same to both.
 * Used by one thread at a time. */
#ifndef HASHVEIL_TOOLS_SQL_H
#define HASHVEIL_TOOLS_SQL_H

#include "sqlite_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sql;
struct sql_statement;

#define SQL_ADDRESS_HELP                                                                           \
    "STORE is a file, also as sqlite:FILE, or a postgresql:// URI with the tables of "             \
    "reports.sql.\n\n"

/* kind: of a SQLite file. Errors: those of sqlite_file_open; of a PostgreSQL database
 * ERR_OVERLOADED, after a message, when it does not answer. */
HASHVEIL_MUST_USE hashveil_status sql_open(const char *address, enum sqlite_file_mode mode,
                                           const struct sqlite_file_kind *kind, struct sql **out);

/* When all statements are released. Accepts NULL. */
void sql_close(struct sql *sql);

/* Begins to write: nobody else does until the end. table: which others wait for. */
HASHVEIL_MUST_USE hashveil_status sql_begin(struct sql *sql, const char *table);

/* Commits, or takes all back when status is a failure. Returns the status, or why it failed; with
 * OK what was written is on the disk. */
hashveil_status sql_end(struct sql *sql, hashveil_status status);

/* text: with $1, $2 and so on, which first stand in that order; borrowed for as long as the
 * statement lives. */
HASHVEIL_MUST_USE hashveil_status sql_prepare(struct sql *sql, const char *text,
                                              struct sql_statement **out);
void sql_release(struct sql_statement *statement); /* accepts NULL */

/* Values for a run; from 1; copied. What is not bound is NULL. Numbers above 2^63 are kept as the
 * negative numbers of the same bits. */
void sql_bind_text(struct sql_statement *statement, int at, const char *text);
void sql_bind_number(struct sql_statement *statement, int at, uint64_t number);
void sql_bind_bytes(struct sql_statement *statement, int at, const uint8_t *bytes, size_t len);

/* Goes to the next row; the first call runs it. Returns false at the end, and after a failure,
 * which sql_reset tells. */
bool sql_step(struct sql_statement *statement);

/* Ends a run and lets go of its values. Returns how it went. */
hashveil_status sql_reset(struct sql_statement *statement);

/* Runs it without rows. changed_out: how many it changed; or NULL. */
HASHVEIL_MUST_USE hashveil_status sql_run(struct sql_statement *statement, uint64_t *changed_out);

/* Of the row, from 0; borrowed until the next step. */
bool sql_is_null(const struct sql_statement *statement, int column);
const char *sql_text(const struct sql_statement *statement, int column); /* "" for NULL */
uint64_t sql_number(const struct sql_statement *statement, int column);
/* Returns false when there are not exactly len bytes. */
bool sql_bytes(const struct sql_statement *statement, int column, uint8_t *out, size_t len);

#endif
