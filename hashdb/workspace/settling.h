/* SPDX-License-Identifier: Apache-2.0 */
/* What a change did and undid again, as a list does that names one value twice in different words,
 * is not left behind: the same list imported again changes nothing. */
#ifndef HV_HASHDB_WORKSPACE_SETTLING_H
#define HV_HASHDB_WORKSPACE_SETTLING_H

#include "hashdb/workspace/claims.h"

/* At the end of a change. Errors: those of the workspace. */
HASHVEIL_MUST_USE hashveil_status hv_claims_settle(struct hv_claims *claims);

#endif
