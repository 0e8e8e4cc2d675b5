/* SPDX-License-Identifier: Apache-2.0 */
#include "web_server.h"

#include "output.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDLE_TIMEOUT_S = 60, MAX_HEADER_BYTES = 8192, LAST_ANSWERS_US = 100000 };

static const int stop_signals[] = {SIGTERM, SIGINT};
enum { STOP_SIGNALS = sizeof stop_signals / sizeof *stop_signals };

/* Starts as {0}. */
struct web_server {
    const struct web_service *service;
    struct event_base *base;
    struct evhttp *http;
    struct evconnlistener *listener; /* http's */
    struct event *stop_events[STOP_SIGNALS];
};

static const char *const local_hosts[] = {"127.0.0.1", "[::1]", "localhost"};
static const char scheme[] = "http://";

/* Finds which local host a text begins with. rest_out: what follows. Returns NULL for none. */
static const char *local_host_of(const char *text, const char **rest_out)
{
    for (size_t i = 0; i < sizeof local_hosts / sizeof *local_hosts; i++) {
        const size_t len = strlen(local_hosts[i]);
        if (strncmp(text, local_hosts[i], len) == 0) {
            *rest_out = text + len;
            return local_hosts[i];
        }
    }
    return NULL;
}

/* Returns the host of an address, static, with its port; or NULL when it is not local. */
static const char *split_address(const char *address, unsigned long *port_out)
{
    const char *rest;
    if (strncmp(address, scheme, sizeof scheme - 1) != 0) {
        return NULL;
    }
    const char *host = local_host_of(address + sizeof scheme - 1, &rest);
    if (!host || rest[0] != ':' || rest[1] < '0' || rest[1] > '9') {
        return NULL;
    }
    char *end;
    *port_out = strtoul(rest + 1, &end, 10);
    return *end == '\0' && *port_out <= UINT16_MAX ? host : NULL;
}

bool web_address_is_local(const char *address)
{
    unsigned long port;
    return split_address(address, &port) != NULL;
}

const char *web_header(const struct web_request *request, const char *name)
{
    return evhttp_find_header(evhttp_request_get_input_headers(request->source), name);
}

static bool is_for_us(const struct web_request *request)
{
    const char *host = web_header(request, "Host");
    const char *rest;
    return host && local_host_of(host, &rest) && (*rest == ':' || *rest == '\0');
}

static void reply(struct evhttp_request *source, const struct web_answer *answer)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(source);
    struct evbuffer *content = evbuffer_new();
    for (size_t i = 0; i < answer->header_count; i++) {
        evhttp_add_header(headers, answer->headers[i].name, answer->headers[i].value);
    }
    if (content && answer->content) {
        evhttp_add_header(headers, "Content-Type", answer->type);
        evbuffer_add(content, answer->content, strlen(answer->content));
    }
    evhttp_send_reply(source, answer->http_status ? (int)answer->http_status : HTTP_INTERNAL, NULL,
                      content);
    if (content) {
        evbuffer_free(content);
    }
}

static void on_request(struct evhttp_request *source, void *context)
{
    const struct web_server *server = context;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(source);
    struct evbuffer *input = evhttp_request_get_input_buffer(source);
    const char *query = uri ? evhttp_uri_get_query(uri) : NULL;
    struct web_request request = {
        .is_post = evhttp_request_get_command(source) == EVHTTP_REQ_POST,
        .path = uri ? evhttp_uri_get_path(uri) : NULL,
        .query = query ? query : "",
        .body = (const uint8_t *)"",
        .len = evbuffer_get_length(input),
        .source = source,
    };
    struct web_answer answer = {0};
    if (request.len > 0) {
        request.body = evbuffer_pullup(input, -1);
    }
    if (!request.path) {
        answer.http_status = HTTP_BADREQUEST;
    } else if (!is_for_us(&request)) {
        answer.http_status = 421; /* misdirected, RFC 9110 section 15.5.20 */
    } else if (request.body) {
        server->service->answer(server->service->context, &request, &answer);
    }
    reply(source, &answer);
    free(answer.content);
}

static void on_stop_signal(evutil_socket_t number, short events, void *context)
{
    const struct web_server *server = context;
    const struct timeval last_answers = {.tv_usec = LAST_ANSWERS_US};
    (void)number;
    (void)events;
    evconnlistener_disable(server->listener);
    event_base_loopexit(server->base, &last_answers);
}

static bool add_signals(struct web_server *server)
{
    bool added = true;
    for (size_t i = 0; i < STOP_SIGNALS && added; i++) {
        server->stop_events[i] =
            evsignal_new(server->base, stop_signals[i], on_stop_signal, server);
        added = server->stop_events[i] && event_add(server->stop_events[i], NULL) == 0;
    }
    return added;
}

/* Clients' mistakes are answered to the clients; only the library's own troubles are told. */
static void log_event(int severity, const char *message)
{
    if (severity == EVENT_LOG_ERR) {
        complain("event loop", "%s", message);
    }
}

static bool add_http(struct web_server *server)
{
    server->base = event_base_new();
    server->http = server->base ? evhttp_new(server->base) : NULL;
    if (!server->http || !add_signals(server)) {
        return false;
    }
    evhttp_set_allowed_methods(server->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
    evhttp_set_max_headers_size(server->http, MAX_HEADER_BYTES);
    evhttp_set_max_body_size(server->http, (ev_ssize_t)server->service->max_body_bytes);
    evhttp_set_timeout(server->http, IDLE_TIMEOUT_S);
    evhttp_set_gencb(server->http, on_request, server);
    return true;
}

/* Returns the port of a socket that is bound to a loopback address. */
static unsigned port_of(evutil_socket_t fd)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    uint16_t port = 0;
    if (getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
        /* both kinds have the port at the same place */
        memcpy(&port, (const char *)&address + offsetof(struct sockaddr_in, sin_port), sizeof port);
    }
    return ntohs(port);
}

static bool listen_on(struct web_server *server, const char *host, uint16_t port)
{
    const char *name = strcmp(host, "[::1]") == 0 ? "::1" : "127.0.0.1";
    struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(server->http, name, port);
    if (!bound) {
        return false;
    }
    server->listener = evhttp_bound_socket_get_listener(bound);
    printf("%s on %s%s:%u\n", server->service->name, scheme, host,
           port_of(evhttp_bound_socket_get_fd(bound)));
    return true;
}

static void web_server_clear(struct web_server *server)
{
    if (server->http) {
        evhttp_free(server->http);
    }
    for (size_t i = 0; i < STOP_SIGNALS; i++) {
        if (server->stop_events[i]) {
            event_free(server->stop_events[i]);
        }
    }
    if (server->base) {
        event_base_free(server->base);
    }
}

bool web_serve(const char *address, const struct web_service *service)
{
    struct web_server server = {.service = service};
    unsigned long port;
    const char *host = split_address(address, &port);
    bool is_served = false;
    if (!host) {
        complain(address, "not an address of this machine alone");
        return false;
    }
    event_set_log_callback(log_event);
    if (!add_http(&server)) {
        complain_status(address, HASHVEIL_ERR_NO_MEMORY);
    } else if (!listen_on(&server, host, (uint16_t)port)) {
        complain(address, "cannot listen there: %s", strerror(errno));
    } else {
        is_served = event_base_dispatch(server.base) == 0;
    }
    web_server_clear(&server);
    return is_served;
}
