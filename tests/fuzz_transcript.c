/* SPDX-License-Identifier: Apache-2.0 */
/* Transcripts of audits: what is read is what was written. */
#include "fuzz.h"
#include "match/transcript.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const hashveil_sealed_db_info info; /* of the edition whose digest is all zero */
    struct hv_reader in = hv_reader_of(bytes, len);
    uint8_t *again = malloc(HV_ENTRY_MAX_BYTES);
    bool has_entry = hv_transcript_read_header(&info, &in) == HASHVEIL_OK;
    while (again && has_entry) {
        hashveil_audit_entry entry;
        const uint8_t *start = in.next;
        struct hv_writer out = hv_writer_of(again, HV_ENTRY_MAX_BYTES);
        if (hv_transcript_read_entry(&in, &entry, &has_entry) != HASHVEIL_OK) {
            break;
        }
        if (has_entry) {
            hv_transcript_write_entry(&entry, &out);
        } else {
            hv_transcript_write_end(&out);
        }
        if (out.failed || (size_t)(in.next - start) != out.len ||
            memcmp(start, again, out.len) != 0) {
            abort();
        }
    }
    free(again);
    return 0;
}
