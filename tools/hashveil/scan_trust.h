/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a scan may use its database. */
#ifndef HASHVEIL_TOOLS_SCAN_TRUST_H
#define HASHVEIL_TOOLS_SCAN_TRUST_H

#include "scan_options.h"

#include <hashveil/sealed_db.h>

/* Checks the database and its segments against the options and the editions used before, and notes
 * that they are used. Returns false after a message. */
bool scan_is_trusted(const struct scan_options *options, const hashveil_sealed_db *database);

#endif
