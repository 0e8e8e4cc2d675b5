/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "database.h"
#include "json_line.h"
#include "output.h"
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include <hashveil/key.h>
#include <hashveil/sealed_db.h>
#include <hashveil/workspace.h>

enum { SECONDS_A_DAY = 24 * 60 * 60, MAX_DAYS = 100 * 366 };

struct seal_command_options {
    struct command_arguments arguments; /* WORKSPACE OUT.hvdb */
    const char *key_path;
    const char *curator_paths[HASHVEIL_MAX_CURATORS];
    size_t curator_count;
    uint64_t epoch; /* 0 when not given */
    uint64_t expires_s;
    unsigned workers;
    bool is_json;
};

/* What a database is made of. Starts as {0}. */
struct seal_input {
    hashveil_key evaluator_key;
    hashveil_key curator_keys[HASHVEIL_MAX_CURATORS];
    hashveil_entries entries;
};

static void seal_input_clear(struct seal_input *input)
{
    hashveil_key_clear(&input->evaluator_key);
    hashveil_entries_clear(&input->entries);
}

static bool load_keys(const struct seal_command_options *options, struct seal_input *out)
{
    const char *path = options->key_path;
    hashveil_status status =
        hashveil_key_load_secret(path, HASHVEIL_KEY_EVALUATOR, &out->evaluator_key);
    for (size_t i = 0; i < options->curator_count && status == HASHVEIL_OK; i++) {
        path = options->curator_paths[i];
        status = hashveil_key_load_public(path, HASHVEIL_KEY_CURATOR, &out->curator_keys[i]);
    }
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK;
}

static bool load_entries(const char *path, hashveil_entries *out)
{
    hashveil_workspace *workspace = NULL;
    hashveil_status status = hashveil_workspace_open(path, HASHVEIL_WORKSPACE_READ, &workspace);
    if (status == HASHVEIL_OK) {
        status = hashveil_workspace_entries(workspace, out);
    }
    hashveil_workspace_close(workspace);
    if (status == HASHVEIL_OK && out->count == 0 && out->exact_count == 0) {
        status = HASHVEIL_ERR_EMPTY;
    }
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK;
}

static bool build(const char *path, const struct seal_command_options *options,
                  const struct seal_input *input, hashveil_seal_summary *summary_out)
{
    struct progress progress;
    progress_init(&progress, "tokens");
    const hashveil_seal_options seal = {
        .evaluator_key = &input->evaluator_key,
        .curator_keys = input->curator_keys,
        .curator_count = options->curator_count,
        .epoch = options->epoch > 0 ? options->epoch : (uint64_t)time(NULL),
        .expires_s = options->expires_s,
        .mask_params = HASHVEIL_MASK_PARAMS_DEFAULT,
        .workers = options->workers,
        .progress = progress_show,
        .progress_context = &progress,
    };
    const hashveil_status status =
        hashveil_sealed_db_build(path, &input->entries, &seal, summary_out);
    progress_clear(&progress);
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK;
}

static bool print_result(const char *path, const hashveil_entries *entries,
                         const hashveil_seal_summary *summary, const hashveil_sealed_db_info *info,
                         bool is_json)
{
    char digest[2 * HASHVEIL_DIGEST_BYTES + 1];
    format_hex(info->digest, sizeof info->digest, digest);
    if (is_json) {
        struct json_line line = {0};
        json_line_set_text(&line, "path", path);
        json_line_set(&line, "entries", json_of_u64(entries->count));
        json_line_set(&line, "digests", json_of_u64(entries->exact_count));
        json_line_set(&line, "records", json_of_u64(summary->records));
        json_line_set(&line, "labels_left_out", json_of_u64(summary->labels_left_out));
        json_line_set(&line, "tokens_lost", json_of_u64(summary->tokens_lost));
        json_line_set(&line, "padded_count", json_of_u64(info->padded_count));
        json_line_set(&line, "padded_exact_count", json_of_u64(info->padded_exact_count));
        json_line_set(&line, "epoch", json_of_u64(info->epoch));
        json_line_set(&line, "file_bytes", json_of_u64(info->file_bytes));
        json_line_set(&line, "digest", json_string(digest));
        return json_line_print(&line);
    }
    printf("%s: %zu hashes and %zu digests sealed in %" PRIu64 " records, padded to %" PRIu64
           ", epoch %" PRIu64 ", %" PRIu64 " bytes, digest %s\n",
           path, entries->count, entries->exact_count, summary->records, info->padded_count,
           info->epoch, info->file_bytes, digest);
    if (summary->labels_left_out > 0) {
        complain(path, "%" PRIu64 " labels left out: a record has room for %d",
                 summary->labels_left_out, HASHVEIL_MAX_LABELS);
    }
    return true;
}

