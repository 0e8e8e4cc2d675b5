/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "database.h"
#include "interrupt.h"
#include "output.h"
#include "private_service.h"
#include "scan_log.h"
#include "scan_options.h"
#include "scan_output.h"
#include "scan_trust.h"
#include "state_folder.h"

#include <stdlib.h>
#include <string.h>

#include <hashveil/key.h>
#include <hashveil/scan.h>
#include <hashveil/sealed_db.h>

/* What a scan stands on. Starts as {0}. */
struct scan_input {
    hashveil_sealed_db *database;
    const hashveil_sealed_db_info *info; /* borrowed from the database */
    hashveil_key reporter_key;           /* public half */
    char *default_spool_path;            /* NULL when it is not used */
    struct private_service evaluator, reporter;
};

static void scan_input_clear(struct scan_input *input)
{
    private_service_stop(&input->reporter);
    private_service_stop(&input->evaluator);
    hashveil_sealed_db_close(input->database);
    hashveil_key_clear(&input->reporter_key);
    free(input->default_spool_path);
    *input = (struct scan_input){0};
}

static bool attach_segment(const char *path, const char *base_path, hashveil_sealed_db *base)
{
    hashveil_sealed_db *segment = NULL;
    const char *where = "";
    hashveil_status status = database_open(path, &segment, &where);
    if (status != HASHVEIL_OK) {
        complain_database(path, where, status);
        return false;
    }
    status = hashveil_sealed_db_attach(base, segment);
    if (status != HASHVEIL_OK) {
        complain(path, "not a segment of %s", base_path);
        hashveil_sealed_db_close(segment);
    }
    return status == HASHVEIL_OK;
}

static bool open_database(const struct scan_options *options, struct scan_input *out)
{
    const char *path = options->database_path;
    const char *where = "";
    const hashveil_status status = database_open(path, &out->database, &where);
    if (status != HASHVEIL_OK) {
        complain_database(path, where, status);
        return false;
    }
    out->info = hashveil_sealed_db_describe(out->database);
    if (out->info->is_segment) {
        complain(path, "a segment: --db takes the database that it goes on top of");
        return false;
    }
    bool are_attached = true;
    for (size_t i = 0; i < options->segment_count && are_attached; i++) {
        are_attached = attach_segment(options->segment_paths[i], path, out->database);
    }
    return are_attached;
}

/* Returns false after a message where the key is not the one that the database was sealed for. */
static bool is_databases_key(const struct scan_options *options, const struct scan_input *input,
                             const hashveil_key *key, const char *path)
{
    const bool is_the_one =
        memcmp(key->public_bytes, input->info->evaluator_public, sizeof key->public_bytes) == 0;
    if (!is_the_one) {
        complain(path, "not the key that %s was sealed with", options->database_path);
    }
    return is_the_one;
}

/* The private services load the secrets themselves; looking at the keys here finds a wrong one
 * before anything is started, and names it. */
static bool check_evaluator_key(const struct scan_options *options, const struct scan_input *input)
{
    hashveil_key key = {0};
    if (!options->key_path) {
        return true;
    }
    const hashveil_status status =
        hashveil_key_load_secret(options->key_path, HASHVEIL_KEY_EVALUATOR, &key);
    if (status != HASHVEIL_OK) {
        complain_status(options->key_path, status);
    }
    const bool is_the_one =
        status == HASHVEIL_OK && is_databases_key(options, input, &key, options->key_path);
    hashveil_key_clear(&key);
    return is_the_one;
}

static bool load_evaluator_keys(struct scan_options *options, const struct scan_input *input)
{
    struct evaluator_peers *evaluators = &options->evaluators;
    hashveil_key whole = {0};
    if (!evaluator_peers_load(evaluators)) {
        return false;
    }
    if (!evaluator_peers_shares(evaluators)) {
        return evaluators->key_count == 0 ||
               is_databases_key(options, input, &evaluators->keys[0], evaluators->key_paths[0]);
    }
    const hashveil_status status = hashveil_key_join(evaluators->keys, &whole);
    if (status != HASHVEIL_OK ||
        memcmp(whole.public_bytes, input->info->evaluator_public, sizeof whole.public_bytes) != 0) {
        complain(options->database_path,
                 "%s and %s do not add up to the key that it was sealed with",
                 evaluators->key_paths[0], evaluators->key_paths[1]);
        return false;
    }
    return true;
}

