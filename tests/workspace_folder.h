/* SPDX-License-Identifier: Apache-2.0 */
/* A folder with a workspace in it, for the tests of the workspace: lists are put there, imported,
 * and looked at. Every function fails the test when it cannot do what it says. */
#ifndef HV_TESTS_WORKSPACE_FOLDER_H
#define HV_TESTS_WORKSPACE_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/workspace.h>

/* The folder of the test under way. */
struct workspace_folder {
    char path[48];
    char workspace_path[64];
    char list_path[64];
    char pictures_path[64]; /* a folder; not made */
};

/* Before and after each test; nothing but the workspace and its journal, the list and the pictures
 * may be left then. */
const struct workspace_folder *make_workspace_folder(void);
void remove_workspace_folder(void);

/* Writes the list. */
void put_list(const char *text);
/* A list of the hashes of fingerprints first, first + 1, ... */
void put_drawn_list(uint64_t first, uint64_t count);

/* What an import told and gave. */
struct told {
    hashveil_status status;
    hashveil_import_counts counts;
    /* A line a problem, "NAME:LINE: reason\n", NAME from the workspace's folder on. */
    char problems[1000];
    size_t problems_len;
    uint64_t progress; /* the last */
};

/* Imports into an open workspace. asked: source, label, workers and whether it is strict. */
struct told import_into(hashveil_workspace *workspace, const char *path,
                        const hashveil_import_options *asked);
/* Opens the workspace, imports and closes it. */
struct told import_path(const char *path, const hashveil_import_options *asked);
/* Imports the list. */
struct told import_list(const char *source, const char *label);

hashveil_workspace *open_workspace(hashveil_workspace_mode mode);

/* All that is in the workspace, in order and sound; released by hashveil_entries_clear. */
hashveil_entries read_entries(void);
/* Sources and labels are texts, and every entry has a source. */
void ck_assert_sound_entries(const hashveil_entries *entries);
void ck_assert_same_entries(const hashveil_entries *a, const hashveil_entries *b);
void ck_assert_counts(const struct told *told, hashveil_import_counts expected);

/* Changes or makes a database behind the workspace's back. */
void run_workspace_sql(const char *sql);

#endif
