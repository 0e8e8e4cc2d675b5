/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "database.h"
#include "decode_options.h"
#include "interrupt.h"
#include "json_line.h"
#include "output.h"
#include "peer_options.h"
#include "private_service.h"

#include <inttypes.h>
#include <stdio.h>

#include <hashveil/audit.h>
#include <hashveil/hash_files.h>
#include <hashveil/transport.h>

struct audit_options {
    struct decode_options decode;
    struct command_arguments arguments; /* DB PICTURE... */
    const char *key_path;               /* either this, for an evaluator of our own, */
    const char *evaluator_address;      /* or this, */
    struct peer_options peers;
    const char *check_path; /* or this, and no pictures */
    const char *transcript_path;
    bool is_json;
};

/* Starts with its first fields. */
struct audit {
    const struct audit_options *options;
    hashveil_atomic_bool *is_cancelled;
    hashveil_sealed_db *db;
    hashveil_auditor *auditor;
    hashveil_transcript *transcript; /* NULL where none is kept */
    hashveil_connection *evaluator;
    struct private_service service;
    size_t next_path;
    uint64_t asked, opened;
    bool had_trouble;
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
};

/* path: NULL where the transcript alone speaks, which has no names. */
static void tell(struct audit *audit, const char *path, const hashveil_audit_entry *entry,
                 const hashveil_verdict *verdict)
{
    const char *text = hashveil_verdict_text(verdict->kind);
    char hex[2 * sizeof entry->digests.sha256 + 1];
    format_hex(entry->digests.sha256, sizeof entry->digests.sha256, hex);
    audit->asked++;
    audit->opened += verdict->kind == HASHVEIL_VERDICT_MATCH;
    if (audit->options->is_json) {
        struct json_line line = {0};
        if (path) {
            json_line_set_text(&line, "path", path);
        }
        json_line_set(&line, "sha256", json_string(hex));
        json_line_set(&line, "verdict", json_string(text));
        audit->had_trouble |= !json_line_print(&line);
    } else {
        print_foreign(path ? path : hex);
        printf(": %s\n", text);
    }
}

static hashveil_status ask(struct audit *audit, hashveil_audit_entry *entry,
                           hashveil_verdict *verdict)
{
    hashveil_query *query = NULL;
    hashveil_status status = hashveil_auditor_begin(audit->auditor, entry, &query);
    if (status == HASHVEIL_OK) {
        status = hashveil_connection_exchange(audit->evaluator, HASHVEIL_PATH_EVALUATE,
                                              entry->request, entry->request_len, audit->response,
                                              sizeof audit->response, &entry->response_len);
    }
    if (status == HASHVEIL_OK) {
        entry->response = audit->response;
        status = hashveil_scanner_finish(query, 0, entry->response, entry->response_len, verdict);
    }
    if (status == HASHVEIL_OK && audit->transcript) {
        status = hashveil_transcript_add(audit->transcript, entry);
    }
    hashveil_query_destroy(query);
    return status;
}

/* One thread at a time: an audit's work is the proof, and the evaluator's machine has that too. */
static void on_file(void *context, const hashveil_hashed_file *file)
{
    struct audit *audit = context;
    const bool is_askable = file->status == HASHVEIL_OK ||
                            (file->is_read && hashveil_sealed_db_lists_digests(audit->db));
    hashveil_audit_entry entry = {.digests = file->digests,
                                  .has_fingerprint = file->status == HASHVEIL_OK,
                                  .fingerprint = file->forms[0]};
    hashveil_verdict verdict;
    if (audit->had_trouble) {
        return; /* what comes to nothing ends soon */
    }
    const hashveil_status status = is_askable ? ask(audit, &entry, &verdict) : file->status;
    if (status == HASHVEIL_OK) {
        tell(audit, file->path, &entry, &verdict);
    } else if (is_askable || file->is_named) {
        complain_status(file->path, status);
        audit->had_trouble = true;
        *audit->is_cancelled = true;
    }
}

static const char *next_path(void *context)
{
    struct audit *audit = context;
    const struct command_arguments *arguments = &audit->options->arguments;
    return audit->next_path < arguments->count ? arguments->list[audit->next_path++] : NULL;
}

