/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "decode_options.h"
#include "interrupt.h"
#include "output.h"
#include "path_input.h"
#include "record_text.h"
#include "workspace_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hashveil/hash_files.h>
#include <hashveil/index.h>

enum { DEFAULT_MOST = 10, MAX_MOST = 10000 };

struct match_options {
    struct decode_options decode;
    struct command_arguments arguments; /* INDEX or WORKSPACE, QUERY... */
    unsigned within_bits;
    size_t most;
    unsigned workers;
    bool is_json;
};

/* One run of the command. */
struct match_run {
    const struct match_options *options;
    hashveil_entries entries; /* of a workspace; none of an index file */
    hashveil_index *index;
    hashveil_index_hit *hits; /* owned; options->most of them */
    hashveil_atomic_bool is_cancelled;
    const char *path; /* of pictures, NULL once it is given */
    bool is_index_file, has_found, had_trouble;
};

/* record: NULL where only an index file is there. */
static void tell(struct match_run *run, const char *query, const hashveil_value *listed,
                 const hashveil_record *record, unsigned distance)
{
    char value[HASHVEIL_VALUE_TEXT_BYTES];
    const struct list_names names = list_names_of_entries(&run->entries);
    hashveil_value_to_text(listed, value);
    run->has_found = true;
    if (run->options->is_json) {
        struct json_line line = {0};
        json_line_set_text(&line, "query", query);
        json_line_set(&line, "distance", json_of_u64(distance));
        json_line_set(&line, "value", json_string(value));
        if (record) {
            json_line_set(&line, "record", json_of_hex(record->id, sizeof record->id));
            json_line_set(&line, "sources", json_of_lists(&names, record));
        }
        json_line_print(&line);
        return;
    }
    print_foreign(query);
    printf("\t%u\t%s", distance, value);
    if (record) {
        putchar('\t');
        print_lists(&names, record, ",");
    }
    putchar('\n');
}

static void match_hash(struct match_run *run, const char *query, const hashveil_pdq *hash)
{
    const size_t room = run->options->most;
    size_t count = 0;
    const hashveil_status status =
        hashveil_index_within(run->index, hash, run->options->within_bits, run->hits, room, &count);
    if (status != HASHVEIL_OK) {
        complain_status(query, status);
        run->had_trouble = true;
    }
    for (size_t i = 0; i < count && i < room; i++) {
        const uint64_t number = run->hits[i].number;
        const hashveil_value listed = {.hash = *hashveil_index_hash(run->index, number)};
        tell(run, query, &listed, run->is_index_file ? NULL : &run->entries.entries[number].record,
             run->hits[i].distance);
    }
    if (count > room) {
        complain(query, "%zu listed hashes are as near; --most tells of more", count);
    }
}

/* Entries are ordered by kind and digest, but few are asked for. */
static void match_digest(struct match_run *run, const char *query, const hashveil_digest *digest)
{
    const hashveil_value wanted = {.is_digest = true, .digest = *digest};
    if (!hashveil_index_has_digest(run->index, digest)) {
        return;
    }
    if (run->is_index_file) {
        tell(run, query, &wanted, NULL, 0);
    }
    for (size_t i = 0; i < run->entries.exact_count; i++) {
        const hashveil_exact_entry *entry = &run->entries.exact[i];
        if (entry->digest.kind == digest->kind &&
            memcmp(entry->digest.bytes, digest->bytes, sizeof digest->bytes) == 0) {
            tell(run, query, &wanted, &entry->record, 0);
        }
    }
}

static void match_value(struct match_run *run, const char *query, const hashveil_value *value)
{
    if (value->is_digest) {
        match_digest(run, query, &value->digest);
    } else {
        match_hash(run, query, &value->hash);
    }
}

static const char *next_path(void *context)
{
    struct match_run *run = context;
    const char *path = run->path;
    run->path = NULL;
    return path;
}

static void on_file(void *context, const hashveil_hashed_file *file)
{
    struct match_run *run = context;
    const bool is_no_picture =
        file->status == HASHVEIL_ERR_UNSUPPORTED || file->status == HASHVEIL_ERR_EMPTY;
    if (file->status == HASHVEIL_OK) {
        match_hash(run, file->path, &file->forms[0].hash);
    } else if (!file->is_read || !is_no_picture) {
        complain_status(file->path, file->status);
        run->had_trouble = true;
    }
    for (unsigned kind = 0; kind < HASHVEIL_DIGEST_KINDS && file->is_read; kind++) {
        const hashveil_digest digest =
            hashveil_digests_get(&file->digests, (hashveil_digest_kind)kind);
        match_digest(run, file->path, &digest);
    }
    if (output_failed()) {
        atomic_store(&run->is_cancelled, true);
    }
}

static void match_files(struct match_run *run, const char *path)
{
    const hashveil_hash_files_options options = {
        .fingerprint = run->options->decode.fingerprint,
        .computes_digests = true,
        .workers = run->options->workers,
        .next_path = next_path,
        .on_file = on_file,
        .context = run,
        .is_cancelled = &run->is_cancelled,
    };
    bool is_complete = false;
    run->path = path;
    const hashveil_status status = hashveil_hash_files(&options, &is_complete);
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    run->had_trouble |= status != HASHVEIL_OK || !is_complete;
}

