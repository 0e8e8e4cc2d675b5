/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "output.h"
#include "workspace_input.h"

#include <inttypes.h>
#include <stdio.h>

struct history_options {
    struct command_arguments arguments; /* WORKSPACE */
    bool is_json;
};

static hashveil_status tell(void *context, const hashveil_change *change, uint64_t added,
                            uint64_t removed)
{
    const struct history_options *options = context;
    char time[TIME_TEXT_BYTES];
    format_time(change->time_s, time);
    if (options->is_json) {
        struct json_line line = {0};
        json_line_set(&line, "change", json_of_u64(change->number));
        json_line_set(&line, "time", json_string(time));
        json_line_set(&line, "who", json_of_text(change->who));
        json_line_set(&line, "action", json_of_text(change->action));
        json_line_set_text(&line, "detail", change->detail);
        json_line_set(&line, "added", json_of_u64(added));
        json_line_set(&line, "ended", json_of_u64(removed));
        json_line_print(&line);
    } else {
        printf("%" PRIu64 "\t%s\t", change->number, time);
        print_foreign(*change->who ? change->who : "-");
        putchar('\t');
        print_foreign(change->action);
        printf("\t%" PRIu64 " added\t%" PRIu64 " ended\t", added, removed);
        print_foreign(change->detail);
        putchar('\n');
    }
    return output_failed() ? HASHVEIL_ERR_IO : HASHVEIL_OK;
}

static const struct argp_option option_rows[] = {
    {"json", 'j', NULL, 0, "Print one JSON object a line", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct history_options *options = out;
    (void)text;
    switch (key) {
    case 'j':
        options->is_json = true;
        return 0;
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        if (options->arguments.count != 1) {
            argp_error(state, "one WORKSPACE is needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct history_options options = {0};
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    const char *path = options.arguments.list[0];
    hashveil_workspace *workspace = workspace_open(path, HASHVEIL_WORKSPACE_READ);
    if (!workspace) {
        return EXIT_TROUBLE;
    }
    const hashveil_status status = hashveil_workspace_changes(workspace, tell, &options);
    if (status != HASHVEIL_OK && !output_failed()) {
        complain_status(path, status);
    }
    hashveil_workspace_close(workspace);
    return status == HASHVEIL_OK ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_db_history = {
    .name = "history",
    .arguments = "WORKSPACE",
    .summary = "print what has changed in a workspace, when and by whom",
    .details =
        "A line for each change, the oldest first: number, time, who, what, how many claims it "
        "made and ended, and of what; tabs between. 'hashveil db list --ended' tells the history "
        "of single hashes, and 'hashveil db diff --since' what has changed since.\n\n"
        "EXAMPLES\n"
        "  hashveil db history lists.work\n"
        "  hashveil db history lists.work --json\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
