/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "decode_options.h"
#include "hash_part.h"
#include "json_line.h"
#include "output.h"
#include "progress.h"
#include "workspace_input.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hashveil/workspace.h>

enum { MAX_WHO_LEN = 255 };

struct import_command_options {
    struct decode_options decode;
    struct command_arguments arguments; /* WORKSPACE PATH... */
    hashveil_import_options import;
    bool is_json;
    bool takes_shards; /* paths are those of hash --output */
};

/* One run of the command. */
struct import_run {
    struct progress progress;
    bool had_trouble;
};

/* What stdout says about an import. */
static const struct {
    const char *key, *text;
    size_t offset;
} count_rows[] = {
    {"added", "added", offsetof(hashveil_import_counts, added)},
    {"known", "known before", offsetof(hashveil_import_counts, known)},
    {"digests_added", "digests added", offsetof(hashveil_import_counts, digests_added)},
    {"digests_known", "digests known before", offsetof(hashveil_import_counts, digests_known)},
    {"withdrawn", "withdrawn", offsetof(hashveil_import_counts, withdrawn)},
    {"not_named", "withdrawn without being named", offsetof(hashveil_import_counts, not_named)},
    {"low_quality", "low quality", offsetof(hashveil_import_counts, low_quality)},
    {"not_images", "not images", offsetof(hashveil_import_counts, not_images)},
    {"problems", "problems", offsetof(hashveil_import_counts, problems)},
};

enum { COUNT_ROWS = sizeof count_rows / sizeof *count_rows };

static uint64_t count_of(const hashveil_import_counts *counts, size_t row)
{
    uint64_t count;
    memcpy(&count, (const char *)counts + count_rows[row].offset, sizeof count);
    return count;
}

static void on_problem(void *context, const char *path, uint64_t line, hashveil_status status)
{
    struct import_run *run = context;
    progress_clear(&run->progress);
    if (line > 0) {
        char subject[4096 + 32];
        snprintf(subject, sizeof subject, "%s:%" PRIu64, path, line);
        complain_status(subject, status);
    } else {
        complain_status(path, status);
    }
    run->had_trouble = true;
}

static void on_progress(void *context, uint64_t done, uint64_t total)
{
    struct import_run *run = context;
    progress_show(&run->progress, done, total);
}

static void print_json(struct import_run *run, const char *path,
                       const hashveil_import_counts *counts)
{
    struct json_line line = {0};
    json_line_set_text(&line, "path", path);
    for (size_t i = 0; i < COUNT_ROWS; i++) {
        json_line_set(&line, count_rows[i].key, json_of_u64(count_of(counts, i)));
    }
    run->had_trouble |= !json_line_print(&line);
}

static void print_text(const char *path, const hashveil_import_counts *counts)
{
    printf("%s:", path);
    for (size_t i = 0; i < COUNT_ROWS; i++) {
        printf("%s %" PRIu64 " %s", i > 0 ? "," : "", count_of(counts, i), count_rows[i].text);
    }
    putchar('\n');
}

static void import_path(struct import_run *run, hashveil_workspace *workspace, const char *path,
                        const struct import_command_options *options)
{
    hashveil_import_counts counts = {0};
    const hashveil_status status =
        hashveil_workspace_import(workspace, path, &options->import, &counts);
    progress_clear(&run->progress);
    if (status == HASHVEIL_ERR_ARGUMENT) {
        complain(path, "nothing of it was imported: %s",
                 options->import.source
                     ? "this source, or one of that name, both lists and allows"
                     : "it does not say who names its items: --source is needed");
        run->had_trouble = true;
    } else if (status != HASHVEIL_OK) {
        complain(path, "nothing of it was imported: %s", hashveil_status_text(status));
        run->had_trouble = true;
    } else if (options->is_json) {
        print_json(run, path, &counts);
    } else {
        print_text(path, &counts);
    }
}

/* Nothing is imported before all shards are there. */
static void import_shards(struct import_run *run, hashveil_workspace *workspace, const char *path,
                          const struct import_command_options *options)
{
    char **paths;
    size_t count;
    if (!hash_shards_find(path, &paths, &count)) {
        run->had_trouble = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        import_path(run, workspace, paths[i], options);
        if (options->import.is_strict && run->had_trouble) {
            break;
        }
    }
    hash_shards_clear(paths, count);
}

