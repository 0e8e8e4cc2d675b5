/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `hashveil db seal`, checked for what contradicts. */
#ifndef HASHVEIL_TOOLS_SEAL_OPTIONS_H
#define HASHVEIL_TOOLS_SEAL_OPTIONS_H

#include "command.h"
#include "evaluator_peers.h"
#include "peer_options.h"
#include "seal_selection.h"

#include <stdbool.h>
#include <stdint.h>

#include <hashveil/sealed_db.h>

enum { SEAL_RETRY_S = 60 };

/* Texts are borrowed from argv; NULL where an option was not given. */
struct seal_command_options {
    struct command_arguments arguments; /* WORKSPACE OUT.hvdb */
    const char *key_path;               /* either this, secret, */
    struct evaluator_peers evaluators;  /* or these are asked */
    struct peer_options peers;
    const char *seed_path;
    uint64_t retry_s;
    const char *curator_paths[HASHVEIL_MAX_CURATORS];
    size_t curator_count;
    uint64_t epoch; /* 0 when not given */
    bool has_lifetime;
    uint64_t lifetime_s;
    uint64_t created_s; /* 0 when not given */
    struct seal_selection selection;
    const char *base_path; /* NULL for a whole database */
    const char *who;       /* NULL when not given */
    unsigned workers;
    bool is_json;
};

extern const struct argp_option seal_option_rows[];
error_t seal_options_parse(int key, const char *text, const struct argp_state *state, void *out);

#endif
