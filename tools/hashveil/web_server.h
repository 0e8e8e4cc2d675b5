/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP server for this machine's own browser and programs: a loopback address, one request after
 * the other, texts as answers. */
#ifndef HASHVEIL_TOOLS_WEB_SERVER_H
#define HASHVEIL_TOOLS_WEB_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evhttp_request;

/* Borrowed for a call. */
struct web_request {
    bool is_post;      /* else GET */
    const char *path;  /* as sent, without the query */
    const char *query; /* "" without */
    const uint8_t *body;
    size_t len;
    struct evhttp_request *source; /* for web_header */
};

enum { WEB_MAX_HEADERS = 6 };

struct web_answer {
    unsigned http_status; /* 0 becomes 500 */
    const char *type;     /* static; NULL for no content */
    char *content;        /* owned, to be released with free; or NULL */
    struct web_header {
        const char *name; /* static */
        char value[160];
    } headers[WEB_MAX_HEADERS];
    size_t header_count;
};

/* Returns a header's value, borrowed from the request, or NULL. */
const char *web_header(const struct web_request *request, const char *name);

/* out: {0} before. */
typedef void web_handler_fn(void *context, const struct web_request *request,
                            struct web_answer *out);

struct web_service {
    const char *name; /* of what is served: "page" */
    web_handler_fn *answer;
    size_t max_body_bytes;
    void *context;
};

/* Returns whether the text is "http://HOST:PORT" with 127.0.0.1, [::1] or localhost as host. */
bool web_address_is_local(const char *address);

/* Serves until SIGTERM or SIGINT. Prints "NAME on ADDRESS" to stdout when clients can connect; of
 * port 0 with the port that the system chose. Requests to another host's name are refused, so that
 * no name of somebody else's leads a browser here. Returns false after a message. */
bool web_serve(const char *address, const struct web_service *service);

#endif
