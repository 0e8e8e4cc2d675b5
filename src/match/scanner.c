/* SPDX-License-Identifier: Apache-2.0 */
/* subject -> probes -> request; response -> table -> record -> verdict. */
#include <hashveil/scanner.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/memory.h"
#include "match/join.h"
#include "match/query.h"
#include "match/subject.h"
#include "psi/client.h"

enum { HUNDRED_PERCENT = 100 };

struct hashveil_scanner {
    const hashveil_sealed_db *db;
    hashveil_scanner_options options;
    struct hv_client_keys keys;
};

struct hashveil_query {
    const hashveil_scanner *scanner;
    bool is_low_quality;
    struct hv_forms forms;  /* none where there is nothing worth asking */
    struct hv_probe *probe; /* owned; batch.count of them */
    struct hv_client_batch batch;
};

hashveil_status hashveil_scanner_create(const hashveil_sealed_db *db,
                                        const hashveil_scanner_options *options,
                                        hashveil_scanner **out)
{
    static const hashveil_scanner_options defaults = HASHVEIL_SCANNER_OPTIONS_DEFAULT;
    *out = NULL;
    if (options && options->verified_percent > HUNDRED_PERCENT) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    *out = hv_alloc_array(1, sizeof **out);
    if (!*out) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    options = options ? options : &defaults;
    (*out)->db = db;
    (*out)->options = *options;
    (*out)->options.key_shares = NULL; /* the caller's */
    const hashveil_status status =
        hv_client_keys_of(hashveil_sealed_db_describe(db)->evaluator_public, options->key_shares,
                          options->key_shares ? HV_CLIENT_MAX_EVALUATORS : 0, &(*out)->keys);
    if (status != HASHVEIL_OK) {
        free(*out);
        *out = NULL;
    }
    return status;
}

void hashveil_scanner_destroy(hashveil_scanner *scanner)
{
    free(scanner);
}

unsigned hashveil_scanner_evaluators(const hashveil_scanner *scanner)
{
    return scanner->keys.count;
}

static const hashveil_sealed_db_info *info_of(const hashveil_query *query)
{
    return hashveil_sealed_db_describe(query->scanner->db);
}

/* All that is drawn, before it is blinded. */
static hashveil_status prepare(hashveil_query *query, const hashveil_subject *subject,
                               struct hv_random_stream *stream)
{
    const hashveil_sealed_db_info *info = info_of(query);
    const hashveil_digests *digests =
        hashveil_sealed_db_lists_digests(query->scanner->db) ? subject->digests : NULL;
    const uint32_t count =
        query->scanner->options.is_dihedral ? HASHVEIL_PROBES_DIHEDRAL : HASHVEIL_PROBES;
    hashveil_status status = hv_client_batch_init(count, &query->batch);
    if (status != HASHVEIL_OK) {
        return status;
    }
    query->probe = hv_alloc_array(count, sizeof *query->probe);
    if (!query->probe) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    if (hv_subject_is_clear(subject)) {
        status = hv_forms_init(subject, query->scanner->options.is_dihedral, &query->forms);
    }
    if (status == HASHVEIL_OK) {
        status = hv_subject_probes(&query->forms, digests, hv_sealed_db_masks(query->scanner->db),
                                   count, stream, query->probe);
    }
    for (size_t i = 0; i < count && status == HASHVEIL_OK; i++) {
        hv_probe_encode(&query->probe[i], digests, info->token_epoch, &query->batch.input[i]);
    }
    return status;
}

static hashveil_status blind(hashveil_query *query, struct hv_random_stream *stream)
{
    const hashveil_sealed_db_info *info = info_of(query);
    struct hv_client_batch *batch = &query->batch;
    batch->epoch = info->token_epoch;
    batch->with_proof = query->scanner->options.verified_percent == HUNDRED_PERCENT;
    batch->keys = query->scanner->keys;
    batch->stream = stream;
    const hashveil_status status = hv_client_blind(batch);
    batch->stream = NULL; /* the caller's, from here on */
    return status;
}

