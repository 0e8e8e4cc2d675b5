/* SPDX-License-Identifier: Apache-2.0 */
#include "http_server.h"

#include "output.h"
#include "unix_listener.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hashveil/transport.h>

enum {
    IDLE_TIMEOUT_S = 60, /* a client that neither sends nor takes bytes for so long is cut off */
    MAX_HEADER_BYTES = 8192,
    ACCEPT_PAUSE_MS = 100,
    DRAIN_STEP_MS = 20,
    MAX_DRAIN_STEPS = 250 /* a client that goes on asking is left then */
};

static const int stop_signals[] = {SIGTERM, SIGINT, SIGHUP};
enum { STOP_SIGNALS = sizeof stop_signals / sizeof *stop_signals };

struct http_server {
    const struct http_service *service;
    struct event_base *base;
    struct evhttp *http;
    struct evconnlistener *listener; /* owned by http once that has it */
    struct event *stop_events[STOP_SIGNALS];
    struct event *drain_timer;
    struct http_answer answer; /* bytes: owned; of the request at hand */
    uint64_t requests;         /* answered */
    uint64_t requests_seen;    /* of them at the last step of draining */
    unsigned drain_steps;
    bool is_draining;
};

hashveil_status http_answer_health(void *context, const uint8_t *body, size_t len,
                                   struct http_answer *out)
{
    static const uint8_t text[] = {'o', 'k', '\n'};
    (void)context;
    (void)body;
    (void)len;
    memcpy(out->bytes, text, sizeof text);
    out->len = sizeof text;
    return HASHVEIL_OK;
}

static void reply(const struct http_server *server, struct evhttp_request *request, int code)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    struct evbuffer *body = evbuffer_new();
    if (server->is_draining) {
        evhttp_add_header(headers, "Connection", "close");
    }
    evhttp_add_header(headers, "Content-Type", "application/octet-stream");
    if (!body || evbuffer_add(body, server->answer.bytes, server->answer.len) != 0) {
        code = hashveil_http_of_status(HASHVEIL_ERR_NO_MEMORY);
    }
    evhttp_send_reply(request, code, NULL, body);
    if (body) {
        evbuffer_free(body);
    }
}

/* Returns the row for a request, or NULL with the HTTP number to answer in code_out. */
static const struct http_route *find_route(const struct http_server *server,
                                           const struct evhttp_request *request, int *code_out)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    *code_out = HTTP_NOTFOUND;
    for (const struct http_route *route = server->service->routes; path && route->path; route++) {
        if (strcmp(path, route->path) == 0) {
            if (evhttp_request_get_command(request) == route->method) {
                return route;
            }
            *code_out = HTTP_BADMETHOD;
        }
    }
    return NULL;
}

static void on_request(struct evhttp_request *request, void *context)
{
    static const uint8_t nothing[1];
    struct http_server *server = context;
    struct evbuffer *input = evhttp_request_get_input_buffer(request);
    const size_t len = evbuffer_get_length(input);
    const uint8_t *body = len > 0 ? evbuffer_pullup(input, -1) : nothing;
    int code = HTTP_NOTFOUND;

    server->requests++;
    server->answer.len = 0;
    const struct http_route *route = find_route(server, request, &code);
    if (route) {
        const hashveil_status status =
            body ? route->handle(server->service->context, body, len, &server->answer)
                 : HASHVEIL_ERR_NO_MEMORY;
        code = hashveil_http_of_status(status);
        if (status != HASHVEIL_OK) {
            server->answer.len = 0;
        }
    }
    reply(server, request, code);
}

static void schedule_drain_step(const struct http_server *server)
{
    const struct timeval pause = {.tv_usec = DRAIN_STEP_MS * 1000L};
    event_add(server->drain_timer, &pause);
}

static void on_stop_signal(evutil_socket_t number, short events, void *context)
{
    struct http_server *server = context;
    (void)number;
    (void)events;
    server->is_draining = true;
    server->requests_seen = server->requests;
    schedule_drain_step(server);
}

/* Stops at the first step in which nobody asked anything. Answers are smaller than a socket's
 * buffer, so that those given in earlier steps are on their way. */
static void on_drain_step(evutil_socket_t number, short events, void *context)
{
    struct http_server *server = context;
    (void)number;
    (void)events;
    evconnlistener_disable(server->listener);
    server->drain_steps++;
    if (server->requests == server->requests_seen || server->drain_steps == MAX_DRAIN_STEPS) {
        event_base_loopbreak(server->base);
        return;
    }
    server->requests_seen = server->requests;
    schedule_drain_step(server);
}

