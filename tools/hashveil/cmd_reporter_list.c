/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "json_line.h"
#include "output.h"
#include "report_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct list_options {
    const char *store_path;
    bool is_json;
};

static json_t *json_of_time(uint64_t seconds)
{
    char text[TIME_TEXT_BYTES];
    format_time(seconds, text);
    return json_string(text);
}

/* The positions of the bits that are set: lists as the database numbers them. */
static json_t *json_of_lists(uint64_t lists)
{
    json_t *numbers = json_array();
    for (unsigned i = 0; i < 64 && numbers; i++) {
        if ((lists >> i & 1) && json_array_append_new(numbers, json_integer(i)) != 0) {
            json_decref(numbers);
            numbers = NULL;
        }
    }
    return numbers;
}

/* Takes no more than one label of the text, and moves on to the next. */
static char *next_label(const char **rest)
{
    const size_t len = strcspn(*rest, (const char[]){REPORT_LABEL_SEPARATOR, '\0'});
    char *label = strndup(*rest, len);
    *rest += len + ((*rest)[len] != '\0');
    return label;
}

static json_t *json_of_labels(const char *rest)
{
    json_t *labels = json_array();
    while (*rest && labels) {
        char *label = next_label(&rest);
        json_t *element = label ? json_of_text(label) : NULL;
        free(label);
        if (!element || json_array_append_new(labels, element) != 0) {
            json_decref(labels);
            labels = NULL;
        }
    }
    return labels;
}

static void set_unless_empty(struct json_line *line, const char *key, const char *text)
{
    if (*text) {
        json_line_set(line, key, json_of_text(text));
    }
}

static bool print_json(void *context, const struct stored_report *report)
{
    struct json_line line = {0};
    (void)context;
    json_line_set(&line, "id", json_of_text(report->id));
    json_line_set(&line, "time", json_of_time(report->time_s));
    json_line_set(&line, "received", json_of_time(report->received_s));
    json_line_set(&line, "state", json_of_text(report->state));
    json_line_set(&line, "matched_by", json_of_text(report->matched_by));
    json_line_set(&line, "confirmed_by",
                  strcmp(report->confirmed_by, hashveil_signal_text(HASHVEIL_SIGNAL_NONE)) == 0
                      ? json_null()
                      : json_of_text(report->confirmed_by));
    json_line_set(&line, "distance",
                  report->has_distance ? json_of_u64(report->distance_bits) : json_null());
    json_line_set(&line, "labels", json_of_labels(report->labels));
    json_line_set(&line, "record", json_of_text(report->record));
    json_line_set(&line, "lists", json_of_lists(report->lists));
    set_unless_empty(&line, "hash", report->hash);
    json_line_set(&line, "quality", *report->hash ? json_of_u64(report->quality) : json_null());
    for (unsigned i = 0; i < HASHVEIL_DIGEST_KINDS; i++) {
        set_unless_empty(&line, hashveil_digest_kind_text((hashveil_digest_kind)i),
                         report->digests[i]);
    }
    json_line_set(&line, "epoch", json_of_u64(report->epoch));
    json_line_set(&line, "database", json_of_text(report->database));
    return json_line_print(&line);
}

/* Labels as "a, b"; all else is of one line. */
static void print_lines(const char *rest)
{
    while (*rest) {
        char *line = next_label(&rest);
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

enum { OPTION_STORE = 256 };

static const struct argp_option option_rows[] = {
    {"store", OPTION_STORE, "FILE", 0, "Where 'reporter serve' keeps reports (needed)", 0},
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
    hashveil_status status = report_store_open(options.store_path, REPORT_STORE_READ, &store);
    if (status == HASHVEIL_OK) {
        status = report_store_list(store, options.is_json ? print_json : print_text, NULL);
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
        "most 31, else 'rejected', and 'unchecked' when the reporter had no list.\n\n"
        "EXAMPLES\n"
        "  hashveil reporter list --store reports.sqlite\n"
        "  hashveil reporter list --store reports.sqlite --json\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
