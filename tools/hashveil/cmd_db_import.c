/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "decode_options.h"
#include "json_line.h"
#include "output.h"
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hashveil/workspace.h>

struct import_command_options {
    struct decode_options decode;
    struct command_arguments arguments; /* WORKSPACE PATH... */
    hashveil_import_options import;
    bool is_json;
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
    if (status != HASHVEIL_OK) {
        complain(path, "nothing of it was imported: %s", hashveil_status_text(status));
        run->had_trouble = true;
    } else if (options->is_json) {
        print_json(run, path, &counts);
    } else {
        print_text(path, &counts);
    }
}

enum { OPTION_SOURCE = 256, OPTION_LABEL, OPTION_DIGESTS, OPTION_STRICT, OPTION_WORKERS };

static const struct argp_option option_rows[] = {
    {"source", OPTION_SOURCE, "NAME", 0, "Who names these hashes (needed)", 0},
    {"label", OPTION_LABEL, "LABEL", 0, "The category of the pictures (needed)", 0},
    {"digests", OPTION_DIGESTS, NULL, 0,
     "Of a folder take the MD5, SHA-1 and SHA-256 digests of every file too, pictures or not", 0},
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

/* Names and labels reach devices and reporters. */
static void check_name(const struct argp_state *state, const char *option, const char *text,
                       size_t max_len)
{
    if (!text) {
        argp_error(state, "%s is needed", option);
    } else if (*text == '\0' || strlen(text) > max_len) {
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
    check_name(state, "--source", options->import.source, HASHVEIL_LIST_NAME_MAX_LEN);
    check_name(state, "--label", options->import.label, HASHVEIL_LABEL_MAX_LEN);
}

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct import_command_options *options = out;
    switch (key) {
    case OPTION_SOURCE:
        options->import.source = text;
        return 0;
    case OPTION_LABEL:
        options->import.label = text;
        return 0;
    case OPTION_DIGESTS:
        options->import.takes_digests = true;
        return 0;
    case OPTION_STRICT:
        options->import.is_strict = true;
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
    progress_init(&state.progress, "lines or files");
    for (size_t i = 1; i < options.arguments.count; i++) {
        import_path(&state, workspace, paths[i], &options);
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
        "goes to a device. A PATH is a text list with one PDQ hash a line, as 'hashveil hash' "
        "prints them, a checksum file of md5sum, sha1sum or sha256sum (with --tag too), or a "
        "folder of pictures, which are hashed. 64 digits alone are a PDQ hash; 32 and 40 are MD5 "
        "and "
        "SHA-1. With --digests every file of a folder is listed by its three digests too, pictures "
        "or not, but for empty files. Each PATH is "
        "taken whole or not at all; a line or picture that cannot be read is told and passed over, "
        "and the exit code is then 2. Importing the same again changes nothing.\n\n"
        "EXAMPLES\n"
        "  hashveil db import lists.work hashes.txt --source Example --label tests\n"
        "  hashveil db import lists.work SHA256SUMS --source Example --label tests\n"
        "  hashveil db import lists.work pictures/ --digests --source mine --label holiday\n",
    .options = option_rows,
    .parse = parse,
    .children = decode_option_rows,
    .run = run,
};
