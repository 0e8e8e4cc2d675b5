/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "output.h"
#include "report_json.h"
#include "report_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct list_options {
    const char *store_path;
    bool is_json, is_of_accounts;
};

static bool print_json(void *context, const struct stored_report *report)
{
    struct json_line line = {0};
    (void)context;
    report_json_set(&line, report);
    return json_line_print(&line);
}

/* Labels as "a, b"; all else is of one line. */
static void print_lines(const char *rest)
{
    while (*rest) {
        char *line = report_next_label(&rest);
        if (line) {
            print_foreign(line);
        }
        free(line);
        fputs(*rest ? ", " : "", stdout);
    }
}

static bool print_text(void *context, const struct stored_report *report)
{
    char time[TIME_TEXT_BYTES];
    char distance[16] = "-";
    (void)context;
    format_time(report->time_s, time);
    if (report->has_distance) {
        snprintf(distance, sizeof distance, "%u", report->distance_bits);
    }
    const char *const columns[] = {time,
                                   report->state,
                                   distance,
                                   report->labels,
                                   report->record,
                                   *report->hash ? report->hash : "-",
                                   report->matched_by};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        fputs(i > 0 ? "\t" : "", stdout);
        print_lines(columns[i]);
    }
    putchar('\n');
    return !output_failed();
}

static bool print_account_json(void *context, const struct stored_account *account)
{
    struct json_line line = {0};
    (void)context;
    json_line_set(&line, "account", json_string(account->name));
    json_line_set(&line, "threshold", json_of_u64(account->threshold));
    json_line_set(&line, "records", json_of_u64(account->records));
    json_line_set(&line, "reports", json_of_u64(account->reports));
    json_line_set(&line, "opened", json_of_u64(account->opened));
    json_line_set_time(&line, "last", account->last_s);
    return json_line_print(&line);
}

static bool print_account(void *context, const struct stored_account *account)
{
    char time[TIME_TEXT_BYTES];
    (void)context;
    format_time(account->last_s, time);
    printf("%s\t%s\t%" PRIu64 " of %" PRIu64 " records\t%" PRIu64 " reports, %" PRIu64 " open\n",
           account->name, time, account->records, account->threshold, account->reports,
           account->opened);
    return !output_failed();
}

static hashveil_status list(const struct list_options *options, struct report_store *store)
{
    if (options->is_of_accounts) {
        return report_store_accounts(store, options->is_json ? print_account_json : print_account,
                                     NULL);
    }
    return report_store_list(store, options->is_json ? print_json : print_text, NULL);
}

enum { OPTION_STORE = 256, OPTION_ACCOUNTS };

static const struct argp_option option_rows[] = {
    {"store", OPTION_STORE, "STORE", 0, "Where 'reporter serve' keeps reports (needed)", 0},
    {"accounts", OPTION_ACCOUNTS, NULL, 0,
     "List accounts: how many records have matched of how many that open their reports", 0},
    {"json", 'j', NULL, 0, "Print one JSON object a line", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct list_options *options = out;
    switch (key) {
    case OPTION_STORE:
        options->store_path = text;
        return 0;
    case OPTION_ACCOUNTS:
        options->is_of_accounts = true;
        return 0;
    case 'j':
        options->is_json = true;
        return 0;
    case ARGP_KEY_END:
        if (!options->store_path) {
            argp_error(state, "--store is needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct list_options options = {0};
    struct report_store *store = NULL;

    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    hashveil_status status = report_store_open(options.store_path, SQLITE_FILE_READ, &store);
    if (status == HASHVEIL_OK) {
        status = list(&options, store);
    }
    if (status != HASHVEIL_OK) {
        complain_status(options.store_path, status);
    }
    report_store_close(store);
    return status == HASHVEIL_OK ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_reporter_list = {
    .name = "list",
    .arguments = "",
    .summary = "list the reports that a reporter has received",
    .details =
        "Prints a line for each report, its columns parted by tabs: time of the match, state, "
        "distance in bits to the nearest listed hash, labels, record, the hash of the picture that "
        "matched, or '-' where it was none, and what the device matched by: pdq, md5, sha1 or "
        "sha256. A report is 'confirmed' when one of its digests is listed or that distance is at "
        "most 31, else 'rejected', and 'unchecked' when the reporter had no "
        "list.\n\n" SQL_ADDRESS_HELP "EXAMPLES\n"
        "  hashveil reporter list --store reports.sqlite\n"
        "  hashveil reporter list --store reports.sqlite --accounts\n"
        "  hashveil reporter list --store reports.sqlite --json\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
