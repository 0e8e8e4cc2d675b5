/* SPDX-License-Identifier: Apache-2.0 */
/* What `hashveil eval` looks at: originals, and copies of them where those are files too. */
#ifndef HASHVEIL_TOOLS_EVAL_INPUT_H
#define HASHVEIL_TOOLS_EVAL_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eval_options.h"
#include "eval_rows.h"

struct eval_original {
    size_t first_copy; /* of the input's copies */
    size_t copy_count;
    uint64_t path_hash; /* of the path below the folder, so that it may lie anywhere */
};

/* Starts as {0}. */
struct eval_input {
    struct eval_original *originals; /* in the order of their paths */
    const char **original_paths;     /* borrowed from the rows' texts */
    size_t count;
    const char **copy_paths; /* likewise; those of one original side by side */
    size_t *copy_edits;      /* for each, of the input's names */
    size_t copy_count;
    const char **edit_names; /* in the order of their first use */
    size_t edit_count;
    size_t unchanged;      /* the edit that changes nothing; where there is a list policy */
    bool has_copies;       /* they are files, and need not be made */
    size_t left_out;       /* originals of other parts */
    struct eval_rows rows; /* whose texts all others borrow */
};

/* Reads a folder with all below it, or a file of lines ORIGINAL tab COPY tab EDIT; keeps the part
 * of the originals that the options name. Returns false after a message. */
bool eval_input_read(const struct eval_options *options, struct eval_input *out);

void eval_input_clear(struct eval_input *input);

#endif
