/* SPDX-License-Identifier: Apache-2.0 */
#include "server_options.h"

#include "listener.h"

#include <string.h>

enum { MOST_CONNECTIONS = 1000000, MOST_SECONDS = 86400 };

static void add_address(struct server_options *options, const char *text,
                        const struct argp_state *state)
{
    if (options->address_count == SERVER_MAX_LISTENERS) {
        argp_error(state, "at most %d --listen are possible", SERVER_MAX_LISTENERS);
    }
    if (!listener_is_address(text)) {
        argp_error(state,
                   "--listen takes unix:PATH, https://HOST:PORT, http://HOST:PORT where HOST is "
                   "this machine, or systemd, not '%s'",
                   text);
    }
    options->addresses[options->address_count++] = text;
}

bool server_options_parse(struct server_options *options, int key, const char *text,
                          const struct argp_state *state)
{
    switch (key) {
    case OPTION_SERVER_LISTEN:
        add_address(options, text, state);
        return true;
    case OPTION_SERVER_CERTIFICATE:
        options->tls.certificate_path = text;
        return true;
    case OPTION_SERVER_CERTIFICATE_KEY:
        options->tls.key_path = text;
        return true;
    case OPTION_SERVER_CLIENT_CA:
        options->tls.client_ca_path = text;
        return true;
    case OPTION_SERVER_CONNECTIONS:
        options->max_connections =
            (size_t)command_number(state, "--connections", text, 1, MOST_CONNECTIONS);
        return true;
    case OPTION_SERVER_REQUEST_TIMEOUT:
        options->request_timeout_s =
            (uint32_t)command_number(state, "--request-timeout", text, 1, MOST_SECONDS);
        return true;
    default:
        return false;
    }
}

void server_options_check(const struct server_options *options, const struct argp_state *state)
{
    bool has_tls = false;
    for (size_t i = 0; i < options->address_count; i++) {
        has_tls |= strncmp(options->addresses[i], "https:", 6) == 0;
    }
    if (options->address_count == 0) {
        argp_error(state, "--listen is needed");
    }
    if (!options->tls.certificate_path != !options->tls.key_path) {
        argp_error(state, "--certificate and --certificate-key need each other");
    }
    if (!options->tls.certificate_path && (has_tls || options->tls.client_ca_path)) {
        argp_error(state, "%s needs --certificate", has_tls ? "https" : "--client-ca");
    }
}
