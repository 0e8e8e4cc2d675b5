/* SPDX-License-Identifier: Apache-2.0 */
/* Originals as the list has them: hashed once, kept for the whole measurement. */
#ifndef HASHVEIL_TOOLS_EVAL_ORIGINALS_H
#define HASHVEIL_TOOLS_EVAL_ORIGINALS_H

#include "eval_fingerprints.h"
#include "eval_input.h"
#include "eval_report.h"

/* Starts as {0}. */
struct eval_originals {
    struct eval_fingerprints device; /* one for each of the input's originals, as it asks */
    struct eval_fingerprints listed; /* likewise, as the list has it; empty where it is the same */
    bool *is_small;       /* likewise, whether both policies give it one hash; NULL as above */
    size_t *records;      /* likewise: its place in hashes; SIZE_MAX where not listed */
    hashveil_pdq *hashes; /* the list: different ones of sufficient quality */
    size_t count;
};

/* Hashes all originals and counts them in the report. Returns false after a message. */
bool eval_originals_read(const struct eval_input *input, const struct eval_options *options,
                         struct eval_originals *out, struct eval_report *report);

void eval_originals_clear(struct eval_originals *originals);

#endif
