/* SPDX-License-Identifier: Apache-2.0 */
#include "screening.h"

#include <stdlib.h>
#include <time.h>

#include <openssl/crypto.h>

enum { SAME_PICTURE_BITS = 10 }; /* two decodings of one picture: PDQ's publishers */

struct screening {
    hashveil_sealed_db *database;
    hashveil_scanner *scanner;
    hashveil_sandbox *sandbox;
    hashveil_connection *evaluator;
    hashveil_connection *reporter; /* NULL without */
    hashveil_spool *spool;
    hashveil_account account; /* what reports are sealed under */
    hashveil_key reporter_key;
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
};

const char *screening_text(enum screening_kind kind)
{
    static const char *const texts[] = {
#define X(name, text) [SCREENING_##name] = (text),
        SCREENING_TABLE(X)
#undef X
    };
    return texts[kind];
}

/* Without pinned curators only the date counts. */
static hashveil_status check_trust(const struct screening *screening,
                                   const struct screening_options *options, const char **what_out)
{
    hashveil_key curators[HASHVEIL_MAX_CURATORS] = {0};
    for (size_t i = 0; i < options->curator_count; i++) {
        *what_out = options->curator_paths[i];
        const hashveil_status status =
            hashveil_key_load_public(*what_out, HASHVEIL_KEY_CURATOR, &curators[i]);
        if (status != HASHVEIL_OK) {
            return status;
        }
    }
    const hashveil_trust trust = {.curators = curators,
                                  .curator_count = options->curator_count,
                                  .needed = options->curator_count,
                                  .now_s = (uint64_t)time(NULL)};
    *what_out = options->database_path;
    return hashveil_trust_check(screening->database, &trust, 0, NULL) == HASHVEIL_DISTRUST_NONE
               ? HASHVEIL_OK
               : HASHVEIL_ERR_KEY;
}

static hashveil_status open_database(struct screening *screening,
                                     const struct screening_options *options, const char **what_out)
{
    const char *where = "";
    *what_out = options->database_path;
    hashveil_status status =
        hashveil_sealed_db_open(options->database_path, &screening->database, &where);
    if (status == HASHVEIL_OK) {
        status = check_trust(screening, options, what_out);
    }
    if (status == HASHVEIL_OK) {
        status = hashveil_scanner_create(screening->database, NULL, &screening->scanner);
    }
    return status;
}

static hashveil_status open_peers(struct screening *screening,
                                  const struct screening_options *options, const char **what_out)
{
    const hashveil_peer evaluator = {.address = options->evaluator,
                                     .timeout_ms = options->timeout_ms};
    const hashveil_peer reporter = {.address = options->reporter,
                                    .timeout_ms = options->timeout_ms};
    *what_out = options->evaluator;
    hashveil_status status = hashveil_connection_open(&evaluator, &screening->evaluator);
    if (status == HASHVEIL_OK && options->reporter) {
        *what_out = options->reporter;
        status = hashveil_connection_open(&reporter, &screening->reporter);
    }
    return status;
}

hashveil_status screening_open(const struct screening_options *options, struct screening **out,
                               const char **what_out)
{
    const hashveil_sandbox_options sandbox = {.decoder_path = options->decoder_path,
                                              .processes = 1,
                                              .max_file_bytes = ATTACHMENT_MAX_BYTES,
                                              .time_limit_ms = options->timeout_ms};
    struct screening *screening = calloc(1, sizeof *screening);
    *out = NULL;
    *what_out = options->database_path;
    if (!screening) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hashveil_status status = open_database(screening, options, what_out);
    if (status == HASHVEIL_OK) {
        status = open_peers(screening, options, what_out);
    }
    if (status == HASHVEIL_OK) {
        *what_out = options->reporter_key_path;
        status =
            hashveil_key_load_public(*what_out, HASHVEIL_KEY_REPORTER, &screening->reporter_key);
    }
    if (status == HASHVEIL_OK) {
        *what_out = options->spool_path;
        status = hashveil_spool_open(*what_out, &screening->spool);
    }
    if (status == HASHVEIL_OK) {
        status = hashveil_spool_account(screening->spool, options->threshold, &screening->account);
    }
    if (status == HASHVEIL_OK) {
        *what_out = "hashveil-decoder";
        status = hashveil_sandbox_open(&sandbox, &screening->sandbox);
    }
    if (status != HASHVEIL_OK) {
        screening_close(screening);
        return status;
    }
    *out = screening;
    return HASHVEIL_OK;
}

static hashveil_status ask(struct screening *screening, const hashveil_subject *subject,
                           hashveil_verdict *out)
{
    hashveil_query *query = NULL;
    hashveil_status status = hashveil_scanner_begin(screening->scanner, subject, &query);
    do {
        size_t len = 0;
        if (status == HASHVEIL_OK) {
            const uint8_t *request = hashveil_query_request(query, 0, &len);
            status = hashveil_connection_exchange(screening->evaluator, HASHVEIL_PATH_EVALUATE,
                                                  request, len, screening->response,
                                                  sizeof screening->response, &len);
        }
        if (status == HASHVEIL_OK) {
            status = hashveil_scanner_finish(query, 0, screening->response, len, out);
        }
    } while (status == HASHVEIL_OK && out->kind == HASHVEIL_VERDICT_PROOF_WANTED);
    hashveil_query_destroy(query);
    return status;
}