static bool load_reporter_key(const struct scan_options *options, struct scan_input *out)
{
    hashveil_key secret = {0};
    const char *path = options->reporter_key_path;
    if (!path) {
        complain("scan", "matches are printed only: without --reporter-key nothing is reported");
        return true;
    }
    hashveil_status status =
        hashveil_key_load_public(path, HASHVEIL_KEY_REPORTER, &out->reporter_key);
    if (status == HASHVEIL_OK && options->report_store_path) {
        status = hashveil_key_load_secret(path, HASHVEIL_KEY_REPORTER, &secret);
    }
    hashveil_key_clear(&secret);
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK;
}

static bool choose_spool(const struct scan_options *options, struct scan_input *out)
{
    if (!options->reporter_key_path || options->spool_path) {
        return true;
    }
    const hashveil_status status = state_folder_file("spool.sqlite", &out->default_spool_path);
    if (status != HASHVEIL_OK) {
        complain(out->default_spool_path ? out->default_spool_path : "--spool",
                 "no place for reports to wait: %s", hashveil_status_text(status));
    }
    return status == HASHVEIL_OK;
}

static bool start_service(const char *name, const char *const *arguments,
                          const atomic_bool *is_cancelled, struct private_service *out)
{
    const hashveil_status status = private_service_start(arguments, is_cancelled, out);
    if (status != HASHVEIL_OK) {
        complain(name, "it could not be started: %s",
                 status == HASHVEIL_ERR_UNREACHABLE ? "it ended before it was ready"
                                                    : hashveil_status_text(status));
    }
    return status == HASHVEIL_OK;
}

static bool start_services(const struct scan_options *options, const atomic_bool *is_cancelled,
                           struct scan_input *out)
{
    const char *const evaluator[] = {"evaluator", "--key", options->key_path, NULL};
    char threshold[16];
    snprintf(threshold, sizeof threshold, "%u", options->threshold > 0 ? options->threshold : 1);
    const char *const reporter[] = {"reporter",
                                    "serve",
                                    "--key",
                                    options->reporter_key_path,
                                    "--store",
                                    options->report_store_path,
                                    "--threshold",
                                    threshold,
                                    options->list_path ? "--list" : NULL,
                                    options->list_path,
                                    NULL};
    return (!options->key_path ||
            start_service("private evaluator", evaluator, is_cancelled, &out->evaluator)) &&
           (!options->report_store_path ||
            start_service("private reporter", reporter, is_cancelled, &out->reporter));
}

static int exit_code(const hashveil_scan_summary *summary, const struct scan_output *output)
{
    bool had_trouble =
        !summary->is_complete || summary->report_status != HASHVEIL_OK || output->failed;
    for (size_t i = 0; i < HASHVEIL_FILE_CLASSES; i++) {
        had_trouble |=
            summary->by_class[i] > 0 && hashveil_file_class_is_trouble((hashveil_file_class)i);
    }
    if (had_trouble) {
        return EXIT_TROUBLE;
    }
    return summary->by_class[HASHVEIL_FILE_MATCH] > 0 ? EXIT_MATCH : EXIT_DONE;
}

static int scan(const struct scan_options *options, const struct scan_input *input,
                atomic_bool *is_cancelled)
{
    struct scan_output output = {.database = input->database,
                                 .is_cancelled = is_cancelled,
                                 .evaluator_address = input->evaluator.address,
                                 .reporter_address = input->reporter.address,
                                 .is_json = options->is_json,
                                 .is_quiet = options->is_quiet};
    hashveil_scanner_options scanner_options = options->scanner;
    scanner_options.key_shares = evaluator_peers_shares(&options->evaluators);
    const bool reports = options->reporter_key_path != NULL;
    const char *spool_path = options->spool_path ? options->spool_path : input->default_spool_path;
    const hashveil_scan_options scan_options = {
        .database = input->database,
        .evaluators =
            {
                peer_of_evaluator(&options->peers, 0,
                                  options->key_path ? input->evaluator.address
                                                    : options->evaluators.addresses[0]),
                peer_of_evaluator(&options->peers, 1, options->evaluators.addresses[1]),
            },
        .reporter_key = reports ? &input->reporter_key : NULL,
        .spool_path = spool_path,
        .threshold = options->threshold,
        .reporter = peer_without_account(&options->peers, options->report_store_path
                                                              ? input->reporter.address
                                                              : options->reporter_address),
        .evaluator_patience_ms = options->evaluator_patience_s * 1000,
        .delivery_patience_ms = options->delivery_patience_s * 1000,
        .scanner_options = &scanner_options,
        .workers = options->workers,
        .fingerprint_options = options->decode.fingerprint,
        .on_result = scan_output_result,
        .on_trouble = scan_output_trouble,
        .context = &output,
        .is_cancelled = is_cancelled,
    };
    hashveil_scan_summary summary = {0};

    progress_init(&output.progress, "files");
    const hashveil_status status = hashveil_scan((const char *const *)options->paths.list,
                                                 options->paths.count, &scan_options, &summary);
    progress_clear(&output.progress);
    if (status != HASHVEIL_OK) {
        complain_status(spool_path ? spool_path : "scan", status);
        return EXIT_TROUBLE;
    }
    scan_output_summary(&output, &summary);
    if (!summary.is_complete) {
        complain("scan", "stopped before its end: files that are not listed were not checked");
    }
    return exit_code(&summary, &output);
}

