/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "output.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hashveil/transport.h>

enum { OPTION_CONFIG = 0x7000, OPTION_CONFIG_LINE };

const struct argp_option command_common_options[] = {
    {"config", OPTION_CONFIG, "FILE", 0,
     "Options from this file, which those given here go before; ~/.config/hashveil/config if not "
     "set",
     -1},
    {"config-line", OPTION_CONFIG_LINE, "PLACE", OPTION_HIDDEN, NULL, -1},
    {0},
};

/* argp adds a line that refers to the --help of what it takes for the program's name. */
static ssize_t print_message(void *context, const char *text, size_t len)
{
    static const char reference[] = "Try `";
    const size_t known_len = sizeof reference - 1;
    (void)context;
    if (len < known_len || memcmp(text, reference, known_len) != 0) {
        fwrite(text, 1, len, stderr);
    }
    return (ssize_t)len;
}

struct common_input {
    char *name;     /* of the command */
    FILE *messages; /* about options from a file */
};

/* Has argp's messages name the place in a file that options come from; "" for the command line. */
static void set_place(struct argp_state *state, char *place)
{
    const struct common_input *input = state->input;
    state->name = *place ? place : input->name;
    state->err_stream = *place ? input->messages : stderr;
}

/* The file itself has been read by now: config.h. */
static error_t parse_common(int key, char *text, struct argp_state *state)
{
    if (key == OPTION_CONFIG_LINE) {
        set_place(state, text);
    }
    return key == OPTION_CONFIG || key == OPTION_CONFIG_LINE ? 0 : ARGP_ERR_UNKNOWN;
}

struct parse_input {
    const struct command *command;
    void *options;
    struct common_input *common;
};

/* NOLINTNEXTLINE(readability-non-const-parameter): it is argp's type. */
static error_t parse_one(int key, char *text, struct argp_state *state)
{
    const struct parse_input *input = state->input;
    if (key == ARGP_KEY_INIT) {
        const struct argp_child *child = input->command->children;
        size_t count = 0;
        for (; child && child[count].argp; count++) {
            state->child_inputs[count] = input->options;
        }
        state->child_inputs[count] = input->common;
    }
    return input->command->parse(key, text, state, input->options);
}

enum { MAX_CHILDREN = 4 };

static error_t parse_all(const struct command *self, const char *doc, int argc, char **argv,
                         struct parse_input *input)
{
    static const struct argp common = {.options = command_common_options, .parser = parse_common};
    struct argp_child children[MAX_CHILDREN + 2] = {{0}};
    size_t count = 0;
    for (; self->children && self->children[count].argp; count++) {
        assert(count < MAX_CHILDREN);
        children[count] = self->children[count];
    }
    children[count] = (struct argp_child){.argp = &common, .group = -1};
    const struct argp argp = {.options = self->options,
                              .parser = parse_one,
                              .args_doc = self->arguments,
                              .doc = doc,
                              .children = children};
    return argp_parse(&argp, argc, argv, 0, NULL, input);
}

int command_parse(const struct command *self, int argc, char **argv, void *options_out)
{
    static const cookie_io_functions_t functions = {.write = print_message};
    struct common_input common = {.name = argv[0], .messages = fopencookie(NULL, "w", functions)};
    struct parse_input input = {.command = self, .options = options_out, .common = &common};
    char *doc = NULL;
    if (!common.messages || asprintf(&doc, "Purpose: %s.\v%s", self->summary, self->details) < 0) {
        complain_status(self->name, HASHVEIL_ERR_NO_MEMORY);
        return EXIT_TROUBLE;
    }
    setvbuf(common.messages, NULL, _IOLBF, 0);
    const error_t error = parse_all(self, doc, argc, argv, &input);
    free(doc);
    fclose(common.messages);
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
