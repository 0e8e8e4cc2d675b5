/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "database.h"
#include "json_line.h"
#include "output.h"
#include "progress.h"
#include "seal_exchange.h"
#include "seal_options.h"
#include "workspace_input.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <hashveil/digest.h>
#include <hashveil/key.h>
#include <hashveil/sealed_db.h>
#include <hashveil/workspace.h>

/* What a database is made of. Starts as {0}. */
struct seal_input {
    uint8_t seed[HASHVEIL_SEAL_SEED_BYTES];
    hashveil_key evaluator_key;
    struct evaluator_peers evaluators; /* that are asked; none where the key is secret */
    hashveil_key curator_keys[HASHVEIL_MAX_CURATORS];
    struct seal_selection selection;
    hashveil_sealed_db *base; /* of a segment */
    hashveil_delta delta;     /* of a whole database only the entries */
};

static void seal_input_clear(struct seal_input *input)
{
    explicit_bzero(input->seed, sizeof input->seed);
    hashveil_key_clear(&input->evaluator_key);
    hashveil_delta_clear(&input->delta);
    hashveil_sealed_db_close(input->base);
}

/* The key that is sealed with: its public half where evaluators are asked. */
static bool load_evaluator_key(const struct seal_command_options *options, struct seal_input *out)
{
    const char *path = options->key_path;
    struct evaluator_peers *evaluators = &out->evaluators;
    hashveil_status status = HASHVEIL_OK;
    *evaluators = options->evaluators;
    if (path) {
        status = hashveil_key_load_secret(path, HASHVEIL_KEY_EVALUATOR, &out->evaluator_key);
    } else if (!evaluator_peers_load(evaluators)) {
        return false;
    } else if (evaluator_peers_shares(evaluators)) {
        path = evaluators->key_paths[1];
        status = hashveil_key_join(evaluators->keys, &out->evaluator_key);
    } else {
        out->evaluator_key = evaluators->keys[0];
    }
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK;
}

