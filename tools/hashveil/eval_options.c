/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_options.h"

#include <string.h>

#include <hashveil/masks.h>
#include <hashveil/scanner.h>

const struct eval_options eval_options_default = {.decode = DECODE_OPTIONS_DEFAULT,
                                                  .params = HASHVEIL_MASK_PARAMS_DEFAULT,
                                                  .probes = HASHVEIL_PROBES,
                                                  .seed = 1,
                                                  .part = 1,
                                                  .parts = 1};

enum {
    OPTION_SIMULATE = 256,
    OPTION_CRYPTO,
    OPTION_HTML,
    OPTION_SEED,
    OPTION_SPLIT,
    OPTION_LIST_POLICY,
    OPTION_BITS,
    OPTION_FRONTIER,
    OPTION_MASKS,
    OPTION_POOL,
    OPTION_PROBES,
    OPTION_WORKERS
};

const struct argp_option eval_option_rows[] = {
    {"json", 'j', NULL, 0, "Print one JSON object", 0},
    {"html", OPTION_HTML, "FILE", 0, "Write a report with curves to FILE too", 0},
    {"simulate", OPTION_SIMULATE, NULL, 0, "Compare tokens in the clear", 0},
    {"crypto", OPTION_CRYPTO, NULL, 0, "Seal a database and ask an evaluator for every copy", 0},
    {"seed", OPTION_SEED, "N", 0, "Of masks and edits; the same gives the same (default 1)", 0},
    {"split", OPTION_SPLIT, "I/N", 0, "Only part I of N of the originals, by a hash of the path",
     0},
    {"list-policy", OPTION_LIST_POLICY, "NAME", 0,
     "List originals under this policy, full or nearest512, and only those with a side above 512 "
     "pixels; copies are hashed under --policy",
     0},
    {"bits", OPTION_BITS, "B", 0, "Hash bits of a mask, 16 to 64", 0},
    {"frontier", OPTION_FRONTIER, "B,B...", 0,
     "Instead, of the same copies: what is found, and opened falsely, at each of these sizes", 0},
    {"masks", OPTION_MASKS, "T", 0, "Masks, 2 to 32", 0},
    {"pool", OPTION_POOL, "P", 0, "Stable positions that masks draw from, B to 256", 0},
    {"probes", OPTION_PROBES, "Q", 0, "Probes for a picture; not with --crypto", 0},
    {"workers", OPTION_WORKERS, "N", 0, "Threads (default: one a processor)", 0},
    {0},
};

enum { LEAST_BITS = 16, MOST_BITS = 64 };

/* Reads "I/N". */
static void read_split(const struct argp_state *state, const char *text, struct eval_options *out)
{
    enum { MOST_PARTS = 1000, MOST_DIGITS = 4 };
    char part[MOST_DIGITS + 1] = "";
    const char *slash = strchr(text, '/');
    const size_t len = slash ? (size_t)(slash - text) : 0;
    if (len == 0 || len > MOST_DIGITS) {
        argp_error(state, "--split takes I/N, as 1/2, not '%s'", text);
        return;
    }
    memcpy(part, text, len);
    out->parts = (unsigned)command_number(state, "--split I/N", slash + 1, 1, MOST_PARTS);
    out->part = (unsigned)command_number(state, "--split I/N", part, 1, out->parts);
}

/* Reads "24,28,32". */
static void read_frontier(const struct argp_state *state, const char *text,
                          struct eval_options *out)
{
    enum { MOST_DIGITS = 2 };
    out->frontier_count = 0;
    while (out->frontier_count < EVAL_MOST_SETTINGS) {
        char number[MOST_DIGITS + 1] = "";
        const size_t len = strcspn(text, ",");
        memcpy(number, text, len < MOST_DIGITS ? len : MOST_DIGITS);
        out->frontier[out->frontier_count++] = (unsigned)command_number(
            state, "--frontier B,B...", len > MOST_DIGITS ? text : number, LEAST_BITS, MOST_BITS);
        if (text[len] == '\0') {
            return;
        }
        text += len + 1;
    }
    argp_error(state, "--frontier takes at most %d sizes", EVAL_MOST_SETTINGS);
}

