/* SPDX-License-Identifier: Apache-2.0 */
/* Charges accounts for what they ask. Elements are taken from the store some requests ahead, so
 * that not each one waits for a disk; a process that is killed leaves the account poorer by those,
 * never richer. */
#ifndef HASHVEIL_TOOLS_METERING_H
#define HASHVEIL_TOOLS_METERING_H

#include "account_store.h"

#include <stdint.h>

enum { METERING_HOLD_S = 60 }; /* how long what was taken ahead is held, and an account believed */

/* Shared freely between threads. */
struct metering;

/* store: taken, and closed by metering_stop. Returns NULL without memory. */
struct metering *metering_start(struct account_store *store);

/* Charges the account of a credential for elements.
 *
 * retry_after_s_out  with ERR_BUDGET: when it may be enough
 *
 * Errors: ERR_ACCOUNT (nobody's credential), ERR_BUDGET, ERR_OVERLOADED (the store is out of
 * reach), ERR_NO_MEMORY, ERR_IO, ERR_FORMAT. */
hashveil_status metering_charge(struct metering *metering,
                                const uint8_t credential[ACCOUNT_CREDENTIAL_BYTES],
                                uint64_t elements, uint64_t *retry_after_s_out);

/* Gives back what was taken ahead, and looks each account up anew. */
void metering_settle(struct metering *metering);

/* Settles and releases. Accepts NULL. */
void metering_stop(struct metering *metering);

#endif
