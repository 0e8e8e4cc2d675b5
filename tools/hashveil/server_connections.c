/* SPDX-License-Identifier: Apache-2.0 */
#include "server_connections.h"

#include <event2/bufferevent.h>
#include <stdlib.h>

bool server_connections_add(struct server_connections *connections, struct bufferevent *stream,
                            uint64_t now_ms)
{
    enum { FIRST_ROOM = 64 };
    if (connections->count == connections->room) {
        const size_t room = connections->room > 0 ? 2 * connections->room : FIRST_ROOM;
        struct server_connection *longer =
            reallocarray(connections->list, room, sizeof *connections->list);
        if (!longer) {
            return false;
        }
        connections->list = longer;
        connections->room = room;
    }
    bufferevent_incref(stream);
    connections->list[connections->count++] =
        (struct server_connection){.stream = stream, .since_ms = now_ms};
    return true;
}

void server_connections_note(struct server_connections *connections,
                             const struct bufferevent *stream, uint64_t now_ms, bool is_answering)
{
    for (size_t i = 0; i < connections->count; i++) {
        if (connections->list[i].stream == stream) {
            connections->list[i].since_ms = now_ms;
            connections->list[i].is_answering = is_answering;
            return;
        }
    }
}

/* libevent takes its callbacks off when it frees a connection; ours is then the last reference. */
static bool is_freed(struct bufferevent *stream)
{
    bufferevent_event_cb on_event = NULL;
    bufferevent_getcb(stream, NULL, NULL, &on_event, NULL);
    return !on_event;
}

size_t server_connections_sweep(struct server_connections *connections, uint64_t now_ms,
                                uint64_t limit_ms)
{
    size_t kept = 0;
    size_t ended = 0;
    for (size_t i = 0; i < connections->count; i++) {
        const struct server_connection one = connections->list[i];
        if (is_freed(one.stream)) {
            bufferevent_decref(one.stream);
            continue;
        }
        if (!one.is_answering && now_ms - one.since_ms >= limit_ms) {
            /* As if the peer had fallen silent: libevent closes it. */
            bufferevent_trigger_event(one.stream, BEV_EVENT_TIMEOUT | BEV_EVENT_READING, 0);
            ended++;
        }
        connections->list[kept++] = one;
    }
    connections->count = kept;
    return ended;
}

void server_connections_clear(struct server_connections *connections)
{
    for (size_t i = 0; i < connections->count; i++) {
        bufferevent_decref(connections->list[i].stream);
    }
    free(connections->list);
    *connections = (struct server_connections){0};
}
