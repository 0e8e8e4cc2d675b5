/* SPDX-License-Identifier: Apache-2.0 */
/* The measurement: originals are hashed and listed, then each one's copies are made, hashed and
 * matched, one at a time on every thread. */
#ifndef HASHVEIL_TOOLS_EVAL_RUN_H
#define HASHVEIL_TOOLS_EVAL_RUN_H

#include "eval_input.h"
#include "eval_report.h"

/* Fills count reports, 1..EVAL_MOST_SETTINGS, one for each of the options, which differ in their
 * masks alone: every copy is made once. Options and input must stay until the reports are cleared.
 * Of several settings none is matched by the exchange, and no cost is measured. Returns false after
 * a message; what goes wrong with one file is told, counted and left out. */
bool eval_run(const struct eval_options *options, size_t count, const struct eval_input *input,
              struct eval_report *out);

void eval_report_clear(struct eval_report *report);

#endif