enum { DELIVERY_PATIENCE_S = 10 };

static int run(const struct command *self, int argc, char **argv)
{
    struct scan_options options = {.scanner = HASHVEIL_SCANNER_OPTIONS_DEFAULT,
                                   .delivery_patience_s = DELIVERY_PATIENCE_S,
                                   .decode = DECODE_OPTIONS_DEFAULT};
    struct scan_input input = {0};
    atomic_bool is_cancelled = false;

    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    interrupt_sets(&is_cancelled);
    int code = EXIT_TROUBLE;
    if (peer_options_load(&options.peers) && open_database(&options, &input) &&
        scan_is_trusted(&options, input.database) && scan_is_logged(&options, input.database) &&
        check_evaluator_key(&options, &input) && load_evaluator_keys(&options, &input) &&
        load_reporter_key(&options, &input) && choose_spool(&options, &input) &&
        decode_options_open(&options.decode, options.workers) &&
        start_services(&options, &is_cancelled, &input)) {
        code = scan(&options, &input, &is_cancelled);
    }
    decode_options_close(&options.decode);
    peer_options_clear(&options.peers);
    scan_input_clear(&input);
    return code;
}

const struct command command_scan = {
    .name = "scan",
    .arguments = "PATH...",
    .summary = "match files against a sealed database, and report only matches",
    .details =
        "A PATH is a file, or a folder with all below it. Prints a line for each file and then a "
        "summary. What leaves this process for a file that is not known is a request to the "
        "evaluator that looks like any other. Where the database lists digests, every file that "
        "can be read is asked for, whatever it is; else pictures alone.\n\n"
        "With --curator the database must be signed by those curators, and the newest edition used "
        "is remembered in $XDG_STATE_HOME/hashveil/editions.sqlite, so that no older one comes "
        "back. A database that has expired is refused always.\n\n"
        "Exit codes: 0 nothing found, 1 a match found, 2 trouble with a file or a peer (matches "
        "may have been found as well). Ctrl-C finishes the files begun and exits with 2; reports "
        "that could not be delivered wait in the spool for the next scan.\n\n" PEER_ADDRESS_HELP
        "Control characters and bytes of a name that are no UTF-8 are printed as \\xNN. With "
        "--json a path that has such bytes has all of them in hexadecimal in \"path_bytes\".\n\n"
        "EXAMPLES\n"
        "  hashveil scan --db lists.hvdb --key evaluator.key ~/Pictures\n"
        "  hashveil scan --db lists.hvdb --key evaluator.key --curator alice.key.pub \\\n"
        "      --curator bob.key.pub --curator carol.key.pub --signatures 2 ~/Pictures\n"
        "  hashveil scan --db lists.hvdb --evaluator unix:/run/evaluator \\\n"
        "      --reporter-key reporter.key.pub --reporter unix:/run/reporter ~/Pictures\n"
        "  hashveil scan --db lists.hvdb --evaluator https://evaluator.example.org \\\n"
        "      --token-file token ~/Pictures\n"
        "  hashveil scan --db lists.hvdb --key evaluator.key --json \\\n"
        "      --reporter-key reporter.key --report-store reports.sqlite \\\n"
        "      --list lists.work ~/Pictures\n",
    .options = scan_option_rows,
    .parse = scan_options_parse,
    .children = decode_option_rows,
    .run = run,
};
