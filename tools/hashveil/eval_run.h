/* SPDX-License-Identifier: Apache-2.0 */
/* The measurement: originals are hashed and listed, then each one's copies are made, hashed and
 * matched, one at a time on every thread. */
#ifndef HASHVEIL_TOOLS_EVAL_RUN_H
#define HASHVEIL_TOOLS_EVAL_RUN_H

#include "eval_input.h"
#include "eval_report.h"

/* Fills the report, whose options and input must stay until it is cleared. Returns false after a
 * message; what goes wrong with one file is told, counted and left out. */
bool eval_run(const struct eval_options *options, const struct eval_input *input,
              struct eval_report *out);

void eval_report_clear(struct eval_report *report);

#endif
