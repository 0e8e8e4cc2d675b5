/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of matches: sealed to the reporter's public key, kept in a crash-safe spool until the
 * reporter has them. */
#ifndef HASHVEIL_REPORT_H
#define HASHVEIL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/cancel.h>
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
    HASHVEIL_SEALED_REPORT_BYTES = 456, /**< every report has this size */
    HASHVEIL_ACCOUNT_KEY_BYTES = 32,
    HASHVEIL_ACCOUNT_ID_BYTES = 16,
    HASHVEIL_SHARE_BYTES = 16,
    HASHVEIL_CLOSED_CONTENT_BYTES = 304,
    HASHVEIL_MAX_THRESHOLD = 100
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

/** What makes reports open only together: the device's secret. Starts as {0}. */
typedef struct hashveil_account {
    uint8_t key[HASHVEIL_ACCOUNT_KEY_BYTES]; /**< random, kept: hashveil_spool_account */
    /** How many different listed records must have matched before the reporter can read any report
     * of this account: 1..HASHVEIL_MAX_THRESHOLD. Its reporter must expect the same. */
    unsigned threshold;
} hashveil_account;

/** Makes an account. Errors: ERR_ARGUMENT (threshold), ERR_IO (no random numbers). Threads: safe.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_account_generate(unsigned threshold,
                                                                         hashveil_account *out);

/**
 * Seals a report: its content under the account's secret, of which the report has a share, and that
 * with an ephemeral X25519 key and the reporter's (libsodium's crypto_box_seal), so that not even
 * the device can open it again.
 *
 * The same record gives the same share, whatever the picture. src/report/account.c has the
 * derivations.
 *
 * Errors: ERR_ARGUMENT (a threshold or quality out of range, a label with control characters or no
 * UTF-8, or not what it must have for what it matched by), ERR_KEY (not a reporter's, or not a
 * valid point), ERR_IO (no random numbers). Threads: safe.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_report_seal(const hashveil_report *report, const hashveil_account *account,
                     const hashveil_key *reporter, uint8_t out[HASHVEIL_SEALED_REPORT_BYTES]);

/** What the reporter's key opens of any sealed report: what it counts, and what it cannot read
 * alone. */
typedef struct hashveil_envelope {
    uint8_t id[HASHVEIL_REPORT_ID_BYTES];
    uint8_t account[HASHVEIL_ACCOUNT_ID_BYTES]; /**< the account's name to this reporter */
    unsigned threshold;
    uint8_t point[HASHVEIL_SHARE_BYTES]; /**< one for each record: equal points, equal records */
    uint8_t share[HASHVEIL_SHARE_BYTES];
    uint8_t content[HASHVEIL_CLOSED_CONTENT_BYTES];
} hashveil_envelope;

/**
 * Opens what the reporter's key opens.
 *
 * bytes     len bytes, any content; borrowed for the call
 * reporter  with its secret
 *
 * Errors: ERR_PROTOCOL (not a report, or damaged on its way), ERR_VERSION, ERR_KEY (sealed to
 * another reporter), ERR_IO (no random numbers: libsodium does not start without).
 * Threads: safe.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_envelope_open(const uint8_t *bytes,
                                                                      size_t len,
                                                                      const hashveil_key *reporter,
                                                                      hashveil_envelope *out);

/**
 * Recovers an account's secret from as many shares as its threshold says. Of shares that do not
 * belong together it gives a secret that opens nothing.
 *
 * shares  count of them, of one account, at different points
 *
 * Errors: ERR_ARGUMENT (too few or too many, another account's, or two at one point).
 * Threads: safe.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_account_recover(
    const hashveil_envelope *const *shares, size_t count, uint8_t secret_out[HASHVEIL_SHARE_BYTES]);

/**
 * Opens the content of a report.
 *
 * secret  of its account
 *
 * Errors: ERR_KEY (not this account's secret), ERR_PROTOCOL (what no device of ours writes).
 * Threads: safe.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_report_open(const hashveil_envelope *envelope, const uint8_t secret[HASHVEIL_SHARE_BYTES],
                     hashveil_report *out);

/** Sealed reports that wait for their reporter: a SQLite file. Used by one thread at a time. */
typedef struct hashveil_spool hashveil_spool;

/** Made when it does not exist, for its owner alone (mode 0600). Errors: ERR_UNSUPPORTED (not a
 * spool), ERR_VERSION, ERR_FORMAT, ERR_BUSY, ERR_NO_MEMORY, and those of making a file. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_spool_open(const char *path,
                                                                   hashveil_spool **out);

enum { HASHVEIL_SPOOL_MAX_REPORTS = 100000 }; /**< 75 MB on disk */

/** Adds a sealed report; on success it is on the device's disk. Adding it again changes nothing.
 * Errors: ERR_NO_SPACE (HASHVEIL_SPOOL_MAX_REPORTS wait, or the disk is full), ERR_PROTOCOL (not a
 * sealed report), ERR_VERSION, ERR_BUSY, and those of writing a file.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_spool_add(hashveil_spool *spool, const uint8_t sealed[HASHVEIL_SEALED_REPORT_BYTES]);

/** Gives the account that this spool's reports are sealed under, made at the first call. Whoever
 * knows it, and the reporter's key, reads reports before the threshold. Errors: those of writing a
 * file, ERR_ARGUMENT (threshold), ERR_FORMAT. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_spool_account(hashveil_spool *spool,
                                                                      unsigned threshold,
                                                                      hashveil_account *out);

/** Counts the reports that wait. Errors: ERR_IO, ERR_BUSY. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_spool_count(hashveil_spool *spool,
                                                                    uint64_t *out);

/** How long to try again. */
typedef struct hashveil_patience {
    uint32_t most_ms;                         /**< from the first failure; 0 for one try */
    const hashveil_atomic_bool *is_cancelled; /**< when it turns true, no more is waited; or NULL */
} hashveil_patience;

/**
 * Sends what waits, oldest first. A report leaves the spool when the reporter has acknowledged it.
 * One that the reporter refuses stays, and those behind it are sent all the same. A reporter that
 * cannot be reached, or has too much to do, is tried again after a pause: a random one below a
 * bound that doubles from 100 ms to 30 s, so that devices which failed together do not come back
 * together (full jitter, as in Brooker, "Exponential Backoff And Jitter", 2015).
 *
 * delivered_out  how many were acknowledged, also on failure
 *
 * Errors: the first failure; what was not acknowledged waits for the next call.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_spool_deliver(hashveil_spool *spool, hashveil_connection *reporter,
                       const hashveil_patience *patience, uint64_t *delivered_out);

/** Accepts NULL. */
HASHVEIL_API void hashveil_spool_close(hashveil_spool *spool);

#ifdef __cplusplus
}
#endif

#endif
