/* SPDX-License-Identifier: Apache-2.0 */
/* A log's signed head as bytes: hashdb/log/FORMAT.md. */
#ifndef HV_HASHDB_LOG_HEAD_H
#define HV_HASHDB_LOG_HEAD_H

#include <hashveil/log.h>

_Static_assert(HASHVEIL_LOG_HEAD_BYTES ==
                   8 + 8 + 8 + HASHVEIL_LOG_HASH_BYTES + HASHVEIL_LOG_SIGNATURE_BYTES,
               "the fields of a head are all of it");

enum { HV_LOG_MAX_SIZE = 1 << 24 };

void hv_log_head_write(const hashveil_log_head *head, uint8_t out[HASHVEIL_LOG_HEAD_BYTES]);

/* Errors: ERR_UNSUPPORTED (not a head), ERR_VERSION, ERR_TRUNCATED, ERR_FORMAT (longer), ERR_LIMIT.
 */
HASHVEIL_MUST_USE hashveil_status hv_log_head_parse(const uint8_t *bytes, size_t len,
                                                    hashveil_log_head *out);

/* Signs what the head says. Errors: ERR_KEY (not a curator's secret key), ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_log_head_sign(const hashveil_key *key,
                                                   hashveil_log_head *head);

/* Errors: ERR_KEY (not a curator's key, or not signed with it), ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_log_head_verify(const hashveil_log_head *head,
                                                     const hashveil_key *key);

#endif
