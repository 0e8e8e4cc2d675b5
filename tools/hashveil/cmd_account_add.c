/* SPDX-License-Identifier: Apache-2.0 */
#include "account_store.h"
#include "command.h"
#include "errno_status.h"
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct add_options {
    const char *store;
    const char *token_path, *certificate_path; /* one of them */
    uint64_t per_day, burst;                   /* burst: 0 for per_day */
    struct command_arguments names;            /* one */
};

enum { OPTION_STORE = 256, OPTION_TOKEN, OPTION_CERTIFICATE, OPTION_PER_DAY, OPTION_BURST };

static const struct argp_option option_rows[] = {
    {"accounts", OPTION_STORE, "STORE", 0, "Where the accounts are; a file is made (needed)", 0},
    {"token-file", OPTION_TOKEN, "FILE", 0,
     "Makes a token, and this file for it, which its owner alone may read", 0},
    {"certificate", OPTION_CERTIFICATE, "FILE", 0,
     "The client's certificate as PEM, in place of a token", 0},
    {"per-day", OPTION_PER_DAY, "ELEMENTS", 0, "What the account may cost a day (needed)", 0},
    {"burst", OPTION_BURST, "ELEMENTS", 0,
     "What it may cost at once, until that has filled up again; as per day if not set", 0},
    {0},
};

static void check(const struct argp_state *state, const struct add_options *options)
{
    if (!options->store || options->per_day == 0) {
        argp_error(state, "--accounts and --per-day are needed");
    }
    if (!options->token_path == !options->certificate_path) {
        argp_error(state, "either --token-file or --certificate is needed");
    }
    if (options->burst > options->per_day) {
        argp_error(state, "--burst is at most --per-day");
    }
    if (options->names.count != 1 || !account_name_is_valid(options->names.list[0])) {
        argp_error(state, "one NAME is needed, of 1 to %d printable characters of ASCII",
                   ACCOUNT_NAME_BYTES - 1);
    }
}

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct add_options *options = out;
    switch (key) {
    case OPTION_STORE:
        options->store = account_store_option(state, text);
        return 0;
    case OPTION_TOKEN:
        options->token_path = text;
        return 0;
    case OPTION_CERTIFICATE:
        options->certificate_path = text;
        return 0;
    case OPTION_PER_DAY:
        options->per_day = command_number(state, "--per-day", text, 1, ACCOUNT_MAX_BUDGET);
        return 0;
    case OPTION_BURST:
        options->burst = command_number(state, "--burst", text, 1, ACCOUNT_MAX_BUDGET);
        return 0;
    case ARGP_KEY_ARGS:
        options->names = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        check(state, options);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Returns false after a message. */
static bool read_certificate(const char *path, uint8_t out[ACCOUNT_CREDENTIAL_BYTES])
{
    FILE *file = fopen(path, "re");
    if (!file) {
        complain_status(path, status_of_errno(errno));
        return false;
    }
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    const bool is_read = certificate && X509_digest(certificate, EVP_sha256(), out, NULL) == 1;
    X509_free(certificate);
    if (!is_read) {
        complain(path, "not a certificate as PEM");
    }
    return is_read;
}

/* Makes a token and its file. Returns false after a message, and without the file. */
static bool write_token(const char *path, uint8_t out[ACCOUNT_CREDENTIAL_BYTES])
{
    char token[ACCOUNT_TOKEN_BYTES];
    hashveil_status status = HASHVEIL_ERR_IO;
    if (account_make_token(token)) {
        account_of_token(token, out);
        const size_t len = sizeof token;
        token[len - 1] = '\n'; /* of the file, which has a line */
        const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        status = fd < 0 ? status_of_errno(errno) : HASHVEIL_OK;
        if (fd >= 0 && (write(fd, token, len) != (ssize_t)len || fsync(fd) != 0)) {
            status = status_of_errno(errno);
            unlink(path);
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    explicit_bzero(token, sizeof token);
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK;
}

/* Returns false after a message. */
static bool add(struct account_store *store, const struct add_options *options)
{
    const uint64_t now_s = (uint64_t)time(NULL);
    const uint64_t burst = options->burst > 0 ? options->burst : options->per_day;
    struct account account = {.kind = options->token_path ? ACCOUNT_TOKEN : ACCOUNT_CERTIFICATE,
                              .per_day = options->per_day,
                              .burst = burst,
                              .updated_s = now_s,
                              .added_s = now_s};
    snprintf(account.name, sizeof account.name, "%s", options->names.list[0]);
    account_give_back(&account, burst);
    if (options->token_path ? !write_token(options->token_path, account.credential)
                            : !read_certificate(options->certificate_path, account.credential)) {
        return false;
    }
    const hashveil_status status = account_store_add(store, &account);
    if (status == HASHVEIL_ERR_EXISTS) {
        complain(account.name, "there is an account of that name, or with that certificate");
    } else if (status != HASHVEIL_OK) {
        complain_status(options->store, status);
    }
    if (status != HASHVEIL_OK && options->token_path) {
        unlink(options->token_path);
    }
    return status == HASHVEIL_OK;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct add_options options = {0};
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    struct account_store *store = account_store_open(options.store, true);
    const bool is_added = store && add(store, &options);
    account_store_close(store);
    return is_added ? EXIT_DONE : EXIT_TROUBLE;
}

const struct command command_account_add = {
    .name = "add",
    .arguments = "NAME",
    .summary = "make an account that may ask an evaluator",
    .details =
        "An evaluator with --accounts answers nobody else. Its client shows the token (scan "
        "--token-file) or the certificate (scan --certificate). A picture costs 257 elements. "
        "The store has a digest of the token alone; of what its file says there is no "
        "copy. " ACCOUNT_STORE_HELP "EXAMPLES\n"
        "  hashveil account add --accounts sqlite:accounts --per-day 2570000 \\\n"
        "      --token-file phone.token phone\n",
    .options = option_rows,
    .parse = parse,
    .run = run,
};