static bool load_keys(const struct seal_command_options *options, struct seal_input *out)
{
    bool is_loaded = load_evaluator_key(options, out);
    for (size_t i = 0; i < options->curator_count && is_loaded; i++) {
        const char *path = options->curator_paths[i];
        const hashveil_status status =
            hashveil_key_load_public(path, HASHVEIL_KEY_CURATOR, &out->curator_keys[i]);
        if (status != HASHVEIL_OK) {
            complain_status(path, status);
        }
        is_loaded = status == HASHVEIL_OK;
    }
    return is_loaded;
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

static bool can_be_base(const hashveil_sealed_db_info *base,
                        const struct seal_command_options *options)
{
    if (base->is_segment) {
        complain(options->base_path,
                 "itself a segment: --base takes the database that it goes on top of");
        return false;
    }
    if (options->epoch > 0 && options->epoch <= base->epoch) {
        complain(options->base_path, "of epoch %" PRIu64 ": a segment needs a higher --epoch",
                 base->epoch);
        return false;
    }
    return true;
}

/* Sources that have come since stand behind those that the base names. */
static void leave_later_sources_out(const hashveil_sealed_db_info *base, hashveil_entries *before)
{
    for (size_t i = base->list_count; i < before->list_count; i++) {
        memset(before->list_names[i], 0, sizeof before->list_names[i]);
    }
    before->list_count =
        base->list_count < before->list_count ? base->list_count : before->list_count;
}

/* Of what has changed since the base was sealed, by the rule by which that was selected. */
static bool find_delta(hashveil_workspace *workspace, const struct seal_command_options *options,
                       struct seal_input *out)
{
    const char *path = options->arguments.list[0];
    const char *base_path = options->base_path;
    const char *where = "";
    hashveil_entries before = {0};
    hashveil_entries now = {0};
    struct seal_selection of_base;
    hashveil_status status = database_open(base_path, &out->base, &where);
    if (status != HASHVEIL_OK) {
        complain_database(base_path, where, status);
        return false;
    }
    if (!can_be_base(hashveil_sealed_db_describe(out->base), options)) {
        return false;
    }
    const uint64_t as_of_change = out->selection.as_of_change;
    bool is_done = seal_selection_of(workspace, path, base_path,
                                     hashveil_sealed_db_describe(out->base)->digest, &of_base);
    if (is_done) {
        out->selection = of_base;
        out->selection.as_of_change = as_of_change;
        is_done = seal_selection_load(workspace, path, &of_base, false, &before) &&
                  seal_selection_load(workspace, path, &out->selection, true, &now);
    }
    if (is_done) {
        leave_later_sources_out(hashveil_sealed_db_describe(out->base), &before);
        status = hashveil_delta_find(out->base, &before, &now, &out->delta);
        is_done = status == HASHVEIL_OK;
        if (!is_done) {
            complain_status(base_path, status);
        }
    }
    hashveil_entries_clear(&before);
    hashveil_entries_clear(&now);
    return is_done;
}

static bool is_something(const struct seal_command_options *options, const struct seal_input *input)
{
    const hashveil_delta *delta = &input->delta;
    const bool is_empty =
        delta->entries.count + delta->entries.exact_count + delta->withdrawn_count == 0;
    if (is_empty && options->base_path) {
        complain(options->arguments.list[0], "nothing has changed since %s was sealed",
                 options->base_path);
    } else if (is_empty) {
        complain_status(options->arguments.list[0], HASHVEIL_ERR_EMPTY);
    }
    return !is_empty;
}

/* As of one change, so that what others import meanwhile is not half in. */
static bool load_entries(const struct seal_command_options *options, struct seal_input *out)
{
    const char *path = options->arguments.list[0];
    hashveil_workspace *workspace = workspace_open(path, HASHVEIL_WORKSPACE_READ);
    if (!workspace) {
        return false;
    }
    out->selection = options->selection;
    const hashveil_status status =
        hashveil_workspace_last_change(workspace, &out->selection.as_of_change);
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    const bool is_loaded =
        status == HASHVEIL_OK &&
        (options->base_path
             ? find_delta(workspace, options, out)
             : seal_selection_load(workspace, path, &out->selection, true, &out->delta.entries));
    hashveil_workspace_close(workspace);
    return is_loaded && is_something(options, out);
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

/* Returns what a failure is of: an evaluator, where one was asked and did not answer or not
 * rightly, else the path. Of two whose answers are wrong it is unknown whose: the first stands for
 * both. */
static const char *to_blame(const struct seal_exchange *exchange, hashveil_status status,
                            const char *path)
{
    const bool is_answer = status == HASHVEIL_ERR_KEY || status == HASHVEIL_ERR_PROTOCOL;
    for (size_t i = 0; i < HASHVEIL_KEY_SHARES; i++) {
        if (exchange->has_failed[i]) {
            return exchange->peers[i].address;
        }
    }
    return is_answer && exchange->peers[0].address ? exchange->peers[0].address : path;
}

static bool build(const char *path, const struct seal_command_options *options,
                  const struct seal_input *input, hashveil_seal_summary *summary_out)
{
    struct seal_output output = {.path = path};
    struct seal_exchange exchange = {
        .peers = {peer_of_evaluator(&options->peers, 0, input->evaluators.addresses[0]),
                  peer_of_evaluator(&options->peers, 1, input->evaluators.addresses[1])},
        .retry_s = options->retry_s};
    const uint64_t created_s = options->created_s ? options->created_s : (uint64_t)time(NULL);
    const hashveil_seal_options seal = {
        .evaluator_key = &input->evaluator_key,
        .exchange = input->evaluators.count > 0 ? seal_exchange_ask : NULL,
        .exchange_context = &exchange,
        .key_shares = evaluator_peers_shares(&input->evaluators),
        .curator_keys = input->curator_keys,
        .curator_count = options->curator_count,
        .epoch = options->epoch,
        .created_s = options->created_s,
        .expires_s = options->has_lifetime ? created_s + options->lifetime_s : 0,
        .mask_params = HASHVEIL_MASK_PARAMS_DEFAULT,
        .seed = options->seed_path ? input->seed : NULL,
        .base = input->base,
        .withdrawn = input->delta.withdrawn,
        .withdrawn_count = input->delta.withdrawn_count,
        .is_resumable = true,
        .on_start = tell_start,
        .workers = options->workers,
        .progress = show,
        .progress_context = &output,
    };
    progress_init(&output.progress, "tokens");
    const hashveil_status status =
        hashveil_sealed_db_build(path, &input->delta.entries, &seal, summary_out);
    progress_clear(&output.progress);
    seal_exchange_clear(&exchange);
    if (status != HASHVEIL_OK) {
        complain_status(to_blame(&exchange, status, path), status);
    }
    return status == HASHVEIL_OK;
}

static bool print_result(const char *path, const hashveil_delta *sealed,
                         const hashveil_seal_summary *summary, const hashveil_sealed_db_info *info,
                         bool is_json)
{
    const hashveil_entries *entries = &sealed->entries;
    char digest[2 * HASHVEIL_DIGEST_BYTES + 1];
    format_hex(info->digest, sizeof info->digest, digest);
    if (is_json) {
        struct json_line line = {0};
        json_line_set_text(&line, "path", path);
        json_line_set(&line, "entries", json_of_u64(entries->count));
        json_line_set(&line, "digests", json_of_u64(entries->exact_count));
        json_line_set(&line, "withdrawn",
                      info->is_segment ? json_of_u64(sealed->withdrawn_count) : json_null());
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
 * silence. The history gets to know what was sealed. */
static bool check_result(const struct seal_command_options *options, const struct seal_input *input,
                         const hashveil_seal_summary *summary)
{
    const char *workspace_path = options->arguments.list[0];
    const char *path = options->arguments.list[1];
    hashveil_sealed_db *db = NULL;
    const char *where = "";
    const hashveil_status status = database_open(path, &db, &where);
    if (status != HASHVEIL_OK) {
        complain_database(path, where, status);
        return false;
    }
    const hashveil_sealed_db_info *info = hashveil_sealed_db_describe(db);
    hashveil_workspace *workspace = workspace_open(workspace_path, HASHVEIL_WORKSPACE_WRITE);
    const bool is_done =
        workspace &&
        seal_selection_note(workspace, workspace_path, options->who ? options->who : user_name(),
                            &input->selection, info) &&
        print_result(path, &input->delta, summary, info, options->is_json);
    hashveil_workspace_close(workspace);
    hashveil_sealed_db_close(db);
    return is_done;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct seal_command_options options = {.retry_s = SEAL_RETRY_S};
    struct seal_input input = {0};
    hashveil_seal_summary summary = {0};

    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    const char *out_path = options.arguments.list[1];
    const bool done = peer_options_load(&options.peers) && load_keys(&options, &input) &&
                      load_seed(&options, &input) && load_entries(&options, &input) &&
                      build(out_path, &options, &input, &summary) &&
                      check_result(&options, &input, &summary);
    seal_input_clear(&input);
    peer_options_clear(&options.peers);
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
        "command goes on later.\n\n" PEER_ADDRESS_HELP
        "What an allow-list names, or what is near it, is never sealed, and is told. The history "
        "of "
        "the workspace gets to know what was sealed; from that --base finds what has changed "
        "since.\n\n"
        "EXAMPLES\n"
        "  hashveil db seal lists.work lists.hvdb --key evaluator.key\n"
        "  hashveil db seal lists.work lists.hvdb --key evaluator.key \\\n"
        "      --epoch 7 --expires 90 --curator alice.key.pub\n"
        "  hashveil db seal lists.work lists.hvdb --evaluator unix:/run/evaluator \\\n"
        "      --evaluator-key evaluator.key.pub\n"
        "  hashveil db seal lists.work lists.hvdb --key evaluator.key \\\n"
        "      --min-sources 2 --within 20 --category VIC_US:\n"
        "  hashveil db seal lists.work monday.hvdb --key evaluator.key --base lists.hvdb\n",
    .options = seal_option_rows,
    .parse = seal_options_parse,
    .run = run,
};
