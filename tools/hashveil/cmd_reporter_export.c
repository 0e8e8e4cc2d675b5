/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "output.h"
#include "report_json.h"
#include "report_review.h"
#include "report_store.h"
#include "report_xml.h"

#include <string.h>

struct export_options {
    const char *store_path;
    const char *state; /* NULL: of any */
    enum review_state review;
    bool is_of_one_review; /* else of any */
    bool is_xml;
    bool is_json;
};

struct export
{
    const struct export_options *options;
    struct report_reviews *reviews;
    struct report_xml *xml; /* NULL when it is JSON */
    hashveil_status status; /* the first failure but of stdout */
};

static bool print_json(const struct stored_report *report, const struct report_review *review)
{
    struct json_line line = {0};
    json_line_set(&line, "notice", json_of_text(REPORT_STUB_NOTICE));
    report_json_set(&line, report);
    json_line_set(&line, "review", json_of_text(review_state_text(review->state)));
    if (review->state != REVIEW_NEW) {
        json_line_set(&line, "reviewed", json_of_time(review->time_s));
    }
    return json_line_print(&line);
}

static bool export_report(void *context, const struct stored_report *report)
{
    struct export *export = context;
    const struct export_options *options = export->options;
    struct report_review review;
    export->status = report_reviews_find(export->reviews, report->id, &review);
    if (export->status != HASHVEIL_OK) {
        return false;
    }
    if ((options->state && strcmp(options->state, report->state) != 0) ||
        (options->is_of_one_review && options->review != review.state)) {
        return true;
    }
    return export->xml ? report_xml_add(export->xml, report, &review) : print_json(report, &review);
}

static hashveil_status export_all(struct export *export, struct report_store *store)
{
    if (export->options->is_xml) {
        export->xml = report_xml_begin();
        if (!export->xml) {
            return HASHVEIL_ERR_NO_MEMORY;
        }
    }
    hashveil_status status = report_store_list(store, export_report, export);
    if (status == HASHVEIL_OK) {
        status = export->status;
    }
    report_xml_end(export->xml, status == HASHVEIL_OK);
    return status;
}

enum { OPTION_STORE = 256, OPTION_STATE, OPTION_REVIEW, OPTION_XML };

static const struct argp_option option_rows[] = {
    {"store", OPTION_STORE, "STORE", 0, "Where 'reporter serve' keeps reports (needed)", 0},
    {"xml", OPTION_XML, NULL, 0, "Print a document in the shape of CyberTipline reports", 0},
    {"json", 'j', NULL, 0, "Print one JSON object a line", 0},
    {"state", OPTION_STATE, "STATE", 0, "Only those in this state, as confirmed", 0},
    {"review", OPTION_REVIEW, "STATE", 0, "Only those that are new, reviewed or retracted", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct export_options *options = out;
    switch (key) {
    case OPTION_STORE:
        options->store_path = text;
        return 0;
    case OPTION_XML:
        options->is_xml = true;
        return 0;
    case 'j':
        options->is_json = true;
        return 0;
    case OPTION_STATE:
        if (!report_state_is_known(text)) {
            argp_error(state, "--state: '%s' is not a state of a report", text);
        }
        options->state = text;
        return 0;
    case OPTION_REVIEW:
        options->is_of_one_review = true;
        if (!review_state_of(text, &options->review)) {
            argp_error(state, "--review: '%s' is not new, reviewed or retracted", text);
        }
        return 0;
    case ARGP_KEY_END:
        if (!options->store_path || options->is_xml == options->is_json) {
            argp_error(state, "--store and one of --xml and --json are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct export_options options = {0};
    struct export export = {.options = &options};
    struct report_store *store = NULL;

    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    hashveil_status status = report_store_open(options.store_path, SQLITE_FILE_READ, &store);
    if (status == HASHVEIL_OK) {
        status = report_reviews_open(options.store_path, SQLITE_FILE_READ, &export.reviews);
    }
    if (status == HASHVEIL_OK) {
        status = export_all(&export, store);
    }
    if (status != HASHVEIL_OK) {
        complain_status(options.store_path, status);
    }
    report_reviews_close(export.reviews);
    report_store_close(store);
    return status == HASHVEIL_OK ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_reporter_export = {
    .name = "export",
    .arguments = "",
    .summary = "write received reports as JSON or XML",
    .details =
        "Writes what the reporter has to standard output. --xml gives one document whose elements "
        "have the names and the order of CyberTipline reports (stub_report.xsd has its schema); "
        "--json the keys of 'reporter list --json' and 'review'. Both say in each report that it "
        "is a test's: this program forwards nothing to anybody.\n\n" SQL_ADDRESS_HELP "EXAMPLES\n"
        "  hashveil reporter export --store reports.sqlite --xml > reports.xml\n"
        "  hashveil reporter export --store reports.sqlite --json --review new\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