hashveil_status hashveil_scanner_begin(const hashveil_scanner *scanner,
                                       const hashveil_subject *subject, hashveil_query **out)
{
    return hv_scanner_begin_from(scanner, subject, NULL, out);
}

hashveil_status hv_scanner_begin_from(const hashveil_scanner *scanner,
                                      const hashveil_subject *subject,
                                      struct hv_random_stream *stream, hashveil_query **out)
{
    *out = NULL;
    if (subject->form_count > HASHVEIL_MAX_FORMS) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    if (sodium_init() < 0) {
        return HASHVEIL_ERR_IO;
    }
    hashveil_query *query = hv_alloc_array(1, sizeof *query);
    if (!query) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    query->scanner = scanner;
    query->is_low_quality = subject->form_count > 0 && !hv_subject_is_clear(subject);
    hashveil_status status = prepare(query, subject, stream);
    if (status == HASHVEIL_OK) {
        status = blind(query, stream);
    }
    if (status != HASHVEIL_OK) {
        hashveil_query_destroy(query);
        return status;
    }
    *out = query;
    return HASHVEIL_OK;
}

const uint8_t *hashveil_query_request(const hashveil_query *query, unsigned evaluator,
                                      size_t *len_out)
{
    *len_out = query->batch.request_len;
    return hv_client_request(&query->batch, evaluator);
}

/* Fills values with what a part's tables say; random probes are passed over, and those of digests
 * where it lists none. */
static hashveil_status look_up(const hashveil_query *query, size_t part,
                               uint8_t (*y)[HV_OPRF_OUTPUT_BYTES], struct hv_named_value *values,
                               size_t *count_out)
{
    const hashveil_sealed_db *db = hv_sealed_db_part(query->scanner->db, part);
    const bool has_digests = hashveil_sealed_db_describe(db)->padded_exact_count > 0;
    hashveil_status status = HASHVEIL_OK;
    *count_out = 0;
    for (size_t i = 0; i < query->batch.count && status == HASHVEIL_OK; i++) {
        const struct hv_probe *probe = &query->probe[i];
        struct hv_named_value *value = &values[*count_out];
        *value = (struct hv_named_value){.signal = probe->signal, .token = probe->token};
        if (probe->signal == HASHVEIL_SIGNAL_PDQ) {
            status = hv_sealed_db_lookup(db, probe->token.mask, y[i], &value->value);
            ++*count_out;
        } else if (probe->signal != HASHVEIL_SIGNAL_NONE && has_digests) {
            status = hv_sealed_db_lookup_exact(db, y[i], &value->value);
            ++*count_out;
        }
    }
    return status;
}

/* How many of the bits that hit are not this form's own. */
static unsigned distance_of(const hashveil_query *query, const struct hv_joined *joined,
                            const hashveil_fingerprint *form)
{
    const struct hv_masks *masks = hv_sealed_db_masks(query->scanner->db);
    unsigned distance = 0;
    for (size_t i = 0; i < joined->count; i++) {
        const struct hv_named_value *value = &joined->values[i];
        if (value->is_hit) {
            const struct hv_token own = hv_masks_token(masks, value->token.mask, &form->hash);
            distance += (unsigned)__builtin_popcountll(own.bits ^ value->token.bits);
        }
    }
    return distance;
}

/* Returns the number of the form that the masks hit. */
static size_t nearest_form(const hashveil_query *query, const struct hv_joined *joined)
{
    size_t nearest = 0;
    unsigned least = UINT_MAX;
    for (size_t i = 0; i < query->forms.count; i++) {
        const unsigned distance = distance_of(query, joined, &query->forms.forms[i]);
        if (distance < least) {
            least = distance;
            nearest = i;
        }
    }
    return nearest;
}

static void fill_match(const hashveil_query *query, const struct hv_joined *joined,
                       hashveil_verdict *out)
{
    *out = (hashveil_verdict){.kind = HASHVEIL_VERDICT_MATCH,
                              .matched_by = joined->matched_by,
                              .part = joined->part,
                              .record = joined->record,
                              .masks_hit = joined->masks_hit};
    if (joined->masks_hit > 0) {
        const size_t nearest = nearest_form(query, joined);
        out->form = nearest / query->forms.turns;
        out->turn = (hashveil_dihedral)(nearest % query->forms.turns);
    }
}

