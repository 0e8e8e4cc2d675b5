/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/check.h"

#include <stdlib.h>

#include <hashveil/fingerprint.h>

#include "base/files.h"
#include "base/memory.h"

enum { START_BYTES = 64 };

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

/* Returns whether there is a fingerprint. */
static bool fingerprint_file(struct hv_checker *checker, hashveil_file_result *result,
                             uint64_t *bytes_out)
{
    const hashveil_image_options *image_options = &checker->options->image_options;
    uint8_t *bytes = NULL;
    size_t len = 0;
    hashveil_status status =
        hv_read_file(result->path, image_options->limits.max_file_bytes, &bytes, &len);
    if (status == HASHVEIL_ERR_LIMIT) {
        end_too_large(checker, result);
        return false;
    }
    if (status != HASHVEIL_OK) {
        end(result, HASHVEIL_FILE_UNREADABLE, status);
        return false;
    }
    *bytes_out = len;
    const hashveil_fingerprint_options fingerprint_options = {.image = *image_options};
    status = hashveil_fingerprint_file(bytes, len, &fingerprint_options, &result->fingerprint);
    free(bytes);
    if (status != HASHVEIL_OK) {
        end_undecoded(result, status);
    }
    return status == HASHVEIL_OK;
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

void hv_checker_run(struct hv_checker *checker, hashveil_file_result *result, uint64_t *bytes_out,
                    hashveil_status *peer_status_out)
{
    *peer_status_out = HASHVEIL_OK;
    *bytes_out = 0;
    if (!fingerprint_file(checker, result, bytes_out)) {
        return;
    }
    const hashveil_status status = ask(checker, result);
    *peer_status_out = status;
    if (status == HASHVEIL_OK) {
        end(result, class_of_verdict[result->verdict.kind], HASHVEIL_OK);
    } else {
        end(result, HASHVEIL_FILE_UNCHECKED, status);
    }
}
