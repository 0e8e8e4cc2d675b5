/* SPDX-License-Identifier: Apache-2.0 */
/* How `hashveil scan` tells results: a line a file, then a summary; as text or as JSON. */
#ifndef HASHVEIL_TOOLS_SCAN_OUTPUT_H
#define HASHVEIL_TOOLS_SCAN_OUTPUT_H

#include "progress.h"

#include <stdatomic.h>
#include <stdbool.h>

#include <hashveil/scan.h>

struct scan_output {
    const hashveil_sealed_db *database; /* borrowed; names the lists */
    atomic_bool *is_cancelled; /* turned true when stdout fails: nobody is there to be told */
    const char *evaluator_address, *reporter_address; /* of private ones, borrowed; else "" */
    struct progress progress;
    uint64_t files;
    bool is_json;
    bool is_quiet; /* only matches and trouble */
    bool failed;
};

/* The functions of hashveil_scan_options; context is the struct scan_output. */
void scan_output_result(void *context, const hashveil_file_result *result);
void scan_output_trouble(void *context, const char *peer, hashveil_status status);

void scan_output_summary(struct scan_output *output, const hashveil_scan_summary *summary);

#endif
