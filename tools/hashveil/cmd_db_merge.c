/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "output.h"
#include "workspace_input.h"

#include <inttypes.h>
#include <stdio.h>

struct merge_options {
    struct command_arguments arguments; /* WORKSPACE OTHER... */
    bool is_json;
};

static bool print_result(const char *path, const hashveil_merge_counts *counts, bool is_json)
{
    if (is_json) {
        struct json_line line = {0};
        json_line_set_text(&line, "path", path);
        json_line_set(&line, "added", json_of_u64(counts->added));
        json_line_set(&line, "changed", json_of_u64(counts->changed));
        json_line_set(&line, "ended", json_of_u64(counts->ended));
        return json_line_print(&line);
    }
    print_foreign(path);
    printf(": %" PRIu64 " claims added, %" PRIu64 " changed, %" PRIu64 " ended\n", counts->added,
           counts->changed, counts->ended);
    return true;
}

static bool merge(hashveil_workspace *workspace, const char *path,
                  const struct merge_options *options)
{
    hashveil_merge_counts counts = {0};
    hashveil_workspace *other = workspace_open(path, HASHVEIL_WORKSPACE_READ);
    if (!other) {
        return false;
    }
    const hashveil_status status = hashveil_workspace_merge(workspace, other, path, &counts);
    hashveil_workspace_close(other);
    if (status == HASHVEIL_ERR_ARGUMENT) {
        complain(path, "nothing of it was merged: a source lists in one and allows in the other");
    } else if (status != HASHVEIL_OK) {
        complain(path, "nothing of it was merged: %s", hashveil_status_text(status));
    }
    return status == HASHVEIL_OK && print_result(path, &counts, options->is_json);
}

static const struct argp_option option_rows[] = {
    {"json", 'j', NULL, 0, "Print one JSON object a line", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct merge_options *options = out;
    (void)text;
    switch (key) {
    case 'j':
        options->is_json = true;
        return 0;
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        if (options->arguments.count < 2) {
            argp_error(state, "a WORKSPACE and at least one OTHER are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct merge_options options = {0};
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    char **paths = options.arguments.list;
    hashveil_workspace *workspace = workspace_open(paths[0], HASHVEIL_WORKSPACE_WRITE);
    bool is_done = workspace != NULL;
    for (size_t i = 1; i < options.arguments.count && workspace; i++) {
        is_done = merge(workspace, paths[i], &options) && is_done;
    }
    hashveil_workspace_close(workspace);
    return is_done ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_db_merge = {
    .name = "merge",
    .arguments = "WORKSPACE OTHER...",
    .summary = "bring what other workspaces know into one",
    .details =
        "Sources are the same where their names are. Where both workspaces know what a source "
        "says of a hash, what it said last counts; what comes in keeps the time at which it was "
        "said, and who said so. Each OTHER is taken whole or not at all, and merging again "
        "changes nothing.\n\n"
        "EXAMPLES\n"
        "  hashveil db merge lists.work colleague.work\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
