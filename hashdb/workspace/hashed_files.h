/* SPDX-License-Identifier: Apache-2.0 */
/* What of a folder was hashed before its import was ended: a file beside the workspace, so that the
 * next import goes on from there. It is a short cut and no more: where it cannot be made, read or
 * trusted, files are hashed again. */
#ifndef HV_HASHDB_WORKSPACE_HASHED_FILES_H
#define HV_HASHDB_WORKSPACE_HASHED_FILES_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include <hashveil/hash_files.h>

enum { HV_HASHED_FILES_WAY_MAX_LEN = 255, HV_HASHED_FILES_BATCH = 32 };

/* Starts as {0}: then it knows nothing and keeps nothing. */
struct hv_hashed_files {
    sqlite3 *db; /* owned; NULL where there is none */
    sqlite3_stmt *find, *keep;
    char *path;                                /* owned; of the file */
    pthread_mutex_t lock;                      /* of all below and the statements */
    char way[HV_HASHED_FILES_WAY_MAX_LEN + 1]; /* of hashing: others' outcomes are passed over */
    int64_t begun_ns;
    unsigned waiting; /* files that are kept, but not on disk */
};

/* options: how files are hashed. workspace: where the file is to be. Errors: ERR_NO_MEMORY; all
 * else that may go wrong leaves it without a file. */
HASHVEIL_MUST_USE hashveil_status hv_hashed_files_open(sqlite3 *workspace,
                                                       const hashveil_hash_files_options *options,
                                                       struct hv_hashed_files *out);

/* Threads: safe, as is keeping. */
bool hv_hashed_files_find(struct hv_hashed_files *files, const char *path,
                          hashveil_hashed_file *out);

/* Keeps the outcome of a file that has not changed since the opening. */
void hv_hashed_files_keep(struct hv_hashed_files *files, const hashveil_hashed_file *file);

/* is_done: the import is there, and the file is removed. */
void hv_hashed_files_close(struct hv_hashed_files *files, bool is_done);

#endif
