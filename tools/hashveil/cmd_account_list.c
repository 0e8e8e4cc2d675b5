/* SPDX-License-Identifier: Apache-2.0 */
#include "account_store.h"
#include "command.h"
#include "json_line.h"
#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

struct list_options {
    const char *store;
    bool is_json;
};

enum { OPTION_STORE = 256 };

static const struct argp_option option_rows[] = {
    {"accounts", OPTION_STORE, "STORE", 0, "Where the accounts are (needed)", 0},
    {"json", 'j', NULL, 0, "Print a JSON object a line", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct list_options *options = out;
    switch (key) {
    case OPTION_STORE:
        options->store = account_store_option(state, text);
        return 0;
    case 'j':
        options->is_json = true;
        return 0;
    case ARGP_KEY_END:
        if (!options->store) {
            argp_error(state, "--accounts is needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_json(const struct account *account)
{
    struct json_line line = {0};
    json_line_set_text(&line, "name", account->name);
    json_line_set(&line, "credential", json_string(account_credential_text(account->kind)));
    json_line_set(&line, "per_day", json_of_u64(account->per_day));
    json_line_set(&line, "burst", json_of_u64(account->burst));
    json_line_set(&line, "available", json_of_u64(account_available(account)));
    json_line_set_time(&line, "added", account->added_s);
    (void)json_line_print(&line);
}

/* context: the options. */
static void print(void *context, const struct account *stored)
{
    const struct list_options *options = context;
    struct account account = *stored;
    account_refill(&account, (uint64_t)time(NULL));
    if (options->is_json) {
        print_json(&account);
        return;
    }
    char added[TIME_TEXT_BYTES];
    format_time(account.added_s, added);
    printf("%-12s %12" PRIu64 " a day, %" PRIu64 " at once, %" PRIu64 " now  %s  %s\n",
           account_credential_text(account.kind), account.per_day, account.burst,
           account_available(&account), added, account.name);
}

static int run(const struct command *self, int argc, char **argv)
{
    struct list_options options = {0};
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    struct account_store *store = account_store_open(options.store, false);
    if (!store) {
        return EXIT_TROUBLE;
    }
    const hashveil_status status = account_store_each(store, print, &options);
    if (status != HASHVEIL_OK) {
        complain_status(options.store, status);
    }
    account_store_close(store);
    return status == HASHVEIL_OK ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_account_list = {
    .name = "list",
    .arguments = "",
    .summary = "print the accounts and what is left of their budgets",
    .details =
        "A running evaluator holds some elements of an account that asks, a sixteenth of "
        "its burst for a minute at most: these count as used here. " ACCOUNT_STORE_HELP "EXAMPLES\n"
        "  hashveil account list --accounts sqlite:accounts --json\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
