/* SPDX-License-Identifier: Apache-2.0 */
/* Who may submit: names and passwords out of a file, checked as Basic authentication (RFC 7617). */
#ifndef HASHVEIL_TOOLS_SUBMISSION_USERS_H
#define HASHVEIL_TOOLS_SUBMISSION_USERS_H

#include <stdbool.h>
#include <stddef.h>

#include <hashveil/status.h>

/* Shared freely between threads. */
struct submission_users;

/* Reads lines NAME:PASSWORD, where a name is 1..64 printable characters of ASCII.
 *
 * line_out  of ERR_FORMAT and ERR_LIMIT (too many, or too long a line), which line it is
 *
 * Errors: ERR_FORMAT, ERR_LIMIT, ERR_EMPTY, ERR_NO_MEMORY and those of reading a file. */
HASHVEIL_MUST_USE hashveil_status submission_users_load(const char *path,
                                                        struct submission_users **out,
                                                        size_t *line_out);

/* Returns the name of the user whose name and password a header "Authorization" has, borrowed; or
 * NULL. header: NULL when there is none. Takes no time that depends on a password. */
const char *submission_users_find(const struct submission_users *users, const char *header);

/* Accepts NULL. */
void submission_users_destroy(struct submission_users *users);

#endif
