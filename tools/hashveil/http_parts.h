/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of an HTTP server share: http_server.c has its life, http_gates.c its connections,
 * http_requests.c what comes over them. */
#ifndef HASHVEIL_TOOLS_HTTP_PARTS_H
#define HASHVEIL_TOOLS_HTTP_PARTS_H

#include "http_server.h"
#include "job_queue.h"
#include "listener.h"
#include "server_connections.h"

#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdint.h>

enum { HTTP_STOP_SIGNALS = 2, HTTP_GATES = 2 };

/* Connections of one sort. */
struct gate {
    struct http_server *server;
    bool is_tls;
    struct evhttp *http; /* NULL without a listener of this sort */
};

struct http_server {
    const struct http_service *service;
    const struct server_options *options;
    struct event_base *base;
    struct gate gates[HTTP_GATES]; /* plain, TLS */
    struct listener listeners[SERVER_MAX_LISTENERS];
    struct evconnlistener *accepting[SERVER_MAX_LISTENERS]; /* the gates' */
    size_t listener_count;
    SSL_CTX *tls; /* NULL without TLS */
    struct event *stop_events[HTTP_STOP_SIGNALS], *reload_event, *done_event;
    struct event *sweep_timer, *drain_timer;
    struct job_queue *queue; /* NULL without workers */
    struct server_connections connections;
    struct server_metrics metrics;
    size_t answer_room;        /* bytes that each answer may have */
    struct http_answer answer; /* bytes: owned; of a request that is answered at once */
    uint64_t requests;         /* seen */
    uint64_t answered_before;  /* answers at the last step of draining */
    uint64_t at_work;          /* with the workers */
    unsigned drain_steps;
    bool is_draining, is_full;
};

/* Of the clock that no one sets. */
uint64_t http_now_us(void);
uint64_t http_now_ms(void);

/* Opens the sockets, and loads what TLS needs. Returns false after a message. */
bool http_open_listeners(struct http_server *server);

/* Begins to accept connections. Returns false without memory. */
bool http_accept(struct http_server *server);

void http_set_accepting(struct http_server *server, bool is_accepting);

/* For evhttp; context: the gate. */
void http_on_request(struct evhttp_request *source, void *context);

/* For the event of the queue's descriptor; context: the server. */
void http_on_done(evutil_socket_t number, short events, void *context);

/* Waits for what is with the workers, when nobody waits for the answers any more. */
void http_drop_jobs(struct http_server *server);

#endif
