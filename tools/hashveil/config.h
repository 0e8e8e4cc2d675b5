/* SPDX-License-Identifier: Apache-2.0 */
/* Options from a configuration file: they go before those of the command line, which so win. */
#ifndef HASHVEIL_TOOLS_CONFIG_H
#define HASHVEIL_TOOLS_CONFIG_H

#include "command.h"

/* Arguments with those of the file put in. Starts as {0}. */
struct config {
    char **argv; /* owned, ends with NULL; of the words those from a file are owned too */
    size_t argc;
    size_t owned; /* words of argv from the second on */
};

/* Reads the file that --config names, else ~/.config/hashveil/config where there is one, and takes
 * what its section of this command says. Before each option stands --config-line with its place.
 *
 * command  what argv is for; argv[0] is its full name; borrowed as long as out
 * out      released by config_clear, after a failure too
 *
 * Returns 0, or the exit code after a message. */
int config_load(const struct command *command, int argc, char **argv, struct config *out);

void config_clear(struct config *config);

#endif
