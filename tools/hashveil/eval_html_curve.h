/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HASHVEIL_TOOLS_EVAL_HTML_CURVE_H
#define HASHVEIL_TOOLS_EVAL_HTML_CURVE_H

#include "eval_report.h"

#include <stdio.h>

/* Draws recall by distance. */
void eval_html_write_curve(FILE *out, const struct eval_report *report);

#endif
