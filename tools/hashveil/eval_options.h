/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `hashveil eval`. */
#ifndef HASHVEIL_TOOLS_EVAL_OPTIONS_H
#define HASHVEIL_TOOLS_EVAL_OPTIONS_H

#include "command.h"
#include "decode_options.h"

#include <stdbool.h>
#include <stdint.h>

#include <hashveil/sealed_db.h>

enum eval_mode { EVAL_BY_SIZE, EVAL_SIMULATE, EVAL_CRYPTO };

enum { EVAL_MOST_SETTINGS = 16 /* sizes of mask in one run */ };

/* Texts are borrowed from argv; NULL where an option was not given. */
struct eval_options {
    struct decode_options decode; /* the device's */
    const char *input_path, *html_path;
    uint64_t seed;
    size_t frontier_count;                 /* 0: params alone */
    unsigned frontier[EVAL_MOST_SETTINGS]; /* in place of params.bits, one after another */
    hashveil_mask_params params;
    unsigned probes;
    unsigned part, parts; /* part 1..parts of the originals */
    unsigned workers;     /* 0 for one a processor */
    enum eval_mode mode;
    hashveil_pdq_policy list_policy;
    bool has_list_policy; /* it was asked for; else it is the device's */
    bool is_json;
};

extern const struct eval_options eval_options_default;
extern const struct argp_option eval_option_rows[];
error_t eval_options_parse(int key, const char *text, const struct argp_state *state, void *out);

#endif
