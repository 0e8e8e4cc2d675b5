/* SPDX-License-Identifier: Apache-2.0 */
/* A stored report as JSON says it. */
#ifndef HASHVEIL_TOOLS_REPORT_JSON_H
#define HASHVEIL_TOOLS_REPORT_JSON_H

#include "json_line.h"
#include "report_store.h"

/* Sets a key for each thing that is known of a report. */
void report_json_set(struct json_line *line, const struct stored_report *report);

/* A new value; NULL without memory. */
json_t *json_of_time(uint64_t seconds);

/* Takes one label, and moves on to the next: labels are as stored_report has them. Returns a copy
 * to be released with free, or NULL without memory. */
char *report_next_label(const char **labels);

#endif