/* Opens what was built, as a device will: a database that does not open is not handed over in
 * silence. */
static bool check_result(const char *path, const hashveil_entries *entries,
                         const hashveil_seal_summary *summary, bool is_json)
{
    hashveil_sealed_db *db = NULL;
    const char *where = "";
    const hashveil_status status = database_open(path, &db, &where);
    if (status != HASHVEIL_OK) {
        complain_database(path, where, status);
        return false;
    }
    const bool printed =
        print_result(path, entries, summary, hashveil_sealed_db_describe(db), is_json);
    hashveil_sealed_db_close(db);
    return printed;
}

enum { OPTION_KEY = 256, OPTION_EPOCH, OPTION_EXPIRES, OPTION_CURATOR, OPTION_WORKERS };

static const struct argp_option option_rows[] = {
    {"key", OPTION_KEY, "FILE", 0, "The evaluator's secret key (needed)", 0},
    {"epoch", OPTION_EPOCH, "N", 0, "The edition, higher than all before; the time if not set", 0},
    {"expires", OPTION_EXPIRES, "DAYS", 0, "How long devices may use it; for ever if not set", 0},
    {"curator", OPTION_CURATOR, "FILE", 0, "A curator's public key, to be named; may be repeated",
     0},
    {"workers", OPTION_WORKERS, "N", 0, "Threads; one a processor if not set", 0},
    {"json", 'j', NULL, 0, "Print one JSON object", 0},
    {0},
};

static void add_curator(const struct argp_state *state, struct seal_command_options *options,
                        const char *path)
{
    if (options->curator_count == HASHVEIL_MAX_CURATORS) {
        argp_error(state, "at most %d --curator are possible", HASHVEIL_MAX_CURATORS);
    }
    options->curator_paths[options->curator_count++] = path;
}

static void check(const struct argp_state *state, const struct seal_command_options *options)
{
    if (options->arguments.count != 2) {
        argp_error(state, "a WORKSPACE and the name of the database are needed");
    }
    if (!options->key_path) {
        argp_error(state, "--key is needed");
    }
}

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct seal_command_options *options = out;
    switch (key) {
    case OPTION_KEY:
        options->key_path = text;
        return 0;
    case OPTION_EPOCH:
        options->epoch = command_number(state, "--epoch", text, 1, INT64_MAX);
        return 0;
    case OPTION_EXPIRES:
        options->expires_s = (uint64_t)time(NULL) +
                             SECONDS_A_DAY * command_number(state, "--expires", text, 0, MAX_DAYS);
        return 0;
    case OPTION_CURATOR:
        add_curator(state, options, text);
        return 0;
    case OPTION_WORKERS:
        options->workers = (unsigned)command_number(state, "--workers", text, 1, MAX_WORKERS);
        return 0;
    case 'j':
        options->is_json = true;
        return 0;
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        check(state, options);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct seal_command_options options = {0};
    struct seal_input input = {0};
    hashveil_seal_summary summary = {0};

    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    const char *workspace_path = options.arguments.list[0];
    const char *out_path = options.arguments.list[1];
    const bool done = load_keys(&options, &input) && load_entries(workspace_path, &input.entries) &&
                      build(out_path, &options, &input, &summary) &&
                      check_result(out_path, &input.entries, &summary, options.is_json);
    seal_input_clear(&input);
    return done ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_db_seal = {
    .name = "seal",
    .arguments = "WORKSPACE OUT.hvdb",
    .summary = "blind a workspace's hashes into a database for devices",
    .details =
        "Every hash goes through the evaluator's secret function, so that the database names no "
        "listed hash; its records hold labels and list names only. OUT.hvdb is replaced when all "
        "is written, and stays as it was until then.\n\n"
        "EXAMPLES\n"
        "  hashveil db seal lists.work lists.hvdb --key evaluator.key\n"
        "  hashveil db seal lists.work lists.hvdb --key evaluator.key \\\n"
        "      --epoch 7 --curator alice.key.pub\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
