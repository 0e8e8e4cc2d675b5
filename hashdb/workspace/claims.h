/* SPDX-License-Identifier: Apache-2.0 */
/* Who names what, in a workspace's tables. What is done in one transaction is one change; a claim
 * that ends stays in the table with the change that ended it. */
#ifndef HV_HASHDB_WORKSPACE_CLAIMS_H
#define HV_HASHDB_WORKSPACE_CLAIMS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random_stream.h"
#include "hashdb/workspace/workspace.h"

enum { HV_CLAIM_STATEMENTS = 16, HV_ANY_SOURCE = -1 };

/* A change under way. Starts as {0}. */
struct hv_claims {
    sqlite3 *db;                                   /* borrowed, in a transaction */
    sqlite3_stmt *statements[HV_CLAIM_STATEMENTS]; /* owned */
    const char *action, *who, *detail;             /* borrowed */
    int64_t change;                                /* its number */
    uint64_t time_s;                               /* when it was made, since 1970; 0 for now */
    bool is_noted;                  /* whether it has a row: one that changes nothing leaves none */
    bool has_ended, has_renamed;    /* whether a claim ended, and one on a known value was made */
    bool has_linked;                /* whether a source came, or an entry went to another record */
    struct hv_random_stream stream; /* of record ids */
};

/* What a source says of a value. */
struct hv_claim {
    int64_t source;        /* its number */
    const char *label;     /* "" for none */
    const char *item;      /* the source's own name of the item, "" for none */
    const uint8_t *record; /* the id of a new entry's record; NULL for a random one */
};

/* action: 'import', 'remove', 'merge' or 'seal'. who, detail: as the change's row will have them.
 * Errors: those of the workspace. */
HASHVEIL_MUST_USE hashveil_status hv_claims_begin(sqlite3 *db, const char *action, const char *who,
                                                  const char *detail, struct hv_claims *out);

/* Gives the number of a source, a new one where it is not there: from 0 for those that list, from
 * HASHVEIL_MAX_LISTS for those that allow. Errors: ERR_ARGUMENT (there is one of that name and the
 * other sort), ERR_LIMIT (no room for another). */
HASHVEIL_MUST_USE hashveil_status hv_claims_source(struct hv_claims *claims, const char *name,
                                                   bool is_allowing, int64_t *number_out);

/* Gives the record id of a value; untouched where the value is not there. */
HASHVEIL_MUST_USE hashveil_status
hv_claims_find_record(struct hv_claims *claims, const struct hv_value *value,
                      uint8_t record_out[HASHVEIL_RECORD_ID_BYTES], bool *is_there_out);

/* Gives a value that is there the record id of the item that it turns out to be of. */
HASHVEIL_MUST_USE hashveil_status hv_claims_move(struct hv_claims *claims,
                                                 const struct hv_value *value,
                                                 const uint8_t record[HASHVEIL_RECORD_ID_BYTES]);

/* Takes all that is known of one item, 1..HV_ITEM_MAX_VALUES values. They get one record id: that
 * which the first of them that is there has, or a new one. is_new_out: count of them, whether the
 * value has never been named before. */
HASHVEIL_MUST_USE hashveil_status hv_claims_name(struct hv_claims *claims,
                                                 const struct hv_value *values, size_t count,
                                                 const struct hv_claim *claim, bool *is_new_out);

/* Ends a source's claim on a value, or with HV_ANY_SOURCE all sources'. count_out: how many there
 * were. */
HASHVEIL_MUST_USE hashveil_status hv_claims_withdraw(struct hv_claims *claims,
                                                     const struct hv_value *value, int64_t source,
                                                     uint64_t *count_out);

/* Ends all claims of a source on what it names so itself. count_out: how many there were. */
HASHVEIL_MUST_USE hashveil_status hv_claims_withdraw_item(struct hv_claims *claims, int64_t source,
                                                          const char *item, uint64_t *count_out);

/* Remembers that a source named a value in this change, for the next function. */
HASHVEIL_MUST_USE hashveil_status hv_claims_see(struct hv_claims *claims,
                                                const struct hv_value *value, int64_t source);

/* Ends all claims, of the sources that were seen, on values that were not. */
HASHVEIL_MUST_USE hashveil_status hv_claims_withdraw_unseen(struct hv_claims *claims,
                                                            uint64_t *count_out);

/* Notes the change even where no claim has changed. */
HASHVEIL_MUST_USE hashveil_status hv_claims_note(struct hv_claims *claims);

void hv_claims_end(struct hv_claims *claims);

/* Commits what went well, or rolls back. Returns the status that this comes to. */
HASHVEIL_MUST_USE hashveil_status hv_claims_finish(sqlite3 *db, hashveil_status status);

#endif
