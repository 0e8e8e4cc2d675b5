/* SPDX-License-Identifier: Apache-2.0 */
/* Which entries of a workspace `hashveil db seal` takes, and the note of it that a sealing leaves
 * in the workspace's history, from which a segment finds what its base was sealed from. */
#ifndef HASHVEIL_TOOLS_SEAL_SELECTION_H
#define HASHVEIL_TOOLS_SEAL_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/sealed_db.h>
#include <hashveil/workspace.h>

enum { SEAL_MAX_CATEGORIES = 16 };

/* Starts as {0}: all entries. */
struct seal_selection {
    unsigned min_sources;
    unsigned within_bits;
    char labels[SEAL_MAX_CATEGORIES][HASHVEIL_LABEL_MAX_LEN + 1];
    size_t label_count;
    uint64_t as_of_change;
};

/* Returns false when it is too long, or one too many. */
bool seal_selection_add_label(struct seal_selection *selection, const char *label);

/* Gives what is selected. Returns false after a message. path: of the workspace. is_told: whether
 * to print what allow-lists keep out, and how many entries were not selected. */
bool seal_selection_load(hashveil_workspace *workspace, const char *path,
                         const struct seal_selection *selection, bool is_told,
                         hashveil_entries *out);

/* Leaves the note. Returns false after a message. */
bool seal_selection_note(hashveil_workspace *workspace, const char *path, const char *who,
                         const struct seal_selection *selection,
                         const hashveil_sealed_db_info *info);

/* Finds how the database of this digest was selected. Returns false after a message. */
bool seal_selection_of(hashveil_workspace *workspace, const char *path, const char *database_path,
                       const uint8_t digest[HASHVEIL_DIGEST_BYTES], struct seal_selection *out);

#endif
