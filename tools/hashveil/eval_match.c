/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_match.h"

#include <stdlib.h>

#include <hashveil/masks.h>

/* A token of a listed hash. */
struct entry {
    hashveil_token token;
    size_t record;
};

struct eval_matcher {
    hashveil_masks *masks;
    struct entry *entries; /* by token, those of one token by record */
    size_t count;
};

static int compare_tokens(const hashveil_token *x, const hashveil_token *y)
{
    if (x->mask != y->mask) {
        return x->mask < y->mask ? -1 : 1;
    }
    return (x->bits > y->bits) - (x->bits < y->bits);
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    const int order = compare_tokens(&x->token, &y->token);
    return order ? order : (x->record > y->record) - (x->record < y->record);
}

static void sort_tokens(struct eval_matcher *matcher, const hashveil_pdq *hashes, size_t count,
                        uint32_t masks, hashveil_token *tokens)
{
    for (size_t record = 0; record < count; record++) {
        hashveil_masks_tokens(matcher->masks, &hashes[record], tokens);
        for (uint32_t mask = 0; mask < masks; mask++) {
            matcher->entries[matcher->count++] = (struct entry){tokens[mask], record};
        }
    }
    qsort(matcher->entries, matcher->count, sizeof *matcher->entries, compare_entries);
    /* Of each token only the first record is kept. */
    size_t kept = 0;
    for (size_t i = 0; i < matcher->count; i++) {
        const struct entry *last = kept > 0 ? &matcher->entries[kept - 1] : NULL;
        if (!last || compare_tokens(&last->token, &matcher->entries[i].token) != 0) {
            matcher->entries[kept++] = matcher->entries[i];
        }
    }
    matcher->count = kept;
}

hashveil_status eval_matcher_create(const hashveil_mask_params *params,
                                    const uint8_t seed[HASHVEIL_MASK_SEED_BYTES],
                                    const hashveil_pdq *hashes, size_t count,
                                    struct eval_matcher **out)
{
    struct eval_matcher *matcher = calloc(1, sizeof *matcher);
    hashveil_token *tokens = calloc(params->masks, sizeof *tokens);
    hashveil_status status = HASHVEIL_ERR_NO_MEMORY;
    *out = NULL;
    if (!matcher || !tokens) {
        goto done;
    }
    status = hashveil_masks_create(params, seed, &matcher->masks);
    if (status != HASHVEIL_OK) {
        goto done;
    }
    matcher->entries = reallocarray(NULL, count * params->masks + 1, sizeof *matcher->entries);
    if (!matcher->entries) {
        status = HASHVEIL_ERR_NO_MEMORY;
        goto done;
    }
    sort_tokens(matcher, hashes, count, params->masks, tokens);
    *out = matcher;
    matcher = NULL; /* now the caller's */
done:
    free(tokens);
    eval_matcher_destroy(matcher);
    return status;
}

void eval_matcher_destroy(struct eval_matcher *matcher)
{
    if (matcher) {
        hashveil_masks_destroy(matcher->masks);
        free(matcher->entries);
        free(matcher);
    }
}

bool eval_hits_init(size_t records, unsigned probes, struct eval_hits *out)
{
    *out = (struct eval_hits){.hits = calloc(probes, sizeof *out->hits),
                              .tokens = calloc(probes, sizeof(hashveil_token)),
                              .of_record = calloc(records + 1, sizeof *out->of_record)};
    return out->hits && out->tokens && out->of_record;
}

void eval_hits_clear(struct eval_hits *hits)
{
    free(hits->hits);
    free(hits->tokens);
    free(hits->of_record);
    *hits = (struct eval_hits){0};
}

static const struct entry *find(const struct eval_matcher *matcher, const hashveil_token *token)
{
    size_t low = 0;
    size_t high = matcher->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare_tokens(&matcher->entries[middle].token, token) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const bool is_found =
        low < matcher->count && compare_tokens(&matcher->entries[low].token, token) == 0;
    return is_found ? &matcher->entries[low] : NULL;
}

hashveil_status eval_matcher_probe(const struct eval_matcher *matcher,
                                   const hashveil_fingerprint *fingerprint, unsigned probes,
                                   struct eval_hits *out)
{
    hashveil_token *tokens = out->tokens;
    out->count = 0;
    const hashveil_status status =
        hashveil_masks_probes(matcher->masks, fingerprint, probes, tokens);
    if (status != HASHVEIL_OK) {
        return status;
    }
    /* Probes differ, and a mask has one token of a hash: each hit of a record is another mask's. */
    for (unsigned i = 0; i < probes; i++) {
        const struct entry *entry = find(matcher, &tokens[i]);
        if (entry && out->of_record[entry->record]++ == 0) {
            out->hits[out->count++].record = entry->record;
        }
    }
    for (size_t i = 0; i < out->count; i++) {
        out->hits[i].masks = out->of_record[out->hits[i].record];
        out->of_record[out->hits[i].record] = 0;
    }
    return HASHVEIL_OK;
}

struct eval_hit eval_hits_best(const struct eval_hits *hits)
{
    struct eval_hit best = {0};
    for (size_t i = 0; i < hits->count; i++) {
        const struct eval_hit *hit = &hits->hits[i];
        const bool is_better =
            hit->masks > best.masks || (hit->masks == best.masks && hit->record < best.record);
        if (hit->masks >= 2 && is_better) {
            best = *hit;
        }
    }
    return best;
}
