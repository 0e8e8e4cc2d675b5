/* SPDX-License-Identifier: Apache-2.0 */
/* Files and folders to fingerprints and digests, in order, on all processors. */
#ifndef HASHVEIL_HASH_FILES_H
#define HASHVEIL_HASH_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include <hashveil/cancel.h>
#include <hashveil/digest.h>
#include <hashveil/fingerprint.h>
#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One file's outcome. Borrowed by the callback for the call. */
typedef struct hashveil_hashed_file {
    const char *path;
    bool is_named; /**< the path was given, not found below one that was */
    bool is_read;  /**< its bytes could be read, all of them */
    /** OK, or why there is no fingerprint: ERR_UNSUPPORTED and ERR_EMPTY for what is no picture. A
     * file above the limit is ERR_LIMIT when its first bytes are a picture's, else ERR_UNSUPPORTED.
     */
    hashveil_status status;
    hashveil_fingerprint forms[HASHVEIL_PDQ_DIHEDRAL]; /**< as many as asked for; OK only */
    hashveil_digests digests; /**< where asked for, of a file that was read */
} hashveil_hashed_file;

/** Returns the next path, borrowed until the next call, or NULL after the last. */
typedef const char *hashveil_next_path_fn(void *context);

typedef void hashveil_hashed_file_fn(void *context, const hashveil_hashed_file *file);

/** Whether the outcome of a file is known, which is then not read: fills all of it but the path and
 * is_named. out is zero before. */
typedef bool hashveil_known_file_fn(void *context, const char *path, hashveil_hashed_file *out);

typedef struct hashveil_hash_files_options {
    hashveil_fingerprint_options fingerprint;
    bool is_dihedral;      /**< all eight forms, else the first alone */
    bool computes_digests; /**< MD5, SHA-1 and SHA-256 as well */
    unsigned workers;      /**< threads; 0 for one a processor */
    /** Each called by one thread at a time, from any. Files are told in the order of the walk: that
     * of the paths, and of names within a folder. */
    hashveil_next_path_fn *next_path;
    hashveil_hashed_file_fn *on_file;
    /** Called by several threads at a time, outside the two above; or NULL. */
    hashveil_known_file_fn *known;
    void *context;                            /**< for all functions */
    const hashveil_atomic_bool *is_cancelled; /**< then files begun are finished; or NULL */
} hashveil_hash_files_options;

/**
 * Hashes files, and folders with all below them; symbolic links found below a folder are passed
 * over. Memory does not grow with the number of files.
 *
 * options          borrowed for the call
 * is_complete_out  false when it was cancelled
 *
 * Errors: ERR_ARGUMENT (a function is missing), ERR_NO_MEMORY. What goes wrong with a file is that
 * file's status.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_hash_files(const hashveil_hash_files_options *options, bool *is_complete_out);

#ifdef __cplusplus
}
#endif

#endif
