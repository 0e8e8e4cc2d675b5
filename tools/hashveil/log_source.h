/* SPDX-License-Identifier: Apache-2.0 */
/* A transparency log where it is: in a folder, or on a web server that serves its files. */
#ifndef HASHVEIL_TOOLS_LOG_SOURCE_H
#define HASHVEIL_TOOLS_LOG_SOURCE_H

#include "peer_options.h"

#include <hashveil/log.h>

/* Opens a log with its public key. place: a folder, or the URL of one. Returns NULL after a
 * message. */
hashveil_log *log_source_open(const char *place, const char *key_path,
                              const struct peer_options *peers);

#endif
