/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hashveil/transport.h>

struct parse_input {
    const struct command *command;
    void *options;
};

/* NOLINTNEXTLINE(readability-non-const-parameter): it is argp's type. */
static error_t parse_one(int key, char *text, struct argp_state *state)
{
    const struct parse_input *input = state->input;
    if (key == ARGP_KEY_INIT && input->command->children) {
        state->child_inputs[0] = input->options;
    }
    return input->command->parse(key, text, state, input->options);
}

int command_parse(const struct command *self, int argc, char **argv, void *options_out)
{
    char *doc = NULL;
    if (asprintf(&doc, "Purpose: %s.\v%s", self->summary, self->details) < 0) {
        complain_status(self->name, HASHVEIL_ERR_NO_MEMORY);
        return EXIT_TROUBLE;
    }
    const struct argp argp = {.options = self->options,
                              .parser = parse_one,
                              .args_doc = self->arguments,
                              .doc = doc,
                              .children = self->children};
    struct parse_input input = {.command = self, .options = options_out};
    const error_t error = argp_parse(&argp, argc, argv, 0, NULL, &input);
    free(doc);
    if (error) {
        complain(self->name, "%s", strerror(error));
        return EXIT_TROUBLE;
    }
    return 0;
}

uint64_t command_number(const struct argp_state *state, const char *option, const char *text,
                        uint64_t min, uint64_t max)
{
    char *end = NULL;
    errno = 0;
    const uintmax_t number = strtoumax(text, &end, 10);
    const int starts_with_digit = *text >= '0' && *text <= '9'; /* strtoumax would take "-1" */
    if (!starts_with_digit || *end || errno || number < min || number > max) {
        argp_error(state, "%s takes a number from %" PRIu64 " to %" PRIu64 ", not '%s'", option,
                   min, max, text);
    }
    return number;
}

const char *command_address(const struct argp_state *state, const char *option, const char *text)
{
    if (!hashveil_peer_is_address(text)) {
        argp_error(state,
                   "%s takes unix:PATH, https://HOST[:PORT], or http:// where HOST is this "
                   "machine, not '%s'",
                   option, text);
    }
    return text;
}

struct command_arguments command_rest(const struct argp_state *state)
{
    return (struct command_arguments){.list = state->argv + state->next,
                                      .count = (size_t)(state->argc - state->next)};
}
