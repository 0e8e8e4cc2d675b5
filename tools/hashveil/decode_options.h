/* SPDX-License-Identifier: Apache-2.0 */
/* How pictures are decoded: what all commands that read them have in common. */
#ifndef HASHVEIL_TOOLS_DECODE_OPTIONS_H
#define HASHVEIL_TOOLS_DECODE_OPTIONS_H

#include "command.h"

#include <stdbool.h>

#include <hashveil/fingerprint.h>
#include <hashveil/sandbox.h>

struct decode_options {
    hashveil_fingerprint_options fingerprint;
    hashveil_sandbox_options sandbox;
    bool has_no_sandbox;
};

#define DECODE_OPTIONS_DEFAULT                                                                     \
    {                                                                                              \
        .fingerprint = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT                                        \
    }

/* To stand in the .children of a command, whose options begin with a struct decode_options. */
extern const struct argp_child decode_option_rows[];

/* Opens the sandbox that they ask for, after a message when it cannot; then
 * options->fingerprint.sandbox is its own, until close. */
bool decode_options_open(struct decode_options *options, unsigned workers);
void decode_options_close(struct decode_options *options);

#endif
