/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "http_server.h"
#include "output.h"
#include "plain_list.h"
#include "report_intake.h"
#include "report_store.h"

#include <hashveil/index.h>
#include <hashveil/key.h>
#include <hashveil/report.h>
#include <hashveil/transport.h>

struct serve_options {
    const char *key_path;
    const char *store_path;
    const char *list_path; /* NULL: reports stay unchecked */
    unsigned threshold;
    struct server_options server;
};

/* What the server stands on. Starts as {0}. */
struct reporter {
    hashveil_key key;
    hashveil_index *listed; /* NULL without a list */
    struct report_store *store;
    struct report_intake *intake;
    const char *store_path;
    unsigned threshold;
};

/* The surest kind of digest that is listed, NONE without one. */
static hashveil_signal listed_digest(const hashveil_index *listed, const hashveil_report *report)
{
    for (unsigned i = HASHVEIL_DIGEST_KINDS; report->has_digests && i-- > 0;) {
        const hashveil_digest digest =
            hashveil_digests_get(&report->digests, (hashveil_digest_kind)i);
        if (hashveil_index_has_digest(listed, &digest)) {
            return (hashveil_signal)(HASHVEIL_SIGNAL_MD5 + i);
        }
    }
    return HASHVEIL_SIGNAL_NONE;
}

/* context: the reporter. */
static struct report_judgement judge(void *context, const hashveil_report *report)
{
    const struct reporter *reporter = context;
    struct report_judgement judgement = {.state = REPORT_UNCHECKED};
    if (!reporter->listed) {
        return judgement;
    }
    judgement.confirmed_by = listed_digest(reporter->listed, report);
    if (report->has_picture) {
        judgement.has_distance = true;
        judgement.distance_bits = hashveil_index_nearest(reporter->listed, &report->hash);
    }
    /* Flat pictures are near each other, whatever they show. */
    if (judgement.confirmed_by == HASHVEIL_SIGNAL_NONE && judgement.has_distance &&
        judgement.distance_bits <= HASHVEIL_PDQ_MATCH_BITS &&
        report->quality >= HASHVEIL_PDQ_MIN_QUALITY) {
        judgement.confirmed_by = HASHVEIL_SIGNAL_PDQ;
    }
    judgement.state =
        judgement.confirmed_by != HASHVEIL_SIGNAL_NONE ? REPORT_CONFIRMED : REPORT_REJECTED;
    return judgement;
}

static hashveil_status take_report(void *context, const struct http_request *request,
                                   struct http_answer *out)
{
    struct reporter *reporter = context;
    hashveil_envelope envelope;
    (void)out;
    hashveil_status status =
        hashveil_envelope_open(request->body, request->len, &reporter->key, &envelope);
    if (status == HASHVEIL_OK && envelope.threshold != reporter->threshold) {
        status = HASHVEIL_ERR_THRESHOLD;
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    status = report_intake_take(reporter->intake, &envelope);
    if (status != HASHVEIL_OK) {
        complain_status(reporter->store_path, status);
    }
    return status;
}

static const struct http_route routes[] = {
    {EVHTTP_REQ_POST, HASHVEIL_PATH_REPORTS, take_report, true},
    {0},
};

/* Returns false after a message. */
static bool reporter_init(const struct serve_options *options, struct reporter *out)
{
    const char *path = options->key_path;
    hashveil_status status = hashveil_key_load_secret(path, HASHVEIL_KEY_REPORTER, &out->key);
    if (status == HASHVEIL_OK && options->list_path) {
        path = options->list_path;
        status = plain_list_load(path, &out->listed);
    }
    if (status == HASHVEIL_OK) {
        path = options->store_path;
        status = report_store_open(path, SQLITE_FILE_MAKE, &out->store);
    }
    if (status == HASHVEIL_OK) {
        out->intake = report_intake_start(out->store, judge, out);
        status = out->intake ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    }
    out->store_path = options->store_path;
    out->threshold = options->threshold;
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK;
}

static void reporter_clear(struct reporter *reporter)
{
    report_intake_stop(reporter->intake);
    report_store_close(reporter->store);
    hashveil_index_destroy(reporter->listed);
    hashveil_key_clear(&reporter->key);
    *reporter = (struct reporter){0};
}

enum {
    MAX_ANSWER_BYTES = 8, /* reports are acknowledged without a word */
    WORKERS = 64          /* that wait for the disk together, most of the time */
};

enum { OPTION_KEY = 256, OPTION_STORE, OPTION_LIST, OPTION_THRESHOLD };

static const struct argp_option option_rows[] = {
    {"key", OPTION_KEY, "FILE", 0, "The reporter's secret key (needed)", 1},
    {"store", OPTION_STORE, "STORE", 0, "Where to keep reports; a file is made (needed)", 1},
    {"list", OPTION_LIST, "WORKSPACE", 0,
     "The plaintext hashes and digests to check reports against", 1},
    {"threshold", OPTION_THRESHOLD, "N", 0,
     "How many different listed records must match before an account's reports open; 1", 1},
    SERVER_OPTION_ROWS(2),
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct serve_options *options = out;
    switch (key) {
    case OPTION_KEY:
        options->key_path = text;
        return 0;
    case OPTION_STORE:
        options->store_path = text;
        return 0;
    case OPTION_LIST:
        options->list_path = text;
        return 0;
    case OPTION_THRESHOLD:
        options->threshold =
            (unsigned)command_number(state, "--threshold", text, 1, HASHVEIL_MAX_THRESHOLD);
        return 0;
    case ARGP_KEY_END:
        if (!options->key_path || !options->store_path) {
            argp_error(state, "--key and --store are needed");
        }
        server_options_check(&options->server, state);
        return 0;
    default:
        return server_options_parse(&options->server, key, text, state) ? 0 : ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct serve_options options = {.threshold = 1};
    struct reporter reporter = {0};

    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    int code = EXIT_TROUBLE;
    if (reporter_init(&options, &reporter)) {
        const struct http_service service = {.routes = routes,
                                             .max_body_bytes = HASHVEIL_SEALED_REPORT_BYTES,
                                             .max_answer_bytes = MAX_ANSWER_BYTES,
                                             .workers = WORKERS,
                                             .context = &reporter};
        code = http_serve(&options.server, &service) ? EXIT_DONE : EXIT_TROUBLE;
    }
    reporter_clear(&reporter);
    return code;
}

const struct command command_reporter_serve = {
    .name = "serve",
    .arguments = "",
    .summary = "receive sealed reports of matches, check and keep them",
    .details =
        "Serves POST " HASHVEIL_PATH_REPORTS " and GET " HASHVEIL_PATH_HEALTH
        " over HTTP, and to this machine " HTTP_PATH_METRICS ". " SERVER_ADDRESS_HELP
        "A report is acknowledged when it is on the disk; the "
        "same report sent again changes nothing. With --list each one is checked: by its digests "
        "where it has them, by its true distance to the listed hashes where it has a picture.\n\n"
        "With --threshold the reports of an account, a device, are closed to everybody until so "
        "many different records have matched there; until then they can only be counted "
        "('reporter list --accounts'). A report that was made for another threshold is "
        "refused.\n\n" SQL_ADDRESS_HELP "EXAMPLES\n"
        "  hashveil reporter serve --key reporter.key --listen unix:/run/reporter \\\n"
        "      --store reports.sqlite --list lists.work\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
