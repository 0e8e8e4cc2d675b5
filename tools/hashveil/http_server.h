/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP server on a Unix socket that answers one request after the other: bytes in, bytes out. */
#ifndef HASHVEIL_TOOLS_HTTP_SERVER_H
#define HASHVEIL_TOOLS_HTTP_SERVER_H

#include <event2/http.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

struct http_answer {
    uint8_t *bytes; /* the service's max_answer_bytes of room */
    size_t len;
};

/* Answers a request.
 *
 * body  len bytes, any content; borrowed for the call
 * out   its len is 0 before; with OK that many bytes are sent
 *
 * The status becomes the HTTP number, as hashveil/transport.h says. */
typedef hashveil_status http_handler_fn(void *context, const uint8_t *body, size_t len,
                                        struct http_answer *out);

struct http_route {
    enum evhttp_cmd_type method;
    const char *path;
    http_handler_fn *handle;
};

struct http_service {
    const struct http_route *routes; /* rows, then one with path NULL */
    size_t max_body_bytes;
    size_t max_answer_bytes; /* at least 8, for HASHVEIL_PATH_HEALTH */
    void *context;           /* for the handlers */
};

/* Serves until SIGTERM, SIGINT or SIGHUP, then answers what has arrived and returns. Prints a line
 * "listening on ADDRESS" to stdout when clients can connect. Returns false after a message. */
bool http_serve(const char *address, const struct http_service *service);

/* A handler for HASHVEIL_PATH_HEALTH: a server that answers is well. */
hashveil_status http_answer_health(void *context, const uint8_t *body, size_t len,
                                   struct http_answer *out);

#endif
