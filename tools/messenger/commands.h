/* SPDX-License-Identifier: Apache-2.0 */
/* What a user types, in either mode: the table of words. */
#ifndef MESSENGER_COMMANDS_H
#define MESSENGER_COMMANDS_H

#include "messenger.h"

enum command_result { COMMAND_DONE, COMMAND_QUIT, COMMAND_FACTS, COMMAND_UNKNOWN };

/* Runs one line; changes it. */
enum command_result command_run(struct messenger *messenger, char *line);

/* One line a command; NULL behind the last. */
const char *command_usage(size_t index);

#endif
