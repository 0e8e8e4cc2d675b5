/* SPDX-License-Identifier: Apache-2.0 */
#include "scan_options.h"

#include <hashveil/report.h>

enum { MAX_RETRY_S = 86400 };

enum {
    OPTION_DB = 256,
    OPTION_SEGMENT,
    OPTION_TAKE_OLDER,
    OPTION_LOG,
    OPTION_LOG_KEY,
    OPTION_KEY,
    OPTION_REPORTER_KEY,
    OPTION_SPOOL,
    OPTION_THRESHOLD,
    OPTION_DELIVERY_RETRY,
    OPTION_RETRY,
    OPTION_REPORTER,
    OPTION_REPORT_STORE,
    OPTION_LIST,
    OPTION_DIHEDRAL,
    OPTION_VERIFY_SHARE,
    OPTION_WORKERS
};

const struct argp_option scan_option_rows[] = {
    {NULL, 0, NULL, 0, "What to match against", 1},
    {"db", OPTION_DB, "FILE.hvdb", 0, "The sealed database (needed)", 1},
    {"segment", OPTION_SEGMENT, "FILE.hvdb", 0,
     "What was added to it and withdrawn since, sealed with --base; may be repeated", 1},
    {"key", OPTION_KEY, "FILE", 0, "The evaluator's secret key: starts a private evaluator", 1},
    EVALUATOR_PEER_ROWS(1),
    {"retry", OPTION_RETRY, "SECONDS", 0,
     "How long to try again when an evaluator does not answer, or the account's budget is spent; "
     "0. "
     "What is not answered then is unchecked",
     1},
    {"dihedral", OPTION_DIHEDRAL, NULL, 0,
     "Find mirrored and turned copies too, with 1,024 probes for each file in place of 256", 1},

    {NULL, 0, NULL, 0, "Whose databases to trust", 2},
    TRUST_OPTION_ROWS(2),
    {"take-older", OPTION_TAKE_OLDER, NULL, 0,
     "Use an older edition than one that was used before with these curators", 2},

    {"log", OPTION_LOG, "FOLDER or URL", 0,
     "A transparency log that the database must be in; one that changed its past is refused", 2},
    {"log-key", OPTION_LOG_KEY, "FILE", 0, "The log's public key", 2},

    {NULL, 0, NULL, 0, "What becomes of matches", 3},
    {"reporter-key", OPTION_REPORTER_KEY, "FILE", 0,
     "Seal reports to this key; the public half is enough. Without it matches are not reported", 3},
    {"spool", OPTION_SPOOL, "FILE", 0,
     "Where reports wait; $XDG_STATE_HOME/hashveil/spool.sqlite if not set", 3},
    {"threshold", OPTION_THRESHOLD, "N", 0,
     "How many different listed records must match here before the reporter can read any report, "
     "as the reporter has it; 1",
     3},
    {"reporter", OPTION_REPORTER, PEER_ADDRESS, 0, "Deliver reports to this running reporter", 3},
    {"delivery-retry", OPTION_DELIVERY_RETRY, "SECONDS", 0,
     "How long to try again when the reporter does not answer; 10. What is not delivered waits for "
     "the next scan",
     3},
    {"report-store", OPTION_REPORT_STORE, "FILE", 0,
     "Start a private reporter that keeps reports here; needs the secret reporter key", 3},
    {"list", OPTION_LIST, "WORKSPACE", 0,
     "The plaintext hashes that the private reporter checks reports against", 3},

    {NULL, 0, NULL, 0, "Peers", 4},
    PEER_TOKEN_ROW(4),
    PEER_OPTION_ROWS(4),

    {NULL, 0, NULL, 0, "How", 5},
    {"json", 'j', NULL, 0, "Print one JSON object a line", 5},
    {"quiet", 'q', NULL, 0, "Print a line for matches and trouble only", 5},
    {"verify-share", OPTION_VERIFY_SHARE, "PERCENT", 0,
     "Of 100 answers, for how many the evaluator must prove that it used the database's key; 10",
     5},
    {"workers", OPTION_WORKERS, "N", 0, "Threads; one a processor if not set", 5},
    {0},
};

