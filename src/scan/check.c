/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/check.h"

#include <hashveil/fingerprint.h>

#include "files/content.h"

enum {
    /* Decoders that agree on a picture give hashes at most so far apart; PDQ's publishers. */
    SAME_PICTURE_BITS = 10
};

hashveil_status hv_checker_init(const hashveil_scan_options *options,
                                const hashveil_scanner *scanner, struct hv_checker *out)
{
    hashveil_status status = HASHVEIL_OK;
    *out = (struct hv_checker){.options = options, .scanner = scanner};
    for (unsigned i = 0; i < hashveil_scanner_evaluators(scanner) && status == HASHVEIL_OK; i++) {
        status = hashveil_connection_open(&options->evaluators[i], &out->evaluators[i]);
    }
    return status;
}

void hv_checker_clear(struct hv_checker *checker)
{
    for (unsigned i = 0; i < HASHVEIL_KEY_SHARES; i++) {
        hashveil_connection_close(checker->evaluators[i]);
    }
}

static void end(hashveil_file_result *result, hashveil_file_class file_class,
                hashveil_status status)
{
    result->file_class = file_class;
    result->status = status;
}

/* What a failure to decode makes of a file. */
static void end_undecoded(hashveil_file_result *result, hashveil_status status)
{
    if (status == HASHVEIL_ERR_UNSUPPORTED || status == HASHVEIL_ERR_EMPTY) {
        end(result, HASHVEIL_FILE_NOT_AN_IMAGE, HASHVEIL_OK);
    } else {
        end(result, HASHVEIL_FILE_UNDECODABLE, status);
    }
}

/* Whether digests are probed: then every file that can be read is asked for, whatever it is. */
static bool asks_digests(const struct hv_checker *checker)
{
    return hashveil_sealed_db_lists_digests(checker->options->database);
}

/* What may be better in a while. */
static bool may_pass(hashveil_status status)
{
    return status == HASHVEIL_ERR_UNREACHABLE || status == HASHVEIL_ERR_TIMEOUT ||
           status == HASHVEIL_ERR_OVERLOADED || status == HASHVEIL_ERR_BUDGET;
}

/* Returns whether to try again, after a pause. */
static bool tries_again(struct hv_checker *checker, hashveil_status status)
{
    if (!may_pass(status)) {
        checker->is_failing = false;
        return false;
    }
    if (!checker->is_failing) {
        checker->is_failing = true;
        checker->backoff = hv_backoff_of(checker->options->evaluator_patience_ms);
    }
    return hv_backoff_wait(&checker->backoff, checker->options->is_cancelled);
}

static hashveil_status ask_one(struct hv_checker *checker, hashveil_query *query,
                               unsigned evaluator, hashveil_verdict *out)
{
    hashveil_status status;
    size_t len = 0;
    do {
        const uint8_t *request = hashveil_query_request(query, evaluator, &len);
        status = hashveil_connection_exchange(checker->evaluators[evaluator],
                                              HASHVEIL_PATH_EVALUATE, request, len,
                                              checker->response, sizeof checker->response, &len);
    } while (tries_again(checker, status));
    return status == HASHVEIL_OK
               ? hashveil_scanner_finish(query, evaluator, checker->response, len, out)
               : status;
}

/* The PSI step: one request and one response of each evaluator; and once more where the answers are
 * to be proved. failed_out: which one failed. */
static hashveil_status ask(struct hv_checker *checker, const hashveil_subject *subject,
                           hashveil_verdict *out, unsigned *failed_out)
{
    hashveil_query *query = NULL;
    hashveil_status status = hashveil_scanner_begin(checker->scanner, subject, &query);
    if (status != HASHVEIL_OK) {
        return status;
    }
    do {
        for (unsigned i = 0;
             i < hashveil_scanner_evaluators(checker->scanner) && status == HASHVEIL_OK; i++) {
            *failed_out = i;
            status = ask_one(checker, query, i, out);
        }
    } while (status == HASHVEIL_OK && out->kind == HASHVEIL_VERDICT_PROOF_WANTED);
    hashveil_query_destroy(query);
    return status;
}

/* The reporter compares with the listed hash, and that of a turned picture is far away. */
static void lay_as_listed(hashveil_file_result *result)
{
    if (result->verdict.turn != HASHVEIL_DIHEDRAL_ORIGINAL) {
        hashveil_pdq_turn(&result->fingerprint, result->verdict.turn, &result->fingerprint);
    }
}

static const hashveil_file_class class_of_verdict[] = {
    [HASHVEIL_VERDICT_NO_MATCH] = HASHVEIL_FILE_NO_MATCH,
    [HASHVEIL_VERDICT_MATCH] = HASHVEIL_FILE_MATCH,
    [HASHVEIL_VERDICT_LOW_QUALITY] = HASHVEIL_FILE_LOW_QUALITY,
};

/* What matched may be the other policy's fingerprint of a JPEG's blocks, and that of its pixels far
 * away: then the record is of the policy whose fingerprint, of all pixels, is near. */
static hashveil_fingerprint nearest_shown(const hashveil_fingerprint shown[HASHVEIL_PDQ_POLICIES],
                                          const hashveil_fingerprint *matched, size_t form)
{
    const hashveil_fingerprint *own = &shown[form];
    const hashveil_fingerprint *other = &shown[HASHVEIL_PDQ_POLICIES - 1 - form];
    return hashveil_pdq_distance(&other->hash, &matched->hash) <
                   hashveil_pdq_distance(&own->hash, &matched->hash)
               ? *other
               : *own;
}

