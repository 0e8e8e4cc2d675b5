/* SPDX-License-Identifier: Apache-2.0 */
#include "http_parts.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <hashveil/transport.h>

enum { RETRY_AFTER_S = 1 };

/* A request with the workers. */
struct http_job {
    struct job job;
    const struct http_server *server;
    struct evhttp_request *source;
    const struct http_route *route;
    struct http_request request; /* in what follows */
    uint8_t *body;               /* owned; the token is behind it */
    char certificate[SERVER_TLS_NAME_BYTES];
    struct http_answer answer; /* bytes: owned */
    hashveil_status status;
    uint64_t since_us;
};

uint64_t http_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t http_now_ms(void)
{
    return http_now_us() / 1000;
}

/* Returns NULL when the client is gone. */
static struct bufferevent *stream_of(struct evhttp_request *source)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(source);
    return connection ? evhttp_connection_get_bufferevent(connection) : NULL;
}

/* The words for numbers that libevent has none for; NULL for all others. */
static const char *reason_of(int code)
{
    switch (code) {
    case 422:
        return "Unprocessable Content";
    case 426:
        return "Upgrade Required";
    case 429:
        return "Too Many Requests";
    case 507:
        return "Insufficient Storage";
    default:
        return NULL;
    }
}

static void reply(struct http_server *server, struct evhttp_request *source, int code,
                  const struct http_answer *answer, uint64_t since_us)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(source);
    struct evbuffer *body = evbuffer_new();
    struct bufferevent *stream = stream_of(source);
    char seconds[16];
    if (server->is_draining) {
        evhttp_add_header(headers, "Connection", "close");
    }
    if (answer->retry_after_s > 0) {
        snprintf(seconds, sizeof seconds, "%u", (unsigned)answer->retry_after_s);
        evhttp_add_header(headers, "Retry-After", seconds);
    }
    evhttp_add_header(headers, "Content-Type",
                      answer->type ? answer->type : "application/octet-stream");
    if (!body || evbuffer_add(body, answer->bytes, answer->len) != 0) {
        code = hashveil_http_of_status(HASHVEIL_ERR_NO_MEMORY);
    }
    if (stream) {
        server_connections_note(&server->connections, stream, http_now_ms(), false);
    }
    server_metrics_answer(&server->metrics, code, (double)(http_now_us() - since_us) / 1e6);
    evhttp_send_reply(source, code, reason_of(code), body); /* frees what nobody waits for */
    if (body) {
        evbuffer_free(body);
    }
}

/* Puts the words for what went wrong in the answer, which may be better in a while. */
static int code_of(hashveil_status status, size_t room, struct http_answer *answer)
{
    if (status != HASHVEIL_OK) {
        const int len = snprintf((char *)answer->bytes, room, "%s\n", hashveil_status_text(status));
        answer->len = len > 0 && (size_t)len < room ? (size_t)len : 0;
        answer->type = "text/plain";
    }
    if (answer->retry_after_s == 0 &&
        (status == HASHVEIL_ERR_OVERLOADED || status == HASHVEIL_ERR_NO_MEMORY)) {
        answer->retry_after_s = RETRY_AFTER_S;
    }
    return hashveil_http_of_status(status);
}

static void run_job(struct job *self)
{
    struct http_job *job = (struct http_job *)self;
    job->status = job->route->handle(job->server->service->context, &job->request, &job->answer);
}

static void free_job(struct http_job *job)
{
    free(job->body);
    free(job->answer.bytes);
    free(job);
}

void http_on_done(evutil_socket_t number, short events, void *context)
{
    struct http_server *server = context;
    struct http_job *job;
    (void)number;
    (void)events;
    while ((job = (struct http_job *)job_queue_take(server->queue)) != NULL) {
        server->at_work--;
        server->metrics.elements += job->answer.elements;
        reply(server, job->source, code_of(job->status, server->answer_room, &job->answer),
              &job->answer, job->since_us);
        free_job(job);
    }
}

static struct http_job *make_job(const struct http_server *server,
                                 const struct http_request *request)
{
    const size_t token_len = request->token ? strlen(request->token) : 0;
    struct http_job *job = calloc(1, sizeof *job);
    uint8_t *body = malloc(request->len + token_len + 1);
    uint8_t *bytes = malloc(server->answer_room);
    if (!job || !body || !bytes) {
        free(job);
        free(body);
        free(bytes);
        return NULL;
    }
    char *token = (char *)body + request->len;
    memcpy(body, request->body, request->len);
    if (request->token) {
        memcpy(token, request->token, token_len + 1);
    }
    snprintf(job->certificate, sizeof job->certificate, "%s", request->certificate);
    job->job.run = run_job;
    job->server = server;
    job->body = body;
    job->request = (struct http_request){.body = body,
                                         .len = request->len,
                                         .token = request->token ? token : NULL,
                                         .certificate = job->certificate};
    job->answer.bytes = bytes;
    return job;
}

