/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of matches: sealed to the reporter's public key, kept in a crash-safe spool until the
 * reporter has them. */
#ifndef HASHVEIL_REPORT_H
#define HASHVEIL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/digest.h>
#include <hashveil/key.h>
#include <hashveil/pdq.h>
#include <hashveil/scanner.h>
#include <hashveil/sealed_db.h>
#include <hashveil/status.h>
#include <hashveil/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    HASHVEIL_REPORT_ID_BYTES = 16,
    HASHVEIL_SEALED_REPORT_BYTES = 368 /**< every report has this size */
};

/** What the reporter learns of a matched file. Neither its bytes nor its name are in it. */
typedef struct hashveil_report {
    uint8_t id[HASHVEIL_REPORT_ID_BYTES]; /**< random; the same report sent twice is one report */
    uint64_t time_s;                      /**< of the match, seconds since 1970 */
    uint64_t epoch;                       /**< of the database */
    uint8_t database_digest[HASHVEIL_DIGEST_BYTES];
    hashveil_record record;
    hashveil_signal matched_by; /**< never NONE */
    bool has_picture;           /**< whether hash and quality say something; always by PDQ */
    hashveil_pdq hash;          /**< of the device's own picture */
    unsigned quality;
    bool has_digests; /**< whether digests say something: of a match by one, and of no other */
    hashveil_digests digests;
} hashveil_report;

/**
 * Fills a report with a fresh id and the current time.
 *
 * database  what the manifest of the verdict's part says: hashveil_sealed_db_describe_part
 * verdict   a match
 * subject   what it was asked with; its first form is reported, and of a match by digest its
 * digests
 *
 * Errors: ERR_ARGUMENT (no match, or the subject lacks what it matched by), ERR_IO (no random
 * numbers).
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_report_fill(const hashveil_sealed_db_info *database, const hashveil_verdict *verdict,
                     const hashveil_subject *subject, hashveil_report *out);

/**
 * Seals a report: an ephemeral X25519 key and the reporter's (libsodium's crypto_box_seal), so that
 * not even the device can open it again.
 *
 * Errors: ERR_ARGUMENT (a quality above 100, a label with control characters or no UTF-8, or not
 * what it must have for what it matched by), ERR_KEY (not a reporter's, or not a valid point),
 * ERR_IO (no random numbers).
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_report_seal(const hashveil_report *report, const hashveil_key *reporter,
                     uint8_t out[HASHVEIL_SEALED_REPORT_BYTES]);

/**
 * Opens a sealed report.
 *
 * bytes     len bytes, any content; borrowed for the call
 * reporter  with its secret
 *
 * Errors: ERR_PROTOCOL (not a report, or damaged on its way), ERR_VERSION, ERR_KEY (sealed to
 * another reporter), ERR_IO (no random numbers: libsodium does not start without).
 * Threads: safe.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_report_open(const uint8_t *bytes,
                                                                    size_t len,
                                                                    const hashveil_key *reporter,
                                                                    hashveil_report *out);

/** Sealed reports that wait for their reporter: a SQLite file. Used by one thread at a time. */
typedef struct hashveil_spool hashveil_spool;

/** Made when it does not exist, for its owner alone (mode 0600). Errors: ERR_UNSUPPORTED (not a
 * spool), ERR_VERSION, ERR_FORMAT, ERR_BUSY, ERR_NO_MEMORY, and those of making a file. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_spool_open(const char *path,
                                                                   hashveil_spool **out);

/** Adds a sealed report; on success it is on the device's disk. Adding it again changes nothing.
 * Errors: ERR_PROTOCOL (not a sealed report), ERR_VERSION, ERR_BUSY, and those of writing a file.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_spool_add(hashveil_spool *spool, const uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES]);

/** Counts the reports that wait. Errors: ERR_IO, ERR_BUSY. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_spool_count(hashveil_spool *spool,
                                                                    uint64_t *out);

/**
 * Sends what waits, oldest first. A report leaves the spool when the reporter has acknowledged it.
 * One that the reporter refuses stays, and those behind it are sent all the same; a reporter that
 * cannot be reached, or has no room, is asked no more in this call.
 *
 * delivered_out  how many were acknowledged, also on failure
 *
 * Errors: the first failure; what was not acknowledged waits for the next call.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_spool_deliver(hashveil_spool *spool,
                                                                      hashveil_connection *reporter,
                                                                      uint64_t *delivered_out);

/** Accepts NULL. */
HASHVEIL_API void hashveil_spool_close(hashveil_spool *spool);

#ifdef __cplusplus
}
#endif

#endif
