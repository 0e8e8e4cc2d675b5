/* SPDX-License-Identifier: Apache-2.0 */
#include "http_parts.h"

#include "output.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <string.h>

enum { MAX_HEADER_BYTES = 8192, ACCEPT_PAUSE_MS = 100 };

void http_set_accepting(struct http_server *server, bool is_accepting)
{
    for (size_t i = 0; i < server->listener_count; i++) {
        (void)(is_accepting ? evconnlistener_enable(server->accepting[i])
                            : evconnlistener_disable(server->accepting[i]));
    }
}

/* Makes the stream of a new connection. */
static struct bufferevent *on_connection(struct event_base *base, void *context)
{
    const struct gate *gate = context;
    struct http_server *server = gate->server;
    SSL *ssl = gate->is_tls ? SSL_new(server->tls) : NULL;
    struct bufferevent *stream = NULL;
    if (gate->is_tls && ssl) {
        stream = bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                                BEV_OPT_CLOSE_ON_FREE);
        if (stream) {
            bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
        } else {
            SSL_free(ssl);
        }
    } else if (!gate->is_tls) {
        stream = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    }
    server->metrics.connections++;
    if (stream && !server_connections_add(&server->connections, stream, http_now_ms())) {
        bufferevent_free(stream);
        return NULL;
    }
    if (server->connections.count >= server->options->max_connections) {
        server->is_full = true;
        http_set_accepting(server, false);
    }
    return stream;
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

static bool open_gate(struct http_server *server, bool is_tls)
{
    struct gate *gate = &server->gates[is_tls];
    if (gate->http) {
        return true;
    }
    *gate = (struct gate){.server = server, .is_tls = is_tls, .http = evhttp_new(server->base)};
    if (!gate->http) {
        return false;
    }
    evhttp_set_allowed_methods(gate->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
    evhttp_set_max_headers_size(gate->http, MAX_HEADER_BYTES);
    evhttp_set_max_body_size(gate->http, (ev_ssize_t)server->service->max_body_bytes);
    evhttp_set_timeout(gate->http, (int)server->options->request_timeout_s);
    evhttp_set_bevcb(gate->http, on_connection, gate);
    evhttp_set_gencb(gate->http, http_on_request, gate);
    return true;
}

/* The listener keeps its descriptor: listener_close closes that. */
static bool accept_at(struct http_server *server, size_t i)
{
    const struct listener *listener = &server->listeners[i];
    if (!open_gate(server, listener->is_tls)) {
        return false;
    }
    struct evconnlistener *accepting = evconnlistener_new(
        server->base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED, 0, listener->fd);
    if (!accepting || !evhttp_bind_listener(server->gates[listener->is_tls].http, accepting)) {
        if (accepting) {
            evconnlistener_free(accepting);
        }
        return false;
    }
    server->accepting[i] = accepting;
    evconnlistener_set_error_cb(accepting, on_accept_error);
    evconnlistener_enable(accepting);
    return true;
}

bool http_open_listeners(struct http_server *server)
{
    const struct server_options *options = server->options;
    for (size_t i = 0; i < options->address_count; i++) {
        const size_t room = SERVER_MAX_LISTENERS - server->listener_count;
        struct listener *next = &server->listeners[server->listener_count];
        int opened = 0;
        if (strcmp(options->addresses[i], "systemd") == 0) {
            opened = listener_take(next, room);
        } else if (room > 0) {
            opened = listener_open(options->addresses[i], next) ? 1 : -1;
        }
        if (opened < 0) {
            return false;
        }
        server->listener_count += (size_t)opened;
    }
    bool has_tls = false;
    for (size_t i = 0; i < server->listener_count; i++) {
        has_tls |= server->listeners[i].is_tls;
    }
    if (has_tls && !options->tls.certificate_path) {
        complain("systemd", "a socket that others may reach needs --certificate");
        return false;
    }
    server->tls = has_tls ? server_tls_load(&options->tls) : NULL;
    return server->tls || !has_tls;
}

bool http_accept(struct http_server *server)
{
    bool is_ready = true;
    for (size_t i = 0; i < server->listener_count && is_ready; i++) {
        is_ready = accept_at(server, i);
    }
    return is_ready;
}
