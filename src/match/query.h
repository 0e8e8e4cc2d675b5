/* SPDX-License-Identifier: Apache-2.0 */
/* A query whose request can be made again, byte for byte: for audits, whose subject is no secret.
 */
#ifndef HV_MATCH_QUERY_H
#define HV_MATCH_QUERY_H

#include <hashveil/scanner.h>

#include "base/random_stream.h"

/* As hashveil_scanner_begin, with all that it draws from the stream; NULL for the system's random
 * numbers. Two queries from one stream must never be of different subjects: who sees both learns
 * what they have in common. */
HASHVEIL_MUST_USE hashveil_status hv_scanner_begin_from(const hashveil_scanner *scanner,
                                                        const hashveil_subject *subject,
                                                        struct hv_random_stream *stream,
                                                        hashveil_query **out);

#endif
