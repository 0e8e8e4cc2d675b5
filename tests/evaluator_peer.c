/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluator_peer.h"

#include <hashveil/evaluator.h>
#include <hashveil/transport.h>

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_CLIENTS = 16, HEAD_MAX_BYTES = 1024, FIXED_FDS = 2 };

#define REQUEST_LINE "POST " HASHVEIL_PATH_EVALUATE " HTTP/1.1\r\n"

/* A request that comes in. */
struct client {
    char bytes[HEAD_MAX_BYTES + HASHVEIL_REQUEST_MAX_BYTES + 1];
    size_t len;
};

struct evaluator_peer {
    hashveil_evaluator *evaluator;
    size_t spoiled, requests;
    const char *answer;
    struct sockaddr_un address;
    pthread_t thread;
    /* The stop event, the listener, and the clients' sockets; -1 for none. */
    struct pollfd fds[FIXED_FDS + MAX_CLIENTS];
    struct client clients[MAX_CLIENTS];
};

static void demand(bool worked)
{
    if (!worked) {
        fputs("the evaluator peer failed\n", stderr);
        abort();
    }
}

static bool send_all(int fd, const void *bytes, size_t len)
{
    const char *next = bytes;
    while (len > 0) {
        const ssize_t put = send(fd, next, len, MSG_NOSIGNAL);
        if (put <= 0) {
            return false;
        }
        next += put;
        len -= (size_t)put;
    }
    return true;
}

static bool answer_request(struct evaluator_peer *peer, int fd, const uint8_t *body,
                           size_t body_len)
{
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    size_t len = 0;
    char head[80];
    peer->requests++;
    if (peer->requests == peer->spoiled) {
        return send_all(fd, peer->answer, strlen(peer->answer));
    }
    const hashveil_status status =
        hashveil_evaluator_respond(peer->evaluator, body, body_len, response, &len);
    const int head_len =
        snprintf(head, sizeof head, "HTTP/1.1 %d Text\r\nContent-Length: %zu\r\n\r\n",
                 hashveil_http_of_status(status), len);
    return send_all(fd, head, (size_t)head_len) && send_all(fd, response, len);
}

/* What the head says, or more than there is room for. */
static size_t body_len_of(const char *head)
{
    static const char field[] = "Content-Length: ";
    const char *found = strcasestr(head, field);
    return found ? strtoul(found + sizeof field - 1, NULL, 10) : SIZE_MAX / 2;
}

/* Returns whether the client may go on. Whoever asks for anything else is hung up on. */
static bool receive(struct evaluator_peer *peer, int fd, struct client *client)
{
    const size_t room = sizeof client->bytes - 1 - client->len; /* a NUL behind */
    const ssize_t got = recv(fd, client->bytes + client->len, room, 0);
    if (got <= 0) {
        return false;
    }
    client->len += (size_t)got;
    client->bytes[client->len] = '\0';
    const char *end = memmem(client->bytes, client->len, "\r\n\r\n", 4);
    const size_t head_len = end ? (size_t)(end - client->bytes) + 4 : 0;
    const size_t body_len = end ? body_len_of(client->bytes) : 0;
    if (head_len == 0 || client->len < head_len + body_len) {
        return client->len < sizeof client->bytes - 1;
    }
    const bool is_right = client->len == head_len + body_len &&
                          strncmp(client->bytes, REQUEST_LINE, strlen(REQUEST_LINE)) == 0;
    client->len = 0;
    return is_right &&
           answer_request(peer, fd, (const uint8_t *)client->bytes + head_len, body_len);
}

static void take_client(struct evaluator_peer *peer)
{
    const int fd = accept4(peer->fds[1].fd, NULL, NULL, SOCK_CLOEXEC);
    for (int i = 0; fd >= 0 && i < MAX_CLIENTS; i++) {
        if (peer->fds[FIXED_FDS + i].fd < 0) {
            peer->fds[FIXED_FDS + i].fd = fd;
            peer->clients[i].len = 0;
            return;
        }
    }
    demand(false);
}

static void *run(void *context)
{
    struct evaluator_peer *peer = context;
    for (;;) {
        demand(poll(peer->fds, FIXED_FDS + MAX_CLIENTS, -1) > 0);
        if (peer->fds[0].revents) {
            return NULL;
        }
        if (peer->fds[1].revents) {
            take_client(peer);
        }
        for (int i = 0; i < MAX_CLIENTS; i++) {
            struct pollfd *client = &peer->fds[FIXED_FDS + i];
            if (client->fd >= 0 && client->revents &&
                !receive(peer, client->fd, &peer->clients[i])) {
                close(client->fd);
                client->fd = -1;
            }
            client->revents = 0;
        }
    }
}

struct evaluator_peer *evaluator_peer_start(const char *path, const hashveil_key *key,
                                            size_t spoiled, const char *answer)
{
    struct evaluator_peer *peer = calloc(1, sizeof *peer);
    demand(peer && hashveil_evaluator_create(key, &peer->evaluator) == HASHVEIL_OK);
    peer->spoiled = spoiled;
    peer->answer = answer;
    peer->address.sun_family = AF_UNIX;
    snprintf(peer->address.sun_path, sizeof peer->address.sun_path, "%s", path);
    for (int i = 0; i < FIXED_FDS + MAX_CLIENTS; i++) {
        peer->fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
    }
    peer->fds[0].fd = eventfd(0, EFD_CLOEXEC);
    peer->fds[1].fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr *address = (const struct sockaddr *)&peer->address;
    demand(peer->fds[0].fd >= 0 && bind(peer->fds[1].fd, address, sizeof peer->address) == 0 &&
           listen(peer->fds[1].fd, MAX_CLIENTS) == 0 &&
           pthread_create(&peer->thread, NULL, run, peer) == 0);
    return peer;
}

size_t evaluator_peer_stop(struct evaluator_peer *peer)
{
    demand(eventfd_write(peer->fds[0].fd, 1) == 0 && pthread_join(peer->thread, NULL) == 0);
    for (int i = 0; i < FIXED_FDS + MAX_CLIENTS; i++) {
        if (peer->fds[i].fd >= 0) {
            close(peer->fds[i].fd);
        }
    }
    unlink(peer->address.sun_path);
    hashveil_evaluator_destroy(peer->evaluator);
    const size_t requests = peer->requests;
    free(peer);
    return requests;
}
