/* SPDX-License-Identifier: Apache-2.0 */
#include "scripted_peer.h"

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

struct running_peer {
    struct peer peer; /* first: what the test holds */
    const struct peer_step *steps;
    size_t step_count;
    struct sockaddr_un address;
    int listener, stop_event;
    pthread_t thread;
};

/* Returns whether fd can be used before the peer is stopped. */
static bool wait_for(const struct running_peer *peer, int fd, short events)
{
    struct pollfd fds[] = {{.fd = fd, .events = events},
                           {.fd = peer->stop_event, .events = POLLIN}};
    return poll(fds, 2, -1) > 0 && !fds[1].revents;
}

static bool send_text(const struct running_peer *peer, int fd, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        if (!wait_for(peer, fd, POLLOUT)) {
            return false;
        }
        const ssize_t put = send(fd, text, left, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put <= 0) {
            return false;
        }
        text += put;
        left -= (size_t)put;
    }
    return true;
}

static void wait_for_hang_up(const struct running_peer *peer, int fd)
{
    char ignored[256];
    while (wait_for(peer, fd, POLLIN) && recv(fd, ignored, sizeof ignored, 0) > 0) {
    }
}

/* Returns the length of the whole request once its head is there, else 0. */
static size_t request_len(struct peer_request *request)
{
    const char *head_end = memmem(request->bytes, request->len, "\r\n\r\n", 4);
    if (!head_end) {
        return 0;
    }
    request->head_len = (size_t)(head_end - request->bytes) + 4;
    const char *field = memmem(request->bytes, request->head_len, "Content-Length:", 15);
    return request->head_len + (field ? strtoul(field + 15, NULL, 10) : 0);
}

static bool receive(const struct running_peer *peer, int fd, struct peer_request *out)
{
    out->len = 0;
    for (;;) {
        const size_t whole_len = request_len(out);
        if (whole_len > 0 && out->len >= whole_len) {
            return out->len == whole_len;
        }
        if (out->len == sizeof out->bytes || !wait_for(peer, fd, POLLIN)) {
            return false;
        }
        const ssize_t got = recv(fd, out->bytes + out->len, sizeof out->bytes - out->len, 0);
        if (got <= 0) {
            return false;
        }
        out->len += (size_t)got;
    }
}

/* Plays one step; returns whether the client may ask again. */
static bool play(struct running_peer *peer, int fd, const struct peer_step *step)
{
    bool is_open = send_text(peer, fd, step->answer);
    switch (step->end) {
    case PEER_KEEPS:
        return is_open;
    case PEER_CLOSES:
    case PEER_RESETS:
        break;
    case PEER_WAITS:
        wait_for_hang_up(peer, fd);
        break;
    case PEER_FLOODS:
        while (is_open) {
            is_open = send_text(peer, fd, step->flood);
        }
        break;
    case PEER_DIES:
        shutdown(peer->listener, SHUT_RDWR);
        unlink(peer->address.sun_path);
        break;
    }
    return false;
}

static void serve(struct running_peer *peer, int fd)
{
    struct peer *log = &peer->peer;
    bool goes_on = true;
    while (goes_on && log->request_count < PEER_MAX_REQUESTS) {
        const size_t last = peer->step_count - 1;
        const struct peer_step *step =
            &peer->steps[log->request_count < last ? log->request_count : last];
        const bool is_received = step->end == PEER_RESETS
                                     ? wait_for(peer, fd, POLLIN)
                                     : receive(peer, fd, &log->requests[log->request_count]);
        log->request_count += is_received;
        goes_on = is_received && play(peer, fd, step);
    }
}

static void *run(void *context)
{
    struct running_peer *peer = context;
    while (wait_for(peer, peer->listener, POLLIN)) {
        const int fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) {
            break;
        }
        peer->peer.connection_count++;
        serve(peer, fd);
        close(fd);
    }
    return NULL;
}

struct peer *peer_start(const char *path, const struct peer_step *steps, size_t count)
{
    struct running_peer *peer = calloc(1, sizeof *peer);
    if (!peer) {
        return NULL;
    }
    peer->steps = steps;
    peer->step_count = count;
    peer->address.sun_family = AF_UNIX;
    snprintf(peer->address.sun_path, sizeof peer->address.sun_path, "%s", path);
    peer->stop_event = eventfd(0, EFD_CLOEXEC);
    peer->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (peer->stop_event < 0 || peer->listener < 0 ||
        bind(peer->listener, (const struct sockaddr *)&peer->address, sizeof peer->address) != 0 ||
        listen(peer->listener, 8) != 0 || pthread_create(&peer->thread, NULL, run, peer) != 0) {
        close(peer->stop_event);
        close(peer->listener);
        free(peer);
        return NULL;
    }
    return &peer->peer;
}

void peer_stop(struct peer *peer)
{
    struct running_peer *running = (struct running_peer *)peer;
    eventfd_write(running->stop_event, 1);
    pthread_join(running->thread, NULL);
    close(running->stop_event);
    close(running->listener);
    unlink(running->address.sun_path);
}

void peer_free(struct peer *peer)
{
    free(peer);
}
