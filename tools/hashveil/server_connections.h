/* SPDX-License-Identifier: Apache-2.0 */
/* A server's open connections, so that none stays open for ever without a whole request: libevent's
 * own time limits begin anew with every byte. */
#ifndef HASHVEIL_TOOLS_SERVER_CONNECTIONS_H
#define HASHVEIL_TOOLS_SERVER_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bufferevent;

struct server_connection {
    struct bufferevent *stream; /* a reference is held */
    uint64_t since_ms;          /* when it came, or had its last answer */
    bool is_answering;          /* a request is at work: no time runs */
};

/* Starts as {0}. */
struct server_connections {
    struct server_connection *list; /* owned */
    size_t count, room;
};

/* Takes a new connection. Returns false without memory. */
bool server_connections_add(struct server_connections *connections, struct bufferevent *stream,
                            uint64_t now_ms);

/* A whole request has come (is_answering), or its answer is given. */
void server_connections_note(struct server_connections *connections,
                             const struct bufferevent *stream, uint64_t now_ms, bool is_answering);

/* Lets go of those that libevent has freed, and ends those that have had limit_ms. Returns how many
 * it ended. */
size_t server_connections_sweep(struct server_connections *connections, uint64_t now_ms,
                                uint64_t limit_ms);

void server_connections_clear(struct server_connections *connections);

#endif
