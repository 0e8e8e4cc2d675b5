/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hashveil/key.h>

struct keygen_options {
    struct command_arguments arguments;
    hashveil_key_kind kind;
    bool is_split, is_join;
};

static const struct argp_option option_rows[] = {
    {"split", 's', NULL, 0, "Of an evaluator: make two shares, FILE.1 and FILE.2", 0},
    {"join", 'j', NULL, 0, "Of an evaluator: add the public halves of two shares up", 0},
    {0},
};

static const struct {
    const char *text;
    hashveil_key_kind kind;
} kinds[] = {
#define X(name, number, text) {text, HASHVEIL_KEY_##name},
    HASHVEIL_KEY_KIND_TABLE(X)
#undef X
};

#define X(name, number, text) " " text
static const char kind_names[] = HASHVEIL_KEY_KIND_TABLE(X);
#undef X

static void take_kind(const struct argp_state *state, struct keygen_options *options)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(options->arguments.list[0], kinds[i].text) == 0) {
            options->kind = kinds[i].kind;
            return;
        }
    }
    argp_error(state, "'%s' is not a kind of key; the kinds are:%s", options->arguments.list[0],
               kind_names);
}

static void check(const struct argp_state *state, const struct keygen_options *options)
{
    if (options->is_split && options->is_join) {
        argp_error(state, "--split and --join contradict each other");
    }
    if ((options->is_split || options->is_join) && options->kind != HASHVEIL_KEY_EVALUATOR) {
        argp_error(state, "only an evaluator's key has shares");
    }
}

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct keygen_options *options = out;
    (void)text;
    switch (key) {
    case 's':
        options->is_split = true;
        return 0;
    case 'j':
        options->is_join = true;
        return 0;
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        if (options->arguments.count != (options->is_join ? 4 : 2)) {
            argp_error(state, options->is_join ? "evaluator, a FILE and the public keys of two "
                                                 "shares are needed"
                                               : "a KIND and a FILE are needed");
        }
        take_kind(state, options);
        check(state, options);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_public(const hashveil_key *key, const char *path)
{
    char hex[2 * HASHVEIL_KEY_BYTES + 1];
    format_hex(key->public_bytes, sizeof key->public_bytes, hex);
    printf("%s public %s %s\n", hashveil_key_kind_text(key->kind), hex, path);
}

/* path: without the ".pub" of the public half's file. */
static bool save(const hashveil_key *key, const char *path)
{
    char *public_path = NULL;
    hashveil_status status =
        asprintf(&public_path, "%s.pub", path) < 0 ? HASHVEIL_ERR_NO_MEMORY : HASHVEIL_OK;
    if (status == HASHVEIL_OK) {
        status = key->has_secret ? hashveil_key_save(key, path)
                                 : hashveil_key_save_public(key, public_path);
    }
    if (status == HASHVEIL_OK) {
        print_public(key, public_path);
    } else {
        complain_status(path, status);
    }
    free(public_path);
    return status == HASHVEIL_OK;
}

static bool make(const struct keygen_options *options, const char *path)
{
    hashveil_key key = {0};
    const hashveil_status status = hashveil_key_generate(options->kind, &key);
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    const bool is_made = status == HASHVEIL_OK && save(&key, path);
    hashveil_key_clear(&key);
    return is_made;
}

static bool save_share(const hashveil_key *share, const char *path, unsigned number)
{
    char *share_path = NULL;
    if (asprintf(&share_path, "%s.%u", path, number) < 0) {
        complain_status(path, HASHVEIL_ERR_NO_MEMORY);
        return false;
    }
    const bool is_saved = save(share, share_path);
    free(share_path);
    return is_saved;
}

/* The whole key was here for a moment, and is written nowhere. */
static bool split(const char *path)
{
    hashveil_key key = {0};
    hashveil_key shares[HASHVEIL_KEY_SHARES] = {{0}};
    hashveil_status status = hashveil_key_generate(HASHVEIL_KEY_EVALUATOR, &key);
    if (status == HASHVEIL_OK) {
        status = hashveil_key_split(&key, shares);
    }
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    explicit_bzero(key.secret_bytes, sizeof key.secret_bytes);
    key.has_secret = false;
    const bool is_split = status == HASHVEIL_OK && save_share(&shares[0], path, 1) &&
                          save_share(&shares[1], path, 2) && save(&key, path);
    hashveil_key_clear(&shares[0]);
    hashveil_key_clear(&shares[1]);
    return is_split;
}

static bool join(const char *path, char *const *share_paths)
{
    hashveil_key shares[HASHVEIL_KEY_SHARES];
    hashveil_key whole;
    for (size_t i = 0; i < HASHVEIL_KEY_SHARES; i++) {
        const hashveil_status status =
            hashveil_key_load_public(share_paths[i], HASHVEIL_KEY_EVALUATOR, &shares[i]);
        if (status != HASHVEIL_OK) {
            complain_status(share_paths[i], status);
            return false;
        }
    }
    const hashveil_status status = hashveil_key_join(shares, &whole);
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK && save(&whole, path);
}

static int run(const struct command *self, int argc, char **argv)
{
    struct keygen_options options = {0};
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    const char *path = options.arguments.list[1];
    const bool is_done = options.is_split  ? split(path)
                         : options.is_join ? join(path, options.arguments.list + 2)
                                           : make(&options, path);
    return is_done ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_keygen = {
    .name = "keygen",
    .arguments = "evaluator|reporter|curator FILE [SHARE.pub SHARE.pub]",
    .summary = "make a key pair",
    .details =
        "Writes the secret key to FILE, readable by its owner only, and the public half to "
        "FILE.pub; prints the public half. A file that exists is never overwritten.\n\n"
        "An evaluator's key blinds the hashes of a database: whoever holds it can evaluate, and "
        "without it the database is useless. A reporter's key opens reports; devices hold its "
        "public half only. A curator's key signs databases.\n\n"
        "Two bodies can share an evaluator's key, so that neither alone can evaluate: --split "
        "makes "
        "both shares and FILE.pub, the public key of the whole, which is written nowhere. Bodies "
        "that trust nobody to have seen it make a key each, and --join writes FILE.pub.\n\n"
        "EXAMPLES\n"
        "  hashveil keygen evaluator evaluator.key\n"
        "  hashveil keygen evaluator shared.key --split\n"
        "  hashveil keygen evaluator shared.key --join one.key.pub two.key.pub\n"
        "  hashveil keygen reporter reporter.key\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
