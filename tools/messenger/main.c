/* SPDX-License-Identifier: Apache-2.0 */
/* The messenger prototype: docs/MESSENGER.md. */
#include "line_mode.h"
#include "messenger.h"
#include "screen.h"
#include "screening.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { EXIT_DONE = 0, EXIT_TROUBLE = 2, TIMEOUT_MS = 10000, MAX_TIMEOUT_MS = 600000 };

/* What can be left out, or has its own place. */
#define OPTIONAL_KEYS "arptTcl"

struct options {
    const char *texts['z' + 1]; /* by the option's key */
    struct messenger_options messenger;
    struct screening_options screening;
    bool has_screen;
};

static const struct argp_option rows[] = {
    {"name", 'n', "NAME", 0, "who you are: a-z, 0-9, '-' and '_'", 0},
    {"store", 's', "FILE", 0, "keys and messages; made where there is none", 0},
    {"downloads", 'd', "FOLDER", 0, "where pictures go that come in", 0},
    {"broker", 'b', "ADDRESS", 0, "the MQTT broker: unix:PATH or HOST:PORT", 0},
    {"broker-ca", 'a', "FILE", 0, "who vouches for the broker: TLS", 0},
    {"screen", 'l', 0, 0, "take the whole terminal, for people", 0},
    {0, 0, 0, 0, "Before a picture is encrypted:", 1},
    {"db", 'D', "FILE", 0, "the sealed database to check against", 0},
    {"curator", 'c', "FILE", 0, "a public key that must have signed it; may be repeated", 0},
    {"evaluator", 'e', "ADDRESS", 0, "unix:PATH or https://HOST", 0},
    {"reporter-key", 'k', "FILE", 0, "the public key to which reports are sealed", 0},
    {"reporter", 'r', "ADDRESS", 0, "where reports go; without it they wait in the spool", 0},
    {"spool", 'S', "FILE", 0, "where reports wait", 0},
    {"on-match", 'm', "hold|send", 0, "a listed picture is reported, then held back or sent", 0},
    {"on-failure", 'f', "hold|send", 0, "so is one that could not be checked", 0},
    {"threshold", 'T', "N", 0,
     "how many listed items must match before the reporter can read anything; 1 by default", 0},
    {"timeout", 't', "MS", 0, "of each step of a check; 10,000 by default", 0},
    {"decoder", 'p', "FILE", 0, "the program to decode pictures in", 0},
    {0},
};

static bool is_send(const struct argp_state *state, const char *option, const char *word)
{
    if (strcmp(word, "hold") != 0 && strcmp(word, "send") != 0) {
        argp_error(state, "--%s takes hold or send, not '%s'", option, word);
    }
    return strcmp(word, "send") == 0;
}

static void fill(struct options *options)
{
    const char *const *texts = options->texts;
    struct messenger_options *messenger = &options->messenger;
    struct screening_options *screening = &options->screening;
    messenger->name = texts['n'];
    messenger->store_path = texts['s'];
    messenger->downloads = texts['d'];
    messenger->broker = texts['b'];
    messenger->broker_ca_path = texts['a'];
    screening->database_path = texts['D'];
    screening->evaluator = texts['e'];
    screening->reporter_key_path = texts['k'];
    screening->reporter = texts['r'];
    screening->spool_path = texts['S'];
    screening->decoder_path = texts['p'];
}

static void check(const struct argp_state *state, struct options *options)
{
    for (const struct argp_option *row = rows; row->name || row->doc; row++) {
        if (row->name && !strchr(OPTIONAL_KEYS, row->key) && !options->texts[row->key]) {
            argp_error(state, "--%s is needed", row->name);
            return;
        }
    }
    fill(options);
    if (!wire_is_name(options->messenger.name)) {
        argp_error(state, "'%s' cannot be a name", options->messenger.name);
    }
    options->messenger.policy =
        (struct policy){.sends_listed = is_send(state, "on-match", options->texts['m']),
                        .sends_unchecked = is_send(state, "on-failure", options->texts['f'])};
}

static void take_number(const struct argp_state *state, const char *text, long most, unsigned *out)
{
    char *end = NULL;
    const long number = strtol(text, &end, 10);
    if (number < 1 || number > most || *end) {
        argp_error(state, "'%s' is not a number from 1 to %ld", text, most);
    }
    *out = (unsigned)number;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;
    struct screening_options *screening = &options->screening;
    if (key == 't') {
        take_number(state, text, MAX_TIMEOUT_MS, &screening->timeout_ms);
    } else if (key == 'T') {
        take_number(state, text, HASHVEIL_MAX_THRESHOLD, &screening->threshold);
    } else if (key == 'c' && screening->curator_count < HASHVEIL_MAX_CURATORS) {
        screening->curator_paths[screening->curator_count++] = text;
    } else if (key == 'l') {
        options->has_screen = true;
    } else if (key == ARGP_KEY_END) {
        check(state, options);
    } else if (text && key > 0 && key <= 'z') {
        options->texts[key] = text;
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

/* Runs the client in the mode that was asked for. */
static int run(struct options *options, struct screening *screening, struct screen *screen)
{
    struct messenger *messenger = NULL;
    const char *what = "";
    options->messenger.on_event = screen ? screen_tell : line_mode_tell;
    options->messenger.context = screen;
    const hashveil_status status =
        messenger_open(&options->messenger, screening, &messenger, &what);
    bool is_published = false;
    if (status == HASHVEIL_OK) {
        is_published = screen ? screen_run(screen, messenger) : line_mode_run(messenger);
    }
    messenger_close(messenger);
    screen_close(screen);
    if (status != HASHVEIL_OK) {
        return complain(what, status);
    }
    return is_published ? EXIT_DONE : complain(options->messenger.broker, HASHVEIL_ERR_UNREACHABLE);
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = rows,
        .parser = parse,
        .doc =
            "An end-to-end encrypted messenger whose pictures are checked before they are "
            "encrypted. Without --screen commands come from stdin, and events go to stdout as "
            "JSON lines."
            "\v"
            "EXAMPLES\n"
            "  echo 'contact bob' | hashveil-messenger --name alice --store alice.store\n"
            "      --downloads . --broker unix:broker --db list.hvdb --evaluator unix:evaluator\n"
            "      --reporter-key reporter.pub --spool alice.spool --on-match hold\n"
            "      --on-failure hold"};
    struct options options = {.screening = {.timeout_ms = TIMEOUT_MS, .threshold = 1}};
    struct screening *screening = NULL;
    struct screen *screen = NULL;
    const char *what = "";
    argp_err_exit_status = EX_USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0) {
        return EX_USAGE;
    }
    hashveil_status status = screening_open(&options.screening, &screening, &what);
    if (status == HASHVEIL_OK && options.has_screen) {
        what = "the terminal";
        status = screen_open(&screen);
    }
    const int code =
        status == HASHVEIL_OK ? run(&options, screening, screen) : complain(what, status);
    screening_close(screening);
    return code;
}
