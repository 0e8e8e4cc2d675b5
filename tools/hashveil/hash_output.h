/* SPDX-License-Identifier: Apache-2.0 */
/* How `hashveil hash` tells a file: a line a form, as text or as JSON. */
#ifndef HASHVEIL_TOOLS_HASH_OUTPUT_H
#define HASHVEIL_TOOLS_HASH_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include <hashveil/hash_files.h>

struct hash_output {
    FILE *stream; /* of text; JSON goes to stdout */
    bool is_json, is_dihedral, has_margins, has_digests;
};

/* Prints what there is of a file, which may be nothing. Returns false when that failed. */
bool hash_output_print(const struct hash_output *output, const hashveil_hashed_file *file);

#endif