static bool open_database(struct audit *audit)
{
    const char *path = audit->options->arguments.list[0];
    const char *where = "";
    hashveil_status status = database_open(path, &audit->db, &where);
    if (status != HASHVEIL_OK) {
        complain_database(path, where, status);
        return false;
    }
    status = hashveil_auditor_create(audit->db, &audit->auditor);
    if (status == HASHVEIL_ERR_ARGUMENT) {
        complain(path, "a segment: audits take whole databases");
    } else if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK;
}

static bool connect_evaluator(struct audit *audit)
{
    const struct audit_options *options = audit->options;
    const char *const arguments[] = {"evaluator", "--key", options->key_path, NULL};
    hashveil_status status = HASHVEIL_OK;
    if (options->key_path) {
        status = private_service_start(arguments, audit->is_cancelled, &audit->service);
    }
    if (status == HASHVEIL_OK) {
        const hashveil_peer peer = peer_of_evaluator(
            &options->peers, 0,
            options->key_path ? audit->service.address : options->evaluator_address);
        status = hashveil_connection_open(&peer, &audit->evaluator);
    }
    if (status != HASHVEIL_OK) {
        complain_status(options->key_path ? options->key_path : options->evaluator_address, status);
    }
    return status == HASHVEIL_OK;
}

static bool start_transcript(struct audit *audit)
{
    const char *path = audit->options->transcript_path;
    const hashveil_status status =
        path ? hashveil_transcript_create(path, audit->db, &audit->transcript) : HASHVEIL_OK;
    if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK;
}

static bool ask_all(struct audit *audit)
{
    const hashveil_hash_files_options options = {.fingerprint = audit->options->decode.fingerprint,
                                                 .computes_digests = true,
                                                 .next_path = next_path,
                                                 .on_file = on_file,
                                                 .context = audit,
                                                 .is_cancelled = audit->is_cancelled};
    bool is_complete = false;
    audit->next_path = 1;
    hashveil_status status = hashveil_hash_files(&options, &is_complete);
    if (status != HASHVEIL_OK) {
        complain_status("audit", status);
    } else if (!is_complete && !audit->had_trouble) {
        complain("audit", "stopped before its end: no transcript is kept");
    }
    if (status != HASHVEIL_OK || !is_complete || audit->had_trouble) {
        return false;
    }
    status = audit->transcript ? hashveil_transcript_commit(audit->transcript) : HASHVEIL_OK;
    if (status != HASHVEIL_OK) {
        complain_status(audit->options->transcript_path, status);
    }
    return status == HASHVEIL_OK;
}

static void on_checked(void *context, const hashveil_audit_entry *entry,
                       const hashveil_verdict *verdict)
{
    tell(context, NULL, entry, verdict);
}

static bool check(struct audit *audit)
{
    const char *path = audit->options->check_path;
    uint64_t count;
    const hashveil_status status =
        hashveil_transcript_check(path, audit->auditor, on_checked, audit, &count);
    if (status == HASHVEIL_ERR_DIGEST) {
        complain(path, "made with another edition than %s", audit->options->arguments.list[0]);
    } else if (status == HASHVEIL_ERR_FORMAT || status == HASHVEIL_ERR_TRUNCATED ||
               status == HASHVEIL_ERR_KEY || status == HASHVEIL_ERR_PROTOCOL) {
        complain(path, "entry %" PRIu64 " does not hold: %s", count + 1,
                 hashveil_status_text(status));
    } else if (status != HASHVEIL_OK) {
        complain_status(path, status);
    }
    return status == HASHVEIL_OK;
}

static void print_summary(const struct audit *audit)
{
    if (!audit->options->is_json) {
        printf("%" PRIu64 " files asked for, each answer proved; %" PRIu64 " open a record\n",
               audit->asked, audit->opened);
    }
}

static void clear(struct audit *audit)
{
    hashveil_transcript_destroy(audit->transcript);
    hashveil_connection_close(audit->evaluator);
    private_service_stop(&audit->service);
    hashveil_auditor_destroy(audit->auditor);
    hashveil_sealed_db_close(audit->db);
}

enum { OPTION_KEY = 256, OPTION_EVALUATOR, OPTION_TRANSCRIPT, OPTION_CHECK };

