/* SPDX-License-Identifier: Apache-2.0 */
/* Paths from standard input, which may keep a command waiting for long. */
#ifndef HASHVEIL_TOOLS_PATH_INPUT_H
#define HASHVEIL_TOOLS_PATH_INPUT_H

#include <stdbool.h>
#include <stdio.h>

#include <hashveil/cancel.h>

struct path_input {
    const hashveil_atomic_bool *is_cancelled; /* ends the waiting when it turns true */
    int end;                                  /* of a path: '\n' or '\0' */
    FILE *stream;                             /* owned; NULL before the first path */
    char *path;                               /* owned */
    size_t room;
    bool was_cut; /* cancelled before its end */
    bool failed;  /* after a message */
};

/* Returns the next path, borrowed until the next call; NULL at the end. Empty ones are passed
 * over. */
const char *path_input_next(struct path_input *input);

void path_input_clear(struct path_input *input);

#endif
