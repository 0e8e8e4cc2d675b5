/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "output.h"
#include "page.h"
#include "plain_list.h"

struct page_options {
    const char *address;
    const char *store_path;
    const char *list_path; /* NULL: hashes are compared with none */
};

/* All that a page needs but the list. Returns false after a message. */
static bool page_init(const struct page_options *options, struct page *out)
{
    const char *path = options->store_path;
    hashveil_status status = report_store_open(path, SQLITE_FILE_READ, &out->store);
    if (status == HASHVEIL_OK) {
        status = report_reviews_open(path, SQLITE_FILE_WRITE, &out->reviews);
    }
    if (status == HASHVEIL_OK && !page_sessions_init(&out->sessions)) {
        status = HASHVEIL_ERR_IO;
    }
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK;
}

/* Returns false after a message. path: NULL for none. */
static bool load_list(const char *path, hashveil_index **out)
{
    const hashveil_status status = path ? plain_list_load(path, out) : HASHVEIL_OK;
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK;
}

enum { OPTION_LISTEN = 256, OPTION_STORE, OPTION_LIST };
enum { MAX_FORM_BYTES = 4096 };

static const struct argp_option option_rows[] = {
    {"listen", OPTION_LISTEN, "http://127.0.0.1:PORT", 0,
     "Where to listen, on this machine alone; any port if not set", 0},
    {"store", OPTION_STORE, "STORE", 0, "Where 'reporter serve' keeps reports (needed)", 0},
    {"list", OPTION_LIST, "WORKSPACE", 0, "The plaintext hashes to show differences from", 0},
    {0},
};

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct page_options *options = out;
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
    case OPTION_LIST:
        options->list_path = text;
        return 0;
    case ARGP_KEY_END:
        if (!options->store_path) {
            argp_error(state, "--store is needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct page_options options = {.address = "http://127.0.0.1:0"};
    struct page page = {0};
    hashveil_index *listed = NULL;

    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    int code = EXIT_TROUBLE;
    if (page_init(&options, &page) && load_list(options.list_path, &listed)) {
        const struct web_service service = {.name = "page",
                                            .answer = page_answer,
                                            .max_body_bytes = MAX_FORM_BYTES,
                                            .context = &page};
        page.listed = listed;
        printf("token %s\n", page.sessions.token);
        code = web_serve(options.address, &service) ? EXIT_DONE : EXIT_TROUBLE;
    }
    page_sessions_clear(&page.sessions);
    hashveil_index_destroy(listed);
    report_reviews_close(page.reviews);
    report_store_close(page.store);
    return code;
}

const struct command command_reporter_page = {
    .name = "page",
    .arguments = "",
    .summary = "look at received reports, and decide about them, in a browser",
    .details =
        "Prints a token and an address of this machine, where a browser that has been given the "
        "token sees the reports: a list with filters, sums and a chart, and each report with the "
        "bits of its hash, crossed where they differ from the nearest listed one. It has no "
        "pictures to show, and needs no JavaScript. The token holds until the program ends "
        "(SIGTERM or SIGINT), a login for eight hours.\n\n" SQL_ADDRESS_HELP "EXAMPLES\n"
        "  hashveil reporter page --store reports.sqlite --list lists.work \\\n"
        "      --listen http://127.0.0.1:8100\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
