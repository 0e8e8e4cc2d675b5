/* SPDX-License-Identifier: Apache-2.0 */
/* A server of our own for the length of one command: this program again as a child process, on a
 * socket in a folder that nobody else may enter. */
#ifndef HASHVEIL_TOOLS_PRIVATE_SERVICE_H
#define HASHVEIL_TOOLS_PRIVATE_SERVICE_H

#include <stdatomic.h>
#include <sys/types.h>

#include <hashveil/status.h>

enum { PRIVATE_SERVICE_MAX_ARGUMENTS = 16, PRIVATE_FOLDER_BYTES = 96 };

/* Starts as {0}. */
struct private_service {
    pid_t pid;                         /* 0 when none runs */
    char folder[PRIVATE_FOLDER_BYTES]; /* "" when there is none */
    char socket[PRIVATE_FOLDER_BYTES + 8];
    char address[PRIVATE_FOLDER_BYTES + 16]; /* "unix:PATH" */
};

/* Starts `hashveil ARGUMENTS --listen ADDRESS` and waits until it answers. The child is told to
 * stop when this process dies, however it does.
 *
 * arguments     the words after "hashveil", then NULL; borrowed for the call
 * is_cancelled  ends the waiting when it turns true
 *
 * Errors: ERR_UNREACHABLE (it ended before it answered; it has told why), ERR_TIMEOUT,
 * ERR_CANCELLED, and those of making a folder. */
HASHVEIL_MUST_USE hashveil_status private_service_start(const char *const *arguments,
                                                        const atomic_bool *is_cancelled,
                                                        struct private_service *out);

/* Lets it finish, and removes its folder. Accepts a cleared struct. */
void private_service_stop(struct private_service *service);

#endif