/* Two options of which one asks for the other, or rules it out. */
static void check_pairs(const struct argp_state *state, const struct scan_options *options)
{
    const struct {
        const char *first_value, *first, *second_value, *second;
        bool is_ruled_out; /* else needed */
    } rows[] = {
        {options->key_path, "--key", options->evaluators.addresses[0], "--evaluator", true},
        {options->reporter_address, "--reporter", options->report_store_path, "--report-store",
         true},
        {options->spool_path, "--spool", options->reporter_key_path, "--reporter-key", false},
        {options->reporter_address, "--reporter", options->reporter_key_path, "--reporter-key",
         false},
        {options->report_store_path, "--report-store", options->reporter_key_path, "--reporter-key",
         false},
        {options->list_path, "--list", options->report_store_path, "--report-store", false},
        {options->log_path, "--log", options->log_key_path, "--log-key", false},
        {options->log_key_path, "--log-key", options->log_path, "--log", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].first_value && rows[i].is_ruled_out == (rows[i].second_value != NULL)) {
            argp_error(state,
                       rows[i].is_ruled_out ? "%s and %s contradict each other" : "%s needs %s",
                       rows[i].first, rows[i].second);
        }
    }
}

static void check(const struct argp_state *state, const struct scan_options *options)
{
    if (!options->database_path) {
        argp_error(state, "--db is needed");
    }
    if (!options->key_path && options->evaluators.count == 0) {
        argp_error(state, "one of --key and --evaluator is needed");
    }
    check_pairs(state, options);
    trust_options_check(&options->trust, state);
    evaluator_peers_check(&options->evaluators, state);
    peer_options_check(&options->peers, state);
    if (options->paths.count == 0) {
        argp_error(state, "a PATH to scan is needed");
    }
    if (options->reporter_address) {
        command_address(state, "--reporter", options->reporter_address);
    }
}

/* Returns where the text of an option goes, or NULL when it is not an option of this kind. */
static const char **text_of(struct scan_options *options, int key)
{
    switch (key) {
    case OPTION_DB:
        return &options->database_path;
    case OPTION_KEY:
        return &options->key_path;
    case OPTION_REPORTER_KEY:
        return &options->reporter_key_path;
    case OPTION_SPOOL:
        return &options->spool_path;
    case OPTION_REPORTER:
        return &options->reporter_address;
    case OPTION_REPORT_STORE:
        return &options->report_store_path;
    case OPTION_LIST:
        return &options->list_path;
    case OPTION_LOG:
        return &options->log_path;
    case OPTION_LOG_KEY:
        return &options->log_key_path;
    default:
        return NULL;
    }
}

static void add_segment(const struct argp_state *state, struct scan_options *options,
                        const char *path)
{
    if (options->segment_count == HASHVEIL_MAX_SEGMENTS) {
        argp_error(state, "at most %d --segment are possible", HASHVEIL_MAX_SEGMENTS);
    }
    options->segment_paths[options->segment_count++] = path;
}

error_t scan_options_parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct scan_options *options = out;
    const char **member = text_of(options, key);
    if (member) {
        *member = text;
        return 0;
    }
    if (trust_options_parse(&options->trust, key, text, state) ||
        evaluator_peers_parse(&options->evaluators, key, text, state) ||
        peer_options_parse(&options->peers, key, text, state)) {
        return 0;
    }
    switch (key) {
    case OPTION_SEGMENT:
        add_segment(state, options, text);
        return 0;
    case OPTION_TAKE_OLDER:
        options->takes_older = true;
        return 0;
    case 'j':
        options->is_json = true;
        return 0;
    case 'q':
        options->is_quiet = true;
        return 0;
    case OPTION_DIHEDRAL:
        options->scanner.is_dihedral = true;
        return 0;
    case OPTION_RETRY:
        options->evaluator_patience_s =
            (uint32_t)command_number(state, "--retry", text, 0, MAX_RETRY_S);
        return 0;
    case OPTION_DELIVERY_RETRY:
        options->delivery_patience_s =
            (uint32_t)command_number(state, "--delivery-retry", text, 0, MAX_RETRY_S);
        return 0;
    case OPTION_THRESHOLD:
        options->threshold =
            (unsigned)command_number(state, "--threshold", text, 1, HASHVEIL_MAX_THRESHOLD);
        return 0;
    case OPTION_WORKERS:
        options->workers = (unsigned)command_number(state, "--workers", text, 1, MAX_WORKERS);
        return 0;
    case OPTION_VERIFY_SHARE:
        options->scanner.verified_percent =
            (unsigned)command_number(state, "--verify-share", text, 0, 100);
        return 0;
    case ARGP_KEY_ARGS:
        options->paths = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        check(state, options);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}
