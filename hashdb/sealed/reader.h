/* SPDX-License-Identifier: Apache-2.0 */
/* An open sealed database, as matching uses it. Opening is public: hashveil/sealed_db.h. */
#ifndef HV_HASHDB_SEALED_READER_H
#define HV_HASHDB_SEALED_READER_H

#include <stdbool.h>
#include <stdint.h>

#include <hashveil/sealed_db.h>

#include "psi/masks.h"
#include "psi/oprf.h"
#include "psi/shamir.h"

/* What a token's table says: of an unlisted token too, indistinguishable from a listed one's. */
struct hv_table_value {
    uint64_t slot; /* below padded_count */
    uint8_t share[HV_SHARE_BYTES];
};

const struct hv_masks *hv_sealed_db_masks(const hashveil_sealed_db *db);

/* Returns a part: 0 is db itself, then come its segments. The functions below are of one part. */
const hashveil_sealed_db *hv_sealed_db_part(const hashveil_sealed_db *db, size_t part);

/* Whether a segment withdraws this record of db itself. */
bool hv_sealed_db_is_withdrawn(const hashveil_sealed_db *db,
                               const uint8_t record_id[HASHVEIL_RECORD_ID_BYTES]);

/* y: the OPRF's output for a token of this mask. Errors: ERR_DIGEST (what was read is damaged). */
HASHVEIL_MUST_USE hashveil_status hv_sealed_db_lookup(const hashveil_sealed_db *db, unsigned mask,
                                                      const uint8_t y[HV_OPRF_OUTPUT_BYTES],
                                                      struct hv_table_value *out);

/* As hv_sealed_db_lookup, of the exact table, which a database has where its info's
 * padded_exact_count is not zero. y: the OPRF's output for a digest. The share is the record's
 * secret itself: one digest that is listed opens it. */
HASHVEIL_MUST_USE hashveil_status hv_sealed_db_lookup_exact(const hashveil_sealed_db *db,
                                                            const uint8_t y[HV_OPRF_OUTPUT_BYTES],
                                                            struct hv_table_value *out);

/* Errors: ERR_KEY (the secret is not that of the slot's record), ERR_DIGEST. */
HASHVEIL_MUST_USE hashveil_status hv_sealed_db_open_record(const hashveil_sealed_db *db,
                                                           uint64_t slot,
                                                           const uint8_t secret[HV_SHARE_BYTES],
                                                           hashveil_record *out);

#endif