enum {
    OPTION_SOURCE = 256,
    OPTION_LABEL,
    OPTION_WHO,
    OPTION_ALLOW,
    OPTION_SNAPSHOT,
    OPTION_FORMAT,
    OPTION_DIGESTS,
    OPTION_HASHES,
    OPTION_STRICT,
    OPTION_WORKERS
};

static const struct argp_option option_rows[] = {
    {"source", OPTION_SOURCE, "NAME", 0,
     "Who names these hashes; needed but for lists that say so of each item", 0},
    {"label", OPTION_LABEL, "LABEL", 0,
     "The category of what the list gives none, as \"SCHEME:VALUE\"", 0},
    {"who", OPTION_WHO, "NAME", 0, "Who makes this change, for the history; the user if not set",
     0},
    {"allow", OPTION_ALLOW, NULL, 0,
     "What the list names is known to be good, or disputed: it is never sealed", 0},
    {"snapshot", OPTION_SNAPSHOT, NULL, 0,
     "The list is all that the source names: withdraw what it no longer has", 0},
    {"format", OPTION_FORMAT, "NAME", 0,
     "The format of the lists; told by how they begin if not set; 'help' lists them", 0},
    {"digests", OPTION_DIGESTS, NULL, 0,
     "Of a folder take the MD5, SHA-1 and SHA-256 digests of every file too, pictures or not", 0},
    {"hashes", OPTION_HASHES, NULL, 0,
     "A PATH is the --output of 'hashveil hash': all its shards are taken, once they are finished",
     0},
    {"strict", OPTION_STRICT, NULL, 0, "Keep nothing of a PATH that has a problem, and stop", 0},
    {"workers", OPTION_WORKERS, "N", 0, "Threads that hash pictures; one a processor if not set",
     0},
    {"json", 'j', NULL, 0, "Print one JSON object a line", 0},
    {0},
};

static bool is_plain(const char *text)
{
    char *escaped = escape_foreign(text, true);
    const bool needs_no_escape = escaped && strcmp(escaped, text) == 0;
    free(escaped);
    return needs_no_escape;
}

/* Names and labels reach devices and reporters. text: NULL where it is not set. */
static void check_name(const struct argp_state *state, const char *option, const char *text,
                       size_t max_len)
{
    if (!text) {
        return;
    }
    if (*text == '\0' || strlen(text) > max_len) {
        argp_error(state, "%s takes 1 to %zu bytes, not '%s'", option, max_len, text);
    } else if (!is_plain(text)) {
        argp_error(state, "%s takes UTF-8 without control characters", option);
    }
}

static void check(const struct argp_state *state, const struct import_command_options *options)
{
    if (options->arguments.count < 2) {
        argp_error(state, "a WORKSPACE and at least one PATH are needed");
    }
    if (options->takes_shards && (options->import.format || options->import.is_snapshot)) {
        argp_error(state, "--hashes contradicts --format and --snapshot");
    }
    check_name(state, "--source", options->import.source, HASHVEIL_LIST_NAME_MAX_LEN);
    check_name(state, "--label", options->import.label, HASHVEIL_LABEL_MAX_LEN);
    check_name(state, "--who", options->import.who, MAX_WHO_LEN);
}

/* Prints the formats and ends the process, or returns the name of one. */
static const char *format_named(const struct argp_state *state, const char *name)
{
    const char *meaning;
    const char *known;
    size_t i = 0;
    for (; (known = hashveil_list_format_name(i, &meaning)) != NULL; i++) {
        if (strcmp(name, known) == 0) {
            return known;
        }
    }
    if (strcmp(name, "help") != 0) {
        argp_error(state, "--format: no format is called '%s'", name);
    }
    for (i = 0; (known = hashveil_list_format_name(i, &meaning)) != NULL; i++) {
        printf("%-14s %s\n", known, meaning);
    }
    exit(EXIT_DONE);
}

/* Returns where the text of an option goes, or NULL when it is not an option of this kind. */
static const char **text_of(struct import_command_options *options, int key)
{
    switch (key) {
    case OPTION_SOURCE:
        return &options->import.source;
    case OPTION_LABEL:
        return &options->import.label;
    case OPTION_WHO:
        return &options->import.who;
    default:
        return NULL;
    }
}

