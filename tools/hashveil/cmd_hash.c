/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "file_bytes.h"
#include "json_line.h"
#include "output.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hashveil/fingerprint.h>
#include <hashveil/pdq.h>

struct hash_options {
    struct command_arguments paths;
    hashveil_fingerprint_options fingerprint;
    bool is_json, is_dihedral, ends_paths_with_nul;
};

/* One run of the command. */
struct hash_run {
    const struct hash_options *options;
    bool had_trouble;
};

static void tell(struct hash_run *run, const char *path, hashveil_status status)
{
    complain_status(path, status);
    run->had_trouble = true;
}

/* form: NULL for the picture as it is stored. */
static void print_hash(struct hash_run *run, const char *path,
                       const hashveil_fingerprint *fingerprint, const char *form)
{
    char hex[HASHVEIL_PDQ_HEX_LEN + 1];
    hashveil_pdq_to_hex(&fingerprint->hash, hex);
    if (run->options->is_json) {
        struct json_line line = {0};
        json_line_set_text(&line, "path", path);
        json_line_set(&line, "hash", json_string(hex));
        json_line_set(&line, "quality", json_of_u64(fingerprint->quality));
        json_line_set(&line, "dihedral", form ? json_string(form) : json_null());
        run->had_trouble |= !json_line_print(&line);
    } else {
        printf("%s,%u,%s%s%s\n", hex, fingerprint->quality, path, form ? "," : "",
               form ? form : "");
    }
}

static hashveil_status hash_bytes(struct hash_run *run, const char *path, const uint8_t *bytes,
                                  size_t len)
{
    static const char *const forms[HASHVEIL_PDQ_DIHEDRAL] = {
#define X(name, number, text) [number] = text,
        HASHVEIL_DIHEDRAL_TABLE(X)
#undef X
    };
    hashveil_fingerprint fingerprints[HASHVEIL_PDQ_DIHEDRAL];
    const bool is_dihedral = run->options->is_dihedral;
    const hashveil_fingerprint_options *options = &run->options->fingerprint;
    const hashveil_status status =
        is_dihedral ? hashveil_fingerprint_file_dihedral(bytes, len, options, fingerprints)
                    : hashveil_fingerprint_file(bytes, len, options, fingerprints);
    if (status != HASHVEIL_OK) {
        return status;
    }
    for (size_t i = 0; i < (is_dihedral ? HASHVEIL_PDQ_DIHEDRAL : 1); i++) {
        print_hash(run, path, &fingerprints[i], is_dihedral ? forms[i] : NULL);
    }
    return HASHVEIL_OK;
}

/* is_named: the user named this very file, so that it must be a picture. */
static void hash_file(struct hash_run *run, const char *path, bool is_named)
{
    uint8_t *bytes = NULL;
    size_t len = 0;

    hashveil_status status =
        file_bytes_read(path, run->options->fingerprint.image.limits.max_file_bytes, &bytes, &len);
    if (status == HASHVEIL_OK) {
        status = hash_bytes(run, path, bytes, len);
        free(bytes);
    }
    if (!is_named && (status == HASHVEIL_ERR_UNSUPPORTED || status == HASHVEIL_ERR_NOT_A_FILE)) {
        status = HASHVEIL_OK; /* folders of pictures hold other things too */
    }
    if (status != HASHVEIL_OK) {
        tell(run, path, status);
    }
}

static void visit(struct hash_run *run, const FTSENT *entry)
{
    switch (entry->fts_info) {
    case FTS_F:
    case FTS_DEFAULT:
        hash_file(run, entry->fts_path, entry->fts_level == FTS_ROOTLEVEL);
        break;
    case FTS_NS:
    case FTS_DNR:
    case FTS_ERR:
        complain(entry->fts_path, "%s", strerror(entry->fts_errno));
        run->had_trouble = true;
        break;
    default: /* folders on their way in and out, symbolic links below the first level */
        break;
    }
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* A file, or a folder with all below it. */
static void hash_path(struct hash_run *run, char *path)
{
    char *roots[] = {path, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    if (!walk) {
        complain(path, "%s", strerror(errno));
        run->had_trouble = true;
        return;
    }
    errno = 0;
    for (const FTSENT *entry = fts_read(walk); entry && !output_failed(); entry = fts_read(walk)) {
        visit(run, entry);
        errno = 0;
    }
    if (errno && !output_failed()) {
        complain(path, "%s", strerror(errno));
        run->had_trouble = true;
    }
    fts_close(walk);
}

static void hash_paths_of_stdin(struct hash_run *run)
{
    const int end = run->options->ends_paths_with_nul ? '\0' : '\n';
    char *path = NULL;
    size_t capacity = 0;

    for (ssize_t len = getdelim(&path, &capacity, end, stdin); len > 0 && !output_failed();
         len = getdelim(&path, &capacity, end, stdin)) {
        if (path[len - 1] == end) {
            path[len - 1] = '\0';
        }
        if (*path) {
            hash_path(run, path);
        }
    }
    if (ferror(stdin)) {
        tell(run, "standard input", HASHVEIL_ERR_IO);
    }
    free(path);
}

static bool names_stdin(const char *path)
{
    return strcmp(path, "-") == 0;
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
}

enum { OPTION_DIHEDRAL = 256, OPTION_ORIENTED, OPTION_EXACT_DECODE };

static const struct argp_option option_rows[] = {
    {"json", 'j', NULL, 0, "Print one JSON object a line", 0},
    {"dihedral", OPTION_DIHEDRAL, NULL, 0, "Print the hashes of all eight turns and mirrorings", 0},
    {"null", '0', NULL, 0, "The paths that - reads end in NUL, not in a newline", 0},
    {"oriented", OPTION_ORIENTED, NULL, 0, "Turn pictures as their EXIF orientation says", 0},
    {"exact-decode", OPTION_EXACT_DECODE, NULL, 0,
     "Decode every pixel in colour: slower, for the reference's very bits", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct hash_options *options = out;
    (void)text;
    switch (key) {
    case 'j':
        options->is_json = true;
        return 0;
    case '0':
        options->ends_paths_with_nul = true;
        return 0;
    case OPTION_DIHEDRAL:
        options->is_dihedral = true;
        return 0;
    case OPTION_ORIENTED:
        options->fingerprint.image.applies_orientation = true;
        return 0;
    case OPTION_EXACT_DECODE:
        options->fingerprint.is_exact_decode = true;
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

static int run(const struct command *self, int argc, char **argv)
{
    struct hash_options options = {.fingerprint = HASHVEIL_FINGERPRINT_OPTIONS_DEFAULT};
    struct hash_run state = {.options = &options};

    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    for (size_t i = 0; i < options.paths.count && !output_failed(); i++) {
        if (names_stdin(options.paths.list[i])) {
            hash_paths_of_stdin(&state);
        } else {
            hash_path(&state, options.paths.list[i]);
        }
    }
    return state.had_trouble ? EXIT_TROUBLE : EXIT_DONE;
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
        "With --json a path that is not UTF-8 has its odd bytes as \\xNN in \"path\", and all of "
        "its "
        "bytes in hexadecimal in \"path_bytes\".\n\n"
        "EXAMPLES\n"
        "  hashveil hash photo.jpg\n"
        "  hashveil hash --json ~/Pictures\n"
        "  find . -name '*.png' -print0 | hashveil hash --null -\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
