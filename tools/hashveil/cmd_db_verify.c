/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "database.h"
#include "json_line.h"
#include "output.h"
#include "trust_options.h"

#include <stdio.h>
#include <string.h>

struct verify_options {
    struct command_arguments arguments; /* FILE.hvdb... */
    struct trust_options trust;
    bool is_json;
};

static json_t *signers_of(const hashveil_sealed_db_info *info)
{
    json_t *signers = json_array();
    for (size_t i = 0; i < info->signature_count && signers; i++) {
        if (json_array_append_new(signers, json_of_hex(info->signed_by[i], HASHVEIL_KEY_BYTES)) !=
            0) {
            json_decref(signers);
            signers = NULL;
        }
    }
    return signers;
}

/* With nobody pinned there may be a reason against it, but none to trust it. */
static bool is_trusted(const hashveil_trust *trust, hashveil_distrust distrust)
{
    return distrust == HASHVEIL_DISTRUST_NONE && trust->needed > 0;
}

static bool print_json(const char *path, const hashveil_sealed_db_info *info,
                       const hashveil_trust *trust, hashveil_distrust distrust)
{
    struct json_line line = {0};
    json_line_set_text(&line, "path", path);
    json_line_set(&line, "is_trusted", json_boolean(is_trusted(trust, distrust)));
    json_line_set(&line, "reason",
                  distrust == HASHVEIL_DISTRUST_NONE
                      ? json_null()
                      : json_string(hashveil_distrust_text(distrust)));
    json_line_set(&line, "epoch", json_of_u64(info->epoch));
    json_line_set(&line, "digest", json_of_hex(info->digest, sizeof info->digest));
    json_line_set(&line, "signed_by", signers_of(info));
    json_line_set(&line, "signatures_needed", json_of_u64(trust->needed));
    return json_line_print(&line);
}

static void print_signer(const uint8_t signer[HASHVEIL_KEY_BYTES],
                         const struct verify_options *options, const hashveil_trust *trust)
{
    char key[2 * HASHVEIL_KEY_BYTES + 1];
    format_hex(signer, HASHVEIL_KEY_BYTES, key);
    printf("signed by %s", key);
    for (size_t i = 0; i < trust->curator_count; i++) {
        if (memcmp(trust->curators[i].public_bytes, signer, HASHVEIL_KEY_BYTES) == 0) {
            fputs(" of ", stdout);
            print_foreign(options->trust.curator_paths[i]);
        }
    }
    putchar('\n');
}

static void print_text(const char *path, const hashveil_sealed_db_info *info,
                       const struct verify_options *options, const hashveil_trust *trust,
                       hashveil_distrust distrust)
{
    char digest[2 * HASHVEIL_DIGEST_BYTES + 1];
    format_hex(info->digest, sizeof info->digest, digest);
    print_foreign(path);
    printf(": undamaged%s, %zu of %zu curators have signed, digest %s\n",
           is_trusted(trust, distrust) ? " and trusted" : "", info->signature_count,
           info->curator_count, digest);
    for (size_t i = 0; i < info->signature_count; i++) {
        print_signer(info->signed_by[i], options, trust);
    }
}

static bool verify(const char *path, const struct verify_options *options,
                   const hashveil_trust *trust)
{
    hashveil_sealed_db *db = NULL;
    const char *where = "";
    const hashveil_status status = database_open(path, &db, &where);
    if (status != HASHVEIL_OK) {
        complain_database(path, where, status);
        return false;
    }
    const hashveil_sealed_db_info *info = hashveil_sealed_db_describe(db);
    const hashveil_distrust distrust = hashveil_trust_check(db, trust, 0, NULL);
    bool is_done = distrust == HASHVEIL_DISTRUST_NONE;
    if (options->is_json) {
        is_done = print_json(path, info, trust, distrust) && is_done;
    } else {
        print_text(path, info, options, trust, distrust);
    }
    if (distrust != HASHVEIL_DISTRUST_NONE) {
        trust_complain(path, distrust);
    }
    hashveil_sealed_db_close(db);
    return is_done;
}

static const struct argp_option option_rows[] = {
    TRUST_OPTION_ROWS(0),
    {"json", 'j', NULL, 0, "Print one JSON object a line", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct verify_options *options = out;
    if (trust_options_parse(&options->trust, key, text, state)) {
        return 0;
    }
    switch (key) {
    case 'j':
        options->is_json = true;
        return 0;
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        trust_options_check(&options->trust, state);
        if (options->arguments.count == 0) {
            argp_error(state, "a database is needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct verify_options options = {0};
    struct trust_keys keys;

    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    bool are_trusted = trust_keys_load(&options.trust, &keys);
    const bool are_loaded = are_trusted;
    for (size_t i = 0; i < options.arguments.count && are_loaded; i++) {
        are_trusted = verify(options.arguments.list[i], &options, &keys.trust) && are_trusted;
    }
    return are_trusted ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_db_verify = {
    .name = "verify",
    .arguments = "FILE.hvdb...",
    .summary = "check a sealed database: every byte, its signatures, its age",
    .details =
        "Reads all of the database and says whose signatures are under it. It is trusted when the "
        "curators of --curator have signed it, or as many of them as --signatures says; without "
        "--curator it is checked for damage and age alone. A database that has expired is "
        "refused. Exit codes: 0 all is well, 2 damaged or not trusted.\n\n"
        "EXAMPLES\n"
        "  hashveil db verify lists.hvdb\n"
        "  hashveil db verify lists.hvdb --curator alice.key.pub --curator bob.key.pub \\\n"
        "      --curator carol.key.pub --signatures 2 --pin evaluator.key.pub\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
