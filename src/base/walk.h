/* SPDX-License-Identifier: Apache-2.0 */
/* Paths to files, one at a time, in order of names; memory grows with the largest folder's entries,
 * not with the number of all files. */
#ifndef HV_BASE_WALK_H
#define HV_BASE_WALK_H

#include <stddef.h>

#include <hashveil/status.h>

struct hv_walk;

/* paths: count of them, borrowed until close. Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_walk_open(const char *const *paths, size_t count,
                                               struct hv_walk **out);

/* Gives the next regular file, or a file or folder that cannot be read and why. path_out is NULL
 * at the end; else owned, released with free. Symbolic links and special files found below a
 * folder are passed over; of the paths given, links are followed, and special files cannot be read.
 * Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_walk_next(struct hv_walk *walk, char **path_out,
                                               hashveil_status *problem_out);

/* Accepts NULL. */
void hv_walk_close(struct hv_walk *walk);

#endif
