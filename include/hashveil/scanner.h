/* SPDX-License-Identifier: Apache-2.0 */
/* One file against a sealed database, without I/O: begin gives the request for the evaluator,
 * finish takes its response. The application moves the bytes; hashveil/transport.h can. */
#ifndef HASHVEIL_SCANNER_H
#define HASHVEIL_SCANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/digest.h>
#include <hashveil/key.h>
#include <hashveil/pdq.h>
#include <hashveil/sealed_db.h>
#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    HASHVEIL_PROBES = 256,  /**< in every request, whatever the file; one element more checks */
    HASHVEIL_MAX_FORMS = 8, /**< of a subject, before they are turned */
    HASHVEIL_PROBES_DIHEDRAL = 1024, /**< in place of them where all turned forms are asked for */
    HASHVEIL_REQUEST_MAX_BYTES = 32852,
    HASHVEIL_RESPONSE_MAX_BYTES = 32916
};

/** What is known of a file. Borrowed, all of it. */
typedef struct hashveil_subject {
    /** form_count fingerprints, at most HASHVEIL_MAX_FORMS: the first is the picture's own, the
     * others are of what else it may be listed as, another policy's for example. NULL where there
     * is no picture. */
    const hashveil_fingerprint *forms;
    size_t form_count;
    const hashveil_digests *digests; /**< of the file's bytes; NULL where not known */
} hashveil_subject;

/** A database and what is derived from it. Shared freely between threads. */
typedef struct hashveil_scanner hashveil_scanner;

/** One file on its way: holds secrets. Used by one thread at a time. */
typedef struct hashveil_query hashveil_query;

#define HASHVEIL_VERDICT_TABLE(X)                                                                  \
    X(NO_MATCH, 0, "no known match")                                                               \
    X(MATCH, 1, "match")                                                                           \
    X(LOW_QUALITY, 2, "low quality")                                                               \
    X(PROOF_WANTED, 3, "proof wanted")                                                             \
    X(RESPONSE_WANTED, 4, "response wanted")

typedef enum hashveil_verdict_kind {
#define X(name, number, text) HASHVEIL_VERDICT_##name = number,
    HASHVEIL_VERDICT_TABLE(X)
#undef X
} hashveil_verdict_kind;

/** What a file can be matched by, the surest last. */
#define HASHVEIL_SIGNAL_TABLE(X)                                                                   \
    X(NONE, 0, "none")                                                                             \
    X(PDQ, 1, "pdq")                                                                               \
    X(MD5, 2, "md5")                                                                               \
    X(SHA1, 3, "sha1")                                                                             \
    X(SHA256, 4, "sha256")

typedef enum hashveil_signal {
#define X(name, number, text) HASHVEIL_SIGNAL_##name = number,
    HASHVEIL_SIGNAL_TABLE(X)
#undef X
} hashveil_signal;

/** Returns the text of a signal: "pdq". Static. Threads: safe. */
HASHVEIL_API const char *hashveil_signal_text(hashveil_signal signal);

typedef struct hashveil_verdict {
    hashveil_verdict_kind kind;
    /** Of a match: the surest signal that opened the record; else NONE. */
    hashveil_signal matched_by;
    size_t part; /**< of a match: of the database, whose manifest names the record's lists */
    /** Of a match: the record that a digest opened, else the one that most masks named; else all
     * zero. */
    hashveil_record record;
    unsigned masks_hit;     /**< how many masks named it: 0, or 2 and more */
    size_t form;            /**< where masks did: the number of the subject's nearest form, */
    hashveil_dihedral turn; /**< and how that is turned to lie as the listed picture does */
} hashveil_verdict;

