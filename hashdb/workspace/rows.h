/* SPDX-License-Identifier: Apache-2.0 */
/* Claims as rows of a query. */
#ifndef HV_HASHDB_WORKSPACE_ROWS_H
#define HV_HASHDB_WORKSPACE_ROWS_H

#include <sqlite3.h>

#include <hashveil/curation.h>

#include "hashdb/workspace/workspace.h"

/* The parameters are those of hv_rows_begin. An order is to be put behind it. */
#define HV_CLAIM_ROWS                                                                              \
    "SELECT kind, value, record, source, name, label, item,"                                       \
    " a.number, a.time_s, a.who, a.action, a.detail,"                                              \
    " r.number, r.time_s, r.who, r.action, r.detail"                                               \
    " FROM claim JOIN entry USING (kind, value) JOIN source ON source.number = claim.source"       \
    " JOIN change AS a ON a.number = added LEFT JOIN change AS r ON r.number = removed"            \
    " WHERE (?1 IS NULL OR (kind = ?1 AND value = ?2)) AND (?3 IS NULL OR name = ?3)"              \
    " AND (?4 IS NULL OR label = ?4) AND (?5 OR removed IS NULL)"

struct hv_value hv_value_of(const hashveil_value *value);

/* Prepares a query of HV_CLAIM_ROWS; out is to be finalized on failure too. */
HASHVEIL_MUST_USE hashveil_status hv_rows_begin(hashveil_workspace *workspace,
                                                const hashveil_claim_filter *filter,
                                                const char *sql, sqlite3_stmt **out);

/* Texts are borrowed until the next step. Errors: ERR_FORMAT. */
HASHVEIL_MUST_USE hashveil_status hv_row_claim(sqlite3_stmt *row, hashveil_claim *out);

#endif
