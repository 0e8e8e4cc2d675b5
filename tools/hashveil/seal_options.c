/* SPDX-License-Identifier: Apache-2.0 */
#include "seal_options.h"

#include <stdlib.h>

enum { SECONDS_A_DAY = 24 * 60 * 60, MAX_DAYS = 100 * 366, MAX_RETRY_S = 86400 };

enum {
    OPTION_KEY = 256,
    OPTION_RETRY,
    OPTION_SEED,
    OPTION_EPOCH,
    OPTION_EXPIRES,
    OPTION_CURATOR,
    OPTION_WORKERS,
    OPTION_MIN_SOURCES,
    OPTION_WITHIN,
    OPTION_CATEGORY,
    OPTION_BASE,
    OPTION_WHO
};

const struct argp_option seal_option_rows[] = {
    {"key", OPTION_KEY, "FILE", 0, "The evaluator's secret key, to seal without an evaluator", 0},
    EVALUATOR_PEER_ROWS(0),
    {"retry", OPTION_RETRY, "SECONDS", 0,
     "How long to try again when the evaluator does not answer; 60 if not set", 0},
    {"seed", OPTION_SEED, "FILE", 0,
     "A secret file, from which all random numbers are drawn, so that the same workspace, --seed, "
     "--epoch and SOURCE_DATE_EPOCH give the same bytes; fresh ones if not set",
     0},
    {"epoch", OPTION_EPOCH, "N", 0, "The edition, higher than all before; the time if not set", 0},
    {"expires", OPTION_EXPIRES, "DAYS", 0, "How long devices may use it; for ever if not set", 0},
    {"curator", OPTION_CURATOR, "FILE", 0, "A curator's public key, to be named; may be repeated",
     0},
    {"min-sources", OPTION_MIN_SOURCES, "N", 0,
     "Only entries that so many sources name; one if not set", 0},
    {"within", OPTION_WITHIN, "BITS", 0,
     "For --min-sources those count too that name a hash at most so far away; 0 if not set", 0},
    {"category", OPTION_CATEGORY, "LABEL", 0,
     "Only entries with this label, or of this scheme (\"VIC_US:\"); may be repeated", 0},
    {"base", OPTION_BASE, "OLD.hvdb", 0,
     "Seal only what has changed since this was sealed, as a segment to go on top of it", 0},
    {"who", OPTION_WHO, "NAME", 0, "Who seals, for the history; the user if not set", 0},
    {"workers", OPTION_WORKERS, "N", 0, "Threads; one a processor if not set", 0},
    {"json", 'j', NULL, 0, "Print one JSON object", 0},
    {NULL, 0, NULL, 0, "The evaluator that is asked", 1},
    PEER_TOKEN_ROW(1),
    PEER_OPTION_ROWS(1),
    {0},
};

static void add_curator(const struct argp_state *state, struct seal_command_options *options,
                        const char *path)
{
    if (options->curator_count == HASHVEIL_MAX_CURATORS) {
        argp_error(state, "at most %d --curator are possible", HASHVEIL_MAX_CURATORS);
    }
    options->curator_paths[options->curator_count++] = path;
}

static void add_category(const struct argp_state *state, struct seal_command_options *options,
                         const char *label)
{
    if (!seal_selection_add_label(&options->selection, label)) {
        argp_error(state, "--category takes 1 to %d bytes, at most %d times",
                   HASHVEIL_LABEL_MAX_LEN, SEAL_MAX_CATEGORIES);
    }
}

/* As programs that make the same bytes again are told the time: reproducible-builds.org. */
static void take_date(const struct argp_state *state, struct seal_command_options *options)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");
    if (text) {
        options->created_s = command_number(state, "SOURCE_DATE_EPOCH", text, 1, INT64_MAX / 2);
    }
}

static void check(const struct argp_state *state, const struct seal_command_options *options)
{
    if (options->arguments.count != 2) {
        argp_error(state, "a WORKSPACE and the name of the database are needed");
    }
    const struct evaluator_peers *evaluators = &options->evaluators;
    if (!options->key_path && evaluators->count == 0 && evaluators->key_count == 0) {
        argp_error(state, "--key is needed, or --evaluator and --evaluator-key");
    }
    if (evaluators->key_count != evaluators->count ||
        (options->key_path && evaluators->count > 0)) {
        argp_error(state, "--key goes alone, and --evaluator with --evaluator-key");
    }
    if (options->base_path &&
        (options->selection.min_sources > 0 || options->selection.label_count > 0)) {
        argp_error(state, "a segment selects as its --base did");
    }
}

/* Returns false for an option that selects nothing. */
static bool parse_selection(struct seal_command_options *options, int key, const char *text,
                            const struct argp_state *state)
{
    switch (key) {
    case OPTION_MIN_SOURCES:
        options->selection.min_sources =
            (unsigned)command_number(state, "--min-sources", text, 1, HASHVEIL_MAX_LISTS);
        return true;
    case OPTION_WITHIN:
        options->selection.within_bits =
            (unsigned)command_number(state, "--within", text, 0, HASHVEIL_PDQ_MATCH_BITS);
        return true;
    case OPTION_CATEGORY:
        add_category(state, options, text);
        return true;
    default:
        return false;
    }
}

error_t seal_options_parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct seal_command_options *options = out;
    if (peer_options_parse(&options->peers, key, text, state) ||
        evaluator_peers_parse(&options->evaluators, key, text, state) ||
        parse_selection(options, key, text, state)) {
        return 0;
    }
    switch (key) {
    case OPTION_KEY:
        options->key_path = text;
        return 0;
    case OPTION_RETRY:
        options->retry_s = command_number(state, "--retry", text, 0, MAX_RETRY_S);
        return 0;
    case OPTION_SEED:
        options->seed_path = text;
        return 0;
    case OPTION_EPOCH:
        options->epoch = command_number(state, "--epoch", text, 1, INT64_MAX);
        return 0;
    case OPTION_EXPIRES:
        options->has_lifetime = true;
        options->lifetime_s = SECONDS_A_DAY * command_number(state, "--expires", text, 0, MAX_DAYS);
        return 0;
    case OPTION_CURATOR:
        add_curator(state, options, text);
        return 0;
    case OPTION_WORKERS:
        options->workers = (unsigned)command_number(state, "--workers", text, 1, MAX_WORKERS);
        return 0;
    case OPTION_BASE:
        options->base_path = text;
        return 0;
    case OPTION_WHO:
        options->who = text;
        return 0;
    case 'j':
        options->is_json = true;
        return 0;
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        take_date(state, options);
        peer_options_check(&options->peers, state);
        check(state, options);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}
