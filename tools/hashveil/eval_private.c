/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <hashveil/evaluator.h>
#include <hashveil/scanner.h>

struct eval_private {
    hashveil_sealed_db *db;
    hashveil_evaluator *evaluator;
};

double eval_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Each record's id is the hash's position. */
static hashveil_status list(const hashveil_pdq *hashes, size_t count, hashveil_entries *out)
{
    out->entries = calloc(count + 1, sizeof *out->entries);
    if (!out->entries) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    out->count = count;
    out->list_count = 1;
    snprintf(out->list_names[0], sizeof out->list_names[0], "originals");
    for (size_t i = 0; i < count; i++) {
        hashveil_entry *entry = &out->entries[i];
        entry->hash = hashes[i];
        memcpy(entry->record.id, &i, sizeof i);
        snprintf(entry->record.labels[0], sizeof entry->record.labels[0], "original");
        entry->record.lists = 1;
    }
    return HASHVEIL_OK;
}

/* Into a file that has no name any more when this returns. */
static hashveil_status seal(const hashveil_entries *entries,
                            const hashveil_seal_options *seal_options, hashveil_sealed_db **out)
{
    const char *folder = getenv("TMPDIR");
    const char *where;
    char *path = NULL;
    if (asprintf(&path, "%s/hashveil-eval-XXXXXX", folder && *folder ? folder : "/tmp") < 0) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    hashveil_status status = HASHVEIL_ERR_IO;
    const int fd = mkstemp(path);
    if (fd >= 0) {
        close(fd);
        status = hashveil_sealed_db_build(path, entries, seal_options, NULL);
        if (status == HASHVEIL_OK) {
            status = hashveil_sealed_db_open(path, out, &where);
        }
        unlink(path);
    }
    free(path);
    return status;
}

hashveil_status eval_private_create(const struct eval_options *options, const uint8_t *mask_seed,
                                    const hashveil_pdq *hashes, size_t count,
                                    struct eval_private **out)
{
    hashveil_entries entries = {0};
    hashveil_key key = {0};
    hashveil_status status = HASHVEIL_ERR_NO_MEMORY;
    *out = NULL;
    struct eval_private *match = calloc(1, sizeof *match);
    if (!match) {
        goto done;
    }
    status = hashveil_key_generate(HASHVEIL_KEY_EVALUATOR, &key);
    if (status != HASHVEIL_OK) {
        goto done;
    }
    status = list(hashes, count, &entries);
    if (status != HASHVEIL_OK) {
        goto done;
    }
    const hashveil_seal_options seal_options = {.evaluator_key = &key,
                                                .epoch = 1,
                                                .mask_params = options->params,
                                                .mask_seed = mask_seed,
                                                .workers = options->workers};
    status = seal(&entries, &seal_options, &match->db);
    if (status != HASHVEIL_OK) {
        goto done;
    }
    status = hashveil_evaluator_create(&key, &match->evaluator);
    if (status != HASHVEIL_OK) {
        goto done;
    }
    *out = match;
    match = NULL; /* now the caller's */
done:
    eval_private_destroy(match);
    hashveil_entries_clear(&entries);
    hashveil_key_clear(&key);
    return status;
}

void eval_private_destroy(struct eval_private *match)
{
    if (match) {
        hashveil_evaluator_destroy(match->evaluator);
        hashveil_sealed_db_close(match->db);
        free(match);
    }
}

/* One way there and back. */
static hashveil_status exchange(const struct eval_private *match, hashveil_query *query,
                                struct eval_times *times, hashveil_verdict *out)
{
    uint8_t response[HASHVEIL_RESPONSE_MAX_BYTES];
    size_t request_len = 0;
    size_t len = 0;
    const uint8_t *request = hashveil_query_request(query, 0, &request_len);
    const double started = eval_now_ms();
    hashveil_status status =
        hashveil_evaluator_respond(match->evaluator, request, request_len, response, &len);
    const double responded = eval_now_ms();
    if (status == HASHVEIL_OK) {
        status = hashveil_scanner_finish(query, 0, response, len, out);
    }
    times->respond_ms += responded - started;
    times->finish_ms += eval_now_ms() - responded;
    times->request_bytes += request_len;
    times->response_bytes += len;
    times->exchanges++;
    return status;
}

hashveil_status eval_private_match(const struct eval_private *match, unsigned verified_percent,
                                   const hashveil_fingerprint *fingerprint, struct eval_hit *out,
                                   struct eval_times *times_out)
{
    const hashveil_scanner_options options = {.verified_percent = verified_percent};
    const hashveil_subject subject = {.forms = fingerprint, .form_count = 1};
    hashveil_scanner *scanner = NULL;
    hashveil_query *query = NULL;
    hashveil_verdict verdict = {0};
    *times_out = (struct eval_times){0};
    hashveil_status status = hashveil_scanner_create(match->db, &options, &scanner);
    if (status != HASHVEIL_OK) {
        return status;
    }
    const double started = eval_now_ms();
    status = hashveil_scanner_begin(scanner, &subject, &query);
    times_out->begin_ms = eval_now_ms() - started;
    if (status == HASHVEIL_OK) {
        do {
            status = exchange(match, query, times_out, &verdict);
        } while (status == HASHVEIL_OK && verdict.kind == HASHVEIL_VERDICT_PROOF_WANTED);
    }
    hashveil_query_destroy(query);
    hashveil_scanner_destroy(scanner);
    *out = (struct eval_hit){.masks = verdict.masks_hit};
    memcpy(&out->record, verdict.record.id, sizeof out->record);
    return status;
}
