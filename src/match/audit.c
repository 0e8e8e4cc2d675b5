/* SPDX-License-Identifier: Apache-2.0 */
#include <hashveil/audit.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/files.h"
#include "base/memory.h"
#include "match/query.h"
#include "match/transcript.h"

static const char domain[] = "hashveil/v1/audit";

enum { PROVED_PERCENT = 100, FILE_MODE = 0666 };
static const uint64_t max_file_bytes = UINT64_C(1) << 30;

struct hashveil_auditor {
    const hashveil_sealed_db *db;
    hashveil_scanner *scanner;
};

hashveil_status hashveil_auditor_create(const hashveil_sealed_db *db, hashveil_auditor **out)
{
    const hashveil_scanner_options options = {.verified_percent = PROVED_PERCENT};
    *out = NULL;
    if (hashveil_sealed_db_part_count(db) > 1 || hashveil_sealed_db_describe(db)->is_segment) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    hashveil_auditor *auditor = hv_alloc_array(1, sizeof *auditor);
    if (!auditor) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    auditor->db = db;
    const hashveil_status status = hashveil_scanner_create(db, &options, &auditor->scanner);
    if (status != HASHVEIL_OK) {
        hashveil_auditor_destroy(auditor);
        return status;
    }
    *out = auditor;
    return HASHVEIL_OK;
}

void hashveil_auditor_destroy(hashveil_auditor *auditor)
{
    if (auditor) {
        hashveil_scanner_destroy(auditor->scanner);
    }
    free(auditor);
}

/* What the request is drawn from: all that the entry says, so that nothing of it can be changed
 * afterwards, and no two subjects share a stream. */
static void derive(const hashveil_auditor *auditor, const hashveil_audit_entry *entry,
                   struct hv_random_stream *out)
{
    uint8_t said[sizeof domain - 1 + HASHVEIL_DIGEST_BYTES + HASHVEIL_AUDIT_SEED_BYTES +
                 HV_SUBJECT_MAX_BYTES];
    uint8_t seed[HV_SEED_BYTES];
    struct hv_writer writer = hv_writer_of(said, sizeof said);
    hv_write_bytes(&writer, (const uint8_t *)domain, sizeof domain - 1);
    hv_write_bytes(&writer, hashveil_sealed_db_describe(auditor->db)->digest,
                   HASHVEIL_DIGEST_BYTES);
    hv_write_bytes(&writer, entry->seed, sizeof entry->seed);
    hv_transcript_write_subject(entry, &writer);
    assert(!writer.failed);
    crypto_hash_sha256(seed, said, writer.len);
    hv_random_stream_init(seed, "audit", 0, out);
}

static hashveil_status begin(const hashveil_auditor *auditor, const hashveil_audit_entry *entry,
                             hashveil_query **query_out)
{
    const hashveil_subject subject = {.forms = entry->has_fingerprint ? &entry->fingerprint : NULL,
                                      .form_count = entry->has_fingerprint ? 1 : 0,
                                      .digests = &entry->digests};
    struct hv_random_stream stream;
    derive(auditor, entry, &stream);
    const hashveil_status status =
        hv_scanner_begin_from(auditor->scanner, &subject, &stream, query_out);
    hv_random_stream_clear(&stream);
    return status;
}

hashveil_status hashveil_auditor_begin(const hashveil_auditor *auditor, hashveil_audit_entry *entry,
                                       hashveil_query **query_out)
{
    *query_out = NULL;
    if (sodium_init() < 0) {
        return HASHVEIL_ERR_IO;
    }
    randombytes_buf(entry->seed, sizeof entry->seed);
    const hashveil_status status = begin(auditor, entry, query_out);
    if (status == HASHVEIL_OK) {
        entry->request = hashveil_query_request(*query_out, 0, &entry->request_len);
    }
    return status;
}

