/* SPDX-License-Identifier: Apache-2.0 */
/* Folders of files to verdicts. Nothing is ever copied, moved or deleted. */
#ifndef HASHVEIL_SCAN_H
#define HASHVEIL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/cancel.h>
#include <hashveil/digest.h>
#include <hashveil/fingerprint.h>
#include <hashveil/key.h>
#include <hashveil/pdq.h>
#include <hashveil/report.h>
#include <hashveil/scanner.h>
#include <hashveil/status.h>
#include <hashveil/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Every file ends in exactly one class. The last column says whether it is trouble. */
#define HASHVEIL_FILE_CLASS_TABLE(X)                                                               \
    X(NO_MATCH, 0, "no known match", false)                                                        \
    X(MATCH, 1, "match", false)                                                                    \
    X(LOW_QUALITY, 2, "low quality", false)                                                        \
    X(NOT_AN_IMAGE, 3, "not an image", false)                                                      \
    X(UNDECODABLE, 4, "undecodable", true)                                                         \
    X(UNREADABLE, 5, "unreadable", true)                                                           \
    X(UNCHECKED, 6, "unchecked", true)

typedef enum hashveil_file_class {
#define X(name, number, text, is_trouble) HASHVEIL_FILE_##name = number,
    HASHVEIL_FILE_CLASS_TABLE(X)
#undef X
} hashveil_file_class;

enum { HASHVEIL_FILE_CLASSES = 7 };

/** Returns the text of a class: "no known match". Static. Threads: safe. */
HASHVEIL_API const char *hashveil_file_class_text(hashveil_file_class file_class);

/** Returns whether files of this class were skipped through trouble. Threads: safe. */
HASHVEIL_API bool hashveil_file_class_is_trouble(hashveil_file_class file_class);

/** One file's outcome. Borrowed by the callback for the call. */
typedef struct hashveil_file_result {
    const char *path;
    hashveil_file_class file_class;
    hashveil_status status; /**< the reason, where the class is trouble */
    bool is_decoded;        /**< whether there is a fingerprint */
    /** Of a match by PDQ it is that of the picture decoded in full, turned as the verdict says. */
    hashveil_fingerprint fingerprint;
    hashveil_digests digests; /**< where the database lists any, of a file that was read */
    hashveil_verdict verdict; /**< of a match */
    bool is_reported;         /**< of a match: its report is on disk in the spool */
    uint8_t report_id[HASHVEIL_REPORT_ID_BYTES]; /**< of a reported match; else all zero */
} hashveil_file_result;

/** Told of every file, in the order of the walk: folders' entries in order of their names. */
typedef void hashveil_file_result_fn(void *context, const hashveil_file_result *result);

/** Told of the first failure to keep or deliver reports, and of the first exchange with the
 * evaluator that failed. peer names the address or file. */
typedef void hashveil_scan_trouble_fn(void *context, const char *peer, hashveil_status status);

typedef struct hashveil_scan_options {
    const hashveil_sealed_db *database; /**< borrowed */
    /** The second where two share the database's key, whose public halves scanner_options has; its
     * address NULL where one has all of it. */
    hashveil_peer evaluators[HASHVEIL_KEY_SHARES];
    /** How long to try again when an evaluator does not answer, has too much to do, or the
     * account's budget is spent; from the first failure after a success. 0: files are UNCHECKED at
     * once. */
    uint32_t evaluator_patience_ms;
    const hashveil_key *reporter_key; /**< public half; NULL: matches are not reported */
    const char *spool_path;           /**< where reports wait; needed with reporter_key */
    /** How many different listed records must match before the reporter can read any report; 0 for
     * 1. The reporter must expect the same. */
    unsigned threshold;
    hashveil_peer reporter;        /**< address NULL: reports stay in the spool */
    uint32_t delivery_patience_ms; /**< how long to try again at the end; 0 for one try */
    unsigned workers;              /**< threads; 0 for one a processor */
    /** borrowed; NULL for the defaults */
    const hashveil_scanner_options *scanner_options;
    hashveil_fingerprint_options fingerprint_options;
    hashveil_file_result_fn *on_result;   /**< one call at a time, from any thread */
    hashveil_scan_trouble_fn *on_trouble; /**< one call at a time, from any thread; may be NULL */
    void *context;                        /**< for both functions */
    const hashveil_atomic_bool
        *is_cancelled; /**< when it turns true, files begun are finished; or NULL */
} hashveil_scan_options;

typedef struct hashveil_scan_summary {
    uint64_t files; /**< seen; the sum of by_class */
    uint64_t by_class[HASHVEIL_FILE_CLASSES];
    uint64_t bytes;                /**< read */
    uint64_t reports_spooled;      /**< in this scan */
    uint64_t reports_delivered;    /**< in this scan, those of earlier ones too */
    bool is_complete;              /**< false when it was cancelled */
    hashveil_status report_status; /**< OK, or why reports were not kept or not delivered */
} hashveil_scan_summary;

/**
 * Scans files and folders with all below them; symbolic links found below a folder are passed over.
 * A match is in the spool, on disk, before on_result is told.
 *
 * paths  count of them; borrowed for the call
 * out    filled on success
 *
 * Errors: ERR_ARGUMENT, ERR_NO_MEMORY, and those of opening the spool. What goes wrong with a file
 * is that file's result; a path that does not exist is a file of class UNREADABLE.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_scan(const char *const *paths, size_t count,
                                                             const hashveil_scan_options *options,
                                                             hashveil_scan_summary *out);

#ifdef __cplusplus
}
#endif

#endif
