/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "database.h"
#include "json_line.h"
#include "output.h"
#include "progress.h"
#include "seal_exchange.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hashveil/digest.h>
#include <hashveil/key.h>
#include <hashveil/sealed_db.h>
#include <hashveil/workspace.h>

enum { SECONDS_A_DAY = 24 * 60 * 60, MAX_DAYS = 100 * 366, RETRY_S = 60, MAX_RETRY_S = 86400 };

struct seal_command_options {
    struct command_arguments arguments; /* WORKSPACE OUT.hvdb */
    const char *key_path; /* the secret one, or of an evaluator that is asked the public one */
    bool is_key_public;
    const char *evaluator_address; /* NULL: none is asked */
    const char *seed_path;
    uint64_t retry_s;
    const char *curator_paths[HASHVEIL_MAX_CURATORS];
    size_t curator_count;
    uint64_t epoch; /* 0 when not given */
    bool has_lifetime;
    uint64_t lifetime_s;
    uint64_t created_s; /* 0 when not given */
    unsigned workers;
    bool is_json;
};

/* What a database is made of. Starts as {0}. */
struct seal_input {
    uint8_t seed[HASHVEIL_SEAL_SEED_BYTES];
    hashveil_key evaluator_key;
    hashveil_key curator_keys[HASHVEIL_MAX_CURATORS];
    hashveil_entries entries;
};

static void seal_input_clear(struct seal_input *input)
{
    explicit_bzero(input->seed, sizeof input->seed);
    hashveil_key_clear(&input->evaluator_key);
    hashveil_entries_clear(&input->entries);
}

static bool load_keys(const struct seal_command_options *options, struct seal_input *out)
{
    const char *path = options->key_path;
    hashveil_status status =
        options->evaluator_address
            ? hashveil_key_load_public(path, HASHVEIL_KEY_EVALUATOR, &out->evaluator_key)
            : hashveil_key_load_secret(path, HASHVEIL_KEY_EVALUATOR, &out->evaluator_key);
    for (size_t i = 0; i < options->curator_count && status == HASHVEIL_OK; i++) {
        path = options->curator_paths[i];
        status = hashveil_key_load_public(path, HASHVEIL_KEY_CURATOR, &out->curator_keys[i]);
    }
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK;
}

