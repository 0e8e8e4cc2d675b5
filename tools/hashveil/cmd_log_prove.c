/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "database.h"
#include "log_proof.h"
#include "log_source.h"
#include "output.h"

#include <stdio.h>

struct prove_options {
    struct command_arguments arguments; /* LOG FILE.hvdb */
    const char *key_path;
    struct peer_options peers;
    uint64_t since; /* 0 when not given */
};

static bool prove(const struct prove_options *options, const hashveil_log *log)
{
    const char *path = options->arguments.list[1];
    hashveil_sealed_db *db = NULL;
    const char *where = "";
    hashveil_log_proof proof;
    hashveil_status status = database_open(path, &db, &where);
    if (status != HASHVEIL_OK) {
        complain_database(path, where, status);
        return false;
    }
    status =
        hashveil_log_prove(log, hashveil_sealed_db_describe(db)->digest, options->since, &proof);
    hashveil_sealed_db_close(db);
    if (status == HASHVEIL_ERR_NOT_FOUND) {
        complain(path, "not in the log");
    } else if (status != HASHVEIL_OK) {
        complain(options->arguments.list[0], "the log was never so long");
    }
    return status == HASHVEIL_OK && log_proof_print(&proof);
}

enum { OPTION_KEY = 256, OPTION_SINCE };

static const struct argp_option option_rows[] = {
    {"key", OPTION_KEY, "FILE", 0, "The log's public key (needed)", 0},
    {"since", OPTION_SINCE, "SIZE", 0,
     "Prove too that the log goes on from its first SIZE editions", 0},
    {NULL, 0, NULL, 0, "A log on a web server", 1},
    PEER_OPTION_ROWS(1),
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct prove_options *options = out;
    if (peer_options_parse(&options->peers, key, text, state)) {
        return 0;
    }
    switch (key) {
    case OPTION_KEY:
        options->key_path = text;
        return 0;
    case OPTION_SINCE:
        options->since = command_number(state, "--since", text, 1, INT64_MAX);
        return 0;
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        peer_options_check(&options->peers, state);
        if (!options->key_path || options->arguments.count != 2) {
            argp_error(state,
                       options->key_path ? "a LOG and a database are needed" : "--key is needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct prove_options options = {0};
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    hashveil_log *log =
        log_source_open(options.arguments.list[0], options.key_path, &options.peers);
    const bool is_proved = log && prove(&options, log);
    hashveil_log_close(log);
    return is_proved ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_log_prove = {
    .name = "prove",
    .arguments = "LOG FILE.hvdb",
    .summary = "print a proof that an edition is in a log",
    .details =
        "Prints one JSON object: the log's signed head, the edition's place in it and the hashes "
        "that lead from it to the head's root (RFC 9162, section 2.1.3); with --since also those "
        "that lead from the older log's root (section 2.1.4). 'hashveil log verify --proof' "
        "checks it without the log.\n\n"
        "LOG is a folder, or the URL of one on a web server.\n\n" PEER_ADDRESS_HELP "EXAMPLES\n"
        "  hashveil log prove log lists.hvdb --key log.key.pub > lists.proof\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
