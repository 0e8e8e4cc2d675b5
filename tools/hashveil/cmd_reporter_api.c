/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "output.h"
#include "submission_api.h"
#include "web_server.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct api_options {
    const char *address;
    const char *store_path;
    const char *users_path;
    struct submission_limits limits;
};

/* Starts as {0}. */
struct api {
    struct submission_schema *schema;
    struct submission_store *store;
    struct submission_users *users;
};

static void answer(void *context, const struct web_request *request, struct web_answer *out)
{
    const struct api *api = context;
    const struct submission_api parts = {api->schema, api->store, api->users};
    const struct submission_request asked = {
        .is_post = request->is_post,
        .path = request->path,
        .authorization = web_header(request, "Authorization"),
        .fault = web_header(request, SUBMISSION_FAULT_HEADER),
        .body = request->body,
        .len = request->len,
        .now_s = (uint64_t)time(NULL),
    };
    if (!request->is_post && strcmp(request->path, "/xsd") == 0) {
        out->content = strdup(submission_schema_text());
        out->http_status = out->content ? 200 : 500;
    } else {
        const struct submission_answer answer = submission_api_answer(&parts, &asked);
        out->http_status = answer.http_status;
        out->content = answer.xml;
    }
    out->type = "text/xml; charset=utf-8";
    if (out->http_status == 401) {
        struct web_header *header = &out->headers[out->header_count++];
        header->name = "WWW-Authenticate";
        strcpy(header->value, "Basic realm=\"stub reporter\", charset=\"UTF-8\"");
    }
}

/* Returns false after a message. */
static bool api_init(const struct api_options *options, struct api *out)
{
    size_t line = 0;
    const char *path = options->users_path;
    hashveil_status status = submission_users_load(path, &out->users, &line);
    if (status == HASHVEIL_ERR_FORMAT || status == HASHVEIL_ERR_LIMIT) {
        complain(path, "line %zu: not NAME:PASSWORD, too long, or one user too many", line);
        return false;
    }
    if (status == HASHVEIL_OK) {
        path = options->store_path;
        status = submission_store_open(path, &options->limits, &out->store);
    }
    if (status == HASHVEIL_OK) {
        out->schema = submission_schema_create();
        status = out->schema ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    }
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK;
}

static void api_clear(struct api *api)
{
    submission_schema_destroy(api->schema);
    submission_store_close(api->store);
    submission_users_destroy(api->users);
    *api = (struct api){0};
}

enum { OPTION_LISTEN = 256, OPTION_STORE, OPTION_USERS, OPTION_EXPIRE_OPEN, OPTION_EXPIRE_IDLE };
enum { MAX_LIMIT_S = 365 * 86400 };

static const struct argp_option option_rows[] = {
    {"listen", OPTION_LISTEN, "http://127.0.0.1:PORT", 0,
     "Where to listen, on this machine alone; port 0 is any (needed)", 0},
    {"store", OPTION_STORE, "FILE", 0, "Where to keep submissions; made if missing (needed)", 0},
    {"users", OPTION_USERS, "FILE", 0, "Lines NAME:PASSWORD of who may submit (needed)", 0},
    {"expire-open", OPTION_EXPIRE_OPEN, "S", 0,
     "Seconds that an unfinished report lives, at least; 86400 if not set", 0},
    {"expire-idle", OPTION_EXPIRE_IDLE, "S", 0,
     "Seconds that it lives after the last change, at least; 3600 if not set", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct api_options *options = out;
    switch (key) {
    case OPTION_LISTEN:
        if (!web_address_is_local(text)) {
            argp_error(state, "--listen: '%s' is not http://127.0.0.1:PORT", text);
        }
        options->address = text;
        return 0;
    case OPTION_STORE:
        options->store_path = text;
        return 0;
    case OPTION_USERS:
        options->users_path = text;
        return 0;
    case OPTION_EXPIRE_OPEN:
        options->limits.open_s = command_number(state, "--expire-open", text, 0, MAX_LIMIT_S);
        return 0;
    case OPTION_EXPIRE_IDLE:
        options->limits.idle_s = command_number(state, "--expire-idle", text, 0, MAX_LIMIT_S);
        return 0;
    case ARGP_KEY_END:
        if (!options->address || !options->store_path || !options->users_path) {
            argp_error(state, "--listen, --store and --users are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct api_options options = {.limits = {.open_s = 86400, .idle_s = 3600}};
    struct api api = {0};

    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    int code = EXIT_TROUBLE;
    if (api_init(&options, &api)) {
        const struct web_service service = {.name = "api",
                                            .answer = answer,
                                            .max_body_bytes = SUBMISSION_MAX_XML_BYTES,
                                            .context = &api};
        code = web_serve(options.address, &service) ? EXIT_DONE : EXIT_TROUBLE;
    }
    api_clear(&api);
    return code;
}

const struct command command_reporter_api = {
    .name = "api",
    .arguments = "",
    .summary = "play a reporting API for those who write its clients",
    .details =
        "Serves, in the shape of CyberTipline's API and with its response codes: GET /status, GET "
        "/xsd, POST /submit (XML), /fileinfo (XML), and then /finish or /retract (a form with "
        "id=NUMBER), all "
        "but /xsd with Basic authentication. What is finished or retracted stays so; what is not "
        "finished in time is gone. A request with the header " SUBMISSION_FAULT_HEADER
        ": CODE is answered with that code and changes nothing; with after:CODE it is done and "
        "then answered so. Everything it says and keeps says that it is a test: what is submitted "
        "goes nowhere.\n\n"
        "EXAMPLES\n"
        "  hashveil reporter api --listen http://127.0.0.1:8101 --users users \\\n"
        "      --store submissions.sqlite\n"
        "  curl -u NAME:PASSWORD --data-binary @report.xml http://127.0.0.1:8101/submit\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
