/* SPDX-License-Identifier: Apache-2.0 */
/* Counting one picture after another: each thread into counts of its own. */
#ifndef HASHVEIL_TOOLS_EVAL_COUNTS_H
#define HASHVEIL_TOOLS_EVAL_COUNTS_H

#include "eval_match.h"
#include "eval_originals.h"
#include "eval_private.h"
#include "eval_report.h"

/* What all threads share. matchers[0] has the masks that were asked for, the others smaller ones;
 * NULL for those that are not smaller. */
struct eval_matching {
    const struct eval_options *options;
    const struct eval_originals *originals;
    struct eval_matcher *matchers[1 + EVAL_SMALL_MASKS];
    const struct eval_private *private_match; /* NULL: tokens in the clear alone */
};

/* What a listed hash has to do with a picture. */
enum eval_relation {
    EVAL_UNRELATED,
    EVAL_ALIKE,  /* within EVAL_ALIKE_BITS of its original: neither found nor falsely opened */
    EVAL_RELATED /* its original, or within HASHVEIL_PDQ_MATCH_BITS of that or of itself */
};

/* One thread's. Starts as {0}. */
struct eval_counter {
    const struct eval_matching *matching;
    struct eval_counts counts;
    struct eval_hits hits;
    uint8_t *to_original; /* an enum eval_relation of each listed hash, to the current original */
    uint8_t *to_picture;  /* likewise, to the picture that is counted */
    uint16_t *distance;   /* of each listed hash to that picture */
    struct eval_unrelated around; /* that picture's pairs, without hits */
    size_t record;                /* the current original's */
};

/* Returns false without memory. */
bool eval_counter_init(const struct eval_matching *matching, size_t edits,
                       struct eval_counter *out);
void eval_counter_clear(struct eval_counter *counter);

/* Turns to an original, which must be listed, and counts it as a picture that asks. */
HASHVEIL_MUST_USE hashveil_status eval_count_original(struct eval_counter *counter,
                                                      size_t original);

/* Counts a copy of the current original. */
HASHVEIL_MUST_USE hashveil_status eval_count_copy(struct eval_counter *counter, size_t edit,
                                                  const hashveil_fingerprint *fingerprint);

/* Counts start with no pair seen. */
void eval_counts_init(struct eval_counts *counts);
void eval_counts_add(const struct eval_counts *from, size_t edits, struct eval_counts *to);
void eval_copies_add(const struct eval_copies *from, struct eval_copies *to);

#endif
