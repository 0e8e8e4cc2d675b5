/* SPDX-License-Identifier: Apache-2.0 */
/* What a picture costs both ends, without a proof of the answers and with one. */
#ifndef HASHVEIL_TOOLS_EVAL_COST_H
#define HASHVEIL_TOOLS_EVAL_COST_H

#include "eval_private.h"

#include <stddef.h>

/* Of one way to ask: measured, medians over pictures; but multiplications are counted by what
 * docs/PROTOCOL.md has each end do. */
struct eval_exchange_cost {
    double request_bytes, response_bytes;
    double device_multiplications, evaluator_multiplications;
    double begin_ms, respond_ms, finish_ms;
};

struct eval_cost {
    double fingerprint_ms;
    size_t pictures;
    unsigned probes, elements; /* as the library sends them, whatever was asked for */
    unsigned verified_percent; /* the share of answers that are proved */
    struct eval_exchange_cost without_proof, with_proof;
    struct eval_exchange_cost average; /* at that share */
};

/* Measures some of the originals one after another, before there are other threads. paths: count
 * of them. */
HASHVEIL_MUST_USE hashveil_status eval_cost_measure(const struct eval_private *match,
                                                    const hashveil_fingerprint_options *options,
                                                    const char **paths, size_t count,
                                                    struct eval_cost *out);

#endif
