/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "http_server.h"
#include "output.h"

#include <hashveil/evaluator.h>
#include <hashveil/key.h>
#include <hashveil/transport.h>

struct evaluator_options {
    const char *key_path;
    const char *address;
};

static hashveil_status answer(void *context, const uint8_t *body, size_t len,
                              struct http_answer *out)
{
    const hashveil_evaluator *evaluator = context;
    return hashveil_evaluator_respond(evaluator, body, len, out->bytes, &out->len);
}

static const struct http_route routes[] = {
    {EVHTTP_REQ_POST, HASHVEIL_PATH_EVALUATE, answer},
    {EVHTTP_REQ_GET, HASHVEIL_PATH_HEALTH, http_answer_health},
    {0},
};

static hashveil_status load(const char *key_path, hashveil_evaluator **out)
{
    hashveil_key key = {0};
    hashveil_status status = hashveil_key_load_secret(key_path, HASHVEIL_KEY_EVALUATOR, &key);
    if (status == HASHVEIL_OK) {
        status = hashveil_evaluator_create(&key, out);
    }
    hashveil_key_clear(&key);
    return status;
}

enum { OPTION_KEY = 256, OPTION_LISTEN };

static const struct argp_option option_rows[] = {
    {"key", OPTION_KEY, "FILE", 0, "The evaluator's secret key (needed)", 0},
    {"listen", OPTION_LISTEN, "unix:PATH", 0, "The socket to listen on (needed)", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct evaluator_options *options = out;
    switch (key) {
    case OPTION_KEY:
        options->key_path = text;
        return 0;
    case OPTION_LISTEN:
        options->address = command_listen_address(state, "--listen", text);
        return 0;
    case ARGP_KEY_END:
        if (!options->key_path || !options->address) {
            argp_error(state, "--key and --listen are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct evaluator_options options = {0};
    hashveil_evaluator *evaluator = NULL;

    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    const hashveil_status status = load(options.key_path, &evaluator);
    if (status != HASHVEIL_OK) {
        complain_status(options.key_path, status);
        return EXIT_TROUBLE;
    }
    const struct http_service service = {.routes = routes,
                                         .max_body_bytes = HASHVEIL_REQUEST_MAX_BYTES,
                                         .max_answer_bytes = HASHVEIL_RESPONSE_MAX_BYTES,
                                         .context = evaluator};
    const bool served = http_serve(options.address, &service);
    hashveil_evaluator_destroy(evaluator);
    return served ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_evaluator = {
    .name = "evaluator",
    .arguments = "",
    .summary = "multiply blinded elements by the secret key, and see nothing else",
    .details =
        "Serves POST " HASHVEIL_PATH_EVALUATE " and GET " HASHVEIL_PATH_HEALTH " over HTTP on a "
        "Unix socket that only its owner may use. Prints a line when clients can connect. SIGTERM "
        "and SIGINT end it when what has arrived is answered.\n\n"
        "EXAMPLES\n"
        "  hashveil evaluator --key evaluator.key --listen unix:/run/evaluator\n"
        "  curl --unix-socket /run/evaluator http://evaluator" HASHVEIL_PATH_HEALTH "\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
