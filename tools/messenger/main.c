/* SPDX-License-Identifier: Apache-2.0 */
/* The messenger prototype: docs/MESSENGER.md. */
#include "line_mode.h"
#include "messenger.h"
#include "screening.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { EXIT_DONE = 0, EXIT_TROUBLE = 2, TIMEOUT_MS = 10000 };

struct options {
    struct messenger_options messenger;
    struct screening_options screening;
    const char *on_match, *on_failure;
};

static const struct argp_option rows[] = {
    {"name", 'n', "NAME", 0, "who you are: a-z, 0-9, '-' and '_'", 0},
    {"store", 's', "FILE", 0, "keys and messages; made where there is none", 0},
    {"downloads", 'd', "FOLDER", 0, "where pictures go that come in", 0},
    {"broker", 'b', "ADDRESS", 0, "the MQTT broker: unix:PATH or HOST:PORT", 0},
    {"broker-ca", 'a', "FILE", 0, "who vouches for the broker: TLS", 0},
    {0, 0, 0, 0, "Before a picture is encrypted:", 1},
    {"db", 'D', "FILE", 0, "the sealed database to check against", 0},
    {"curator", 'c', "FILE", 0, "a public key that must have signed it; may be repeated", 0},
    {"evaluator", 'e', "ADDRESS", 0, "unix:PATH or https://HOST", 0},
    {"reporter-key", 'k', "FILE", 0, "the public key to which reports are sealed", 0},
    {"reporter", 'r', "ADDRESS", 0, "where reports go; without it they wait in the spool", 0},
    {"spool", 'S', "FILE", 0, "where reports wait", 0},
    {"on-match", 'm', "hold|send", 0, "a listed picture is reported, then held back or sent", 0},
    {"on-failure", 'f', "hold|send", 0, "so is one that could not be checked", 0},
    {"timeout", 't', "MS", 0, "of each step of a check; 10,000 by default", 0},
    {"decoder", 'p', "FILE", 0, "the program to decode pictures in", 0},
    {0},
};

/* One row an option that takes a text: where that goes. Returns NULL for another key. */
static const char **text_of(struct options *options, int key)
{
    switch (key) {
    case 'n':
        return &options->messenger.name;
    case 's':
        return &options->messenger.store_path;
    case 'd':
        return &options->messenger.downloads;
    case 'b':
        return &options->messenger.broker;
    case 'a':
        return &options->messenger.broker_ca_path;
    case 'D':
        return &options->screening.database_path;
    case 'e':
        return &options->screening.evaluator;
    case 'k':
        return &options->screening.reporter_key_path;
    case 'r':
        return &options->screening.reporter;
    case 'S':
        return &options->screening.spool_path;
    case 'm':
        return &options->on_match;
    case 'f':
        return &options->on_failure;
    case 'p':
        return &options->screening.decoder_path;
    default:
        return NULL;
    }
}

static bool is_send(const struct argp_state *state, const char *option, const char *word)
{
    if (!word || (strcmp(word, "hold") != 0 && strcmp(word, "send") != 0)) {
        argp_error(state, "--%s takes hold or send", option);
        return false;
    }
    return strcmp(word, "send") == 0;
}

/* argp_error ends the program. */
static void check(const struct argp_state *state, struct options *options)
{
    for (const struct argp_option *row = rows; row->name || row->doc; row++) {
        const char *const *text = text_of(options, row->key);
        if (!text || strchr("arp", row->key)) {
            continue;
        }
        if (!*text) {
            argp_error(state, "--%s is needed", row->name);
        }
    }
    if (options->messenger.name && !wire_is_name(options->messenger.name)) {
        argp_error(state, "'%s' cannot be a name", options->messenger.name);
    }
    options->messenger.policy =
        (struct policy){.sends_listed = is_send(state, "on-match", options->on_match),
                        .sends_unchecked = is_send(state, "on-failure", options->on_failure)};
}

static void take_timeout(const struct argp_state *state, const char *text, uint32_t *out)
{
    char *end = NULL;
    const long number = strtol(text, &end, 10);
    if (number < 1 || number > 600000 || *end) {
        argp_error(state, "--timeout takes 1 to 600000 milliseconds, not '%s'", text);
    }
    *out = (uint32_t)number;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;
    struct screening_options *screening = &options->screening;
    const char **target = text_of(options, key);
    if (target) {
        *target = text;
    } else if (key == 't') {
        take_timeout(state, text, &screening->timeout_ms);
    } else if (key == 'c' && screening->curator_count < HASHVEIL_MAX_CURATORS) {
        screening->curator_paths[screening->curator_count++] = text;
    } else if (key == ARGP_KEY_END) {
        check(state, options);
    } else {
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static int complain(const char *what, hashveil_status status)
{
    fprintf(stderr, "hashveil-messenger: %s: %s\n", what, hashveil_status_text(status));
    return EXIT_TROUBLE;
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = rows,
        .parser = parse,
        .doc =
            "An end-to-end encrypted messenger whose pictures are checked before they are "
            "encrypted. Commands come from stdin, events go to stdout as JSON lines."
            "\v"
            "EXAMPLES\n"
            "  echo 'contact bob' | hashveil-messenger --name alice --store alice.store\n"
            "      --downloads . --broker unix:broker --db list.hvdb --evaluator unix:evaluator\n"
            "      --reporter-key reporter.pub --spool alice.spool --on-match hold\n"
            "      --on-failure hold"};
    struct options options = {.screening.timeout_ms = TIMEOUT_MS};
    struct screening *screening = NULL;
    struct messenger *messenger = NULL;
    const char *what = "";
    argp_err_exit_status = EX_USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0) {
        return EX_USAGE;
    }
    options.messenger.on_event = line_mode_tell;
    hashveil_status status = screening_open(&options.screening, &screening, &what);
    if (status == HASHVEIL_OK) {
        status = messenger_open(&options.messenger, screening, &messenger, &what);
    }
    int code = EXIT_TROUBLE;
    if (status != HASHVEIL_OK) {
        code = complain(what, status);
    } else if (line_mode_run(messenger)) {
        code = EXIT_DONE;
    } else {
        complain(options.messenger.broker, HASHVEIL_ERR_UNREACHABLE);
    }
    messenger_close(messenger);
    screening_close(screening);
    return code;
}