/* A JPEG can be made so that the means of its blocks, from which the fingerprint comes, are not
 * those of the pixels that a viewer shows. Nobody is to be reported for what nobody can see, so a
 * match is decoded once more, in full, and what is reported is the fingerprint of that. There is no
 * second query: the evaluator would know it for a match. */
static void confirm_match(const struct hv_checker *checker, const struct hv_content *content,
                          hashveil_file_result *result)
{
    hashveil_fingerprint_options in_full = checker->options->fingerprint_options;
    hashveil_fingerprint shown[HASHVEIL_PDQ_POLICIES];
    in_full.is_exact_decode = true;
    hashveil_status status =
        hashveil_fingerprint_file_policies(content->bytes, content->len, &in_full, shown);
    if (status == HASHVEIL_OK &&
        hashveil_pdq_distance(&shown[0].hash, &result->fingerprint.hash) > SAME_PICTURE_BITS) {
        status = HASHVEIL_ERR_TWO_FACED;
    }
    if (status == HASHVEIL_OK) {
        const size_t form = result->verdict.form;
        result->fingerprint = nearest_shown(shown, &checker->forms[form], form);
    } else {
        result->verdict = (hashveil_verdict){0};
        result->fingerprint = (hashveil_fingerprint){0};
        result->is_decoded = false;
        end_undecoded(result, status);
    }
}

/* What becomes of a file that was asked for. decoded: how that went; it matters only for what no
 * digest matches. */
static void end_asked(const struct hv_checker *checker, const struct hv_content *content,
                      hashveil_status decoded, hashveil_file_result *result)
{
    const bool is_confirmed = result->verdict.matched_by != HASHVEIL_SIGNAL_PDQ ||
                              checker->options->fingerprint_options.is_exact_decode;
    if (decoded != HASHVEIL_OK && result->verdict.kind != HASHVEIL_VERDICT_MATCH) {
        end_undecoded(result, decoded);
        return;
    }
    end(result, class_of_verdict[result->verdict.kind], HASHVEIL_OK);
    if (!is_confirmed) {
        confirm_match(checker, content, result);
    } else if (result->is_decoded) {
        result->fingerprint = checker->forms[result->verdict.form];
    }
    lay_as_listed(result);
}

/* Fills the digests where the database lists any. content: empty for a file that is too large. */
static hashveil_status take_digests(const struct hv_checker *checker,
                                    const struct hv_content *content, hashveil_file_result *result)
{
    if (!asks_digests(checker)) {
        return HASHVEIL_OK;
    }
    return content->bytes ? hashveil_digests_of(content->bytes, content->len, &result->digests)
                          : hashveil_digests_of_file(result->path, &result->digests);
}

/* Lists are made under both policies, which make a difference of large pictures only. */
static size_t count_forms(const struct hv_checker *checker)
{
    const bool is_same =
        hashveil_pdq_distance(&checker->forms[0].hash, &checker->forms[1].hash) == 0;
    return is_same ? 1 : HASHVEIL_PDQ_POLICIES;
}

/* decoded: how that went. */
static void ask_and_end(struct hv_checker *checker, const struct hv_content *content,
                        hashveil_status decoded, hashveil_file_result *result,
                        struct hv_peer_failure *failure_out)
{
    result->is_decoded = decoded == HASHVEIL_OK;
    const hashveil_subject subject = {.forms = checker->forms,
                                      .form_count = result->is_decoded ? count_forms(checker) : 0,
                                      .digests = asks_digests(checker) ? &result->digests : NULL};
    if (!result->is_decoded && !subject.digests) {
        end_undecoded(result, decoded);
        return;
    }
    failure_out->status = ask(checker, &subject, &result->verdict, &failure_out->evaluator);
    if (failure_out->status != HASHVEIL_OK) {
        end(result, HASHVEIL_FILE_UNCHECKED, failure_out->status);
    } else {
        end_asked(checker, content, decoded, result);
    }
}

void hv_checker_run(struct hv_checker *checker, hashveil_file_result *result, uint64_t *bytes_out,
                    struct hv_peer_failure *failure_out)
{
    const hashveil_fingerprint_options *options = &checker->options->fingerprint_options;
    struct hv_content content = {0};
    *failure_out = (struct hv_peer_failure){.status = HASHVEIL_OK};
    *bytes_out = 0;
    const hashveil_status read = hv_content_read(result->path, options, &content);
    if (read != HASHVEIL_OK && !hv_content_is_giant(read)) {
        end(result, HASHVEIL_FILE_UNREADABLE, read);
        return;
    }
    const hashveil_status digested = take_digests(checker, &content, result);
    if (digested != HASHVEIL_OK) {
        end(result, HASHVEIL_FILE_UNCHECKED, digested);
    } else {
        const hashveil_status decoded =
            read == HASHVEIL_OK ? hashveil_fingerprint_file_policies(content.bytes, content.len,
                                                                     options, checker->forms)
                                : read;
        if (decoded == HASHVEIL_OK) {
            result->fingerprint = checker->forms[0];
        }
        *bytes_out = content.len;
        ask_and_end(checker, &content, decoded, result, failure_out);
    }
    hv_content_clear(&content);
}
