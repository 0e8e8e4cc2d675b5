/* SPDX-License-Identifier: Apache-2.0 */
#include "base/walk.h"

#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/files.h"
#include "base/memory.h"

struct hv_walk {
    hv_next_path_fn *next_path;
    void *context; /* borrowed */
    FTS *tree;     /* of the path that was given last; NULL when that is done */
};

static int compare_names(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

const char *hv_next_of_list(void *list)
{
    struct hv_path_list *paths = list;
    return paths->next < paths->count ? paths->paths[paths->next++] : NULL;
}

hashveil_status hv_walk_open(hv_next_path_fn *next_path, void *context, struct hv_walk **out)
{
    *out = hv_alloc_array(1, sizeof **out);
    if (!*out) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    **out = (struct hv_walk){.next_path = next_path, .context = context};
    return HASHVEIL_OK;
}

/* fts gives up at a path that is empty or too long for the system; others behind it may be fine. */
static hashveil_status status_of_path(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 ? HASHVEIL_OK : hv_status_of_errno(errno);
}

/* Each path is a tree of its own: fts would sort the paths given too. */
static hashveil_status open_tree(struct hv_walk *walk, const char *path)
{
    char *const roots[] = {(char *)path, NULL}; /* fts only reads it */
    walk->tree = fts_open(roots, FTS_COMFOLLOW | FTS_PHYSICAL | FTS_NOCHDIR, compare_names);
    return walk->tree ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
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

/* Gives the tree's next entry, or NULL at its end. */
static hashveil_status next_entry(struct hv_walk *walk, const FTSENT **out)
{
    errno = 0;
    *out = fts_read(walk->tree);
    if (*out) {
        return HASHVEIL_OK;
    }
    const hashveil_status status = errno == 0 ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    fts_close(walk->tree);
    walk->tree = NULL;
    return status;
}

static hashveil_status give(const char *path, struct hv_walked *out)
{
    out->path = strdup(path);
    return out->path ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
}

hashveil_status hv_walk_next(struct hv_walk *walk, struct hv_walked *out)
{
    *out = (struct hv_walked){0};
    for (;;) {
        const FTSENT *entry = NULL;
        hashveil_status status = HASHVEIL_OK;
        if (walk->tree) {
            status = next_entry(walk, &entry);
        } else {
            const char *path = walk->next_path(walk->context);
            if (!path) {
                return HASHVEIL_OK;
            }
            out->is_named = true;
            out->problem = status_of_path(path);
            if (out->problem != HASHVEIL_OK) {
                return give(path, out);
            }
            status = open_tree(walk, path);
        }
        if (status != HASHVEIL_OK) {
            return status;
        }
        if (entry && is_given(entry, &out->problem)) {
            out->is_named = entry->fts_level == FTS_ROOTLEVEL;
            return give(entry->fts_path, out);
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
    free(walk);
}
