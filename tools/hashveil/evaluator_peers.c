/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluator_peers.h"

#include "output.h"

static void add(const char *option, const char *text, const char **list, size_t *count,
                const struct argp_state *state)
{
    if (*count == HASHVEIL_KEY_SHARES) {
        argp_error(state, "at most %d %s are possible", HASHVEIL_KEY_SHARES, option);
    }
    list[(*count)++] = text;
}

bool evaluator_peers_parse(struct evaluator_peers *peers, int key, const char *text,
                           const struct argp_state *state)
{
    switch (key) {
    case OPTION_EVALUATOR_PEER:
        add("--evaluator", command_address(state, "--evaluator", text), peers->addresses,
            &peers->count, state);
        return true;
    case OPTION_EVALUATOR_PEER_KEY:
        add("--evaluator-key", text, peers->key_paths, &peers->key_count, state);
        return true;
    default:
        return false;
    }
}

void evaluator_peers_check(const struct evaluator_peers *peers, const struct argp_state *state)
{
    if (peers->count == HASHVEIL_KEY_SHARES && peers->key_count != peers->count) {
        argp_error(state, "two --evaluator need an --evaluator-key each");
    }
    if (peers->key_count > peers->count) {
        argp_error(state, "--evaluator-key needs --evaluator");
    }
}

bool evaluator_peers_load(struct evaluator_peers *peers)
{
    for (size_t i = 0; i < peers->key_count; i++) {
        const char *path = peers->key_paths[i];
        const hashveil_status status =
            hashveil_key_load_public(path, HASHVEIL_KEY_EVALUATOR, &peers->keys[i]);
        if (status != HASHVEIL_OK) {
            complain_status(path, status);
            return false;
        }
    }
    return true;
}

const hashveil_key *evaluator_peers_shares(const struct evaluator_peers *peers)
{
    return peers->count == HASHVEIL_KEY_SHARES ? peers->keys : NULL;
}
