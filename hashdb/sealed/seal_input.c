/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/sealed/seal_input.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "hashdb/sealed/database.h"

/* A record whose label no report could carry would be found and never reported. */
static bool texts_are_valid(const hashveil_entries *entries)
{
    bool are_valid = entries->list_count <= HASHVEIL_MAX_LISTS;
    for (size_t i = 0; are_valid && i < entries->list_count; i++) {
        are_valid = hv_sealed_name_is_valid(entries->list_names[i]);
    }
    for (size_t i = 0; are_valid && i < entries->count; i++) {
        are_valid = hv_record_labels_are_valid(&entries->entries[i].record);
    }
    for (size_t i = 0; are_valid && i < entries->exact_count; i++) {
        are_valid = hv_record_labels_are_valid(&entries->exact[i].record) &&
                    hashveil_digest_len(entries->exact[i].digest.kind) > 0;
    }
    return are_valid;
}

static bool base_is_valid(const hashveil_seal_options *options)
{
    const hashveil_sealed_db_info *base = &options->base->info;
    bool is_valid = !base->is_segment && options->withdrawn_count <= base->padded_count;
    for (size_t i = 1; is_valid && i < options->withdrawn_count; i++) {
        const uint8_t *id = options->withdrawn + i * HASHVEIL_RECORD_ID_BYTES;
        is_valid = memcmp(id - HASHVEIL_RECORD_ID_BYTES, id, HASHVEIL_RECORD_ID_BYTES) < 0;
    }
    return is_valid;
}

hashveil_status hv_seal_input_check(const hashveil_entries *entries,
                                    const hashveil_seal_options *options)
{
    const size_t max_count = (size_t)1 << HV_SEALED_MAX_SLOT_BITS;
    if (entries->count == 0 && entries->exact_count == 0 && options->withdrawn_count == 0) {
        return HASHVEIL_ERR_EMPTY;
    }
    if (entries->count > max_count || entries->exact_count > max_count - entries->count) {
        return HASHVEIL_ERR_LIMIT;
    }
    if (options->evaluator_key->kind != HASHVEIL_KEY_EVALUATOR ||
        !(options->evaluator_key->has_secret || options->exchange)) {
        return HASHVEIL_ERR_KEY;
    }
    if (!(options->base
              ? base_is_valid(options)
              : hv_mask_params_are_valid(&options->mask_params) && options->withdrawn_count == 0) ||
        options->curator_count > HASHVEIL_MAX_CURATORS) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    if (options->base && memcmp(options->base->manifest.evaluator_public,
                                options->evaluator_key->public_bytes, HASHVEIL_KEY_BYTES) != 0) {
        return HASHVEIL_ERR_KEY;
    }
    return texts_are_valid(entries) ? HASHVEIL_OK : HASHVEIL_ERR_ARGUMENT;
}

struct item_digest {
    uint8_t bytes[HASHVEIL_DIGEST_BYTES];
};

static int compare_digests(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct item_digest));
}

static void digest_record(crypto_hash_sha256_state *state, const hashveil_record *record)
{
    uint8_t lists[8];
    hv_store_le(lists, record->lists, sizeof lists);
    crypto_hash_sha256_update(state, record->id, sizeof record->id);
    crypto_hash_sha256_update(state, (const uint8_t *)record->labels, sizeof record->labels);
    crypto_hash_sha256_update(state, lists, sizeof lists);
}

static void digest_entry(const hashveil_entry *entry, struct item_digest *out)
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *)&entry->hash, sizeof entry->hash);
    digest_record(&state, &entry->record);
    crypto_hash_sha256_final(&state, out->bytes);
}

static void digest_exact(const hashveil_exact_entry *entry, struct item_digest *out)
{
    const uint8_t kind = (uint8_t)entry->digest.kind;
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, &kind, sizeof kind);
    crypto_hash_sha256_update(&state, entry->digest.bytes, sizeof entry->digest.bytes);
    digest_record(&state, &entry->record);
    crypto_hash_sha256_final(&state, out->bytes);
}

/* Those of entries first, each sort in its own order, so that of the two none looks like another.
 */
