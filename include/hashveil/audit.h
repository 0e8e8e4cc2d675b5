/* SPDX-License-Identifier: Apache-2.0 */
/* Audits: that given files open no record of a database, shown so that others can check it without
 * the evaluator and without the files. A request is drawn from a seed that the transcript tells, so
 * it can be made again; the answer comes with the evaluator's proof. That gives the files'
 * fingerprints away, so audits are for files that are no secret. docs/TRANSCRIPT.md. */
#ifndef HASHVEIL_AUDIT_H
#define HASHVEIL_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/digest.h>
#include <hashveil/pdq.h>
#include <hashveil/scanner.h>
#include <hashveil/sealed_db.h>
#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { HASHVEIL_AUDIT_SEED_BYTES = 32 };

/** What was asked of one file, and what came back. */
typedef struct hashveil_audit_entry {
    uint8_t seed[HASHVEIL_AUDIT_SEED_BYTES]; /**< from which the request was drawn */
    hashveil_digests digests;
    bool has_fingerprint; /**< of a picture */
    hashveil_fingerprint fingerprint;
    const uint8_t *request; /**< borrowed, likewise the response */
    size_t request_len;
    const uint8_t *response; /**< with its proof */
    size_t response_len;
} hashveil_audit_entry;

/** Makes requests and checks them. Shared freely between threads. */
typedef struct hashveil_auditor hashveil_auditor;

/**
 * db  borrowed until destroy; without segments
 *
 * Errors: ERR_ARGUMENT (a segment, or one is put on), ERR_NO_MEMORY.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_auditor_create(const hashveil_sealed_db *db,
                                                                       hashveil_auditor **out);

/** Accepts NULL. */
HASHVEIL_API void hashveil_auditor_destroy(hashveil_auditor *auditor);

/**
 * Makes the request for a file. Send it, give the answer to hashveil_scanner_finish, which demands
 * the proof, and put it into the entry.
 *
 * entry  with digests and fingerprint; its seed is drawn, its request is borrowed from the query
 *
 * Errors: as hashveil_scanner_begin.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_auditor_begin(
    const hashveil_auditor *auditor, hashveil_audit_entry *entry, hashveil_query **query_out);

/**
 * Makes an entry's request again, compares it byte for byte, and finishes with its response.
 *
 * Errors: ERR_FORMAT (the request is another), and those of hashveil_scanner_finish.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_auditor_check(const hashveil_auditor *auditor, const hashveil_audit_entry *entry,
                       hashveil_verdict *verdict_out);

/** A transcript being written. Used by one thread at a time. */
typedef struct hashveil_transcript hashveil_transcript;

/** Errors: ERR_NO_MEMORY, and those of writing a file. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_transcript_create(
    const char *path, const hashveil_sealed_db *db, hashveil_transcript **out);

/** Errors: ERR_NO_MEMORY, and those of writing a file. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_transcript_add(hashveil_transcript *transcript, const hashveil_audit_entry *entry);

/** Ends it and puts it in place of whatever the path named. Errors: those of writing a file. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_transcript_commit(hashveil_transcript *transcript);

/** Releases; what was not committed is removed. Accepts NULL. */
HASHVEIL_API void hashveil_transcript_destroy(hashveil_transcript *transcript);

/** Borrowed for the call. */
typedef void hashveil_audited_fn(void *context, const hashveil_audit_entry *entry,
                                 const hashveil_verdict *verdict);

/**
 * Checks a transcript from its first entry to its last.
 *
 * on_entry   called for each entry that holds
 * count_out  how many hold; on failure the next is the one that does not, or is cut
 *
 * Errors: ERR_UNSUPPORTED (no transcript), ERR_VERSION, ERR_DIGEST (of another database or
 * edition), ERR_FORMAT, ERR_TRUNCATED, ERR_LIMIT (above 1 GiB), those of hashveil_auditor_check and
 * of reading a file.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_transcript_check(const char *path, const hashveil_auditor *auditor,
                          hashveil_audited_fn *on_entry, void *context, uint64_t *count_out);

#ifdef __cplusplus
}
#endif

#endif
