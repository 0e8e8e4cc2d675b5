/* SPDX-License-Identifier: Apache-2.0 */
/* What is given to sealing: whether it can be sealed, and what names it. */
#ifndef HV_HASHDB_SEALED_SEAL_INPUT_H
#define HV_HASHDB_SEALED_SEAL_INPUT_H

#include <stdint.h>

#include <hashveil/sealed_db.h>

#include "hashdb/sealed/partial.h"

/* Checks all that does not depend on the epoch. Errors: ERR_ARGUMENT, ERR_EMPTY, ERR_LIMIT,
 * ERR_KEY.
 */
HASHVEIL_MUST_USE hashveil_status hv_seal_input_check(const hashveil_entries *entries,
                                                      const hashveil_seal_options *options);

/* A digest of what tokens, records and random numbers depend on, the same in whichever order the
 * entries are. Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_seal_input_digest(const hashveil_entries *entries,
                                                       const hashveil_seal_options *options,
                                                       uint8_t out[HASHVEIL_DIGEST_BYTES]);

/* What a new database begins with. Of a seed that is given another is made for each input and
 * epoch, so that no two databases have a record's key in common. */
void hv_seal_input_begin(const hashveil_seal_options *options,
                         const uint8_t input_digest[HASHVEIL_DIGEST_BYTES],
                         struct hv_partial_begin *out);

#endif
