/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "database.h"
#include "output.h"

#include <stdio.h>

#include <hashveil/log.h>

struct append_options {
    struct command_arguments arguments; /* LOG FILE.hvdb... */
    const char *key_path;
};

static bool append(const char *path, const struct append_options *options, const hashveil_key *key)
{
    const char *folder = options->arguments.list[0];
    hashveil_sealed_db *db = NULL;
    const char *where = "";
    bool was_added;
    hashveil_status status = database_open(path, &db, &where);
    if (status != HASHVEIL_OK) {
        complain_database(path, where, status);
        return false;
    }
    status = hashveil_log_append(folder, key, db, &was_added, &where);
    hashveil_sealed_db_close(db);
    if (status != HASHVEIL_OK) {
        complain_database(folder, where, status);
        return false;
    }
    print_foreign(path);
    puts(was_added ? ": added" : ": was in the log already");
    return true;
}

enum { OPTION_KEY = 256 };

static const struct argp_option option_rows[] = {
    {"key", OPTION_KEY, "FILE", 0, "The log's secret key, of the kind 'curator' (needed)", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct append_options *options = out;
    switch (key) {
    case OPTION_KEY:
        options->key_path = text;
        return 0;
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        if (!options->key_path || options->arguments.count < 2) {
            argp_error(state, options->key_path ? "a LOG and at least one database are needed"
                                                : "--key is needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct append_options options = {0};
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
    bool are_added = true;
    for (size_t i = 1; i < options.arguments.count && are_added; i++) {
        are_added = append(options.arguments.list[i], &options, &key);
    }
    hashveil_key_clear(&key);
    return are_added ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_log_append = {
    .name = "append",
    .arguments = "LOG FILE.hvdb...",
    .summary = "add editions of a database to a transparency log",
    .details =
        "LOG is a folder, made when it does not exist; any web server can serve it as it is. Each "
        "edition's manifest goes into it, and its head is signed anew. An edition that is in it "
        "is not added again.\n\n"
        "EXAMPLES\n"
        "  hashveil keygen curator log.key\n"
        "  hashveil log append log lists.hvdb --key log.key\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
