/* SPDX-License-Identifier: Apache-2.0 */
/* Changes that change no claim. */
#include <hashveil/curation.h>

#include "base/sqlite_file.h"
#include "hashdb/workspace/claims.h"

hashveil_status hashveil_workspace_note_sealing(hashveil_workspace *workspace, const char *who,
                                                const char *detail)
{
    struct hv_claims claims = {0};
    hashveil_status status = hv_sqlite_run(workspace->db, "BEGIN IMMEDIATE");
    if (status != HASHVEIL_OK) {
        return status;
    }
    status = hv_claims_begin(workspace->db, "seal", who, detail, &claims);
    if (status == HASHVEIL_OK) {
        status = hv_claims_note(&claims);
    }
    hv_claims_end(&claims);
    return hv_claims_finish(workspace->db, status);
}