/* Drawn only when the evaluator has answered, so that it cannot know for which answers it will have
 * to give a proof; and before anything is looked up, so that asking tells nothing of the picture.
 */
static bool wants_proof(const hashveil_query *query)
{
    return !query->batch.with_proof &&
           randombytes_uniform(HUNDRED_PERCENT) < query->scanner->options.verified_percent;
}

/* y: the OPRF's outputs. */
static hashveil_status judge(const hashveil_query *query, uint8_t (*y)[HV_OPRF_OUTPUT_BYTES],
                             hashveil_verdict *out)
{
    const hashveil_sealed_db *db = query->scanner->db;
    const size_t parts = hashveil_sealed_db_part_count(db);
    const size_t values_len = parts * query->batch.count * sizeof(struct hv_named_value);
    struct hv_named_value *values = hv_alloc_array(values_len, 1);
    struct hv_joined joined = {.matched_by = HASHVEIL_SIGNAL_NONE};
    hashveil_status status = values ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    for (size_t part = 0; part < parts && status == HASHVEIL_OK; part++) {
        struct hv_named_value *own = values + part * query->batch.count;
        size_t count;
        status = look_up(query, part, y, own, &count);
        if (status == HASHVEIL_OK) {
            status = hv_join(db, part, own, count, &joined);
        }
    }
    if (status == HASHVEIL_OK) {
        *out = (hashveil_verdict){.kind = query->is_low_quality ? HASHVEIL_VERDICT_LOW_QUALITY
                                                                : HASHVEIL_VERDICT_NO_MATCH};
        if (joined.matched_by != HASHVEIL_SIGNAL_NONE) {
            fill_match(query, &joined, out);
        }
    }
    if (values) {
        hv_wipe(values, values_len);
    }
    free(values);
    return status;
}

hashveil_status hashveil_scanner_finish(hashveil_query *query, unsigned evaluator,
                                        const uint8_t *response, size_t len, hashveil_verdict *out)
{
    if (evaluator >= query->batch.keys.count) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    hashveil_status status = hv_client_take(&query->batch, evaluator, response, len);
    if (status != HASHVEIL_OK) {
        return status;
    }
    if (!hv_client_is_answered(&query->batch)) {
        *out = (hashveil_verdict){.kind = HASHVEIL_VERDICT_RESPONSE_WANTED};
        return HASHVEIL_OK;
    }
    if (wants_proof(query)) {
        *out = (hashveil_verdict){.kind = HASHVEIL_VERDICT_PROOF_WANTED};
        hv_client_hold(&query->batch);
        return HASHVEIL_OK;
    }
    const size_t y_len = (size_t)query->batch.count * HV_OPRF_OUTPUT_BYTES;
    uint8_t(*y)[HV_OPRF_OUTPUT_BYTES] = hv_alloc_array(y_len, 1);
    if (!y) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    status = hv_client_finalize(&query->batch, y);
    if (status == HASHVEIL_OK) {
        status = judge(query, y, out);
    }
    hv_wipe(y, y_len);
    free(y);
    return status;
}

void hashveil_query_destroy(hashveil_query *query)
{
    if (!query) {
        return;
    }
    if (query->probe) {
        hv_wipe(query->probe, query->batch.count * sizeof *query->probe);
    }
    free(query->probe);
    hv_forms_clear(&query->forms);
    hv_client_batch_clear(&query->batch);
    free(query);
}

const char *hashveil_verdict_text(hashveil_verdict_kind kind)
{
    switch (kind) {
#define X(name, number, text)                                                                      \
    case HASHVEIL_VERDICT_##name:                                                                  \
        return text;
        HASHVEIL_VERDICT_TABLE(X)
#undef X
    }
    return "unknown verdict";
}

const char *hashveil_signal_text(hashveil_signal signal)
{
    switch (signal) {
#define X(name, number, text)                                                                      \
    case HASHVEIL_SIGNAL_##name:                                                                   \
        return text;
        HASHVEIL_SIGNAL_TABLE(X)
#undef X
    }
    return "unknown signal";
}
