/* SPDX-License-Identifier: Apache-2.0 */
/* The curator's workspace: one SQLite file with plaintext hashes and who named them. It never goes
 * to a device. */
#ifndef HASHVEIL_WORKSPACE_H
#define HASHVEIL_WORKSPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/fingerprint.h>
#include <hashveil/sealed_db.h>
#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Used by one thread at a time; several processes may open the same file. */
typedef struct hashveil_workspace hashveil_workspace;

typedef enum hashveil_workspace_mode {
    HASHVEIL_WORKSPACE_READ,  /**< must exist; is not changed */
    HASHVEIL_WORKSPACE_WRITE, /**< made when it does not exist */
} hashveil_workspace_mode;

/**
 * Errors: ERR_UNSUPPORTED (not a workspace), ERR_VERSION, ERR_BUSY, ERR_FORMAT, ERR_NO_MEMORY, and
 * those of reading or making a file.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_workspace_open(const char *path,
                                                                       hashveil_workspace_mode mode,
                                                                       hashveil_workspace **out);

/** Told of each line or file that was not imported, and why. line is 0 for a file. */
typedef void hashveil_import_problem_fn(void *context, const char *path, uint64_t line,
                                        hashveil_status status);

typedef struct hashveil_import_options {
    const char
        *source;       /**< who names these hashes, 1..HASHVEIL_LIST_NAME_MAX_LEN bytes; borrowed */
    const char *label; /**< their category, 1..HASHVEIL_LABEL_MAX_LEN bytes; borrowed */
    bool takes_digests; /**< of a folder: the three digests of every file too, whatever its type */
    bool is_strict;     /**< the first problem ends the import, and nothing of it is kept */
    unsigned workers;   /**< threads that hash pictures; 0 for one a processor */
    const hashveil_fingerprint_options *fingerprint; /**< NULL for the defaults; borrowed */
    hashveil_import_problem_fn *on_problem; /**< one call at a time, from any thread; or NULL */
    hashveil_progress_fn *progress; /**< in lines or files; total 0 when not known; or NULL */
    void *context;                  /**< for both functions */
} hashveil_import_options;

typedef struct hashveil_import_counts {
    uint64_t added; /**< hashes that no source had named */
    uint64_t known; /**< hashes that were there: named by another source, or imported before */
    uint64_t digests_added; /**< likewise of digests */
    uint64_t digests_known;
    uint64_t low_quality; /**< not taken: quality below HASHVEIL_PDQ_MIN_QUALITY */
    uint64_t not_images;  /**< files of a folder that are no pictures; not a problem */
    uint64_t problems;    /**< lines or files that could not be read */
} hashveil_import_counts;

/**
 * Imports a list, or a folder, as one transaction. Importing the same again changes nothing; with
 * another label it changes the label that this source gives.
 *
 * A list is a text with one item a line. Of PDQ hashes: 64 hex digits, alone or followed by
 * ",QUALITY" and ",NAME" as `hashveil hash` prints them. Of digests: "DIGEST  NAME", "DIGEST *NAME"
 * and "KIND (NAME) = DIGEST" as md5sum, sha1sum and sha256sum print them, escaped names too, and
 * MD5 and SHA-1 digests alone. A list is of one sort, which its first line that can be read tells;
 * lines of the other are problems, and so is the digest of an empty file (ERR_EMPTY). Empty lines
 * and lines that begin with '#' are passed over.
 *
 * A folder is read with all below it; symbolic links are not followed. Hash and digests of one file
 * get the same record id. Empty files have no digest here.
 *
 * Errors: ERR_ARGUMENT, ERR_LIMIT (a 65th source), with is_strict that of the first problem, and
 * those of reading the path and of writing the workspace; nothing of the import is then kept.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_workspace_import(hashveil_workspace *workspace, const char *path,
                          const hashveil_import_options *options, hashveil_import_counts *out);

/**
 * Gives all entries, ordered by hash, exact ones by kind and digest, and the sources. Bit i of an
 * entry's lists stands for name i of the list of names, in the order in which sources were first
 * imported. Where the sources of an entry disagree on its label, all of theirs are given; where
 * there is no room for all, those of the first sources in that order.
 *
 * Errors: ERR_BUSY, ERR_IO, ERR_FORMAT, ERR_NO_MEMORY.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_workspace_entries(hashveil_workspace *workspace, hashveil_entries *out);

/** Accepts NULL. */
HASHVEIL_API void hashveil_workspace_close(hashveil_workspace *workspace);

#ifdef __cplusplus
}
#endif

#endif
