/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HV_TRUST_TRUST_H
#define HV_TRUST_TRUST_H

#include <hashveil/trust.h>

/* The edition that a database and its segments are together: the highest epoch of its parts, so
 * that one whose segment was taken away is an older one. */
uint64_t hv_epoch_of(const hashveil_sealed_db *db);

#endif