static void read_list_policy(const struct argp_state *state, const char *text,
                             struct eval_options *out)
{
    if (hashveil_pdq_policy_from_text(text, &out->list_policy) != HASHVEIL_OK) {
        argp_error(state, "--list-policy takes full or nearest512, not '%s'", text);
    }
    out->has_list_policy = true;
}

static void choose_mode(const struct argp_state *state, struct eval_options *options,
                        enum eval_mode mode)
{
    if (options->mode != EVAL_BY_SIZE && options->mode != mode) {
        argp_error(state, "--simulate and --crypto exclude each other");
    }
    options->mode = mode;
}

static void check(const struct argp_state *state, struct eval_options *options)
{
    if (!options->has_list_policy) {
        options->list_policy = options->decode.fingerprint.policy;
    }
    if (options->params.pool_bits < options->params.bits) {
        argp_error(state, "--pool takes at least the %u of --bits", (unsigned)options->params.bits);
    }
    for (size_t i = 0; i < options->frontier_count; i++) {
        if (options->params.pool_bits < options->frontier[i]) {
            argp_error(state, "--pool takes at least the %u of --frontier", options->frontier[i]);
        }
    }
    if (options->frontier_count > 0 && (options->mode == EVAL_CRYPTO || options->html_path)) {
        argp_error(state, "--frontier goes with neither --crypto nor --html");
    }
    if (options->probes != HASHVEIL_PROBES && options->mode == EVAL_CRYPTO) {
        argp_error(state, "--crypto always sends %d probes: --probes needs --simulate",
                   HASHVEIL_PROBES);
    }
    if (options->probes != HASHVEIL_PROBES) {
        options->mode = EVAL_SIMULATE;
    }
}

static error_t parse_number(int key, const char *text, const struct argp_state *state,
                            struct eval_options *options)
{
    enum { MOST_MASKS = 32, MOST_POOL = 256 };
    hashveil_mask_params *params = &options->params;
    switch (key) {
    case OPTION_SEED:
        options->seed = command_number(state, "--seed", text, 0, UINT64_MAX);
        return 0;
    case OPTION_BITS:
        params->bits = (uint32_t)command_number(state, "--bits", text, LEAST_BITS, MOST_BITS);
        return 0;
    case OPTION_MASKS:
        params->masks = (uint32_t)command_number(state, "--masks", text, 2, MOST_MASKS);
        return 0;
    case OPTION_POOL:
        params->pool_bits = (uint32_t)command_number(state, "--pool", text, LEAST_BITS, MOST_POOL);
        return 0;
    case OPTION_PROBES:
        options->probes =
            (unsigned)command_number(state, "--probes", text, 2, HASHVEIL_MAX_RANKED_PROBES);
        return 0;
    case OPTION_WORKERS:
        options->workers = (unsigned)command_number(state, "--workers", text, 1, MAX_WORKERS);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

error_t eval_options_parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct eval_options *options = out;
    switch (key) {
    case 'j':
        options->is_json = true;
        return 0;
    case OPTION_HTML:
        options->html_path = text;
        return 0;
    case OPTION_SIMULATE:
        choose_mode(state, options, EVAL_SIMULATE);
        return 0;
    case OPTION_CRYPTO:
        choose_mode(state, options, EVAL_CRYPTO);
        return 0;
    case OPTION_SPLIT:
        read_split(state, text, options);
        return 0;
    case OPTION_LIST_POLICY:
        read_list_policy(state, text, options);
        return 0;
    case OPTION_FRONTIER:
        read_frontier(state, text, options);
        return 0;
    case ARGP_KEY_ARG:
        if (options->input_path) {
            argp_error(state, "one FOLDER or PAIRS file is needed, not two");
        }
        options->input_path = text;
        return 0;
    case ARGP_KEY_END:
        if (!options->input_path) {
            argp_error(state, "a FOLDER or PAIRS file is needed");
        }
        check(state, options);
        return 0;
    default:
        return parse_number(key, text, state, options);
    }
}
