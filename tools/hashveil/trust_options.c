/* SPDX-License-Identifier: Apache-2.0 */
#include "trust_options.h"

#include "output.h"

#include <string.h>
#include <time.h>

bool trust_options_parse(struct trust_options *options, int key, const char *text,
                         const struct argp_state *state)
{
    switch (key) {
    case OPTION_TRUST_CURATOR:
        if (options->curator_count == HASHVEIL_MAX_CURATORS) {
            argp_error(state, "at most %d --curator are possible", HASHVEIL_MAX_CURATORS);
        }
        options->curator_paths[options->curator_count++] = text;
        return true;
    case OPTION_TRUST_SIGNATURES:
        options->needed = command_number(state, "--signatures", text, 1, HASHVEIL_MAX_CURATORS);
        return true;
    case OPTION_TRUST_PIN:
        options->pin_path = text;
        return true;
    default:
        return false;
    }
}

void trust_options_check(const struct trust_options *options, const struct argp_state *state)
{
    if (options->needed > options->curator_count) {
        argp_error(state, "--signatures %zu needs as many --curator", options->needed);
    }
}

/* The same key twice would count twice. */
static bool is_first(const struct trust_keys *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(keys->curators[i].public_bytes, keys->curators[count].public_bytes,
                   HASHVEIL_KEY_BYTES) == 0) {
            return false;
        }
    }
    return true;
}

bool trust_keys_load(const struct trust_options *options, struct trust_keys *out)
{
    const char *path = options->pin_path;
    hashveil_status status = HASHVEIL_OK;
    *out = (struct trust_keys){.trust = {.now_s = (uint64_t)time(NULL)}};
    if (path) {
        status = hashveil_key_load_public(path, HASHVEIL_KEY_EVALUATOR, &out->evaluator);
        out->trust.evaluator = &out->evaluator;
    }
    for (size_t i = 0; i < options->curator_count && status == HASHVEIL_OK; i++) {
        path = options->curator_paths[i];
        status = hashveil_key_load_public(path, HASHVEIL_KEY_CURATOR, &out->curators[i]);
        if (status == HASHVEIL_OK && !is_first(out, i)) {
            complain(path, "this curator's key was given before");
            return false;
        }
    }
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
        return false;
    }
    out->trust.curators = out->curators;
    out->trust.curator_count = options->curator_count;
    out->trust.needed = options->needed > 0 ? options->needed : options->curator_count;
    return true;
}

void trust_complain(const char *path, hashveil_distrust distrust)
{
    complain(path, "not trusted: %s", hashveil_distrust_text(distrust));
}
