/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "errno_status.h"
#include "output.h"
#include "workspace_input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

struct export_options {
    struct command_arguments arguments; /* WORKSPACE */
    hashveil_claim_filter filter;
    const char *format;
};

static bool export(hashveil_workspace *workspace, const struct export_options *options)
{
    const char *path = options->arguments.list[0];
    uint64_t left_out = 0;
    hashveil_status status =
        hashveil_workspace_export(workspace, &options->filter, options->format, stdout, &left_out);
    if (status == HASHVEIL_OK && fflush(stdout) != 0) {
        status = status_of_errno(errno);
    }
    if (status == HASHVEIL_ERR_ARGUMENT) {
        complain("export", "no list can be written in a format '%s'", options->format);
    } else if (status != HASHVEIL_OK && !output_failed()) {
        complain_status(path, status);
    } else if (left_out > 0) {
        complain(path, "%" PRIu64 " items were left out: this format cannot say what they are",
                 left_out);
    }
    return status == HASHVEIL_OK;
}

enum { OPTION_FORMAT = 256, OPTION_SOURCE, OPTION_LABEL, OPTION_WITHDRAWN };

static const struct argp_option option_rows[] = {
    {"format", OPTION_FORMAT, "NAME", 0,
     "What to write, as 'hashveil db import --format help' lists; csv if not set", 0},
    {"source", OPTION_SOURCE, "NAME", 0, "Only what this source names", 0},
    {"label", OPTION_LABEL, "LABEL", 0, "Only what has this label", 0},
    {"withdrawn", OPTION_WITHDRAWN, NULL, 0, "What is named no longer, too, as withdrawn", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct export_options *options = out;
    switch (key) {
    case OPTION_FORMAT:
        options->format = text;
        return 0;
    case OPTION_SOURCE:
        options->filter.source = text;
        return 0;
    case OPTION_LABEL:
        options->filter.label = text;
        return 0;
    case OPTION_WITHDRAWN:
        options->filter.with_ended = true;
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
    struct export_options options = {.format = "csv"};
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    hashveil_workspace *workspace =
        workspace_open(options.arguments.list[0], HASHVEIL_WORKSPACE_READ);
    const bool is_done = workspace && export(workspace, &options);
    hashveil_workspace_close(workspace);
    return is_done ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_db_export = {
    .name = "export",
    .arguments = "WORKSPACE",
    .summary = "write a workspace's hashes as a list",
    .details =
        "Writes to standard output. csv keeps all that a workspace knows of an item; other formats "
        "say less, and what one cannot say at all is left out and counted. With --withdrawn the "
        "list also ends what was named once, wherever it is imported.\n\n"
        "EXAMPLES\n"
        "  hashveil db export lists.work > all.csv\n"
        "  hashveil db export lists.work --format pdq --source Example > hashes.txt\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
