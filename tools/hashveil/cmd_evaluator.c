/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "evaluator_keys.h"
#include "http_server.h"
#include "metering.h"
#include "output.h"
#include "worker_pool.h"

#include <openssl/crypto.h>

#include <hashveil/evaluator.h>
#include <hashveil/transport.h>

struct evaluator_options {
    const char *keys[EVALUATOR_MAX_KEYS]; /* files or folders */
    size_t key_count;
    unsigned workers;     /* 0 for one a processor */
    const char *accounts; /* NULL: whoever reaches it may ask */
    struct server_options server;
};

enum { MANIFEST_BYTES = 4096 };

/* What the server stands on. */
struct evaluator {
    struct evaluator_keys *keys;
    struct metering *metering; /* NULL without accounts */
};

/* Returns false for what shows nothing that an account could have. */
static bool credential_of(const struct http_request *request, uint8_t out[ACCOUNT_CREDENTIAL_BYTES])
{
    if (request->token) {
        account_of_token(request->token, out);
        return true;
    }
    size_t len = 0;
    return OPENSSL_hexstr2buf_ex(out, ACCOUNT_CREDENTIAL_BYTES, &len, request->certificate, '\0') ==
               1 &&
           len == ACCOUNT_CREDENTIAL_BYTES;
}

static hashveil_status charge(const struct evaluator *evaluator, const struct http_request *request,
                              uint32_t elements, struct http_answer *out)
{
    uint8_t credential[ACCOUNT_CREDENTIAL_BYTES];
    uint64_t retry_after_s = 0;
    if (!evaluator->metering) {
        return HASHVEIL_OK;
    }
    if (!credential_of(request, credential)) {
        return HASHVEIL_ERR_ACCOUNT;
    }
    const hashveil_status status =
        metering_charge(evaluator->metering, credential, elements, &retry_after_s);
    out->retry_after_s = (uint32_t)retry_after_s; /* a day at most */
    return status;
}

/* What is charged stays so when the elements prove malformed: the work was done by then. */
static hashveil_status evaluate(void *context, const struct http_request *request,
                                struct http_answer *out)
{
    const struct evaluator *evaluator = context;
    uint32_t count = 0;
    hashveil_status status = hashveil_request_count(request->body, request->len, &count);
    if (status == HASHVEIL_OK) {
        status = charge(evaluator, request, count, out);
    }
    if (status == HASHVEIL_OK) {
        status = evaluator_keys_respond(evaluator->keys, request->body, request->len, out->bytes,
                                        &out->len);
    }
    out->elements = status == HASHVEIL_OK ? count : 0;
    return status;
}

static hashveil_status print_manifest(void *context, const struct http_request *request,
                                      struct http_answer *out)
{
    const struct evaluator *evaluator = context;
    (void)request;
    out->len = evaluator_keys_print_manifest(evaluator->keys, (char *)out->bytes, MANIFEST_BYTES);
    out->type = "application/json";
    return out->len > 0 ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
}

static void reload(void *context)
{
    const struct evaluator *evaluator = context;
    (void)evaluator_keys_reload(evaluator->keys);
    if (evaluator->metering) {
        metering_settle(evaluator->metering);
    }
}

static const struct http_route routes[] = {
    {EVHTTP_REQ_POST, HASHVEIL_PATH_EVALUATE, evaluate, true},
    {EVHTTP_REQ_GET, HASHVEIL_PATH_MANIFEST, print_manifest, false},
    {0},
};

enum { OPTION_KEY = 256, OPTION_WORKERS, OPTION_ACCOUNTS };

static const struct argp_option option_rows[] = {
    {"key", OPTION_KEY, "FILE|FOLDER", 0,
     "A secret key, or a folder of them named *.key; may be repeated (needed)", 1},
    {"workers", OPTION_WORKERS, "N", 0, "Threads for the arithmetic; one a processor", 1},
    {"accounts", OPTION_ACCOUNTS, "STORE", 0,
     "Answers accounts alone, within their budgets ('hashveil account')", 1},
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
    case OPTION_ACCOUNTS:
        options->accounts = account_store_option(state, text);
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

/* Returns false after a message. */
static bool evaluator_init(const struct evaluator_options *options, struct evaluator *out)
{
    out->keys = evaluator_keys_load(options->keys, options->key_count);
    if (!out->keys || !options->accounts) {
        return out->keys != NULL;
    }
    struct account_store *store = account_store_open(options->accounts, false);
    out->metering = store ? metering_start(store) : NULL;
    if (store && !out->metering) {
        complain_status(options->accounts, HASHVEIL_ERR_NO_MEMORY);
        account_store_close(store);
    }
    return out->metering != NULL;
}

static void evaluator_clear(struct evaluator *evaluator)
{
    metering_stop(evaluator->metering);
    evaluator_keys_destroy(evaluator->keys);
}

static int run(const struct command *self, int argc, char **argv)
{
    struct evaluator_options options = {0};
    struct evaluator evaluator = {0};
    bool is_served = false;
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    if (evaluator_init(&options, &evaluator)) {
        const struct http_service service = {.routes = routes,
                                             .max_body_bytes = HASHVEIL_REQUEST_MAX_BYTES,
                                             .max_answer_bytes = HASHVEIL_RESPONSE_MAX_BYTES,
                                             .workers = worker_pool_size(options.workers),
                                             .reload = reload,
                                             .context = &evaluator};
        is_served = http_serve(&options.server, &service);
    }
    evaluator_clear(&evaluator);
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
        "With --accounts a request needs a token or certificate of an account (401), and enough "
        "left of its budget (429, Retry-After). " ACCOUNT_STORE_HELP "EXAMPLES\n"
        "  hashveil evaluator --key evaluator.key --listen unix:/run/evaluator\n"
        "  hashveil evaluator --key keys/ --listen https://0.0.0.0:8443 \\\n"
        "      --certificate server.pem --certificate-key server.key\n"
        "  curl --unix-socket /run/evaluator http://evaluator" HASHVEIL_PATH_MANIFEST "\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
