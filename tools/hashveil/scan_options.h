/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `hashveil scan`, checked for what contradicts. */
#ifndef HASHVEIL_TOOLS_SCAN_OPTIONS_H
#define HASHVEIL_TOOLS_SCAN_OPTIONS_H

#include "command.h"
#include "decode_options.h"
#include "evaluator_peers.h"
#include "peer_options.h"
#include "trust_options.h"

#include <stdbool.h>
#include <stdint.h>

#include <hashveil/scanner.h>
#include <hashveil/sealed_db.h>

/* Texts are borrowed from argv; NULL where an option was not given. */
struct scan_options {
    struct decode_options decode;
    struct command_arguments paths;
    const char *database_path;
    const char *segment_paths[HASHVEIL_MAX_SEGMENTS];
    size_t segment_count;
    struct trust_options trust;
    bool takes_older;
    const char *log_path;
    const char *log_key_path;
    const char *key_path;              /* either this, for an evaluator of our own, */
    struct evaluator_peers evaluators; /* or these */
    struct peer_options peers;
    const char *reporter_key_path;
    const char *spool_path;
    unsigned threshold; /* 0 when not given */
    uint32_t delivery_patience_s;
    uint32_t evaluator_patience_s;
    const char *reporter_address;  /* at most one of this */
    const char *report_store_path; /* and this, for a reporter of our own */
    const char *list_path;
    hashveil_scanner_options scanner;
    unsigned workers;
    bool is_json, is_quiet;
};

extern const struct argp_option scan_option_rows[];
error_t scan_options_parse(int key, const char *text, const struct argp_state *state, void *out);

#endif
