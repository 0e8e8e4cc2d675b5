/* SPDX-License-Identifier: Apache-2.0 */
/* A convenience for applications: moves requests to an evaluator and reports to a reporter, by HTTP
 * over a Unix socket. */
#ifndef HASHVEIL_TRANSPORT_H
#define HASHVEIL_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HASHVEIL_PATH_EVALUATE "/v1/evaluate"
#define HASHVEIL_PATH_REPORTS "/v1/reports"
#define HASHVEIL_PATH_HEALTH "/healthz"

/** What a server answers for a status, and what a client makes of the answer. Other numbers from
 * 400 on are ERR_REFUSED to the client. */
#define HASHVEIL_HTTP_TABLE(X)                                                                     \
    X(OK, 200)                                                                                     \
    X(ERR_PROTOCOL, 400)                                                                           \
    X(ERR_KEY, 409)                                                                                \
    X(ERR_LIMIT, 413)                                                                              \
    X(ERR_VERSION, 426)                                                                            \
    X(ERR_NO_MEMORY, 503)                                                                          \
    X(ERR_NO_SPACE, 507)

/** Returns the HTTP number for a status; 500 for one that is not in the table. */
HASHVEIL_API int hashveil_http_of_status(hashveil_status status);

/** A peer; connects at the first request and again after a failure. Used by one thread at a time.
 */
typedef struct hashveil_connection hashveil_connection;

/**
 * address     "unix:PATH"; borrowed for the call
 * timeout_ms  for each whole exchange, 1 and up
 *
 * Errors: ERR_ARGUMENT (another kind of address, or too long a path), ERR_NO_MEMORY.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_connection_open(const char *address,
                                                                        uint32_t timeout_ms,
                                                                        hashveil_connection **out);

/**
 * Sends a body and takes the answer.
 *
 * path     "/v1/..."; borrowed for the call
 * body     body_len bytes; borrowed for the call; NULL for a GET
 * out      capacity bytes of room; *len_out of them are filled on success
 *
 * Errors: ERR_UNREACHABLE (nobody listens, or it closed early), ERR_TIMEOUT, ERR_PROTOCOL (not
 * HTTP, or more than capacity bytes), ERR_NO_MEMORY, and those of HASHVEIL_HTTP_TABLE as the peer
 * answers. The connection stays usable.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_connection_exchange(hashveil_connection *connection, const char *path, const uint8_t *body,
                             size_t body_len, uint8_t *out, size_t capacity, size_t *len_out);

/** Accepts NULL. */
HASHVEIL_API void hashveil_connection_close(hashveil_connection *connection);

#ifdef __cplusplus
}
#endif

#endif
