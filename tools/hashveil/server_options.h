/* SPDX-License-Identifier: Apache-2.0 */
/* Where servers listen: options that they have in common. */
#ifndef HASHVEIL_TOOLS_SERVER_OPTIONS_H
#define HASHVEIL_TOOLS_SERVER_OPTIONS_H

#include "command.h"
#include "server_tls.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    OPTION_SERVER_LISTEN = 0x3000,
    OPTION_SERVER_CERTIFICATE,
    OPTION_SERVER_CERTIFICATE_KEY,
    OPTION_SERVER_CLIENT_CA,
    OPTION_SERVER_CONNECTIONS,
    OPTION_SERVER_REQUEST_TIMEOUT
};

#define SERVER_ADDRESS_HELP                                                                        \
    "It listens on unix:PATH, a socket that only its owner may use; on https://HOST:PORT, with "   \
    "TLS 1.3; on http://HOST:PORT where HOST is this machine; or on 'systemd', the sockets of a "  \
    "socket unit. Prints a line for each when clients can connect. SIGHUP reads the TLS files "    \
    "anew; SIGTERM and SIGINT end it when what has arrived is answered.\n\n"

/* Rows for a table of options, in a group of theirs. */
#define SERVER_OPTION_ROWS(group)                                                                  \
    {"listen", OPTION_SERVER_LISTEN, "ADDRESS", 0, "Where to listen; may be repeated (needed)",    \
     group},                                                                                       \
        {"certificate",                                                                            \
         OPTION_SERVER_CERTIFICATE,                                                                \
         "FILE",                                                                                   \
         0,                                                                                        \
         "The server's certificate and its chain, as PEM (needed with https)",                     \
         group},                                                                                   \
        {"certificate-key",                                                                        \
         OPTION_SERVER_CERTIFICATE_KEY,                                                            \
         "FILE",                                                                                   \
         0,                                                                                        \
         "The certificate's key",                                                                  \
         group},                                                                                   \
        {"client-ca",                                                                              \
         OPTION_SERVER_CLIENT_CA,                                                                  \
         "FILE",                                                                                   \
         0,                                                                                        \
         "Who vouches for clients, as PEM: https clients need a certificate then",                 \
         group},                                                                                   \
        {"connections",                                                                            \
         OPTION_SERVER_CONNECTIONS,                                                                \
         "N",                                                                                      \
         0,                                                                                        \
         "How many may be open at a time, others wait; 4096",                                      \
         group},                                                                                   \
    {                                                                                              \
        "request-timeout", OPTION_SERVER_REQUEST_TIMEOUT, "SECONDS", 0,                            \
            "How long a client may take over a request, or be silent; 60", group                   \
    }

enum { SERVER_MAX_LISTENERS = 8, SERVER_MAX_CONNECTIONS = 4096, SERVER_REQUEST_TIMEOUT_S = 60 };

/* Texts are borrowed from argv. Starts as {0}. */
struct server_options {
    const char *addresses[SERVER_MAX_LISTENERS];
    size_t address_count;
    struct server_tls_files tls; /* paths NULL when not given */
    size_t max_connections;      /* 0 for SERVER_MAX_CONNECTIONS */
    uint32_t request_timeout_s;  /* 0 for SERVER_REQUEST_TIMEOUT_S */
};

/* Takes an option of the rows above; returns false for any other. */
bool server_options_parse(struct server_options *options, int key, const char *text,
                          const struct argp_state *state);

/* At ARGP_KEY_END: what contradicts ends the process. */
void server_options_check(const struct server_options *options, const struct argp_state *state);

#endif
