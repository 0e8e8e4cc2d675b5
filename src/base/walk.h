/* SPDX-License-Identifier: Apache-2.0 */
/* Paths to files, one at a time, in order of names; memory grows with the largest folder's entries,
 * not with the number of all files. */
#ifndef HV_BASE_WALK_H
#define HV_BASE_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include <hashveil/status.h>

struct hv_walk;

/* Gives the paths to walk, one a call, and then NULL. What it returns is borrowed until the next
 * call. */
typedef const char *hv_next_path_fn(void *context);

/* Some paths in memory, as a source of them. */
struct hv_path_list {
    const char *const *paths; /* borrowed */
    size_t count;
    size_t next;
};

/* A hv_next_path_fn; list: a struct hv_path_list. */
const char *hv_next_of_list(void *list);

/* Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_walk_open(hv_next_path_fn *next_path, void *context,
                                               struct hv_walk **out);

struct hv_walked {
    char *path;              /* owned, released with free; NULL at the end of the walk */
    hashveil_status problem; /* why it cannot be read, a folder perhaps; OK for a regular file */
    bool is_named;           /* a path that was given, not found below one */
};

/* Gives the next file. Symbolic links and special files found below a folder are passed over; of
 * the paths given, links are followed, and special files cannot be read.
 * Errors: ERR_NO_MEMORY; out->path is then NULL. */
HASHVEIL_MUST_USE hashveil_status hv_walk_next(struct hv_walk *walk, struct hv_walked *out);

/* Accepts NULL. */
void hv_walk_close(struct hv_walk *walk);

#endif
