/* SPDX-License-Identifier: Apache-2.0 */
/* A convenience for applications: moves requests to an evaluator and reports to a reporter, by HTTP
 * over a Unix socket or TLS. */
#ifndef HASHVEIL_TRANSPORT_H
#define HASHVEIL_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HASHVEIL_PATH_EVALUATE "/v1/evaluate"
#define HASHVEIL_PATH_REPORTS "/v1/reports"
#define HASHVEIL_PATH_MANIFEST "/v1/manifest"
#define HASHVEIL_PATH_HEALTH "/healthz"

/** What a server answers for a status, and what a client makes of the answer. Other numbers from
 * 400 on are ERR_REFUSED to the client. A server without memory has too much to do. */
#define HASHVEIL_HTTP_TABLE(X)                                                                     \
    X(OK, 200)                                                                                     \
    X(ERR_PROTOCOL, 400)                                                                           \
    X(ERR_ACCOUNT, 401)                                                                            \
    X(ERR_KEY, 409)                                                                                \
    X(ERR_LIMIT, 413)                                                                              \
    X(ERR_THRESHOLD, 422)                                                                          \
    X(ERR_VERSION, 426)                                                                            \
    X(ERR_BUDGET, 429)                                                                             \
    X(ERR_OVERLOADED, 503)                                                                         \
    X(ERR_NO_SPACE, 507)

/** Returns the HTTP number for a status; 500 for one that is not in the table. */
HASHVEIL_API int hashveil_http_of_status(hashveil_status status);

enum { HASHVEIL_PEER_TIMEOUT_MS = 30000 };

/** Where a peer is, how it is known, and who asks it. Texts are borrowed. */
typedef struct hashveil_peer {
    /** "unix:PATH", or "https://HOST[:PORT][/PATH]" (TLS 1.2 or later), or the same with "http"
     * where HOST is this machine: "localhost", "127.0.0.1" or "[::1]". */
    const char *address;
    uint32_t timeout_ms; /**< of each whole exchange; 0 for HASHVEIL_PEER_TIMEOUT_MS */
    const char *ca_path; /**< PEM, of who vouches for an https peer; NULL: the system's */
    const char *certificate_path, *certificate_key_path; /**< PEM, of who asks; both or none */
    const char *token; /**< of who asks, sent as "Authorization: Bearer" (RFC 6750); or NULL */
} hashveil_peer;

/** A way to a peer; connects at the first request and again after a failure. Used by one thread at
 * a time. */
typedef struct hashveil_connection hashveil_connection;

/** Returns whether an address is one of the kinds above. Threads: safe. */
HASHVEIL_API bool hashveil_peer_is_address(const char *address);

/**
 * peer  what it points to is borrowed for the call, but for the files, which are read when it
 *       connects
 *
 * Errors: ERR_ARGUMENT (another kind of address, a certificate without its key, a token of other
 * characters than those of RFC 6750), ERR_NO_MEMORY.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_connection_open(const hashveil_peer *peer,
                                                                        hashveil_connection **out);

/**
 * Sends a body and takes the answer.
 *
 * path     "/v1/...", put behind that of the address; borrowed for the call
 * body     body_len bytes; borrowed for the call; NULL for a GET
 * out      capacity bytes of room; *len_out of them are filled on success
 *
 * Errors: ERR_UNREACHABLE (nobody listens, no such host, or it closed early), ERR_TIMEOUT,
 * ERR_PROTOCOL (not HTTP, or more than capacity bytes), ERR_CERTIFICATE (the peer's is not trusted,
 * or a file of hashveil_peer is none), ERR_NO_MEMORY, and those of HASHVEIL_HTTP_TABLE as the peer
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
