/* SPDX-License-Identifier: Apache-2.0 */
/* How peers are known and who asks them: options that several commands have in common. */
#ifndef HASHVEIL_TOOLS_PEER_OPTIONS_H
#define HASHVEIL_TOOLS_PEER_OPTIONS_H

#include "command.h"

#include <stdbool.h>

#include <hashveil/key.h>
#include <hashveil/transport.h>

enum {
    OPTION_PEER_CA = 0x2000,
    OPTION_PEER_TOKEN,
    OPTION_PEER_CERTIFICATE,
    OPTION_PEER_CERTIFICATE_KEY,
    OPTION_PEER_TIMEOUT
};

/* What an option takes that names a peer. */
#define PEER_ADDRESS "URL"

#define PEER_ADDRESS_HELP                                                                          \
    "A peer's URL is unix:PATH, https://HOST[:PORT], or http:// where HOST is this machine.\n\n"

/* Rows for a table of options, in a group of theirs. */
#define PEER_OPTION_ROWS(group)                                                                      \
    {"ca",                                                                                           \
     OPTION_PEER_CA,                                                                                 \
     "FILE",                                                                                         \
     0,                                                                                              \
     "Who vouches for https peers, as PEM; the system's authorities if not set",                     \
     group},                                                                                         \
        {"certificate",                                                                              \
         OPTION_PEER_CERTIFICATE,                                                                    \
         "FILE",                                                                                     \
         0,                                                                                          \
         "This client's certificate for https peers, as PEM",                                        \
         group},                                                                                     \
        {"certificate-key", OPTION_PEER_CERTIFICATE_KEY, "FILE", 0, "The certificate's key", group}, \
    {                                                                                                \
        "timeout", OPTION_PEER_TIMEOUT, "SECONDS", 0, "How long to wait for a peer's answer; 30",    \
            group                                                                                    \
    }

/* One more, for commands that ask an evaluator. */
#define PEER_TOKEN_ROW(group)                                                                      \
    {                                                                                              \
        "token-file", OPTION_PEER_TOKEN, "FILE", 0,                                                \
            "The token of the account at the evaluator, in a file that only its owner may read; "  \
            "where two are asked the second one's next",                                           \
            group                                                                                  \
    }

enum { PEER_TOKEN_MAX_LEN = 511 };

/* Texts are borrowed from argv. Starts as {0}. */
struct peer_options {
    const char *ca_path, *certificate_path, *certificate_key_path;
    uint32_t timeout_ms; /* 0 when not given */
    const char *token_paths[HASHVEIL_KEY_SHARES];
    size_t token_count;
    char tokens[HASHVEIL_KEY_SHARES][PEER_TOKEN_MAX_LEN + 1]; /* "" before peer_options_load */
};

/* Takes an option of the rows above; returns false for any other. */
bool peer_options_parse(struct peer_options *options, int key, const char *text,
                        const struct argp_state *state);

/* At ARGP_KEY_END: what contradicts ends the process. */
void peer_options_check(const struct peer_options *options, const struct argp_state *state);

/* Reads the tokens. Returns false after a message. */
bool peer_options_load(struct peer_options *options);

/* address: borrowed, as what the options hold. A token goes to no peer but its evaluator, of which
 * the number is given. */
hashveil_peer peer_of_evaluator(const struct peer_options *options, size_t evaluator,
                                const char *address);
hashveil_peer peer_without_account(const struct peer_options *options, const char *address);

void peer_options_clear(struct peer_options *options);

#endif
