/* SPDX-License-Identifier: Apache-2.0 */
/* A Unix socket that a server listens on. */
#ifndef HASHVEIL_TOOLS_UNIX_LISTENER_H
#define HASHVEIL_TOOLS_UNIX_LISTENER_H

#include <sys/types.h>
#include <sys/un.h>

#include <hashveil/status.h>

struct unix_listener {
    int fd; /* owned, non-blocking */
    struct sockaddr_un address;
    dev_t device; /* of the socket's file, to know it again */
    ino_t inode;
};

/* Listens on "unix:PATH"; the file has mode 0600. A file that a dead server left behind is
 * replaced. Sets the process's umask for a moment: for the start of a program, with one thread.
 * Errors: ERR_ARGUMENT (another kind of address, or too long a path), ERR_BUSY (a server listens
 * there), ERR_EXISTS (a file that is no socket), and those of making a file. */
HASHVEIL_MUST_USE hashveil_status unix_listener_init(const char *address,
                                                     struct unix_listener *out);

/* Closes, and removes the file unless another server has replaced it. */
void unix_listener_clear(struct unix_listener *listener);

#endif
