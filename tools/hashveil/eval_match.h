/* SPDX-License-Identifier: Apache-2.0 */
/* The private match with tokens in the clear: the OPRF is a function, so two tokens are the same
 * exactly when its outputs are, and the answer is that of the real exchange. */
#ifndef HASHVEIL_TOOLS_EVAL_MATCH_H
#define HASHVEIL_TOOLS_EVAL_MATCH_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/pdq.h>
#include <hashveil/sealed_db.h>

/* Listed hashes by their tokens. Shared between threads. */
struct eval_matcher;

/* hashes: count of them, borrowed for the call. Where hashes share a token the first has it, as in
 * a sealed database. Errors: ERR_ARGUMENT, ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status eval_matcher_create(const hashveil_mask_params *params,
                                                      const uint8_t seed[HASHVEIL_MASK_SEED_BYTES],
                                                      const hashveil_pdq *hashes, size_t count,
                                                      struct eval_matcher **out);
void eval_matcher_destroy(struct eval_matcher *matcher);

/* A listed hash that probes hit. */
struct eval_hit {
    size_t record;  /* the hash's position */
    unsigned masks; /* how many masks' tokens were among the probes; two open the record */
};

/* One thread's room, and its last answer. Starts as {0}. */
struct eval_hits {
    struct eval_hit *hits; /* in no order */
    size_t count;
    void *tokens;        /* hashveil_token, as many as probes */
    uint32_t *of_record; /* how many masks hit each record, all 0 between calls */
};

/* For matchers of up to records hashes. Returns false without memory. */
bool eval_hits_init(size_t records, unsigned probes, struct eval_hits *out);
void eval_hits_clear(struct eval_hits *hits);

/* Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status eval_matcher_probe(const struct eval_matcher *matcher,
                                                     const hashveil_fingerprint *fingerprint,
                                                     unsigned probes, struct eval_hits *out);

/* The record that most masks hit, the first of several; masks is 0 where none opens. */
struct eval_hit eval_hits_best(const struct eval_hits *hits);

#endif