/* Errors: ERR_NO_MEMORY, ERR_OVERLOADED. */
static hashveil_status put_to_work(struct http_server *server, struct evhttp_request *source,
                                   const struct http_route *route,
                                   const struct http_request *request, uint64_t since_us)
{
    struct http_job *job = make_job(server, request);
    if (!job) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    job->source = source;
    job->route = route;
    job->since_us = since_us;
    if (!job_queue_put(server->queue, &job->job)) {
        free_job(job);
        return HASHVEIL_ERR_OVERLOADED;
    }
    server->at_work++;
    return HASHVEIL_OK;
}

static hashveil_status answer_health(void *context, const struct http_request *request,
                                     struct http_answer *out)
{
    static const char text[] = "ok\n";
    (void)context;
    (void)request;
    memcpy(out->bytes, text, sizeof text - 1);
    out->len = sizeof text - 1;
    out->type = "text/plain";
    return HASHVEIL_OK;
}

/* context: the server. */
static hashveil_status answer_metrics(void *context, const struct http_request *request,
                                      struct http_answer *out)
{
    struct http_server *server = context;
    (void)request;
    server->metrics.connections_open = server->connections.count;
    server->metrics.queue_length = server->queue ? job_queue_length(server->queue) : 0;
    out->len = server_metrics_print(&server->metrics, (char *)out->bytes);
    out->type = "text/plain; version=0.0.4";
    return out->len > 0 ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
}

static const struct http_route own_routes[] = {
    {EVHTTP_REQ_GET, HASHVEIL_PATH_HEALTH, answer_health, false},
    {EVHTTP_REQ_GET, HTTP_PATH_METRICS, answer_metrics, false},
    {0},
};

/* Returns the row for a request, or NULL with the HTTP number to answer in code_out. */
static const struct http_route *find_route(const struct http_route *routes,
                                           const struct evhttp_request *source, int *code_out)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(source);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    for (const struct http_route *route = routes; path && route->path; route++) {
        if (strcmp(path, route->path) == 0) {
            if (evhttp_request_get_command(source) == route->method) {
                return route;
            }
            *code_out = HTTP_BADMETHOD;
        }
    }
    return NULL;
}

static const char *token_of(struct evhttp_request *source)
{
    static const char scheme[] = "Bearer ";
    const char *text =
        evhttp_find_header(evhttp_request_get_input_headers(source), "Authorization");
    return text && strncasecmp(text, scheme, sizeof scheme - 1) == 0 ? text + sizeof scheme - 1
                                                                     : NULL;
}

/* Answers a request, or hands it to the workers. */
static void serve(struct http_server *server, struct evhttp_request *source,
                  const struct http_route *route, const struct http_request *request)
{
    const uint64_t since_us = http_now_us();
    struct http_answer *answer = &server->answer;
    void *context = route->handle == answer_metrics ? server : server->service->context;
    hashveil_status status;
    *answer = (struct http_answer){.bytes = answer->bytes};
    if (route->is_work) {
        status = put_to_work(server, source, route, request, since_us);
        if (status == HASHVEIL_OK) {
            return;
        }
    } else {
        status = route->handle(context, request, answer);
    }
    reply(server, source, code_of(status, server->answer_room, answer), answer, since_us);
}

void http_on_request(struct evhttp_request *source, void *context)
{
    static const uint8_t nothing[1];
    const struct gate *gate = context;
    struct http_server *server = gate->server;
    struct evbuffer *input = evhttp_request_get_input_buffer(source);
    const size_t len = evbuffer_get_length(input);
    char certificate[SERVER_TLS_NAME_BYTES];
    int code = HTTP_NOTFOUND;

    server->requests++;
    server_connections_note(&server->connections, stream_of(source), http_now_ms(), true);
    const struct http_route *route = find_route(own_routes, source, &code);
    if (route && route->handle == answer_metrics && gate->is_tls) {
        route = NULL; /* the operator's business, who is on this machine */
    } else if (!route && code == HTTP_NOTFOUND) {
        route = find_route(server->service->routes, source, &code);
    }
    /* A connection without TLS here is one that libevent made when we could not. */
    if (gate->is_tls && !bufferevent_openssl_get_ssl(stream_of(source))) {
        route = NULL;
        code = HTTP_SERVUNAVAIL;
    }
    server_tls_client(stream_of(source), certificate);
    const struct http_request request = {.body = len > 0 ? evbuffer_pullup(input, -1) : nothing,
                                         .len = len,
                                         .token = token_of(source),
                                         .certificate = certificate};
    if (route && request.body) {
        serve(server, source, route, &request);
    } else {
        const struct http_answer none = {0};
        reply(server, source, request.body ? code : HTTP_SERVUNAVAIL, &none, http_now_us());
    }
}

void http_drop_jobs(struct http_server *server)
{
    struct http_job *job;
    while (server->at_work > 0) {
        job = (struct http_job *)job_queue_take(server->queue);
        if (job) {
            server->at_work--;
            free_job(job);
        } else {
            const struct timespec pause = {.tv_nsec = 1000000};
            nanosleep(&pause, NULL);
        }
    }
}
