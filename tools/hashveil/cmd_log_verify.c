/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "database.h"
#include "log_proof.h"
#include "log_source.h"
#include "output.h"

#include <inttypes.h>
#include <stdio.h>

struct verify_options {
    struct command_arguments arguments; /* LOG FILE.hvdb..., or with a proof FILE.hvdb */
    const char *key_path;
    struct peer_options peers;
    const char *proof_path;
};

/* Returns false after a message. */
static bool read_digest(const char *path, uint8_t out[HASHVEIL_DIGEST_BYTES])
{
    hashveil_sealed_db *db = NULL;
    const char *where = "";
    const hashveil_status status = database_open(path, &db, &where);
    if (status != HASHVEIL_OK) {
        complain_database(path, where, status);
        return false;
    }
    const hashveil_sealed_db_info *info = hashveil_sealed_db_describe(db);
    for (size_t i = 0; i < HASHVEIL_DIGEST_BYTES; i++) {
        out[i] = info->digest[i];
    }
    hashveil_sealed_db_close(db);
    return true;
}

static bool verify_in_log(const hashveil_log *log, const char *path)
{
    uint8_t digest[HASHVEIL_DIGEST_BYTES];
    uint64_t index;
    if (!read_digest(path, digest)) {
        return false;
    }
    if (!hashveil_log_find(log, digest, &index)) {
        complain(path, "not in the log");
        return false;
    }
    print_foreign(path);
    printf(": edition %" PRIu64 " of the log\n", index);
    return true;
}

static bool verify_log(const struct verify_options *options)
{
    const char *folder = options->arguments.list[0];
    hashveil_log *log = log_source_open(folder, options->key_path, &options->peers);
    if (!log) {
        return false;
    }
    const hashveil_log_head *head = hashveil_log_describe(log);
    char root[2 * HASHVEIL_LOG_HASH_BYTES + 1];
    char time[TIME_TEXT_BYTES];
    format_hex(head->root, sizeof head->root, root);
    format_time(head->time_s, time);
    print_foreign(folder);
    printf(": undamaged, %" PRIu64 " editions, signed %s, root %s\n", head->size, time, root);
    bool are_in = true;
    for (size_t i = 1; i < options->arguments.count; i++) {
        are_in = verify_in_log(log, options->arguments.list[i]) && are_in;
    }
    hashveil_log_close(log);
    return are_in;
}

static bool verify_proof(const struct verify_options *options)
{
    const char *path = options->arguments.list[0];
    hashveil_log_proof proof;
    hashveil_key key = {0};
    uint8_t digest[HASHVEIL_DIGEST_BYTES];
    hashveil_status status =
        hashveil_key_load_public(options->key_path, HASHVEIL_KEY_CURATOR, &key);
    if (status != HASHVEIL_OK) {
        complain_status(options->key_path, status);
        return false;
    }
    if (!log_proof_read(options->proof_path, &proof) || !read_digest(path, digest)) {
        return false;
    }
    proof.old_size = 0; /* nobody has told of an older head */
    status = hashveil_log_verify(&proof, &key, digest, NULL);
    if (status == HASHVEIL_ERR_KEY) {
        complain(options->proof_path, "its head is not signed with %s", options->key_path);
    } else if (status != HASHVEIL_OK) {
        complain(options->proof_path, "it does not prove that %s is in the log", path);
    } else {
        print_foreign(path);
        printf(": edition %" PRIu64 " of the log\n", proof.index);
    }
    return status == HASHVEIL_OK;
}

enum { OPTION_KEY = 256, OPTION_PROOF };

static const struct argp_option option_rows[] = {
    {"key", OPTION_KEY, "FILE", 0, "The log's public key (needed)", 0},
    {"proof", OPTION_PROOF, "FILE", 0, "Check this proof, without the log", 0},
    {NULL, 0, NULL, 0, "A log on a web server", 1},
    PEER_OPTION_ROWS(1),
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct verify_options *options = out;
    if (peer_options_parse(&options->peers, key, text, state)) {
        return 0;
    }
    switch (key) {
    case OPTION_KEY:
        options->key_path = text;
        return 0;
    case OPTION_PROOF:
        options->proof_path = text;
        return 0;
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        peer_options_check(&options->peers, state);
        if (!options->key_path) {
            argp_error(state, "--key is needed");
        }
        if (options->arguments.count == 0 ||
            (options->proof_path && options->arguments.count != 1)) {
            argp_error(state, options->proof_path ? "one database is needed with --proof"
                                                  : "a LOG is needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct verify_options options = {0};
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    const bool is_verified = options.proof_path ? verify_proof(&options) : verify_log(&options);
    return is_verified ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_log_verify = {
    .name = "verify",
    .arguments = "LOG [FILE.hvdb...]",
    .summary = "check a transparency log, and that editions are in it",
    .details =
        "Checks that the log's head is signed with the key and that its leaves give the head's "
        "root, and then that each database is in it. With --proof the argument is a database, "
        "and what is checked is a proof of 'hashveil log prove'. 'hashveil scan --log' also "
        "checks that a log goes on from what it was at the last scan.\n\n"
        "LOG is a folder, or the URL of one on a web server.\n\n" PEER_ADDRESS_HELP "EXAMPLES\n"
        "  hashveil log verify log lists.hvdb --key log.key.pub\n"
        "  hashveil log verify https://log.example.org/editions --key log.key.pub\n"
        "  hashveil log verify --proof lists.proof lists.hvdb --key log.key.pub\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
