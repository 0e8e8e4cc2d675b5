/* SPDX-License-Identifier: Apache-2.0 */
/* Whose databases a command takes: options that several commands have in common. */
#ifndef HASHVEIL_TOOLS_TRUST_OPTIONS_H
#define HASHVEIL_TOOLS_TRUST_OPTIONS_H

#include "command.h"

#include <stdbool.h>

#include <hashveil/trust.h>

enum { OPTION_TRUST_CURATOR = 0x1000, OPTION_TRUST_SIGNATURES, OPTION_TRUST_PIN };

/* Rows for a table of options, in a group of theirs. */
#define TRUST_OPTION_ROWS(group)                                                                   \
    {"curator",                                                                                    \
     OPTION_TRUST_CURATOR,                                                                         \
     "FILE",                                                                                       \
     0,                                                                                            \
     "A curator's public key that must have signed the database; may be repeated",                 \
     group},                                                                                       \
        {"signatures",                                                                             \
         OPTION_TRUST_SIGNATURES,                                                                  \
         "K",                                                                                      \
         0,                                                                                        \
         "How many of these curators are enough; all of them if not set",                          \
         group},                                                                                   \
    {                                                                                              \
        "pin", OPTION_TRUST_PIN, "FILE", 0,                                                        \
            "The evaluator's public key that the database must be sealed for", group               \
    }

/* Texts are borrowed from argv. Starts as {0}. */
struct trust_options {
    const char *curator_paths[HASHVEIL_MAX_CURATORS];
    size_t curator_count;
    size_t needed; /* 0 when not given */
    const char *pin_path;
};

/* Takes an option of the rows above; returns false for any other. */
bool trust_options_parse(struct trust_options *options, int key, const char *text,
                         const struct argp_state *state);

/* At ARGP_KEY_END: what contradicts ends the process. */
void trust_options_check(const struct trust_options *options, const struct argp_state *state);

/* The keys that they name. */
struct trust_keys {
    hashveil_key curators[HASHVEIL_MAX_CURATORS];
    hashveil_key evaluator;
    hashveil_trust trust; /* borrows from here, so that it must not be moved */
};

/* Returns false after a message. */
bool trust_keys_load(const struct trust_options *options, struct trust_keys *out);

/* Says why a file is not trusted. */
void trust_complain(const char *path, hashveil_distrust distrust);

#endif
