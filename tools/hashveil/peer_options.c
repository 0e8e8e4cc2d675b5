/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_options.h"

#include "errno_status.h"
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_TIMEOUT_S = 24 * 60 * 60 };

bool peer_options_parse(struct peer_options *options, int key, const char *text,
                        const struct argp_state *state)
{
    switch (key) {
    case OPTION_PEER_CA:
        options->ca_path = text;
        return true;
    case OPTION_PEER_TOKEN:
        if (options->token_count == HASHVEIL_KEY_SHARES) {
            argp_error(state, "at most %d --token-file are possible", HASHVEIL_KEY_SHARES);
        }
        options->token_paths[options->token_count++] = text;
        return true;
    case OPTION_PEER_CERTIFICATE:
        options->certificate_path = text;
        return true;
    case OPTION_PEER_CERTIFICATE_KEY:
        options->certificate_key_path = text;
        return true;
    case OPTION_PEER_TIMEOUT:
        options->timeout_ms =
            (uint32_t)command_number(state, "--timeout", text, 1, MAX_TIMEOUT_S) * 1000;
        return true;
    default:
        return false;
    }
}

void peer_options_check(const struct peer_options *options, const struct argp_state *state)
{
    if (!options->certificate_path != !options->certificate_key_path) {
        argp_error(state, "--certificate and --certificate-key need each other");
    }
}

/* Returns false after a message. */
static bool read_token(const char *path, int fd, char out[PEER_TOKEN_MAX_LEN + 1])
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        complain_status(path, status_of_errno(errno));
        return false;
    }
    if ((info.st_mode & 077) != 0) {
        complain(path, "others may read it: chmod 600 it, and ask for another token");
        return false;
    }
    const ssize_t len = read(fd, out, PEER_TOKEN_MAX_LEN);
    if (len < 0) {
        complain_status(path, status_of_errno(errno));
        return false;
    }
    out[len] = '\0';
    out[strcspn(out, "\r\n")] = '\0';
    if (!*out || len == PEER_TOKEN_MAX_LEN) {
        complain(path, "not a token");
        return false;
    }
    return true;
}

static bool load_token(const char *path, char out[PEER_TOKEN_MAX_LEN + 1])
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        complain_status(path, status_of_errno(errno));
        return false;
    }
    const bool is_read = read_token(path, fd, out);
    close(fd);
    return is_read;
}

bool peer_options_load(struct peer_options *options)
{
    bool is_read = true;
    for (size_t i = 0; i < options->token_count && is_read; i++) {
        is_read = load_token(options->token_paths[i], options->tokens[i]);
    }
    return is_read;
}

hashveil_peer peer_without_account(const struct peer_options *options, const char *address)
{
    return (hashveil_peer){.address = address,
                           .timeout_ms = options->timeout_ms,
                           .ca_path = options->ca_path,
                           .certificate_path = options->certificate_path,
                           .certificate_key_path = options->certificate_key_path};
}

hashveil_peer peer_of_evaluator(const struct peer_options *options, size_t evaluator,
                                const char *address)
{
    hashveil_peer peer = peer_without_account(options, address);
    const char *token = options->tokens[evaluator];
    peer.token = token[0] ? token : NULL;
    return peer;
}

void peer_options_clear(struct peer_options *options)
{
    explicit_bzero(options->tokens, sizeof options->tokens);
}
