/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "output.h"
#include "report_review.h"

struct review_options {
    const char *store_path;
    enum review_state state; /* NEW until an option says */
    struct command_arguments ids;
};

enum { OPTION_STORE = 256, OPTION_REVIEWED, OPTION_RETRACTED };

static const struct argp_option option_rows[] = {
    {"store", OPTION_STORE, "STORE", 0, "Where 'reporter serve' keeps reports (needed)", 0},
    {"reviewed", OPTION_REVIEWED, NULL, 0, "Somebody has looked into them", 0},
    {"retracted", OPTION_RETRACTED, NULL, 0, "They are withdrawn, as mistakes", 0},
    {0},
};

static void set_state(const struct argp_state *state, struct review_options *options,
                      enum review_state review)
{
    if (options->state != REVIEW_NEW) {
        argp_error(state, "--reviewed and --retracted exclude each other");
    }
    options->state = review;
}

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct review_options *options = out;
    switch (key) {
    case OPTION_STORE:
        options->store_path = text;
        return 0;
    case OPTION_REVIEWED:
        set_state(state, options, REVIEW_REVIEWED);
        return 0;
    case OPTION_RETRACTED:
        set_state(state, options, REVIEW_RETRACTED);
        return 0;
    case ARGP_KEY_ARGS:
        options->ids = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        if (!options->store_path || options->state == REVIEW_NEW) {
            argp_error(state, "--store and one of --reviewed and --retracted are needed");
        }
        if (options->ids.count == 0) {
            argp_error(state, "an ID is needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Returns false after messages; what could be decided is. */
static bool decide(struct report_reviews *reviews, const struct review_options *options)
{
    bool is_done = true;
    for (size_t i = 0; i < options->ids.count; i++) {
        const char *id = options->ids.list[i];
        const hashveil_status status = report_reviews_decide(reviews, id, options->state);
        if (status == HASHVEIL_ERR_NOT_FOUND) {
            complain(id, "%s has no report of that id", options->store_path);
        } else if (status == HASHVEIL_ERR_EXISTS) {
            complain(id, "it is decided already, and stays as it is");
        } else if (status != HASHVEIL_OK) {
            complain_status(options->store_path, status);
        }
        is_done = is_done && status == HASHVEIL_OK;
    }
    return is_done;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct review_options options = {0};
    struct report_reviews *reviews = NULL;

    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    int code = EXIT_TROUBLE;
    const hashveil_status status =
        report_reviews_open(options.store_path, SQLITE_FILE_WRITE, &reviews);
    if (status != HASHVEIL_OK) {
        complain_status(options.store_path, status);
    } else if (decide(reviews, &options)) {
        code = EXIT_DONE;
    }
    report_reviews_close(reviews);
    return code;
}

const struct command command_reporter_review = {
    .name = "review",
    .arguments = "ID...",
    .summary = "say that reports have been reviewed, or are retracted",
    .details =
        "A report is 'new' until somebody decides; what is decided stays so. 'reporter list' "
        "prints the ids with --json, and 'reporter export' what was decided.\n\n" SQL_ADDRESS_HELP
        "EXAMPLES\n"
        "  hashveil reporter review --store reports.sqlite --reviewed \\\n"
        "      0f1e2d3c4b5a69788796a5b4c3d2e1f0\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
