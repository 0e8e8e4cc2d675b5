/* SPDX-License-Identifier: Apache-2.0 */
/* fingerprint -> probes -> request; response -> table -> record -> verdict. */
#include <hashveil/scanner.h>

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/memory.h"
#include "match/join.h"
#include "psi/client.h"
#include "psi/probes.h"

enum { HUNDRED_PERCENT = 100 };

struct hashveil_scanner {
    const hashveil_sealed_db *db;
    hashveil_scanner_options options;
};

struct hashveil_query {
    const hashveil_scanner *scanner;
    bool is_low_quality;
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
    (*out)->db = db;
    (*out)->options = options ? *options : defaults;
    return HASHVEIL_OK;
}

void hashveil_scanner_destroy(hashveil_scanner *scanner)
{
    free(scanner);
}

/* The tokens in a random order: the request's order must not say which are the likeliest, should
 * an evaluator ever learn something of single ones. */
static void shuffle(struct hv_token *tokens, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        const size_t other = randombytes_uniform((uint32_t)i);
        const struct hv_token token = tokens[i - 1];
        tokens[i - 1] = tokens[other];
        tokens[other] = token;
    }
}

static hashveil_status choose_probes(hashveil_query *query, const hashveil_fingerprint *fingerprint)
{
    const struct hv_masks *masks = hv_sealed_db_masks(query->scanner->db);
    struct hv_client_batch *batch = &query->batch;
    batch->count = HASHVEIL_PROBES;
    if (query->is_low_quality) {
        hv_probes_random(masks, batch->count, batch->token);
        return HASHVEIL_OK;
    }
    const hashveil_status status = hv_probes_rank(masks, fingerprint, batch->count, batch->token);
    if (status == HASHVEIL_OK) {
        shuffle(batch->token, batch->count);
    }
    return status;
}

hashveil_status hashveil_scanner_begin(const hashveil_scanner *scanner,
                                       const hashveil_fingerprint *fingerprint,
                                       hashveil_query **out)
{
    const hashveil_sealed_db_info *info = hashveil_sealed_db_describe(scanner->db);
    *out = NULL;
    if (sodium_init() < 0) {
        return HASHVEIL_ERR_IO;
    }
    hashveil_query *query = hv_alloc_array(1, sizeof *query);
    if (!query) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    query->scanner = scanner;
    query->is_low_quality = fingerprint->quality < HASHVEIL_PDQ_MIN_QUALITY;
    query->batch.epoch = info->epoch;
    query->batch.with_proof = scanner->options.verified_percent == HUNDRED_PERCENT;
    memcpy(query->batch.evaluator_public, info->evaluator_public, HASHVEIL_KEY_BYTES);
    hashveil_status status = choose_probes(query, fingerprint);
    if (status == HASHVEIL_OK) {
        status = hv_client_blind(&query->batch);
    }
    if (status != HASHVEIL_OK) {
        hashveil_query_destroy(query);
        return status;
    }
    *out = query;
    return HASHVEIL_OK;
}

const uint8_t *hashveil_query_request(const hashveil_query *query)
{
    return query->batch.request;
}

/* What the exchange leaves: secrets, too many for the stack of a small thread. */
struct answers {
    uint8_t y[HASHVEIL_PROBES][HV_OPRF_OUTPUT_BYTES];
    struct hv_named_value value[HASHVEIL_PROBES];
};

static void look_up(const hashveil_query *query, struct answers *answers, hashveil_verdict *out)
{
    const hashveil_sealed_db *db = query->scanner->db;
    struct hv_joined joined;
    for (size_t i = 0; i < HASHVEIL_PROBES; i++) {
        answers->value[i].mask = query->batch.token[i].mask;
        hv_sealed_db_lookup(db, answers->value[i].mask, answers->y[i], &answers->value[i].value);
    }
    hv_join(db, answers->value, HASHVEIL_PROBES, &joined);
    if (joined.masks_hit > 0) {
        *out = (hashveil_verdict){
            .kind = HASHVEIL_VERDICT_MATCH, .record = joined.record, .masks_hit = joined.masks_hit};
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

hashveil_status hashveil_scanner_finish(hashveil_query *query, const uint8_t *response, size_t len,
                                        hashveil_verdict *out)
{
    if (wants_proof(query)) {
        *out = (hashveil_verdict){.kind = HASHVEIL_VERDICT_PROOF_WANTED};
        return hv_client_hold(&query->batch, response, len);
    }
    struct answers *answers = hv_alloc_array(1, sizeof *answers);
    if (!answers) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const hashveil_status status = hv_client_finalize(&query->batch, response, len, answers->y);
    if (status == HASHVEIL_OK) {
        *out = (hashveil_verdict){.kind = HASHVEIL_VERDICT_NO_MATCH};
        if (query->is_low_quality) {
            out->kind = HASHVEIL_VERDICT_LOW_QUALITY;
        } else {
            look_up(query, answers, out);
        }
    }
    hv_wipe(answers, sizeof *answers);
    free(answers);
    return status;
}

void hashveil_query_destroy(hashveil_query *query)
{
    if (query) {
        hv_wipe(query, sizeof *query);
        free(query);
    }
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