typedef struct hashveil_scanner_options {
    /** Of 100 responses, for how many the evaluator has to prove that it used the key that the
     * database names: 0..100, drawn for each response when it has come. A proof takes both ends
     * about as long as all the rest. Without one, a key of the device's own is still noticed at
     * once, and a single wrong answer among the others half of the time: docs/PROTOCOL.md. */
    unsigned verified_percent;
    /** Ask for turned and mirrored pictures too: with HASHVEIL_PROBES_DIHEDRAL probes a file, which
     * cost both ends as many times as much. */
    bool is_dihedral;
    /** Two public keys, copied, where two evaluators share the database's key (hashveil_key_split)
     * and both are asked; NULL where one has all of it. */
    const hashveil_key *key_shares;
} hashveil_scanner_options;

#define HASHVEIL_SCANNER_OPTIONS_DEFAULT                                                           \
    {                                                                                              \
        .verified_percent = 10, .is_dihedral = false, .key_shares = NULL                           \
    }

/**
 * db       borrowed until destroy; with all the segments that it will have
 * options  copied; NULL for the defaults
 *
 * Errors: ERR_ARGUMENT, ERR_KEY (shares that do not add up to the database's key), ERR_NO_MEMORY.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_scanner_create(
    const hashveil_sealed_db *db, const hashveil_scanner_options *options, hashveil_scanner **out);

/** Accepts NULL. */
HASHVEIL_API void hashveil_scanner_destroy(hashveil_scanner *scanner);

/** Returns how many evaluators have to be asked of each file: 1 or 2. Threads: safe. */
HASHVEIL_API unsigned hashveil_scanner_evaluators(const hashveil_scanner *scanner);

/**
 * Chooses the probes for a file and blinds them, each with its own fresh random scalar.
 *
 * Where the database lists digests, three of the probes are the file's. A picture of quality below
 * HASHVEIL_PDQ_MIN_QUALITY sends random probes for all others, and so does what is no picture, so
 * that its request looks like any other.
 *
 * scanner  borrowed until the query is destroyed
 * subject  borrowed for the call
 *
 * Errors: ERR_ARGUMENT (too many forms), ERR_NO_MEMORY, ERR_IO (no random numbers).
 * Threads: safe.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_scanner_begin(
    const hashveil_scanner *scanner, const hashveil_subject *subject, hashveil_query **out);

/** Returns the *len_out bytes to send to an evaluator, from 0, POST to HASHVEIL_PATH_EVALUATE: as
 * many for every file, at most HASHVEIL_REQUEST_MAX_BYTES; borrowed until the query is destroyed,
 * and changed by a finish that wants a proof. Sending the same bytes again after a broken
 * connection tells nothing new. */
HASHVEIL_API const uint8_t *hashveil_query_request(const hashveil_query *query, unsigned evaluator,
                                                   size_t *len_out);

/**
 * Takes an evaluator's response; with the last one checks them and looks every probe up.
 *
 * A verdict of kind RESPONSE_WANTED is none yet: another evaluator's response is missing. One of
 * kind PROOF_WANTED is none either: the requests now ask for the same answers once more, with a
 * proof; send them and finish again. With verified_percent 100 requests ask at once.
 *
 * evaluator  whose it is, from 0
 * response   len bytes, any content; borrowed for the call
 *
 * Errors: ERR_PROTOCOL (not a response to this request), ERR_VERSION, ERR_KEY (another
 * evaluator's, or not made with the key that the database names), ERR_ARGUMENT (no such evaluator),
 * ERR_NO_MEMORY. The query may then be finished again with other responses; where the last one did
 * not fit the others, all are wanted anew.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_scanner_finish(hashveil_query *query,
                                                                       unsigned evaluator,
                                                                       const uint8_t *response,
                                                                       size_t len,
                                                                       hashveil_verdict *out);

/** Wipes and releases. Accepts NULL. */
HASHVEIL_API void hashveil_query_destroy(hashveil_query *query);

/** Returns the text of a kind: "no known match". Static. Threads: safe. */
HASHVEIL_API const char *hashveil_verdict_text(hashveil_verdict_kind kind);

#ifdef __cplusplus
}
#endif

#endif