/* Likewise of an option without an argument. */
static bool *flag_of(struct import_command_options *options, int key)
{
    switch (key) {
    case OPTION_HASHES:
        return &options->takes_shards;
    case OPTION_DIGESTS:
        return &options->import.takes_digests;
    case OPTION_STRICT:
        return &options->import.is_strict;
    case OPTION_ALLOW:
        return &options->import.is_allow_list;
    case OPTION_SNAPSHOT:
        return &options->import.is_snapshot;
    default:
        return NULL;
    }
}

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct import_command_options *options = out;
    const char **member = text_of(options, key);
    bool *flag = flag_of(options, key);
    if (member) {
        *member = text;
        return 0;
    }
    if (flag) {
        *flag = true;
        return 0;
    }
    switch (key) {
    case OPTION_FORMAT:
        options->import.format = format_named(state, text);
        return 0;
    case OPTION_WORKERS:
        options->import.workers =
            (unsigned)command_number(state, "--workers", text, 1, MAX_WORKERS);
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
    struct import_run state = {0};
    struct import_command_options options = {
        .decode = DECODE_OPTIONS_DEFAULT,
        .import = {.on_problem = on_problem, .progress = on_progress, .context = &state}};
    hashveil_workspace *workspace = NULL;

    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    char **paths = options.arguments.list;
    const hashveil_status status =
        hashveil_workspace_open(paths[0], HASHVEIL_WORKSPACE_WRITE, &workspace);
    if (status != HASHVEIL_OK) {
        complain_status(paths[0], status);
        return EXIT_TROUBLE;
    }
    if (!decode_options_open(&options.decode, options.import.workers)) {
        hashveil_workspace_close(workspace);
        return EXIT_TROUBLE;
    }
    options.import.fingerprint = &options.decode.fingerprint;
    if (options.takes_shards) {
        options.import.format = "pdq";
    }
    if (!options.import.who) {
        options.import.who = user_name();
    }
    progress_init(&state.progress, "lines or files");
    for (size_t i = 1; i < options.arguments.count; i++) {
        (options.takes_shards ? import_shards : import_path)(&state, workspace, paths[i], &options);
        if (options.import.is_strict && state.had_trouble) {
            break;
        }
    }
    decode_options_close(&options.decode);
    hashveil_workspace_close(workspace);
    return state.had_trouble ? EXIT_TROUBLE : EXIT_DONE;
}

const struct command command_db_import = {
    .name = "import",
    .arguments = "WORKSPACE PATH...",
    .summary = "take a hash list or a folder into a curator's workspace",
    .details =
        "WORKSPACE is a file, made when it does not exist; it holds plaintext hashes and never "
        "goes to a device. A PATH is a hash list in one of the formats that --format help lists, "
        "or a folder of pictures, which are hashed. 64 digits alone are a PDQ hash; 32 and 40 are "
        "MD5 and SHA-1. What a list says is withdrawn or deleted is no longer named by its source, "
        "and an entry goes with the last source that names it; what a list says is good, or all "
        "of it with --allow, is never sealed. Nothing is forgotten: 'hashveil db history' tells. "
        "With --digests every file of a folder is listed by its three digests too, pictures "
        "or not, but for empty files. Each PATH is "
        "taken whole or not at all; a line or picture that cannot be read is told and passed over, "
        "and the exit code is then 2. Importing the same again changes nothing. "
        "The import of a folder that was killed goes on where it was.\n\n"
        "EXAMPLES\n"
        "  hashveil db import lists.work hashes.txt --source Example --label tests\n"
        "  hashveil db import lists.work SHA256SUMS --source Example --label tests\n"
        "  hashveil db import lists.work pictures/ --digests --source mine --label holiday\n"
        "  hashveil db import lists.work --hashes hashes.csv --source mine --label holiday\n"
        "  hashveil db import lists.work all.csv --source Example --snapshot\n"
        "  hashveil db import lists.work good.txt --source Library --allow\n",
    .options = option_rows,
    .parse = parse,
    .children = decode_option_rows,
    .run = run,
};
