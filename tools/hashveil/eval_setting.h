/* SPDX-License-Identifier: Apache-2.0 */
/* One choice of masks, and what is counted under it. */
#ifndef HASHVEIL_TOOLS_EVAL_SETTING_H
#define HASHVEIL_TOOLS_EVAL_SETTING_H

#include "eval_counts.h"
#include "eval_input.h"

/* Starts as {0}. */
struct eval_setting {
    struct eval_report *report;
    struct eval_matching matching;
    struct eval_private *private_match; /* NULL where there is none */
    struct eval_counter *counters;      /* one a thread */
    unsigned workers;
};

/* report: for whose options the setting is; is_crypto says what copies are matched by. */
HASHVEIL_MUST_USE hashveil_status eval_setting_init(const struct eval_originals *originals,
                                                    bool needs_private_match, unsigned workers,
                                                    struct eval_report *report,
                                                    struct eval_setting *out);
void eval_setting_clear(struct eval_setting *setting);

/* Adds what all threads counted up in the report. */
HASHVEIL_MUST_USE hashveil_status eval_setting_collect(const struct eval_setting *setting);

#endif
