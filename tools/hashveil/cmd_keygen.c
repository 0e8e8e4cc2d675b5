/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "output.h"

#include <stdio.h>
#include <string.h>

#include <hashveil/key.h>

struct keygen_options {
    struct command_arguments arguments;
    hashveil_key_kind kind;
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

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct keygen_options *options = out;
    (void)text;
    switch (key) {
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        if (options->arguments.count != 2) {
            argp_error(state, "a KIND and a FILE are needed");
        }
        take_kind(state, options);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct keygen_options options = {0};
    hashveil_key key = {0};
    char hex[2 * HASHVEIL_KEY_BYTES + 1];

    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    const char *path = options.arguments.list[1];
    hashveil_status status = hashveil_key_generate(options.kind, &key);
    if (status == HASHVEIL_OK) {
        status = hashveil_key_save(&key, path);
    }
    if (status == HASHVEIL_OK) {
        format_hex(key.public_bytes, sizeof key.public_bytes, hex);
        printf("%s public %s %s.pub\n", hashveil_key_kind_text(options.kind), hex, path);
    } else {
        complain_status(path, status);
    }
    hashveil_key_clear(&key);
    return status == HASHVEIL_OK ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_keygen = {
    .name = "keygen",
    .arguments = "evaluator|reporter|curator FILE",
    .summary = "make a key pair",
    .details =
        "Writes the secret key to FILE, readable by its owner only, and the public half to "
        "FILE.pub; prints the public half. A file that exists is never overwritten.\n\n"
        "An evaluator's key blinds the hashes of a database: whoever holds it can evaluate, and "
        "without it the database is useless. A reporter's key opens reports; devices hold its "
        "public half only. A curator's key signs databases.\n\n"
        "EXAMPLES\n"
        "  hashveil keygen evaluator evaluator.key\n"
        "  hashveil keygen reporter reporter.key\n",
    .parse = parse,
    .run = run,
};
