/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "output.h"
#include "workspace_input.h"

#include <stdio.h>

struct list_options {
    struct command_arguments arguments; /* WORKSPACE VALUE... */
    hashveil_claim_filter filter;
    bool is_json;
};

static hashveil_status tell(void *context, const hashveil_claim *claim)
{
    const struct list_options *options = context;
    if (options->is_json) {
        struct json_line line = {0};
        json_line_set_claim(&line, claim);
        json_line_print(&line);
    } else {
        print_claim(claim);
    }
    return output_failed() ? HASHVEIL_ERR_IO : HASHVEIL_OK;
}

/* value: NULL for all. */
static bool list(hashveil_workspace *workspace, const char *value_text,
                 struct list_options *options)
{
    const char *path = options->arguments.list[0];
    hashveil_value value;
    if (value_text && !value_read(value_text, &value)) {
        return false;
    }
    options->filter.value = value_text ? &value : NULL;
    const hashveil_status status =
        hashveil_workspace_claims(workspace, &options->filter, tell, options);
    options->filter.value = NULL;
    if (status != HASHVEIL_OK && !output_failed()) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK;
}

enum { OPTION_SOURCE = 256, OPTION_LABEL, OPTION_ENDED };

static const struct argp_option option_rows[] = {
    {"source", OPTION_SOURCE, "NAME", 0, "Only what this source names", 0},
    {"label", OPTION_LABEL, "LABEL", 0, "Only what has this label", 0},
    {"ended", OPTION_ENDED, NULL, 0, "What was named once and is no longer, too", 0},
    {"json", 'j', NULL, 0, "Print one JSON object a line", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct list_options *options = out;
    switch (key) {
    case OPTION_SOURCE:
        options->filter.source = text;
        return 0;
    case OPTION_LABEL:
        options->filter.label = text;
        return 0;
    case OPTION_ENDED:
        options->filter.with_ended = true;
        return 0;
    case 'j':
        options->is_json = true;
        return 0;
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        if (options->arguments.count == 0) {
            argp_error(state, "a WORKSPACE is needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct list_options options = {0};
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    const struct command_arguments arguments = options.arguments;
    hashveil_workspace *workspace = workspace_open(arguments.list[0], HASHVEIL_WORKSPACE_READ);
    bool is_done = workspace != NULL;
    if (workspace && arguments.count == 1) {
        is_done = list(workspace, NULL, &options);
    }
    for (size_t i = 1; i < arguments.count && workspace; i++) {
        is_done = list(workspace, arguments.list[i], &options) && is_done;
    }
    hashveil_workspace_close(workspace);
    return is_done ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_db_list = {
    .name = "list",
    .arguments = "WORKSPACE [VALUE...]",
    .summary = "print who names what in a workspace",
    .details =
        "A line for each source that names a hash or digest: value, source, label, the source's "
        "own name of the item, when it was added and by whom, and with --ended when that ended "
        "and by whom; tabs between, '-' for what is not there. Of an allow-list the label is "
        "'(allowed)'. A VALUE is a PDQ hash, or a digest as 'sha256:DIGITS'.\n\n"
        "EXAMPLES\n"
        "  hashveil db list lists.work\n"
        "  hashveil db list lists.work --source Example --json\n"
        "  hashveil db list lists.work --ended md5:0123456789abcdef0123456789abcdef\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
