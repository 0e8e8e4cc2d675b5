/* SPDX-License-Identifier: Apache-2.0 */
#include "http_parts.h"

#include "output.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum {
    SWEEP_MS = 50,
    DRAIN_STEP_MS = 20,
    MAX_DRAIN_STEPS = 250, /* a client that goes on asking is left then */
    JOBS_A_WORKER = 64
};

static const int stop_signals[HTTP_STOP_SIGNALS] = {SIGTERM, SIGINT};

static void add_timer(struct event *timer, long ms)
{
    const struct timeval pause = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    event_add(timer, &pause);
}

static void on_sweep(evutil_socket_t number, short events, void *context)
{
    struct http_server *server = context;
    (void)number;
    (void)events;
    server->metrics.connections_cut += server_connections_sweep(
        &server->connections, http_now_ms(), server->options->request_timeout_s * UINT64_C(1000));
    if (server->is_full && !server->is_draining &&
        server->connections.count < server->options->max_connections) {
        server->is_full = false;
        http_set_accepting(server, true);
    }
    add_timer(server->sweep_timer, SWEEP_MS);
}

static void on_stop_signal(evutil_socket_t number, short events, void *context)
{
    struct http_server *server = context;
    (void)number;
    (void)events;
    server->is_draining = true;
    server->answered_before = server->metrics.timed;
    add_timer(server->drain_timer, DRAIN_STEP_MS);
}

/* Stops at the first step by which all that ever came had been answered at the step before: answers
 * are smaller than a socket's buffer, so that those are on their way. */
static void on_drain_step(evutil_socket_t number, short events, void *context)
{
    struct http_server *server = context;
    (void)number;
    (void)events;
    http_set_accepting(server, false);
    server->drain_steps++;
    if (server->requests == server->answered_before || server->drain_steps == MAX_DRAIN_STEPS) {
        event_base_loopbreak(server->base);
        return;
    }
    server->answered_before = server->metrics.timed;
    add_timer(server->drain_timer, DRAIN_STEP_MS);
}

/* What cannot be read anew stays as it was. */
static void on_reload_signal(evutil_socket_t number, short events, void *context)
{
    struct http_server *server = context;
    (void)number;
    (void)events;
    SSL_CTX *tls = server->tls ? server_tls_load(&server->options->tls) : NULL;
    if (tls) {
        SSL_CTX_free(server->tls);
        server->tls = tls;
    }
    if (server->service->reload) {
        server->service->reload(server->service->context);
    }
}

/* Clients' mistakes are answered to the clients; only the library's own troubles are told. */
static void log_event(int severity, const char *message)
{
    if (severity == EVENT_LOG_ERR) {
        complain("event loop", "%s", message);
    }
}

static bool add_signal(struct http_server *server, int number, event_callback_fn on_signal,
                       struct event **out)
{
    *out = evsignal_new(server->base, number, on_signal, server);
    return *out && event_add(*out, NULL) == 0;
}

static bool add_events(struct http_server *server)
{
    server->drain_timer = evtimer_new(server->base, on_drain_step, server);
    server->sweep_timer = evtimer_new(server->base, on_sweep, server);
    bool added = server->drain_timer && server->sweep_timer &&
                 add_signal(server, SIGHUP, on_reload_signal, &server->reload_event);
    for (size_t i = 0; i < HTTP_STOP_SIGNALS && added; i++) {
        added = add_signal(server, stop_signals[i], on_stop_signal, &server->stop_events[i]);
    }
    if (added && server->queue) {
        server->done_event = event_new(server->base, job_queue_fd(server->queue),
                                       EV_READ | EV_PERSIST, http_on_done, server);
        added = server->done_event && event_add(server->done_event, NULL) == 0;
    }
    if (added) {
        add_timer(server->sweep_timer, SWEEP_MS);
    }
    return added;
}

static void free_event(struct event *event)
{
    if (event) {
        event_free(event);
    }
}

static void http_server_clear(struct http_server *server)
{
    for (size_t i = 0; i < HTTP_GATES; i++) {
        if (server->gates[i].http) {
            evhttp_free(server->gates[i].http);
        }
    }
    server_connections_clear(&server->connections);
    for (size_t i = 0; i < HTTP_STOP_SIGNALS; i++) {
        free_event(server->stop_events[i]);
    }
    free_event(server->reload_event);
    free_event(server->done_event);
    free_event(server->sweep_timer);
    free_event(server->drain_timer);
    if (server->base) {
        event_base_free(server->base);
    }
    for (size_t i = 0; i < server->listener_count; i++) {
        listener_close(&server->listeners[i]);
    }
    SSL_CTX_free(server->tls);
    free(server->answer.bytes);
}

/* As many descriptors as the system lets us have: each connection takes one. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Returns false without memory. */
static bool prepare(struct http_server *server)
{
    const struct http_service *service = server->service;
    server->answer_room = service->max_answer_bytes > SERVER_METRICS_BYTES
                              ? service->max_answer_bytes
                              : SERVER_METRICS_BYTES;
    event_set_log_callback(log_event);
    server->base = event_base_new();
    server->answer.bytes = malloc(server->answer_room);
    if (service->workers > 0) {
        server->queue = job_queue_start(service->workers, (size_t)service->workers * JOBS_A_WORKER);
    }
    return server->base && server->answer.bytes && (server->queue || service->workers == 0) &&
           add_events(server) && http_accept(server);
}

bool http_serve(const struct server_options *options, const struct http_service *service)
{
    struct server_options with_defaults = *options;
    struct http_server server = {.service = service, .options = &with_defaults};
    if (with_defaults.max_connections == 0) {
        with_defaults.max_connections = SERVER_MAX_CONNECTIONS;
    }
    if (with_defaults.request_timeout_s == 0) {
        with_defaults.request_timeout_s = SERVER_REQUEST_TIMEOUT_S;
    }
    raise_descriptor_limit();
    bool is_served = http_open_listeners(&server);
    if (is_served && !prepare(&server)) {
        complain_status("server", HASHVEIL_ERR_NO_MEMORY);
        is_served = false;
    }
    for (size_t i = 0; i < server.listener_count && is_served; i++) {
        printf("listening on %s\n", server.listeners[i].address);
    }
    if (is_served && event_base_dispatch(server.base) != 0) {
        complain_status("server", HASHVEIL_ERR_IO);
        is_served = false;
    }
    http_drop_jobs(&server);
    http_server_clear(&server);
    job_queue_stop(server.queue);
    return is_served;
}
