/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "evaluator_keys.h"
#include "http_server.h"
#include "worker_pool.h"

#include <hashveil/evaluator.h>
#include <hashveil/transport.h>

struct evaluator_options {
    const char *keys[EVALUATOR_MAX_KEYS]; /* files or folders */
    size_t key_count;
    unsigned workers; /* 0 for one a processor */
    struct server_options server;
};

enum { MANIFEST_BYTES = 4096 };

static hashveil_status evaluate(void *context, const struct http_request *request,
                                struct http_answer *out)
{
    uint32_t count = 0;
    hashveil_status status = hashveil_request_count(request->body, request->len, &count);
    if (status == HASHVEIL_OK) {
        status =
            evaluator_keys_respond(context, request->body, request->len, out->bytes, &out->len);
    }
    out->elements = status == HASHVEIL_OK ? count : 0;
    return status;
}

static hashveil_status print_manifest(void *context, const struct http_request *request,
                                      struct http_answer *out)
{
    (void)request;
    out->len = evaluator_keys_print_manifest(context, (char *)out->bytes, MANIFEST_BYTES);
    out->type = "application/json";
    return out->len > 0 ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
}

static void reload(void *context)
{
    (void)evaluator_keys_reload(context);
}

static const struct http_route routes[] = {
    {EVHTTP_REQ_POST, HASHVEIL_PATH_EVALUATE, evaluate, true},
    {EVHTTP_REQ_GET, HASHVEIL_PATH_MANIFEST, print_manifest, false},
    {0},
};

enum { OPTION_KEY = 256, OPTION_WORKERS };

static const struct argp_option option_rows[] = {
    {"key", OPTION_KEY, "FILE|FOLDER", 0,
     "A secret key, or a folder of them named *.key; may be repeated (needed)", 1},
    {"workers", OPTION_WORKERS, "N", 0, "Threads for the arithmetic; one a processor", 1},
    SERVER_OPTION_ROWS(2),
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct evaluator_options *options = out;
    switch (key) {
    case OPTION_KEY:
        if (options->key_count == EVALUATOR_MAX_KEYS) {
            argp_error(state, "at most %d --key are possible", EVALUATOR_MAX_KEYS);
        }
        options->keys[options->key_count++] = text;
        return 0;
    case OPTION_WORKERS:
        options->workers = (unsigned)command_number(state, "--workers", text, 1, MAX_WORKERS);
        return 0;
    case ARGP_KEY_END:
        if (options->key_count == 0) {
            argp_error(state, "--key is needed");
        }
        server_options_check(&options->server, state);
        return 0;
    default:
        return server_options_parse(&options->server, key, text, state) ? 0 : ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct evaluator_options options = {0};
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    struct evaluator_keys *keys = evaluator_keys_load(options.keys, options.key_count);
    if (!keys) {
        return EXIT_TROUBLE;
    }
    const struct http_service service = {.routes = routes,
                                         .max_body_bytes = HASHVEIL_REQUEST_MAX_BYTES,
                                         .max_answer_bytes = HASHVEIL_RESPONSE_MAX_BYTES,
                                         .workers = worker_pool_size(options.workers),
                                         .reload = reload,
                                         .context = keys};
    const bool is_served = http_serve(&options.server, &service);
    evaluator_keys_destroy(keys);
    return is_served ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_evaluator = {
    .name = "evaluator",
    .arguments = "",
    .summary = "multiply blinded elements by the secret key, and see nothing else",
    .details =
        "Serves POST " HASHVEIL_PATH_EVALUATE ", GET " HASHVEIL_PATH_MANIFEST
        " and " HASHVEIL_PATH_HEALTH " over HTTP, and to this machine " HTTP_PATH_METRICS
        ". " SERVER_ADDRESS_HELP
        "Of several keys each request names the one that it is meant for. SIGHUP reads them anew, "
        "and the TLS files, without dropping a request: to change keys, put the new one beside the "
        "old one, send SIGHUP, publish the database that was sealed for it, and take the old one "
        "away when the database before it has expired. When more waits than the workers can do, "
        "clients are told to come again in a second (503, Retry-After).\n\n"
        "EXAMPLES\n"
        "  hashveil evaluator --key evaluator.key --listen unix:/run/evaluator\n"
        "  hashveil evaluator --key keys/ --listen https://0.0.0.0:8443 \\\n"
        "      --certificate server.pem --certificate-key server.key\n"
        "  curl --unix-socket /run/evaluator http://evaluator" HASHVEIL_PATH_MANIFEST "\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
