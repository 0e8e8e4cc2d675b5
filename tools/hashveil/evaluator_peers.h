/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluators that a command asks: one that has the key, or two that share it. */
#ifndef HASHVEIL_TOOLS_EVALUATOR_PEERS_H
#define HASHVEIL_TOOLS_EVALUATOR_PEERS_H

#include "peer_options.h"

#include <hashveil/key.h>

enum { OPTION_EVALUATOR_PEER = 0x4000, OPTION_EVALUATOR_PEER_KEY };

/* Rows for a table of options, in a group of theirs. */
#define EVALUATOR_PEER_ROWS(group)                                                                 \
    {"evaluator",                                                                                  \
     OPTION_EVALUATOR_PEER,                                                                        \
     PEER_ADDRESS,                                                                                 \
     0,                                                                                            \
     "A running evaluator, in place of --key: it learns none of the hashes. Twice where two "      \
     "share the key, and both are asked",                                                          \
     group},                                                                                       \
    {                                                                                              \
        "evaluator-key", OPTION_EVALUATOR_PEER_KEY, "FILE", 0,                                     \
            "Its public key, in the order of --evaluator: no other one's answers are taken", group \
    }

/* Texts are borrowed from argv. Starts as {0}. */
struct evaluator_peers {
    const char *addresses[HASHVEIL_KEY_SHARES];
    const char *key_paths[HASHVEIL_KEY_SHARES];
    size_t count, key_count;
    hashveil_key keys[HASHVEIL_KEY_SHARES]; /* public; key_count of them after load */
};

/* Takes an option of the rows above; returns false for any other. */
bool evaluator_peers_parse(struct evaluator_peers *peers, int key, const char *text,
                           const struct argp_state *state);

/* At ARGP_KEY_END: what contradicts ends the process. Of two the keys are needed. */
void evaluator_peers_check(const struct evaluator_peers *peers, const struct argp_state *state);

/* Reads the keys. Returns false after a message. */
bool evaluator_peers_load(struct evaluator_peers *peers);

/* The keys as shares of one; NULL where one evaluator has all of it. */
const hashveil_key *evaluator_peers_shares(const struct evaluator_peers *peers);

#endif
