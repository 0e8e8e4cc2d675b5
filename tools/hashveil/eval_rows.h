/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a folder, or the lines of a file of pairs, as they are read. */
#ifndef HASHVEIL_TOOLS_EVAL_ROWS_H
#define HASHVEIL_TOOLS_EVAL_ROWS_H

#include <stdbool.h>
#include <stddef.h>

/* A pair of files, or an original alone. Texts are borrowed from the rows' texts. */
struct eval_row {
    const char *original, *copy, *edit;
    size_t number; /* keeps rows of one original in order */
};

/* Starts as {0}. */
struct eval_rows {
    struct eval_row *list;
    size_t count;
    char **texts; /* lines or paths */
    size_t text_count;
};

/* Each returns false after a message. */
bool eval_rows_read_folder(const char *path, struct eval_rows *rows); /* with all below it */
bool eval_rows_read_pairs(const char *path, struct eval_rows *rows);

void eval_rows_clear(struct eval_rows *rows);

#endif
