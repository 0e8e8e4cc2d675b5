/* SPDX-License-Identifier: Apache-2.0 */
#include "account_store.h"
#include "command.h"
#include "output.h"

struct remove_options {
    const char *store;
    struct command_arguments names;
};

enum { OPTION_STORE = 256 };

static const struct argp_option option_rows[] = {
    {"accounts", OPTION_STORE, "STORE", 0, "Where the accounts are (needed)", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct remove_options *options = out;
    switch (key) {
    case OPTION_STORE:
        options->store = account_store_option(state, text);
        return 0;
    case ARGP_KEY_ARGS:
        options->names = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        if (!options->store || options->names.count == 0) {
            argp_error(state, "--accounts and a NAME are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct remove_options options = {0};
    int code = EXIT_DONE;
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    struct account_store *store = account_store_open(options.store, false);
    if (!store) {
        return EXIT_TROUBLE;
    }
    for (size_t i = 0; i < options.names.count; i++) {
        const hashveil_status status = account_store_remove(store, options.names.list[i]);
        if (status == HASHVEIL_ERR_NOT_FOUND) {
            complain(options.names.list[i], "there is no account of that name");
        } else if (status != HASHVEIL_OK) {
            complain_status(options.store, status);
        }
        code = status == HASHVEIL_OK ? code : EXIT_TROUBLE;
    }
    account_store_close(store);
    return code;
}

const struct command command_account_remove = {
    .name = "remove",
    .arguments = "NAME...",
    .summary = "take accounts away",
    .details = "A running evaluator answers them for another minute at most, or until "
               "SIGHUP. " ACCOUNT_STORE_HELP "EXAMPLES\n"
               "  hashveil account remove --accounts sqlite:accounts phone\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
