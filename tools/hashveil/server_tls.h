/* SPDX-License-Identifier: Apache-2.0 */
/* TLS 1.3 for a server's connections, by OpenSSL. */
#ifndef HASHVEIL_TOOLS_SERVER_TLS_H
#define HASHVEIL_TOOLS_SERVER_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>

struct bufferevent;

/* Files as PEM; borrowed. */
struct server_tls_files {
    const char *certificate_path, *key_path;
    const char *client_ca_path; /* who vouches for clients, which must have a certificate then; or
                                   NULL */
};

/* Returns NULL after a message. */
SSL_CTX *server_tls_load(const struct server_tls_files *files);

enum { SERVER_TLS_NAME_BYTES = 65 };

/* The SHA-256 of the client's certificate on a connection, in hexadecimal; "" without one. */
void server_tls_client(struct bufferevent *connection, char out[SERVER_TLS_NAME_BYTES]);

#endif
