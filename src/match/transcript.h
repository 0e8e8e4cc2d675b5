/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a transcript: docs/TRANSCRIPT.md. */
#ifndef HV_MATCH_TRANSCRIPT_H
#define HV_MATCH_TRANSCRIPT_H

#include <hashveil/audit.h>

#include "base/bytes.h"

enum {
    HV_TRANSCRIPT_HEADER_BYTES = 8 + HASHVEIL_DIGEST_BYTES,
    HV_TRANSCRIPT_END_BYTES = 1,
    HV_SUBJECT_MAX_BYTES = 68 + 1 + 32 + 1 + 4 + 4 * HASHVEIL_PDQ_BITS, /* an entry's own part */
    HV_ENTRY_MAX_BYTES = 1 + HASHVEIL_AUDIT_SEED_BYTES + HV_SUBJECT_MAX_BYTES + 4 +
                         HASHVEIL_REQUEST_MAX_BYTES + 4 + HASHVEIL_RESPONSE_MAX_BYTES
};

void hv_transcript_write_header(const hashveil_sealed_db_info *info, struct hv_writer *out);
/* Errors: ERR_UNSUPPORTED, ERR_VERSION, ERR_TRUNCATED, ERR_DIGEST (of another edition). */
HASHVEIL_MUST_USE hashveil_status hv_transcript_read_header(const hashveil_sealed_db_info *info,
                                                            struct hv_reader *in);

/* What is known of the file. */
void hv_transcript_write_subject(const hashveil_audit_entry *entry, struct hv_writer *out);

void hv_transcript_write_entry(const hashveil_audit_entry *entry, struct hv_writer *out);
void hv_transcript_write_end(struct hv_writer *out);

/* Reads the next entry, whose request and response are borrowed from the reader's bytes.
 * has_entry_out: false at the end. Errors: ERR_FORMAT, ERR_TRUNCATED. */
HASHVEIL_MUST_USE hashveil_status hv_transcript_read_entry(struct hv_reader *in,
                                                           hashveil_audit_entry *out,
                                                           bool *has_entry_out);

#endif
