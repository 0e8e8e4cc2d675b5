/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HV_HASHDB_SEALED_BUILDER_H
#define HV_HASHDB_SEALED_BUILDER_H

#include <hashveil/sealed_db.h>

#include "base/random_stream.h"

/* hashveil_sealed_db_build with its random numbers and its clock given, so that tests get the same
 * bytes each time. Whoever knows the seed of a database can read all of it. */
HASHVEIL_MUST_USE hashveil_status hv_sealed_db_build_from_seed(
    const char *path, const hashveil_entries *entries, const hashveil_seal_options *options,
    const uint8_t seed[HV_SEED_BYTES], uint64_t created_s, hashveil_seal_summary *summary_out);

#endif
