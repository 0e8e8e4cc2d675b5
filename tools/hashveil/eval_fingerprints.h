/* SPDX-License-Identifier: Apache-2.0 */
/* Files to fingerprints as `hashveil hash` makes them: in the sandbox, on all processors. */
#ifndef HASHVEIL_TOOLS_EVAL_FINGERPRINTS_H
#define HASHVEIL_TOOLS_EVAL_FINGERPRINTS_H

#include <stdbool.h>
#include <stddef.h>

#include <hashveil/fingerprint.h>

/* One for each path. Starts as {0}. */
struct eval_fingerprints {
    hashveil_fingerprint *fingerprints; /* owned */
    hashveil_status *statuses;          /* owned; OK, or why there is no fingerprint */
};

/* What to hash. Borrowed. */
struct eval_paths {
    const char **list;
    size_t count;
    const char *unit; /* what they are, for progress: "originals" */
};

/* Returns false after a message; what is wrong with a file is its status. */
bool eval_fingerprint_paths(const struct eval_paths *paths,
                            const hashveil_fingerprint_options *options, unsigned workers,
                            struct eval_fingerprints *out);

void eval_fingerprints_clear(struct eval_fingerprints *fingerprints);

#endif
