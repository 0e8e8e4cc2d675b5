/* SPDX-License-Identifier: Apache-2.0 */
#include "base/walk.h"

#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "base/memory.h"

struct hv_walk {
    char **paths; /* owned; the paths themselves are borrowed; ends in NULL */
    FTS *tree;
};

/* By name within a folder; the paths given keep the order in which they were given. */
static int compare_entries(const FTSENT **a, const FTSENT **b)
{
    return (*a)->fts_level == FTS_ROOTLEVEL ? 0 : strcmp((*a)->fts_name, (*b)->fts_name);
}

hashveil_status hv_walk_open(const char *const *paths, size_t count, struct hv_walk **out)
{
    struct hv_walk *walk = hv_alloc_array(1, sizeof *walk);
    if (!walk) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    walk->paths = hv_alloc_array(count + 1, sizeof *walk->paths);
    if (!walk->paths) {
        hv_walk_close(walk);
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        walk->paths[i] = (char *)paths[i]; /* fts does not write to them */
    }
    walk->tree = fts_open(walk->paths, FTS_COMFOLLOW | FTS_PHYSICAL | FTS_NOCHDIR, compare_entries);
    if (!walk->tree) {
        hv_walk_close(walk);
        return HASHVEIL_ERR_NO_MEMORY;
    }
    *out = walk;
    return HASHVEIL_OK;
}

/* Whether the walk gives this entry, and what is wrong with it. */
static bool is_given(const FTSENT *entry, hashveil_status *problem_out)
{
    *problem_out = HASHVEIL_OK;
    switch (entry->fts_info) {
    case FTS_F:
        return true;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        *problem_out = hv_status_of_errno(entry->fts_errno);
        return true;
    case FTS_SLNONE:
        *problem_out = HASHVEIL_ERR_NOT_FOUND;
        return entry->fts_level == FTS_ROOTLEVEL;
    case FTS_DEFAULT:
        *problem_out = HASHVEIL_ERR_NOT_A_FILE;
        return entry->fts_level == FTS_ROOTLEVEL;
    default:
        return false; /* folders on the way in and out, links */
    }
}

hashveil_status hv_walk_next(struct hv_walk *walk, char **path_out, hashveil_status *problem_out)
{
    *path_out = NULL;
    for (;;) {
        errno = 0;
        const FTSENT *entry = fts_read(walk->tree);
        if (!entry) {
            return errno == 0 ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
        }
        if (is_given(entry, problem_out)) {
            *path_out = strdup(entry->fts_path);
            return *path_out ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
        }
    }
}

void hv_walk_close(struct hv_walk *walk)
{
    if (!walk) {
        return;
    }
    if (walk->tree) {
        fts_close(walk->tree);
    }
    free(walk->paths);
    free(walk);
}