static void on_accept_pause_end(evutil_socket_t number, short events, void *context)
{
    struct evconnlistener *listener = context;
    (void)number;
    (void)events;
    evconnlistener_enable(listener);
}

/* Out of file descriptors, most likely: without a pause the loop would only try again and again.
 * context belongs to evhttp, which has set its own. */
static void on_accept_error(struct evconnlistener *listener, void *context)
{
    const struct timeval pause = {.tv_usec = ACCEPT_PAUSE_MS * 1000L};
    (void)context;
    evconnlistener_disable(listener);
    if (event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT, on_accept_pause_end,
                        listener, &pause) != 0) {
        evconnlistener_enable(listener);
    }
}

/* Clients' mistakes are answered to the clients; only the library's own troubles are told. */
static void log_event(int severity, const char *message)
{
    if (severity == EVENT_LOG_ERR) {
        complain("event loop", "%s", message);
    }
}

static bool add_events(struct http_server *server)
{
    server->drain_timer = evtimer_new(server->base, on_drain_step, server);
    bool added = server->drain_timer;
    for (size_t i = 0; i < STOP_SIGNALS && added; i++) {
        server->stop_events[i] =
            evsignal_new(server->base, stop_signals[i], on_stop_signal, server);
        added = server->stop_events[i] && event_add(server->stop_events[i], NULL) == 0;
    }
    return added;
}

/* The listener keeps its descriptor: unix_listener_clear closes that. */
static bool add_http(struct http_server *server, int fd)
{
    server->listener = evconnlistener_new(server->base, NULL, NULL,
                                          LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED, 0, fd);
    server->http = server->listener ? evhttp_new(server->base) : NULL;
    if (!server->http || !evhttp_bind_listener(server->http, server->listener)) {
        return false;
    }
    evconnlistener_set_error_cb(server->listener, on_accept_error);
    evhttp_set_allowed_methods(server->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
    evhttp_set_max_headers_size(server->http, MAX_HEADER_BYTES);
    evhttp_set_max_body_size(server->http, (ev_ssize_t)server->service->max_body_bytes);
    evhttp_set_timeout(server->http, IDLE_TIMEOUT_S);
    evhttp_set_gencb(server->http, on_request, server);
    evconnlistener_enable(server->listener);
    return true;
}

static void http_server_clear(struct http_server *server)
{
    if (server->http) {
        evhttp_free(server->http);
    } else if (server->listener) {
        evconnlistener_free(server->listener);
    }
    for (size_t i = 0; i < STOP_SIGNALS; i++) {
        if (server->stop_events[i]) {
            event_free(server->stop_events[i]);
        }
    }
    if (server->drain_timer) {
        event_free(server->drain_timer);
    }
    if (server->base) {
        event_base_free(server->base);
    }
    free(server->answer.bytes);
}

static hashveil_status serve(const char *address, const struct http_service *service,
                             const struct unix_listener *listener)
{
    struct http_server server = {.service = service};
    hashveil_status status = HASHVEIL_OK;

    event_set_log_callback(log_event);
    server.base = event_base_new();
    server.answer.bytes = malloc(service->max_answer_bytes);
    if (!server.base || !server.answer.bytes || !add_events(&server) ||
        !add_http(&server, listener->fd)) {
        status = HASHVEIL_ERR_NO_MEMORY;
        goto done;
    }
    printf("listening on %s\n", address);
    if (event_base_dispatch(server.base) != 0) {
        status = HASHVEIL_ERR_IO;
    }
done:
    http_server_clear(&server);
    return status;
}

bool http_serve(const char *address, const struct http_service *service)
{
    struct unix_listener listener;
    hashveil_status status = unix_listener_init(address, &listener);
    if (status == HASHVEIL_OK) {
        status = serve(address, service, &listener);
        unix_listener_clear(&listener);
    }
    if (status == HASHVEIL_ERR_BUSY) {
        complain(address, "another server is listening there");
    } else if (status == HASHVEIL_ERR_EXISTS) {
        complain(address, "there is a file of that name, and it is no socket");
    } else if (status != HASHVEIL_OK) {
        complain_status(address, status);
    }
    return status == HASHVEIL_OK;
}
