/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/check.h"

#include <stdlib.h>

#include <hashveil/fingerprint.h>

#include "base/files.h"
#include "base/memory.h"

enum {
    START_BYTES = 64,
    /* Decoders that agree on a picture give hashes at most so far apart; PDQ's publishers. */
    SAME_PICTURE_BITS = 10
};

hashveil_status hv_checker_init(const hashveil_scan_options *options,
                                const hashveil_scanner *scanner, struct hv_checker *out)
{
    const uint32_t timeout_ms = options->timeout_ms ? options->timeout_ms : HV_DEFAULT_TIMEOUT_MS;
    *out = (struct hv_checker){.options = options, .scanner = scanner};
    return hashveil_connection_open(options->evaluator_address, timeout_ms, &out->evaluator);
}

void hv_checker_clear(struct hv_checker *checker)
{
    hashveil_connection_close(checker->evaluator);
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

/* A file above the limit is trouble only if it is a picture: its first bytes tell. */
static void end_too_large(const struct hv_checker *checker, hashveil_file_result *result)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    hashveil_fingerprint fingerprint;
    hashveil_status status = hv_read_file_start(result->path, START_BYTES, &bytes, &len);
    if (status != HASHVEIL_OK) {
        end(result, HASHVEIL_FILE_UNREADABLE, status);
        return;
    }
    const hashveil_fingerprint_options options = {.image = checker->options->image_options};
    status = hashveil_fingerprint_file(bytes, len, &options, &fingerprint);
    end_undecoded(result, status == HASHVEIL_ERR_UNSUPPORTED ? status : HASHVEIL_ERR_LIMIT);
    free(bytes);
}

/* A file's content; bytes is owned. */
struct content {
    uint8_t *bytes;
    size_t len;
};

/* Returns whether there is any. */
static bool read_content(const struct hv_checker *checker, hashveil_file_result *result,
                         struct content *out)
{
    const uint64_t max_bytes = checker->options->image_options.limits.max_file_bytes;
    const hashveil_status status = hv_read_file(result->path, max_bytes, &out->bytes, &out->len);
    if (status == HASHVEIL_ERR_LIMIT) {
        end_too_large(checker, result);
    } else if (status != HASHVEIL_OK) {
        end(result, HASHVEIL_FILE_UNREADABLE, status);
    }
    return status == HASHVEIL_OK;
}

static hashveil_status fingerprint(const struct hv_checker *checker, const struct content *content,
                                   bool is_exact, hashveil_fingerprint *out)
{
    const hashveil_fingerprint_options options = {.image = checker->options->image_options,
                                                  .is_exact_decode = is_exact};
    return hashveil_fingerprint_file(content->bytes, content->len, &options, out);
}

/* The PSI step: one request, one response. */
static hashveil_status ask(struct hv_checker *checker, hashveil_file_result *result)
{
    hashveil_query *query = NULL;
    size_t len = 0;
    hashveil_status status = hashveil_scanner_begin(checker->scanner, &result->fingerprint, &query);
    if (status != HASHVEIL_OK) {
        return status;
    }
    status = hashveil_connection_exchange(checker->evaluator, HASHVEIL_PATH_EVALUATE,
                                          hashveil_query_request(query), HASHVEIL_REQUEST_BYTES,
                                          checker->response, sizeof checker->response, &len);
    if (status == HASHVEIL_OK) {
        status = hashveil_scanner_finish(query, checker->response, len, &result->verdict);
    }
    hashveil_query_destroy(query);
    return status;
}

static const hashveil_file_class class_of_verdict[] = {
    [HASHVEIL_VERDICT_NO_MATCH] = HASHVEIL_FILE_NO_MATCH,
    [HASHVEIL_VERDICT_MATCH] = HASHVEIL_FILE_MATCH,
    [HASHVEIL_VERDICT_LOW_QUALITY] = HASHVEIL_FILE_LOW_QUALITY,
};

/* A JPEG can be made so that the means of its blocks, from which the fingerprint comes, are not
 * those of the pixels that a viewer shows. Nobody is to be reported for what nobody can see, so a
 * match is decoded once more, in full, and what is reported is the fingerprint of that. There is no
 * second query: the evaluator would know it for a match. */
static void confirm_match(const struct hv_checker *checker, const struct content *content,
                          hashveil_file_result *result)
{
    hashveil_fingerprint shown;
    hashveil_status status = fingerprint(checker, content, true, &shown);
    if (status == HASHVEIL_OK &&
        hashveil_pdq_distance(&shown.hash, &result->fingerprint.hash) > SAME_PICTURE_BITS) {
        status = HASHVEIL_ERR_TWO_FACED;
    }
    if (status == HASHVEIL_OK) {
        result->fingerprint = shown;
    } else {
        result->verdict = (hashveil_verdict){0};
        result->fingerprint = (hashveil_fingerprint){0};
        end_undecoded(result, status);
    }
}

void hv_checker_run(struct hv_checker *checker, hashveil_file_result *result, uint64_t *bytes_out,
                    hashveil_status *peer_status_out)
{
    struct content content = {0};
    *peer_status_out = HASHVEIL_OK;
    *bytes_out = 0;
    if (!read_content(checker, result, &content)) {
        return;
    }
    *bytes_out = content.len;
    hashveil_status status = fingerprint(checker, &content, false, &result->fingerprint);
    if (status != HASHVEIL_OK) {
        end_undecoded(result, status);
        goto done;
    }
    status = ask(checker, result);
    *peer_status_out = status;
    if (status != HASHVEIL_OK) {
        end(result, HASHVEIL_FILE_UNCHECKED, status);
        goto done;
    }
    end(result, class_of_verdict[result->verdict.kind], HASHVEIL_OK);
    if (result->file_class == HASHVEIL_FILE_MATCH) {
        confirm_match(checker, &content, result);
    }
done:
    free(content.bytes);
}
