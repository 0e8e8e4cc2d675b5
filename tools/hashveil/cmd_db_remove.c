/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "output.h"
#include "workspace_input.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct remove_options {
    struct command_arguments arguments; /* WORKSPACE VALUE... */
    hashveil_removal removal;
    bool is_json;
};

static bool print_result(const struct remove_options *options, uint64_t ended, uint64_t not_named)
{
    const char *path = options->arguments.list[0];
    if (options->is_json) {
        struct json_line line = {0};
        json_line_set_text(&line, "path", path);
        json_line_set(&line, "ended", json_of_u64(ended));
        json_line_set(&line, "not_named", json_of_u64(not_named));
        return json_line_print(&line);
    }
    print_foreign(path);
    printf(": %" PRIu64 " claims ended, %" PRIu64 " values that nobody named\n", ended, not_named);
    return true;
}

/* Returns the values, owned, or NULL after a message. */
static hashveil_value *read_values(const struct command_arguments *arguments)
{
    hashveil_value *values = calloc(arguments->count, sizeof *values);
    bool are_read = values != NULL;
    if (!values) {
        complain_status("remove", HASHVEIL_ERR_NO_MEMORY);
    }
    for (size_t i = 1; i < arguments->count && are_read; i++) {
        are_read = value_read(arguments->list[i], &values[i - 1]);
    }
    if (!are_read) {
        free(values);
        values = NULL;
    }
    return values;
}

static bool remove_values(hashveil_workspace *workspace, const struct remove_options *options)
{
    hashveil_value *values = read_values(&options->arguments);
    hashveil_removal removal = options->removal;
    uint64_t ended;
    uint64_t not_named;
    if (!values) {
        return false;
    }
    removal.values = values;
    removal.count = options->arguments.count - 1;
    removal.who = removal.who ? removal.who : user_name();
    const hashveil_status status =
        hashveil_workspace_remove(workspace, &removal, &ended, &not_named);
    free(values);
    if (status == HASHVEIL_ERR_NOT_FOUND) {
        complain(options->arguments.list[0], "no source is called '%s'", removal.source);
    } else if (status != HASHVEIL_OK) {
        complain_status(options->arguments.list[0], status);
    }
    return status == HASHVEIL_OK && print_result(options, ended, not_named);
}

enum { OPTION_SOURCE = 256, OPTION_REASON, OPTION_WHO };

static const struct argp_option option_rows[] = {
    {"source", OPTION_SOURCE, "NAME", 0, "End this source's claims only; all sources' if not set",
     0},
    {"reason", OPTION_REASON, "TEXT", 0, "Why, for the history", 0},
    {"who", OPTION_WHO, "NAME", 0, "Who makes this change, for the history; the user if not set",
     0},
    {"json", 'j', NULL, 0, "Print one JSON object", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct remove_options *options = out;
    switch (key) {
    case OPTION_SOURCE:
        options->removal.source = text;
        return 0;
    case OPTION_REASON:
        options->removal.reason = text;
        return 0;
    case OPTION_WHO:
        options->removal.who = text;
        return 0;
    case 'j':
        options->is_json = true;
        return 0;
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        if (options->arguments.count < 2) {
            argp_error(state, "a WORKSPACE and at least one VALUE are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct remove_options options = {0};
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    hashveil_workspace *workspace =
        workspace_open(options.arguments.list[0], HASHVEIL_WORKSPACE_WRITE);
    const bool is_done = workspace && remove_values(workspace, &options);
    hashveil_workspace_close(workspace);
    return is_done ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_db_remove = {
    .name = "remove",
    .arguments = "WORKSPACE VALUE...",
    .summary = "take hashes or digests out of a workspace",
    .details =
        "Ends all claims on the values, or those of one source. An entry goes with its last claim; "
        "the history keeps it. A list that is imported again names it again: what must stay out "
        "for good belongs in an allow-list. A VALUE is a PDQ hash, or a digest as "
        "'sha256:DIGITS'.\n\n"
        "EXAMPLES\n"
        "  hashveil db remove lists.work --reason 'wrong picture' \\\n"
        "      md5:0123456789abcdef0123456789abcdef\n"
        "  hashveil db remove lists.work --source Example sha1:DIGITS sha256:DIGITS\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