static hashveil_status digest_items(const hashveil_entries *entries,
                                    crypto_hash_sha256_state *state)
{
    const size_t count = entries->count + entries->exact_count;
    struct item_digest *digests = hv_alloc_array(count, sizeof *digests);
    if (!digests) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < entries->count; i++) {
        digest_entry(&entries->entries[i], &digests[i]);
    }
    for (size_t i = 0; i < entries->exact_count; i++) {
        digest_exact(&entries->exact[i], &digests[entries->count + i]);
    }
    qsort(digests, entries->count, sizeof *digests, compare_digests);
    qsort(digests + entries->count, entries->exact_count, sizeof *digests, compare_digests);
    crypto_hash_sha256_update(state, (const uint8_t *)digests, count * sizeof *digests);
    free(digests);
    return HASHVEIL_OK;
}

static void digest_number(crypto_hash_sha256_state *state, uint64_t number)
{
    uint8_t bytes[8];
    hv_store_le(bytes, number, sizeof bytes);
    crypto_hash_sha256_update(state, bytes, sizeof bytes);
}

/* What may be there or not: its length comes before it. */
static void digest_optional(crypto_hash_sha256_state *state, const uint8_t *bytes, size_t len)
{
    digest_number(state, bytes ? len : 0);
    if (bytes) {
        crypto_hash_sha256_update(state, bytes, len);
    }
}

hashveil_status hv_seal_input_digest(const hashveil_entries *entries,
                                     const hashveil_seal_options *options,
                                     uint8_t out[HASHVEIL_DIGEST_BYTES])
{
    crypto_hash_sha256_state state;
    const hashveil_mask_params *masks = &options->mask_params;
    const uint64_t numbers[] = {entries->count,     entries->exact_count, options->epoch,
                                options->created_s, masks->masks,         masks->bits,
                                masks->pool_bits};
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, options->evaluator_key->public_bytes, HASHVEIL_KEY_BYTES);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        digest_number(&state, numbers[i]);
    }
    digest_optional(&state, options->seed, HASHVEIL_SEAL_SEED_BYTES);
    digest_optional(&state, options->mask_seed, HASHVEIL_MASK_SEED_BYTES);
    digest_optional(&state, options->base ? options->base->info.digest : NULL,
                    HASHVEIL_DIGEST_BYTES);
    digest_optional(&state, options->withdrawn_count > 0 ? options->withdrawn : NULL,
                    options->withdrawn_count * HASHVEIL_RECORD_ID_BYTES);
    const hashveil_status status = digest_items(entries, &state);
    crypto_hash_sha256_final(&state, out);
    return status;
}

/* A segment may be of the same second as its base. */
static uint64_t next_epoch(const hashveil_sealed_db *base, uint64_t now_s)
{
    return base && base->info.epoch >= now_s ? base->info.epoch + 1 : now_s;
}

void hv_seal_input_begin(const hashveil_seal_options *options,
                         const uint8_t input_digest[HASHVEIL_DIGEST_BYTES],
                         struct hv_partial_begin *out)
{
    static const uint8_t domain[] = "hashveil/v1/seal";
    const uint64_t now_s = (uint64_t)time(NULL);
    crypto_generichash_state state;
    uint8_t epoch[8];
    out->epoch = options->epoch > 0 ? options->epoch : next_epoch(options->base, now_s);
    out->created_s = options->created_s > 0 ? options->created_s : now_s;
    if (!options->seed) {
        randombytes_buf(out->seed, sizeof out->seed);
        return;
    }
    hv_store_le(epoch, out->epoch, sizeof epoch);
    crypto_generichash_init(&state, options->seed, HASHVEIL_SEAL_SEED_BYTES, sizeof out->seed);
    crypto_generichash_update(&state, domain, sizeof domain - 1);
    crypto_generichash_update(&state, input_digest, HASHVEIL_DIGEST_BYTES);
    crypto_generichash_update(&state, epoch, sizeof epoch);
    crypto_generichash_final(&state, out->seed, sizeof out->seed);
    hv_wipe(&state, sizeof state);
}
