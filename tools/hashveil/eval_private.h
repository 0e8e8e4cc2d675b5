/* SPDX-License-Identifier: Apache-2.0 */
/* The private match itself, both ends in this process: a database sealed for the purpose, a scanner
 * and an evaluator. */
#ifndef HASHVEIL_TOOLS_EVAL_PRIVATE_H
#define HASHVEIL_TOOLS_EVAL_PRIVATE_H

#include "eval_match.h"
#include "eval_options.h"

#include <hashveil/pdq.h>
#include <hashveil/status.h>

/* Shared between threads. */
struct eval_private;

/* Seals count hashes with a key of their own. What it needs of disk is gone when this returns.
 * Errors: those of sealing and of writing a file. */
HASHVEIL_MUST_USE hashveil_status eval_private_create(const struct eval_options *options,
                                                      const uint8_t *mask_seed,
                                                      const hashveil_pdq *hashes, size_t count,
                                                      struct eval_private **out);
void eval_private_destroy(struct eval_private *match);

/* What the steps of one picture took, all exchanges together. */
struct eval_times {
    double begin_ms, respond_ms, finish_ms;
    size_t request_bytes, response_bytes;
    unsigned exchanges; /* 2 where the answer was to be proved */
};

/* Matches one picture. verified_percent: as in hashveil_scanner_options. out: the record that
 * opened, and how many masks named it; 0 for none. */
HASHVEIL_MUST_USE hashveil_status eval_private_match(const struct eval_private *match,
                                                     unsigned verified_percent,
                                                     const hashveil_fingerprint *fingerprint,
                                                     struct eval_hit *out,
                                                     struct eval_times *times_out);

double eval_now_ms(void);

#endif
