/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "decode_options.h"
#include "hash_output.h"
#include "hash_part.h"
#include "interrupt.h"
#include "output.h"
#include "path_input.h"
#include "progress.h"

#include <errno.h>
#include <string.h>

#include <hashveil/hash_files.h>

struct hash_options {
    struct decode_options decode;
    struct command_arguments paths;
    struct hash_output output;
    struct hash_part part;
    unsigned workers;
    bool ends_paths_with_nul;
};

/* One run of the command. */
struct hash_run {
    const struct hash_options *options;
    struct progress progress;
    hashveil_atomic_bool *is_cancelled; /* turned true when stdout fails: nobody is there to read */
    size_t next_argument;
    bool reads_stdin; /* in the middle of an argument - */
    struct path_input input;
    uint64_t files;
    bool had_trouble;
};

static bool names_stdin(const char *path)
{
    return strcmp(path, "-") == 0;
}

static const char *next_path(void *context)
{
    struct hash_run *run = context;
    const struct command_arguments *arguments = &run->options->paths;
    const char *path = run->reads_stdin ? path_input_next(&run->input) : NULL;
    while (!path && !run->input.was_cut && run->next_argument < arguments->count) {
        path = arguments->list[run->next_argument++];
        run->reads_stdin = names_stdin(path);
        if (run->reads_stdin) {
            path = path_input_next(&run->input);
        }
    }
    return path;
}

/* Folders of pictures hold other things too; whoever asks for digests wants theirs. */
static bool is_trouble(const struct hash_run *run, const hashveil_hashed_file *file)
{
    switch ((int)file->status) {
    case HASHVEIL_OK:
        return false;
    case HASHVEIL_ERR_UNSUPPORTED:
    case HASHVEIL_ERR_EMPTY:
        return file->is_named && !run->options->output.has_digests;
    default:
        return true;
    }
}

/* Says of files that are for others that they are known, so that they are not read. */
static bool is_for_others(void *context, const char *path, hashveil_hashed_file *out)
{
    const struct hash_run *run = context;
    (void)out;
    return !hash_part_has(&run->options->part, path);
}

static void complain_of_output(const struct hash_run *run)
{
    if (run->options->part.output_path) {
        complain(run->options->part.partial_path, "it cannot be written: %s", strerror(errno));
    }
}

static void on_file(void *context, const hashveil_hashed_file *file)
{
    struct hash_run *run = context;
    if (!hash_part_has(&run->options->part, file->path)) {
        return;
    }
    progress_clear(&run->progress);
    if (run->options->part.output_path && strchr(file->path, '\n')) {
        complain(file->path, "its name has a newline, and so no line in a file");
        run->had_trouble = true;
        return;
    }
    if (!hash_output_print(&run->options->output, file)) {
        complain_of_output(run);
        run->had_trouble = true;
        atomic_store(run->is_cancelled, true);
    }
    if (is_trouble(run, file)) {
        complain_status(file->path, file->status);
        run->had_trouble = true;
    }
    progress_show(&run->progress, ++run->files, 0);
}

static void check(const struct argp_state *state, const struct hash_options *options)
{
    bool reads_stdin = false;
    for (size_t i = 0; i < options->paths.count; i++) {
        reads_stdin |= names_stdin(options->paths.list[i]);
    }
    if (options->paths.count == 0) {
        argp_error(state, "a FILE or FOLDER is needed, or - for paths from standard input");
    }
    if (options->ends_paths_with_nul && !reads_stdin) {
        argp_error(state, "--null is about the paths that - reads, and there is no -");
    }
    if (options->part.output_path &&
        (options->output.is_json || options->output.is_dihedral || options->output.has_digests)) {
        argp_error(state, "--output is for lines HASH,QUALITY,PATH: not with --json, --dihedral or "
                          "--exact");
    }
    if (options->output.has_margins && !options->output.is_json) {
        argp_error(state, "--margins needs --json");
    }
}

enum {
    OPTION_DIHEDRAL = 256,
    OPTION_MARGINS,
    OPTION_EXACT,
    OPTION_SHARD,
    OPTION_OUTPUT,
    OPTION_WORKERS
};

static const struct argp_option option_rows[] = {
    {"json", 'j', NULL, 0, "Print one JSON object a line", 0},
    {"dihedral", OPTION_DIHEDRAL, NULL, 0, "Print the hashes of all eight turns and mirrorings", 0},
    {"margins", OPTION_MARGINS, NULL, 0,
     "With --json: how sure each bit is, as 256 numbers from bit 0 on; above 0 where it is set", 0},
    {"exact", OPTION_EXACT, NULL, 0,
     "Print MD5, SHA-1 and SHA-256 of the file too, of files that are no pictures as well", 0},
    {"null", '0', NULL, 0, "The paths that - reads end in NUL, not in a newline", 0},
    {"shard", OPTION_SHARD, "I/N", 0,
     "Only part I of N of the files, by a hash of the path: the same on every machine", 0},
    {"output", OPTION_OUTPUT, "FILE", 0,
     "Write the lines to FILE, with --shard to FILE.I-of-N, which has its name when it is "
     "finished; "
     "the same command goes on with what is in FILE.partial",
     0},
    {"workers", OPTION_WORKERS, "N", 0, "Threads; one a processor if not set", 0},
    {0},
};