/* Whatever the file is, its digest is as good a seed as its content is secret. */
static bool load_seed(const struct seal_command_options *options, struct seal_input *out)
{
    hashveil_digests digests;
    if (!options->seed_path) {
        return true;
    }
    const hashveil_status status = hashveil_digests_of_file(options->seed_path, &digests);
    if (status != HASHVEIL_OK) {
        complain_status(options->seed_path, status);
        return false;
    }
    memcpy(out->seed, digests.sha256, sizeof out->seed);
    explicit_bzero(&digests, sizeof digests);
    return true;
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

/* Where what happens while sealing is told. */
struct seal_output {
    struct progress progress;
    const char *path;
};

static void show(void *context, uint64_t done, uint64_t total)
{
    struct seal_output *output = context;
    progress_show(&output->progress, done, total);
}

static void tell_start(void *context, hashveil_seal_start start)
{
    struct seal_output *output = context;
    if (start == HASHVEIL_SEAL_GOES_ON) {
        complain(output->path, "going on from %s.partial", output->path);
    } else if (start == HASHVEIL_SEAL_BEGINS_ANEW) {
        complain(output->path, "%s.partial is of another input, or damaged: sealing begins anew",
                 output->path);
    }
}

static bool build(const char *path, const struct seal_command_options *options,
                  const struct seal_input *input, hashveil_seal_summary *summary_out)
{
    struct seal_output output = {.path = path};
    struct seal_exchange exchange = {.address = options->evaluator_address,
                                     .retry_s = options->retry_s};
    const uint64_t created_s = options->created_s ? options->created_s : (uint64_t)time(NULL);
    const hashveil_seal_options seal = {
        .evaluator_key = &input->evaluator_key,
        .exchange = options->evaluator_address ? seal_exchange_ask : NULL,
        .exchange_context = &exchange,
        .curator_keys = input->curator_keys,
        .curator_count = options->curator_count,
        .epoch = options->epoch,
        .created_s = options->created_s,
        .expires_s = options->has_lifetime ? created_s + options->lifetime_s : 0,
        .mask_params = HASHVEIL_MASK_PARAMS_DEFAULT,
        .seed = options->seed_path ? input->seed : NULL,
        .is_resumable = true,
        .on_start = tell_start,
        .workers = options->workers,
        .progress = show,
        .progress_context = &output,
    };
    progress_init(&output.progress, "tokens");
    const hashveil_status status =
        hashveil_sealed_db_build(path, &input->entries, &seal, summary_out);
    progress_clear(&output.progress);
    seal_exchange_clear(&exchange);
    if (status != HASHVEIL_OK) {
        const bool is_of_evaluator =
            exchange.has_failed || status == HASHVEIL_ERR_KEY || status == HASHVEIL_ERR_PROTOCOL;
        complain_status(options->evaluator_address && is_of_evaluator ? options->evaluator_address
                                                                      : path,
                        status);
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

enum {
    OPTION_KEY = 256,
    OPTION_EVALUATOR,
    OPTION_EVALUATOR_KEY,
    OPTION_RETRY,
    OPTION_SEED,
    OPTION_EPOCH,
    OPTION_EXPIRES,
    OPTION_CURATOR,
    OPTION_WORKERS
};

static const struct argp_option option_rows[] = {
    {"key", OPTION_KEY, "FILE", 0, "The evaluator's secret key, to seal without an evaluator", 0},
    {"evaluator", OPTION_EVALUATOR, "unix:PATH", 0,
     "The evaluator to ask, in place of --key: it learns none of the hashes", 0},
    {"evaluator-key", OPTION_EVALUATOR_KEY, "FILE", 0,
     "Its public key (needed with --evaluator): no other one's answers are taken", 0},
    {"retry", OPTION_RETRY, "SECONDS", 0,
     "How long to try again when the evaluator does not answer; 60 if not set", 0},
    {"seed", OPTION_SEED, "FILE", 0,
     "A secret file, from which all random numbers are drawn, so that the same workspace, --seed, "
     "--epoch and SOURCE_DATE_EPOCH give the same bytes; fresh ones if not set",
     0},
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

static void set_key(const struct argp_state *state, struct seal_command_options *options,
                    const char *path, bool is_public)
{
    if (options->key_path && options->is_key_public != is_public) {
        argp_error(state, "--key and --evaluator-key exclude each other");
    }
    options->key_path = path;
    options->is_key_public = is_public;
}

/* As programs that make the same bytes again are told the time: reproducible-builds.org. */
static void take_date(const struct argp_state *state, struct seal_command_options *options)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");
    if (text) {
        options->created_s = command_number(state, "SOURCE_DATE_EPOCH", text, 1, INT64_MAX / 2);
    }
}

static void check(const struct argp_state *state, const struct seal_command_options *options)
{
    if (options->arguments.count != 2) {
        argp_error(state, "a WORKSPACE and the name of the database are needed");
    }
    if (!options->key_path) {
        argp_error(state, "--key is needed, or --evaluator and --evaluator-key");
    }
    if (options->is_key_public != (options->evaluator_address != NULL)) {
        argp_error(state, "--key goes alone, and --evaluator with --evaluator-key");
    }
}

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct seal_command_options *options = out;
    switch (key) {
    case OPTION_KEY:
    case OPTION_EVALUATOR_KEY:
        set_key(state, options, text, key == OPTION_EVALUATOR_KEY);
        return 0;
    case OPTION_EVALUATOR:
        options->evaluator_address = command_address(state, "--evaluator", text);
        return 0;
    case OPTION_RETRY:
        options->retry_s = command_number(state, "--retry", text, 0, MAX_RETRY_S);
        return 0;
    case OPTION_SEED:
        options->seed_path = text;
        return 0;
    case OPTION_EPOCH:
        options->epoch = command_number(state, "--epoch", text, 1, INT64_MAX);
        return 0;
    case OPTION_EXPIRES:
        options->has_lifetime = true;
        options->lifetime_s = SECONDS_A_DAY * command_number(state, "--expires", text, 0, MAX_DAYS);
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
        take_date(state, options);
        check(state, options);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct seal_command_options options = {.retry_s = RETRY_S};
    struct seal_input input = {0};
    hashveil_seal_summary summary = {0};

    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    const char *workspace_path = options.arguments.list[0];
    const char *out_path = options.arguments.list[1];
    const bool done = load_keys(&options, &input) && load_seed(&options, &input) &&
                      load_entries(workspace_path, &input.entries) &&
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
        "OUT.hvdb.partial keeps what is done until all is: the same command goes on from there "
        "after it was ended at any moment. That file is as secret as the workspace; to give up, "
        "delete it.\n\n"
        "With --evaluator the hashes go, blinded and in batches, to whoever has the secret key, "
        "and every answer is proved to be under the key named. When it stops answering, the same "
        "command goes on later.\n\n"
        "EXAMPLES\n"
        "  hashveil db seal lists.work lists.hvdb --key evaluator.key\n"
        "  hashveil db seal lists.work lists.hvdb --key evaluator.key \\\n"
        "      --epoch 7 --expires 90 --curator alice.key.pub\n"
        "  hashveil db seal lists.work lists.hvdb --evaluator unix:/run/evaluator \\\n"
        "      --evaluator-key evaluator.key.pub\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
