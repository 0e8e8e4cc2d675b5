/* SPDX-License-Identifier: Apache-2.0 */
/* What a curator does with a workspace beside importing and sealing: looks at it and at its past,
 * takes entries out, joins two workspaces, writes lists. */
#ifndef HASHVEIL_CURATION_H
#define HASHVEIL_CURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <hashveil/digest.h>
#include <hashveil/pdq.h>
#include <hashveil/status.h>
#include <hashveil/workspace.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A PDQ hash or a digest. */
typedef struct hashveil_value {
    bool is_digest;
    hashveil_pdq hash;      /**< where it is none */
    hashveil_digest digest; /**< where it is one */
} hashveil_value;

enum { HASHVEIL_VALUE_TEXT_BYTES = 7 + 64 + 1 };

/** Writes a value as "HASH", or "md5:DIGEST", with a NUL. Threads: safe. */
HASHVEIL_API void hashveil_value_to_text(const hashveil_value *value,
                                         char out[HASHVEIL_VALUE_TEXT_BYTES]);

/** Reads what hashveil_value_to_text writes, "pdq:HASH", and MD5 and SHA-1 digests alone, in digits
 * of either case. Errors: ERR_FORMAT. Threads: safe. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_value_from_text(const char *text,
                                                                        hashveil_value *out);

/** One transaction of the past. Texts are borrowed for the call. */
typedef struct hashveil_change {
    uint64_t number; /**< from 1; 0 where there was none */
    uint64_t time_s; /**< since 1970 */
    const char *who, *action, *detail;
} hashveil_change;

/** What a source says, or said, of a value. Texts are borrowed for the call. */
typedef struct hashveil_claim {
    hashveil_value value;
    uint8_t record_id[HASHVEIL_RECORD_ID_BYTES];
    const char *source;
    bool is_allowing;               /**< the source's list is of what must not be sealed */
    const char *label;              /**< "" for none */
    const char *item;               /**< the source's own name of it; "" for none */
    hashveil_change added, removed; /**< removed.number is 0 while the claim holds */
} hashveil_claim;

/** Which claims: {0} for all that hold. Borrowed. */
typedef struct hashveil_claim_filter {
    const hashveil_value *value; /**< NULL for all */
    const char *source;          /**< NULL for all */
    const char *label;           /**< NULL for all */
    bool with_ended;             /**< those that hold no longer too */
} hashveil_claim_filter;

/** Another status than OK ends the reading. */
typedef hashveil_status hashveil_claim_fn(void *context, const hashveil_claim *claim);

/**
 * Tells of claims, ordered by value, source and time. Memory does not grow with their number.
 *
 * Errors: ERR_BUSY, ERR_IO, ERR_FORMAT, ERR_NO_MEMORY, and those of tell.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_workspace_claims(hashveil_workspace *workspace, const hashveil_claim_filter *filter,
                          hashveil_claim_fn *tell, void *context);

/** Another status than OK ends the reading. added, removed: how many claims it made and ended. */
typedef hashveil_status hashveil_change_fn(void *context, const hashveil_change *change,
                                           uint64_t added, uint64_t removed);

/** Tells of all changes, the oldest first. Errors: as above. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_workspace_changes(hashveil_workspace *workspace, hashveil_change_fn *tell, void *context);

/** What to take out. Borrowed. */
typedef struct hashveil_removal {
    const hashveil_value *values; /**< count of them */
    size_t count;
    const char *source; /**< whose claims end; NULL for everybody's */
    const char *who;    /**< for the history */
    const char *reason; /**< likewise */
} hashveil_removal;

/**
 * Ends claims on values, as one change.
 *
 * ended_out      how many claims
 * not_named_out  how many of the values nobody named
 *
 * Errors: ERR_NOT_FOUND (no such source), and those of writing the workspace.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_workspace_remove(hashveil_workspace *workspace, const hashveil_removal *removal,
                          uint64_t *ended_out, uint64_t *not_named_out);

/**
 * Notes in the history that a database was sealed, as a change of its own with the action "seal".
 *
 * who, detail  UTF-8; borrowed for the call
 *
 * Errors: those of writing the workspace.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_workspace_note_sealing(hashveil_workspace *workspace, const char *who, const char *detail);

typedef struct hashveil_merge_counts {
    uint64_t added;   /**< claims that were not here */
    uint64_t changed; /**< claims with another label or item name */
    uint64_t ended;   /**< claims that the other has ended since */
} hashveil_merge_counts;

/**
 * Brings what another workspace knows into this one, by the names of the sources, in one
 * transaction. Where both know a claim of one source on one value, what was said last counts. What
 * comes in keeps when it was said and who said so: a change here for each change there, in their
 * order. Claims that have ended come in too, so that merging in another order ends with the same.
 * Values that are of one item there are of one here.
 *
 * other_path  for the history
 *
 * Errors: ERR_ARGUMENT (a source that lists in one and allows in the other), ERR_LIMIT (too many
 * sources), and those of reading and writing a workspace.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_workspace_merge(hashveil_workspace *workspace, hashveil_workspace *other,
                         const char *other_path, hashveil_merge_counts *out);

/**
 * Writes a list of what a workspace holds, streaming.
 *
 * filter        label and value too; ended claims are written as withdrawn where the format can say
 *               so, except those of allow-lists, which no list says
 * format        of hashveil_list_format_name
 * left_out_out  items of which the format can say nothing
 *
 * Errors: ERR_ARGUMENT (no such format, or one that is only read), those of
 * hashveil_workspace_claims, and those of writing a file.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_workspace_export(hashveil_workspace *workspace, const hashveil_claim_filter *filter,
                          const char *format, FILE *out, uint64_t *left_out_out);

#ifdef __cplusplus
}
#endif

#endif