static void read_shard(const struct argp_state *state, const char *text, struct hash_part *out)
{
    enum { MOST_DIGITS = 6 };
    char shard[MOST_DIGITS + 1] = "";
    const char *slash = strchr(text, '/');
    const size_t len = slash ? (size_t)(slash - text) : 0;
    if (len == 0 || len > MOST_DIGITS) {
        argp_error(state, "--shard takes I/N, as 1/2, not '%s'", text);
        return;
    }
    memcpy(shard, text, len);
    out->shards = (unsigned)command_number(state, "--shard I/N", slash + 1, 1, HASH_MAX_SHARDS);
    out->shard = (unsigned)command_number(state, "--shard I/N", shard, 1, out->shards) - 1;
}

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct hash_options *options = out;
    switch (key) {
    case 'j':
        options->output.is_json = true;
        return 0;
    case '0':
        options->ends_paths_with_nul = true;
        return 0;
    case OPTION_DIHEDRAL:
        options->output.is_dihedral = true;
        return 0;
    case OPTION_MARGINS:
        options->output.has_margins = true;
        return 0;
    case OPTION_EXACT:
        options->output.has_digests = true;
        return 0;
    case OPTION_SHARD:
        read_shard(state, text, &options->part);
        return 0;
    case OPTION_OUTPUT:
        options->part.output_path = text;
        return 0;
    case OPTION_WORKERS:
        options->workers = (unsigned)command_number(state, "--workers", text, 1, MAX_WORKERS);
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

static int hash(struct hash_options *options)
{
    hashveil_atomic_bool is_cancelled = false;
    bool is_complete = false;
    struct hash_run state = {.options = options,
                             .is_cancelled = &is_cancelled,
                             .input = {.is_cancelled = &is_cancelled,
                                       .end = options->ends_paths_with_nul ? '\0' : '\n'}};
    const hashveil_hash_files_options hash_options = {
        .fingerprint = options->decode.fingerprint,
        .is_dihedral = options->output.is_dihedral,
        .computes_digests = options->output.has_digests,
        .workers = options->workers,
        .next_path = next_path,
        .on_file = on_file,
        .known = is_for_others,
        .context = &state,
        .is_cancelled = &is_cancelled,
    };
    interrupt_sets(&is_cancelled);
    progress_init(&state.progress, "files");
    const hashveil_status status = hashveil_hash_files(&hash_options, &is_complete);
    progress_clear(&state.progress);
    is_complete &= !state.input.was_cut;
    state.had_trouble |= state.input.failed;
    path_input_clear(&state.input);
    if (status != HASHVEIL_OK) {
        complain_status("hash", status);
    } else if (!is_complete && !output_failed()) {
        complain("hash", "stopped before its end: files that are not listed were not hashed");
    }
    const bool is_finished =
        status == HASHVEIL_OK && is_complete && hash_part_finish(&options->part);
    return is_finished && !state.had_trouble ? EXIT_DONE : EXIT_TROUBLE;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct hash_options options = {.decode = DECODE_OPTIONS_DEFAULT, .part = {.shards = 1}};
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    int code = EXIT_TROUBLE;
    if (hash_part_open(&options.part) && decode_options_open(&options.decode, options.workers)) {
        options.output.stream = options.part.stream;
        code = options.part.stream ? hash(&options) : EXIT_DONE;
    }
    decode_options_close(&options.decode);
    hash_part_close(&options.part);
    return code;
}

const struct command command_hash = {
    .name = "hash",
    .arguments = "FILE|FOLDER|-...",
    .summary = "print the perceptual hashes (PDQ) of pictures",
    .details =
        "Prints a line HASH,QUALITY,PATH for each picture; 'hashveil db import' reads these lines. "
        "A FOLDER is read with all below it, in the order of names; what is no picture there is "
        "passed over, and so are symbolic links. A named FILE that cannot be hashed is trouble, "
        "and so is a damaged picture anywhere. With - the paths come from standard input, one a "
        "line. Hashes of quality below 50 are unstable and are not used for matching.\n\n"
        "With --exact a line is HASH,QUALITY,MD5,SHA1,SHA256,PATH, without a HASH and a QUALITY "
        "for what is no picture. With --dihedral a line ends in the name of the form.\n\n"
        "With --output and --shard many machines hash one folder that all of them see at the same "
        "path: each takes its shard, and one that was ended goes on where it was. 'hashveil db "
        "import --hashes' takes the shards together.\n\n"
        "Pictures are decoded in processes that can do nothing else; one that takes too much time "
        "or memory, or takes its decoder down, costs a message and nothing more.\n\n"
        "With --json a path that is not UTF-8 has its odd bytes as \\xNN in \"path\", and all of "
        "its bytes in hexadecimal in \"path_bytes\".\n\n"
        "EXAMPLES\n"
        "  hashveil hash photo.jpg\n"
        "  hashveil hash --json ~/Pictures\n"
        "  hashveil hash --exact --policy nearest512 ~/Pictures\n"
        "  hashveil hash --shard 1/4 --output hashes.csv /srv/pictures\n"
        "  find . -name '*.png' -print0 | hashveil hash --null -\n",
    .options = option_rows,
    .parse = parse,
    .children = decode_option_rows,
    .run = run,
};
