/* SPDX-License-Identifier: Apache-2.0 */
/* The OPRF's outputs for the inputs of a table: by the evaluator's key, or by asking the evaluator
 * without learning its key or telling it the inputs. */
#ifndef HV_HASHDB_SEALED_OUTPUTS_H
#define HV_HASHDB_SEALED_OUTPUTS_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/sealed_db.h>

#include "hashdb/sealed/format.h"
#include "psi/token.h"

/* What a table needs of an output: the lookup key and the pad of its value. */
enum { HV_OUTPUT_KEPT_BYTES = HV_TOKEN_KEY_BYTES + HV_VALUE_MAX_BYTES };

/* Shared, read-only. */
struct hv_output_source {
    const hashveil_key *key;        /* borrowed; with its secret unless there is an exchange */
    hashveil_exchange_fn *exchange; /* NULL: by the key */
    void *exchange_context;
    const hashveil_key *key_shares; /* borrowed; of two evaluators that are asked, or NULL */
    uint64_t token_epoch;
};

/* Makes count outputs. worker: which of the threads that may call at a time this is; for exchange.
 *
 * Errors: ERR_KEY (also answers that were not evaluated under the key), ERR_NO_MEMORY, ERR_IO (no
 * random numbers), ERR_PROTOCOL, ERR_VERSION, and those of exchange. */
HASHVEIL_MUST_USE hashveil_status hv_outputs_make(const struct hv_output_source *source,
                                                  unsigned worker,
                                                  const struct hv_token_input *inputs, size_t count,
                                                  uint8_t (*out)[HV_OUTPUT_KEPT_BYTES]);

#endif