static const struct argp_option option_rows[] = {
    {"key", OPTION_KEY, "FILE", 0, "The evaluator's secret key: runs an evaluator of its own", 1},
    {"evaluator", OPTION_EVALUATOR, PEER_ADDRESS, 0, "A running evaluator, instead of --key", 1},
    {"transcript", OPTION_TRANSCRIPT, "FILE", 0, "Keep what was asked and answered here", 2},
    {"check", OPTION_CHECK, "FILE", 0, "Check such a transcript instead of asking", 2},
    {"json", 'j', NULL, 0, "Print one JSON object a line", 3},
    PEER_TOKEN_ROW(4),
    PEER_OPTION_ROWS(4),
    {0},
};

static void check_usage(const struct argp_state *state, const struct audit_options *options)
{
    const int ways = (options->key_path != NULL) + (options->evaluator_address != NULL) +
                     (options->check_path != NULL);
    if (ways != 1) {
        argp_error(state, "one of --key, --evaluator and --check is needed");
    } else if (options->check_path && (options->transcript_path || options->arguments.count != 1)) {
        argp_error(state, "--check takes a database and nothing else");
    } else if (!options->check_path && options->arguments.count < 2) {
        argp_error(state, "a database and at least one picture are needed");
    }
}

static error_t parse(int key, const char *text, const struct argp_state *state, void *out)
{
    struct audit_options *options = out;
    if (peer_options_parse(&options->peers, key, text, state)) {
        return 0;
    }
    switch (key) {
    case OPTION_KEY:
        options->key_path = text;
        return 0;
    case OPTION_EVALUATOR:
        options->evaluator_address = command_address(state, "--evaluator", text);
        return 0;
    case OPTION_TRANSCRIPT:
        options->transcript_path = text;
        return 0;
    case OPTION_CHECK:
        options->check_path = text;
        return 0;
    case 'j':
        options->is_json = true;
        return 0;
    case ARGP_KEY_ARGS:
        options->arguments = command_rest(state);
        return 0;
    case ARGP_KEY_END:
        check_usage(state, options);
        peer_options_check(&options->peers, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct audit_options options = {.decode = DECODE_OPTIONS_DEFAULT};
    hashveil_atomic_bool is_cancelled = false;
    static const struct audit empty;
    struct audit audit = empty;
    const int parse_code = command_parse(self, argc, argv, &options);
    if (parse_code) {
        return parse_code;
    }
    interrupt_sets(&is_cancelled);
    audit.options = &options;
    audit.is_cancelled = &is_cancelled;
    bool is_done = peer_options_load(&options.peers) && open_database(&audit);
    if (is_done && options.check_path) {
        is_done = check(&audit);
    } else if (is_done) {
        is_done = decode_options_open(&options.decode, 0) && connect_evaluator(&audit) &&
                  start_transcript(&audit) && ask_all(&audit);
    }
    if (is_done) {
        print_summary(&audit);
    }
    const bool has_opened = audit.opened > 0;
    is_done &= !audit.had_trouble;
    clear(&audit);
    decode_options_close(&options.decode);
    peer_options_clear(&options.peers);
    if (!is_done) {
        return EXIT_TROUBLE;
    }
    return has_opened ? EXIT_MATCH : EXIT_DONE;
}

const struct command command_audit = {
    .name = "audit",
    .arguments = "DB [FILE...]",
    .summary = "show that files that are no secret open no record of a database",
    .details =
        "Anybody with an evaluator can see for themselves that given files, and those of given "
        "folders, open no record. The evaluator has to prove each answer. The transcript lets "
        "others check that without the evaluator and without the files: it tells the files' "
        "digests and fingerprints, and from which seed each request was drawn, so take no private "
        "pictures.\n\n"
        "--check makes each request of a transcript again, compares it byte for byte, and "
        "finishes with the answer and its proof. Its lines name files by their "
        "SHA-256.\n\n" PEER_ADDRESS_HELP
        "Exit codes: 0 none opens a record, 1 one does, 2 trouble.\n\n"
        "EXAMPLES\n"
        "  hashveil audit lists.hvdb --evaluator unix:/run/evaluator \\\n"
        "      --transcript audit.hvaudit holiday/\n"
        "  hashveil audit lists.hvdb --check audit.hvaudit\n",
    .options = option_rows,
    .parse = parse,
    .children = decode_option_rows,
    .run = run,
};
