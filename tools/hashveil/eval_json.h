/* SPDX-License-Identifier: Apache-2.0 */
/* What all reports in JSON have in common. */
#ifndef HASHVEIL_TOOLS_EVAL_JSON_H
#define HASHVEIL_TOOLS_EVAL_JSON_H

#include "eval_report.h"
#include "json_line.h"

json_t *eval_json_of_parameters(const struct eval_options *options);
json_t *eval_json_of_found(struct eval_found found);

#endif