/* What is a hash or a digest is one; all else is a path. */
static void match_query(struct match_run *run, const char *query)
{
    hashveil_value value;
    if (hashveil_value_from_text(query, &value) == HASHVEIL_OK) {
        match_value(run, query, &value);
    } else {
        match_files(run, query);
    }
}

static void match_input(struct match_run *run)
{
    struct path_input input = {.is_cancelled = &run->is_cancelled, .end = '\n'};
    const char *query;
    while ((query = path_input_next(&input)) != NULL) {
        match_query(run, query);
    }
    run->had_trouble |= input.failed || input.was_cut;
    path_input_clear(&input);
}

static bool load_workspace(struct match_run *run, const char *path)
{
    hashveil_workspace *workspace = workspace_open(path, HASHVEIL_WORKSPACE_READ);
    if (!workspace) {
        return false;
    }
    hashveil_status status = hashveil_workspace_entries(workspace, &run->entries);
    hashveil_workspace_close(workspace);
    if (status == HASHVEIL_OK) {
        status = hashveil_index_create(&run->entries, &run->index);
    }
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK;
}

/* What does not begin as an index file does is taken for a workspace. */
static bool load(struct match_run *run)
{
    const char *path = run->options->arguments.list[0];
    const char *where;
    run->hits = calloc(run->options->most, sizeof *run->hits);
    if (!run->hits) {
        complain_status(path, HASHVEIL_ERR_NO_MEMORY);
        return false;
    }
    const hashveil_status status = hashveil_index_open(path, &run->index, &where);
    run->is_index_file = status == HASHVEIL_OK;
    if (status == HASHVEIL_OK) {
        return true;
    }
    if (*where == '\0' || status == HASHVEIL_ERR_UNSUPPORTED || status == HASHVEIL_ERR_EMPTY) {
        return load_workspace(run, path);
    }
    complain(path, "%s: %s", where, hashveil_status_text(status));
    return false;
}

static void match_all(struct match_run *run)
{
    const struct command_arguments *arguments = &run->options->arguments;
    for (size_t i = 1; i < arguments->count && !atomic_load(&run->is_cancelled); i++) {
        if (strcmp(arguments->list[i], "-") == 0) {
            match_input(run);
        } else {
            match_query(run, arguments->list[i]);
        }
    }
    if (atomic_load(&run->is_cancelled) && !output_failed()) {
        complain("match", "stopped before its end");
    }
    run->had_trouble |= atomic_load(&run->is_cancelled);
}

enum { OPTION_WITHIN = 256, OPTION_MOST, OPTION_WORKERS };

static const struct argp_option option_rows[] = {
    {"within", OPTION_WITHIN, "BITS", 0, "How far a listed hash may be, 0 to 31; 31 if not set", 0},
    {"most", OPTION_MOST, "N", 0, "Tell of the N nearest of each query; 10 if not set", 0},
    {"workers", OPTION_WORKERS, "N", 0, "Threads that hash pictures; one a processor if not set",
     0},
    {"json", 'j', NULL, 0, "Print one JSON object a line", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct match_options *options = out;
    switch (key) {
    case OPTION_WITHIN:
        options->within_bits =
            (unsigned)command_number(state, "--within", text, 0, HASHVEIL_PDQ_MATCH_BITS);
        return 0;
    case OPTION_MOST:
        options->most = command_number(state, "--most", text, 1, MAX_MOST);
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
        if (options->arguments.count < 2) {
            argp_error(state, "an INDEX or a WORKSPACE, and at least one QUERY, are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct match_options options = {.decode = DECODE_OPTIONS_DEFAULT,
                                    .within_bits = HASHVEIL_PDQ_MATCH_BITS,
                                    .most = DEFAULT_MOST};
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    struct match_run state = {.options = &options};
    interrupt_sets(&state.is_cancelled);
    const bool is_ready = load(&state) && decode_options_open(&options.decode, options.workers);
    if (is_ready) {
        match_all(&state);
    }
    decode_options_close(&options.decode);
    hashveil_index_destroy(state.index);
    hashveil_entries_clear(&state.entries);
    free(state.hits);
    if (!is_ready || state.had_trouble || output_failed()) {
        return EXIT_TROUBLE;
    }
    return state.has_found ? EXIT_MATCH : EXIT_DONE;
}

const struct command command_db_match = {
    .name = "match",
    .arguments = "INDEX|WORKSPACE QUERY...",
    .summary = "find what is listed near a hash or a picture, in the clear",
    .details =
        "A QUERY is a PDQ hash, a digest as 'sha256:DIGITS', or a picture or a folder of pictures, "
        "which are hashed; of files the digests are looked for too. With - queries come from "
        "standard input, one a line. Prints a line for each listed hash within --within bits, the "
        "nearest first: query, distance, listed value and, of a workspace, sources; tabs between. "
        "Nothing within that distance is missed. INDEX is a file of 'db index', which is open at "
        "once.\n\n"
        "Exit codes: 0 nothing found, 1 something found, 2 trouble.\n\n"
        "EXAMPLES\n"
        "  hashveil db match lists.work picture.jpg\n"
        "  hashveil db match lists.hvindex picture.jpg\n"
        "  hashveil db match lists.work --within 16 --json ~/Pictures\n"
        "  hashveil hash ~/Pictures | cut -d , -f 1 | hashveil db match lists.work -\n",
    .options = option_rows,
    .parse = parse,
    .children = decode_option_rows,
    .run = run,
};
