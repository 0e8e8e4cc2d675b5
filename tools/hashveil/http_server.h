/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP server: bytes in, bytes out. One thread talks to clients; what takes long is done by
 * others, behind a queue of bounded length. */
#ifndef HASHVEIL_TOOLS_HTTP_SERVER_H
#define HASHVEIL_TOOLS_HTTP_SERVER_H

#include "server_metrics.h"
#include "server_options.h"

#include <event2/http.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

#define HTTP_PATH_METRICS "/metrics"

/* Borrowed for a call. */
struct http_request {
    const uint8_t *body; /* len bytes, any content */
    size_t len;
    const char *token;       /* of "Authorization: Bearer", or NULL */
    const char *certificate; /* SHA-256 of the client's, in hexadecimal; "" without one */
};

struct http_answer {
    uint8_t *bytes; /* the service's max_answer_bytes of room */
    size_t len;
    const char *type;       /* static; NULL for bytes */
    uint32_t retry_after_s; /* when to ask again; 0 for not said */
    uint64_t elements;      /* that were evaluated, for the metrics */
};

/* Answers a request. out: all 0 but bytes before; with OK its bytes are sent, else the status's
 * words. The status becomes the HTTP number, as hashveil/transport.h says. */
typedef hashveil_status http_handler_fn(void *context, const struct http_request *request,
                                        struct http_answer *out);

struct http_route {
    enum evhttp_cmd_type method;
    const char *path;
    http_handler_fn *handle;
    bool is_work; /* handle takes long, and may run on several threads at once */
};

struct http_service {
    const struct http_route *routes; /* rows, then one with path NULL */
    size_t max_body_bytes;
    size_t max_answer_bytes;
    unsigned workers;              /* threads for routes with is_work; 0 for none */
    void (*reload)(void *context); /* at SIGHUP; or NULL */
    void *context;                 /* for the functions */
};

/* Serves until SIGTERM or SIGINT, then answers what has arrived and returns. Prints a line
 * "listening on ADDRESS" to stdout for each address when clients can connect. GET /healthz is
 * answered beside the routes, and /metrics where no TLS is spoken. Returns false after a message.
 */
bool http_serve(const struct server_options *options, const struct http_service *service);

#endif
