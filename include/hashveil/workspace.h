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
    /** Who names these hashes, 1..HASHVEIL_LIST_NAME_MAX_LEN bytes; NULL where the list says of
     * each item which of its members does. Borrowed, as all texts here. */
    const char *source;
    /** The category of what the list gives none, 1..HASHVEIL_LABEL_MAX_LEN bytes; NULL for none. */
    const char *label;
    const char *who; /**< who makes this change, for the history; NULL for nobody in particular */
    /** What the list names is known to be good, or disputed, and is never sealed. */
    bool is_allow_list;
    /** The list is all that its sources name: what they named before and it does not have is
     * withdrawn. */
    bool is_snapshot;
    bool takes_digests; /**< of a folder: the three digests of every file too, whatever its type */
    bool is_strict;     /**< the first problem ends the import, and nothing of it is kept */
    const char *format; /**< of hashveil_list_format_name; NULL for what the list's start tells */
    unsigned workers;   /**< threads that hash pictures; 0 for one a processor */
    const hashveil_fingerprint_options *fingerprint; /**< NULL for the defaults; borrowed */
    hashveil_import_problem_fn *on_problem; /**< one call at a time, from any thread; or NULL */
    hashveil_progress_fn *progress; /**< in lines or files; total 0 when not known; or NULL */
    void *context;                  /**< for both functions */
} hashveil_import_options;

typedef struct hashveil_import_counts {
    uint64_t added; /**< hashes that no source had ever named */
    uint64_t known; /**< hashes that were there: named by another source, or imported before */
    uint64_t digests_added; /**< likewise of digests */
    uint64_t digests_known;
    uint64_t withdrawn;   /**< claims of the list's sources that have ended */
    uint64_t not_named;   /**< withdrawals of what the source did not name */
    uint64_t low_quality; /**< not taken: quality below HASHVEIL_PDQ_MIN_QUALITY */
    uint64_t not_images;  /**< files of a folder that are no pictures; not a problem */
    uint64_t problems;    /**< lines or files that could not be read */
} hashveil_import_counts;

/**
 * Returns the name of the index-th list format, "pdq", NULL behind the last. Static.
 * meaning_out: a line for people; may be NULL. Threads: safe.
 */
HASHVEIL_API const char *hashveil_list_format_name(size_t index, const char **meaning_out);

/**
 * Imports a list, or a folder, as one transaction. Importing the same again changes nothing; with
 * another label it changes the label that this source gives.
 *
 * A list is of one of the formats that hashveil_list_format_name tells. What it says is withdrawn
 * or deleted ends its source's claim; an entry is listed while any source names it. What it says is
 * known to be good goes to the allowing source "SOURCE (allowed)". The digest of an empty file is a
 * problem (ERR_EMPTY).
 *
 * A folder is read with all below it; symbolic links are not followed. Hash and digests of one file
 * get the same record id. Empty files have no digest here. What was hashed is kept in a file beside
 * the workspace, ".hashed" behind its name, until the import is there: one that was killed, or has
 * failed, goes on where it was.
 *
 * Errors: ERR_ARGUMENT (also: no source is given, and there is an item without a member, or a
 * folder; a source that is there already, but of the other sort), ERR_LIMIT (a 65th source of its
 * sort, or no room for " (allowed)" behind its name), with is_strict that of the first problem, and
 * those of reading the path and of writing the workspace; nothing of the import is then kept.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_workspace_import(hashveil_workspace *workspace, const char *path,
                          const hashveil_import_options *options, hashveil_import_counts *out);

/** What of a workspace is to be sealed. {0} for all that is not disputed. */
typedef struct hashveil_selection {
    /** How many sources must name an entry, 0 and 1 alike; of PDQ hashes those count too that name
     * one at most within_bits away. */
    unsigned min_sources;
    unsigned within_bits; /**< 0..HASHVEIL_PDQ_MATCH_BITS */
    /** Only entries with one of these labels, or, where one ends with ':', of that scheme; none for
     * all. Borrowed. */
    const char *const *labels;
    size_t label_count;
    uint64_t as_of_change; /**< as it was after this change; 0 for as it is */
} hashveil_selection;

typedef struct hashveil_selection_counts {
    uint64_t selected;
    uint64_t disputed;        /**< left out: an allow-list names it, its item, or one near it */
    uint64_t other_labels;    /**< left out of the rest for its labels */
    uint64_t too_few_sources; /**< left out of the rest for its sources */
} hashveil_selection_counts;

/** An entry that somebody lists and somebody allows. */
typedef struct hashveil_conflict {
    bool is_digest;
    hashveil_pdq hash;      /**< where it is none */
    hashveil_digest digest; /**< where it is one */
    uint64_t lists;         /**< bit i: listed by name i of the list of names */
    char allowed_by[HASHVEIL_LIST_NAME_MAX_LEN + 1];
    unsigned distance_bits; /**< of the hash that is allowed from this one */
} hashveil_conflict;

/** entries: for the names of lists; borrowed for the call. */
typedef void hashveil_conflict_fn(void *context, const hashveil_conflict *conflict,
                                  const hashveil_entries *entries);

/**
 * Gives entries to be sealed, ordered by hash, exact ones by kind and digest, and the sources that
 * list. Bit i of an entry's lists stands for name i of the list of names, in the order in which
 * sources were first imported. Where the sources of an entry disagree on its label, all of theirs
 * are given; where there is no room for all, those of the first sources in that order.
 *
 * on_conflict  told of each disputed entry, once; may be NULL
 * out          filled on success; released by hashveil_entries_clear
 *
 * Errors: ERR_ARGUMENT, ERR_BUSY, ERR_IO, ERR_FORMAT, ERR_NO_MEMORY.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_workspace_select(hashveil_workspace *workspace, const hashveil_selection *selection,
                          hashveil_conflict_fn *on_conflict, void *context, hashveil_entries *out,
                          hashveil_selection_counts *counts_out);

/** As hashveil_workspace_select of all that is not disputed. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_workspace_entries(hashveil_workspace *workspace, hashveil_entries *out);

/** Gives the number of the last change; 0 where nothing has ever changed. Errors: those above. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_workspace_last_change(hashveil_workspace *workspace, uint64_t *out);

/** Accepts NULL. */
HASHVEIL_API void hashveil_workspace_close(hashveil_workspace *workspace);

#ifdef __cplusplus
}
#endif

#endif