hashveil_status hashveil_auditor_check(const hashveil_auditor *auditor,
                                       const hashveil_audit_entry *entry,
                                       hashveil_verdict *verdict_out)
{
    hashveil_query *query = NULL;
    size_t len;
    hashveil_status status = begin(auditor, entry, &query);
    if (status != HASHVEIL_OK) {
        return status;
    }
    const uint8_t *request = hashveil_query_request(query, 0, &len);
    if (len != entry->request_len || memcmp(request, entry->request, len) != 0) {
        status = HASHVEIL_ERR_FORMAT;
    } else {
        status =
            hashveil_scanner_finish(query, 0, entry->response, entry->response_len, verdict_out);
    }
    hashveil_query_destroy(query);
    return status;
}

struct hashveil_transcript {
    struct hv_new_file file;
    uint64_t len;
    uint8_t bytes[HV_ENTRY_MAX_BYTES]; /* of what is being added */
};

static hashveil_status append(hashveil_transcript *transcript, const struct hv_writer *written)
{
    if (written->failed) {
        return HASHVEIL_ERR_LIMIT;
    }
    const hashveil_status status =
        hv_new_file_write(&transcript->file, written->bytes, written->len, transcript->len);
    if (status == HASHVEIL_OK) {
        transcript->len += written->len;
    }
    return status;
}

hashveil_status hashveil_transcript_create(const char *path, const hashveil_sealed_db *db,
                                           hashveil_transcript **out)
{
    *out = NULL;
    hashveil_transcript *transcript = hv_alloc_array(1, sizeof *transcript);
    if (!transcript) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    struct hv_writer writer = hv_writer_of(transcript->bytes, sizeof transcript->bytes);
    hv_transcript_write_header(hashveil_sealed_db_describe(db), &writer);
    hashveil_status status = hv_new_file_init(path, FILE_MODE, &transcript->file);
    if (status == HASHVEIL_OK) {
        status = append(transcript, &writer);
    }
    if (status != HASHVEIL_OK) {
        hashveil_transcript_destroy(transcript);
        return status;
    }
    *out = transcript;
    return HASHVEIL_OK;
}

hashveil_status hashveil_transcript_add(hashveil_transcript *transcript,
                                        const hashveil_audit_entry *entry)
{
    struct hv_writer writer = hv_writer_of(transcript->bytes, sizeof transcript->bytes);
    hv_transcript_write_entry(entry, &writer);
    return append(transcript, &writer);
}

hashveil_status hashveil_transcript_commit(hashveil_transcript *transcript)
{
    struct hv_writer writer = hv_writer_of(transcript->bytes, sizeof transcript->bytes);
    hv_transcript_write_end(&writer);
    const hashveil_status status = append(transcript, &writer);
    return status == HASHVEIL_OK ? hv_new_file_commit(&transcript->file) : status;
}

void hashveil_transcript_destroy(hashveil_transcript *transcript)
{
    if (transcript) {
        hv_new_file_clear(&transcript->file);
    }
    free(transcript);
}

static hashveil_status check_entries(struct hv_reader *in, const hashveil_auditor *auditor,
                                     hashveil_audited_fn *on_entry, void *context,
                                     uint64_t *count_out)
{
    hashveil_status status = HASHVEIL_OK;
    bool has_entry = true;
    while (status == HASHVEIL_OK && has_entry) {
        hashveil_audit_entry entry;
        hashveil_verdict verdict;
        status = hv_transcript_read_entry(in, &entry, &has_entry);
        if (status == HASHVEIL_OK && has_entry) {
            status = hashveil_auditor_check(auditor, &entry, &verdict);
            if (status == HASHVEIL_OK) {
                on_entry(context, &entry, &verdict);
                ++*count_out;
            }
        }
    }
    return status;
}

hashveil_status hashveil_transcript_check(const char *path, const hashveil_auditor *auditor,
                                          hashveil_audited_fn *on_entry, void *context,
                                          uint64_t *count_out)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    *count_out = 0;
    hashveil_status status = hv_read_file(path, max_file_bytes, &bytes, &len);
    if (status != HASHVEIL_OK) {
        return status;
    }
    struct hv_reader in = hv_reader_of(bytes, len);
    status = hv_transcript_read_header(hashveil_sealed_db_describe(auditor->db), &in);
    if (status == HASHVEIL_OK) {
        status = check_entries(&in, auditor, on_entry, context, count_out);
    }
    free(bytes);
    return status;
}
