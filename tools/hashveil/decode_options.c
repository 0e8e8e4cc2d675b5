/* SPDX-License-Identifier: Apache-2.0 */
#include "decode_options.h"

#include "output.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    OPTION_POLICY = 1000,
    OPTION_EXACT_DECODE,
    OPTION_ORIENTED,
    OPTION_NO_SANDBOX,
    OPTION_TIME_LIMIT,
    OPTION_MEMORY_LIMIT
};

enum { MAX_TIME_LIMIT_S = 24 * 60 * 60, MIN_MEMORY_MIB = 64, MAX_MEMORY_MIB = 1 << 20 };

static const struct argp_option option_rows[] = {
    {"policy", OPTION_POLICY, "NAME", 0,
     "What becomes of pictures above 512 pixels a side: full (if not set) or nearest512, for lists "
     "that were made so",
     0},
    {"exact-decode", OPTION_EXACT_DECODE, NULL, 0,
     "Decode every pixel in colour: slower, for the reference's very bits", 0},
    {"oriented", OPTION_ORIENTED, NULL, 0, "Turn pictures as their EXIF orientation says", 0},
    {"no-sandbox", OPTION_NO_SANDBOX, NULL, 0,
     "Decode in this process: for files that are trusted, or where there is another sandbox", 0},
    {"time-limit", OPTION_TIME_LIMIT, "SECONDS", 0, "The longest that a file may take; 30", 0},
    {"memory-limit", OPTION_MEMORY_LIMIT, "MIB", 0, "The most that decoding a file may take; 1536",
     0},
    {0},
};

static void set_policy(const struct argp_state *state, const char *text,
                       struct decode_options *options)
{
    if (hashveil_pdq_policy_from_text(text, &options->fingerprint.policy) != HASHVEIL_OK) {
        argp_error(state, "--policy takes full or nearest512, not '%s'", text);
    }
}

static void check(const struct argp_state *state, const struct decode_options *options)
{
    const bool has_limits =
        options->sandbox.time_limit_ms > 0 || options->sandbox.max_memory_bytes > 0;
    if (options->has_no_sandbox && has_limits) {
        argp_error(state, "--time-limit and --memory-limit are the sandbox's, and there is none");
    }
}

/* NOLINTNEXTLINE(readability-non-const-parameter): it is argp's type. */
static error_t parse(int key, char *text, struct argp_state *state)
{
    struct decode_options *options = state->input;
    switch (key) {
    case OPTION_POLICY:
        set_policy(state, text, options);
        return 0;
    case OPTION_EXACT_DECODE:
        options->fingerprint.is_exact_decode = true;
        return 0;
    case OPTION_ORIENTED:
        options->fingerprint.image.applies_orientation = true;
        return 0;
    case OPTION_NO_SANDBOX:
        options->has_no_sandbox = true;
        return 0;
    case OPTION_TIME_LIMIT:
        options->sandbox.time_limit_ms =
            (uint32_t)command_number(state, "--time-limit", text, 1, MAX_TIME_LIMIT_S) * 1000;
        return 0;
    case OPTION_MEMORY_LIMIT:
        options->sandbox.max_memory_bytes =
            command_number(state, "--memory-limit", text, MIN_MEMORY_MIB, MAX_MEMORY_MIB) << 20;
        return 0;
    case ARGP_KEY_END:
        check(state, options);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {.options = option_rows, .parser = parse};
const struct argp_child decode_option_rows[] = {
    {&argp, 0, "How pictures are decoded:", 9},
    {0},
};

/* The program beside this one, as in the folder of a build; else the one that is installed. */
static const char *find_decoder(char path[PATH_MAX])
{
    static const char name[] = "hashveil-decoder";
    const ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - sizeof name);
    if (len <= 0) {
        return NULL;
    }
    path[len] = '\0';
    char *slash = strrchr(path, '/');
    memcpy(slash + 1, name, sizeof name);
    return access(path, X_OK) == 0 ? path : NULL;
}

bool decode_options_open(struct decode_options *options, unsigned workers)
{
    char path[PATH_MAX];
    if (options->has_no_sandbox) {
        return true;
    }
    options->sandbox.decoder_path = find_decoder(path);
    options->sandbox.processes = workers;
    options->sandbox.max_file_bytes = options->fingerprint.image.limits.max_file_bytes;
    const hashveil_status status =
        hashveil_sandbox_open(&options->sandbox, &options->fingerprint.sandbox);
    options->sandbox.decoder_path = NULL;
    if (status != HASHVEIL_OK) {
        complain("hashveil-decoder", "no sandbox to decode pictures in: %s",
                 hashveil_status_text(status));
    }
    return status == HASHVEIL_OK;
}

void decode_options_close(struct decode_options *options)
{
    hashveil_sandbox_close(options->fingerprint.sandbox);
    options->fingerprint.sandbox = NULL;
}