/* A report is kept before anything else happens; one that cannot be sent now is sent with the next
 * one, or by whoever delivers the spool. */
static hashveil_status report(struct screening *screening, const hashveil_verdict *verdict,
                              const hashveil_subject *subject)
{
    hashveil_report report;
    uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES];
    const hashveil_patience one_try = {0};
    uint64_t delivered = 0;
    hashveil_status status =
        hashveil_report_fill(hashveil_sealed_db_describe_part(screening->database, verdict->part),
                             verdict, subject, &report);
    if (status == HASHVEIL_OK) {
        status =
            hashveil_report_seal(&report, &screening->account, &screening->reporter_key, sealed);
    }
    if (status == HASHVEIL_OK) {
        status = hashveil_spool_add(screening->spool, sealed);
    }
    if (status == HASHVEIL_OK && screening->reporter &&
        hashveil_spool_deliver(screening->spool, screening->reporter, &one_try, &delivered) !=
            HASHVEIL_OK) {
        return HASHVEIL_OK; /* it waits in the spool */
    }
    return status;
}

/* Nobody is to be reported for what nobody can see: a match is decoded once more, in full, and the
 * fingerprint of that is reported. */
static hashveil_status confirm(const struct screening *screening,
                               const struct attachment *attachment, const hashveil_verdict *verdict,
                               hashveil_fingerprint *forms)
{
    const hashveil_fingerprint_options in_full = {.image = HASHVEIL_IMAGE_OPTIONS_DEFAULT,
                                                  .is_exact_decode = true,
                                                  .sandbox = screening->sandbox};
    hashveil_fingerprint shown[HASHVEIL_PDQ_POLICIES];
    const hashveil_status status =
        hashveil_fingerprint_file_policies(attachment->bytes, attachment->len, &in_full, shown);
    if (status != HASHVEIL_OK) {
        return status;
    }
    if (hashveil_pdq_distance(&shown[0].hash, &forms[0].hash) > SAME_PICTURE_BITS) {
        return HASHVEIL_ERR_TWO_FACED;
    }
    forms[0] = shown[verdict->form];
    return HASHVEIL_OK;
}

static struct screening_outcome outcome_of(struct screening *screening,
                                           const struct attachment *attachment,
                                           const hashveil_verdict *verdict,
                                           hashveil_subject *subject, hashveil_fingerprint *forms)
{
    struct screening_outcome outcome = {.kind = SCREENING_CLEAR};
    if (verdict->kind == HASHVEIL_VERDICT_LOW_QUALITY) {
        outcome.kind = SCREENING_TOO_PLAIN;
    } else if (verdict->kind == HASHVEIL_VERDICT_MATCH) {
        outcome.status = verdict->matched_by == HASHVEIL_SIGNAL_PDQ
                             ? confirm(screening, attachment, verdict, forms)
                             : HASHVEIL_OK;
        outcome.kind = outcome.status == HASHVEIL_OK ? SCREENING_LISTED : SCREENING_UNCHECKED;
    }
    if (outcome.kind == SCREENING_LISTED) {
        outcome.status = report(screening, verdict, subject);
        outcome.is_reported = outcome.status == HASHVEIL_OK;
    }
    return outcome;
}

struct screening_outcome screening_check(struct screening *screening,
                                         const struct attachment *attachment)
{
    const hashveil_fingerprint_options fast = {.image = HASHVEIL_IMAGE_OPTIONS_DEFAULT,
                                               .sandbox = screening->sandbox};
    hashveil_fingerprint forms[HASHVEIL_PDQ_POLICIES];
    hashveil_digests digests;
    hashveil_verdict verdict = {0};
    hashveil_subject subject = {
        .forms = forms,
        .form_count = HASHVEIL_PDQ_POLICIES,
        .digests = hashveil_sealed_db_lists_digests(screening->database) ? &digests : NULL};
    hashveil_status status = hashveil_digests_of(attachment->bytes, attachment->len, &digests);
    if (status == HASHVEIL_OK) {
        status =
            hashveil_fingerprint_file_policies(attachment->bytes, attachment->len, &fast, forms);
    }
    if (status == HASHVEIL_OK && hashveil_pdq_distance(&forms[0].hash, &forms[1].hash) == 0) {
        subject.form_count = 1;
    }
    if (status == HASHVEIL_OK) {
        status = ask(screening, &subject, &verdict);
    }
    if (status != HASHVEIL_OK) {
        return (struct screening_outcome){.kind = SCREENING_UNCHECKED, .status = status};
    }
    return outcome_of(screening, attachment, &verdict, &subject, forms);
}

const hashveil_sealed_db_info *screening_database(const struct screening *screening)
{
    return hashveil_sealed_db_describe(screening->database);
}

void screening_close(struct screening *screening)
{
    if (!screening) {
        return;
    }
    hashveil_sandbox_close(screening->sandbox);
    hashveil_spool_close(screening->spool);
    hashveil_connection_close(screening->reporter);
    hashveil_connection_close(screening->evaluator);
    hashveil_scanner_destroy(screening->scanner);
    hashveil_sealed_db_close(screening->database);
    hashveil_key_clear(&screening->reporter_key);
    OPENSSL_cleanse(&screening->account, sizeof screening->account);
    free(screening);
}
