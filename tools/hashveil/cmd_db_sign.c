/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "output.h"

#include <stdio.h>

#include <hashveil/key.h>
#include <hashveil/sealed_db.h>

struct sign_options {
    struct command_arguments arguments; /* FILE.hvdb... */
    const char *key_path;
};

static bool sign(const char *path, const struct sign_options *options, const hashveil_key *key)
{
    const char *where = "";
    const hashveil_status status = hashveil_sealed_db_sign(path, key, &where);
    if (status == HASHVEIL_ERR_KEY && !*where) {
        complain(options->key_path, "not the key of a curator that %s names", path);
    } else if (status != HASHVEIL_OK) {
        complain_database(path, where, status);
    } else {
        print_foreign(path);
        puts(": signed");
    }
    return status == HASHVEIL_OK;
}

enum { OPTION_KEY = 256 };

static const struct argp_option option_rows[] = {
    {"key", OPTION_KEY, "FILE", 0, "The curator's secret key (needed)", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct sign_options *options = out;
    switch (key) {
    case OPTION_KEY:
        options->key_path = text;
        return 0;
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        if (!options->key_path || options->arguments.count == 0) {
            argp_error(state, options->key_path ? "a database is needed" : "--key is needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct sign_options options = {0};
    hashveil_key key = {0};

    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    const hashveil_status status =
        hashveil_key_load_secret(options.key_path, HASHVEIL_KEY_CURATOR, &key);
    if (status != HASHVEIL_OK) {
        complain_status(options.key_path, status);
        return EXIT_TROUBLE;
    }
    bool are_signed = true;
    for (size_t i = 0; i < options.arguments.count; i++) {
        are_signed = sign(options.arguments.list[i], &options, &key) && are_signed;
    }
    hashveil_key_clear(&key);
    return are_signed ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_db_sign = {
    .name = "sign",
    .arguments = "FILE.hvdb...",
    .summary = "add a curator's signature to a sealed database",
    .details =
        "The database must name the curator, as 'hashveil db seal --curator' does. All of it is "
        "checked before. It is replaced when all is written, and stays as it was until then. "
        "Signing again changes nothing, and the order in which curators sign does not matter.\n\n"
        "EXAMPLES\n"
        "  hashveil keygen curator alice.key\n"
        "  hashveil db seal lists.work lists.hvdb --key evaluator.key --curator alice.key.pub\n"
        "  hashveil db sign lists.hvdb --key alice.key\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
