/* SPDX-License-Identifier: Apache-2.0 */
/* A socket that a server listens on. */
#ifndef HASHVEIL_TOOLS_LISTENER_H
#define HASHVEIL_TOOLS_LISTENER_H

#include "unix_listener.h"

#include <stdbool.h>
#include <stddef.h>

enum { LISTENER_ADDRESS_BYTES = 320 };

struct listener {
    int fd; /* owned, non-blocking */
    bool is_tls, is_unix;
    struct unix_listener unix_socket; /* where is_unix; holds the same fd */
    /* As clients say it; of port 0 with the port that the system chose. */
    char address[LISTENER_ADDRESS_BYTES];
};

/* Returns whether a text is an address to listen on: "unix:PATH", "https://HOST:PORT",
 * "http://HOST:PORT" where HOST is this machine alone, or "systemd" for the sockets that systemd
 * hands over. */
bool listener_is_address(const char *text);

/* Opens the socket of an address that is not "systemd". Returns false after a message. */
bool listener_open(const char *address, struct listener *out);

/* Takes the sockets that systemd hands over (sd_listen_fds(3)), at most room. One of a TCP port is
 * spoken TLS on unless it is of this machine alone. Returns how many, or -1 after a message. */
int listener_take(struct listener *out, size_t room);

void listener_close(struct listener *listener);

#endif
