/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a scan's database is in the transparency log. */
#ifndef HASHVEIL_TOOLS_SCAN_LOG_H
#define HASHVEIL_TOOLS_SCAN_LOG_H

#include "scan_options.h"

#include <hashveil/sealed_db.h>

/* Checks that the database and its segments are in the log that the options name, if they name one,
 * and that the log goes on from what it was at the last scan; notes what it is now. Returns false
 * after a message. */
bool scan_is_logged(const struct scan_options *options, const hashveil_sealed_db *database);

#endif
