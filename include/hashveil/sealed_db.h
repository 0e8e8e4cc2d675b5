/* SPDX-License-Identifier: Apache-2.0 */
/* The sealed hash database: what a device holds of the lists. It names no listed hash: without the
 * evaluator's help its content looks like random bytes. Format: hashdb/sealed/FORMAT.md. */
#ifndef HASHVEIL_SEALED_DB_H
#define HASHVEIL_SEALED_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/digest.h>
#include <hashveil/key.h>
#include <hashveil/pdq.h>
#include <hashveil/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    HASHVEIL_RECORD_ID_BYTES = 16,
    HASHVEIL_LABEL_MAX_LEN = 23,
    HASHVEIL_MAX_LABELS = 3,
    HASHVEIL_MAX_LISTS = 64,
    HASHVEIL_LIST_NAME_MAX_LEN = 31,
    HASHVEIL_MAX_CURATORS = 16,
    HASHVEIL_DIGEST_BYTES = 32,
    HASHVEIL_MASK_SEED_BYTES = 32,
    HASHVEIL_SEAL_SEED_BYTES = 32,
    HASHVEIL_MAX_SEGMENTS = 8
};

/** What a device learns of a listed item that one of its files matched: never the listed hash. */
typedef struct hashveil_record {
    uint8_t id[HASHVEIL_RECORD_ID_BYTES]; /**< opaque, the curator's */
    /** the categories, NUL-terminated UTF-8: those in use first, in byte order, all different */
    char labels[HASHVEIL_MAX_LABELS][HASHVEIL_LABEL_MAX_LEN + 1];
    uint64_t lists; /**< bit i: named by list i of the manifest */
} hashveil_record;

/** A listed picture as the curator has it. */
typedef struct hashveil_entry {
    hashveil_pdq hash;
    hashveil_record record;
} hashveil_entry;

/** A listed file as the curator has it: found only where no byte differs. */
typedef struct hashveil_exact_entry {
    hashveil_digest digest;
    hashveil_record record;
} hashveil_exact_entry;

/** Many of both, and the lists they came from. Entries whose record id is the same are of one item.
 * Starts as {0}. */
typedef struct hashveil_entries {
    hashveil_entry *entries; /**< owned; released by hashveil_entries_clear */
    size_t count;
    hashveil_exact_entry *exact; /**< owned likewise */
    size_t exact_count;
    char list_names[HASHVEIL_MAX_LISTS][HASHVEIL_LIST_NAME_MAX_LEN + 1];
    size_t list_count;
} hashveil_entries;

HASHVEIL_API void hashveil_entries_clear(hashveil_entries *entries);

/** Told now and then how far long work is: done of total. May be called from any worker thread, one
 * at a time. */
typedef void hashveil_progress_fn(void *context, uint64_t done, uint64_t total);

/** The mask parameters; see docs/PROTOCOL.md. They are public and stand in the manifest. */
typedef struct hashveil_mask_params {
    uint32_t masks;     /**< T, 2..32 */
    uint32_t bits;      /**< b, the hash bits of a mask, 16..64 */
    uint32_t pool_bits; /**< the most stable positions that masks draw from, b..256 */
} hashveil_mask_params;

#define HASHVEIL_MASK_PARAMS_DEFAULT                                                               \
    {                                                                                              \
        .masks = 32, .bits = 34, .pool_bits = 204                                                  \
    }

/** An open database. Shared freely between threads. */
typedef struct hashveil_sealed_db hashveil_sealed_db;

/** A request of sealing to an evaluator. Borrowed for a call. */
typedef struct hashveil_seal_request {
    const uint8_t *bytes;
    size_t len;
    unsigned worker;    /**< of the threads that may ask at a time, which one this is, from 0 */
    unsigned evaluator; /**< of those that share the key, which one is asked, from 0 */
} hashveil_seal_request;

/**
 * Moves one request to an evaluator and its response back; may wait and try again.
 *
 * response  HASHVEIL_RESPONSE_MAX_BYTES of room; *len_out of them are filled on success
 */
typedef hashveil_status hashveil_exchange_fn(void *context, const hashveil_seal_request *request,
                                             uint8_t *response, size_t *len_out);

/** How sealing that can be resumed begins. */
typedef enum hashveil_seal_start {
    HASHVEIL_SEAL_BEGINS,
    HASHVEIL_SEAL_GOES_ON,     /**< from what an attempt that was ended has left */
    HASHVEIL_SEAL_BEGINS_ANEW, /**< what was left is of other input, or damaged: it is removed */
} hashveil_seal_start;

typedef void hashveil_seal_start_fn(void *context, hashveil_seal_start start);

typedef struct hashveil_seal_options {
    /** Borrowed; with its secret, unless an evaluator is asked. */
    const hashveil_key *evaluator_key;
    /** Asks the evaluator that has the secret: in blinded batches, each answer proved, so that it
     * learns no entry, and the key is not learnt. NULL where the secret is at hand. */
    hashveil_exchange_fn *exchange;
    void *exchange_context;
    /** Where two evaluators are asked that share the key (hashveil_key_split): their public keys,
     * which add up to evaluator_key's; borrowed. NULL for one that has all of it. */
    const hashveil_key *key_shares;
    const hashveil_key *curator_keys; /**< borrowed; public halves, named in the manifest */
    size_t curator_count;             /**< at most HASHVEIL_MAX_CURATORS */
    /** Higher for every new edition, and than the base's; 0 for the time in seconds at which
     * sealing began, or of a segment one above its base's if that is higher. */
    uint64_t epoch;
    uint64_t created_s; /**< seconds since 1970; 0 for the time at which sealing began */
    uint64_t expires_s; /**< likewise, from when devices refuse it; 0 for never */
    hashveil_mask_params mask_params;
    /** HASHVEIL_SEAL_SEED_BYTES, from which all that is random is drawn, so that the same seed,
     * entries, epoch and time give the same bytes. Whoever knows it can read all of the database.
     * Borrowed; NULL for a fresh random one. */
    const uint8_t *seed;
    /** HASHVEIL_MASK_SEED_BYTES, for measurements that are to be repeated; borrowed. NULL for one
     * of the seed's, as every list in use should have. */
    const uint8_t *mask_seed;
    /** Of a segment the whole database that it goes on top of, whose evaluator key and masks it
     * has; the masks of these options are then not looked at. NULL for a whole one. Borrowed. */
    const hashveil_sealed_db *base;
    /** Ids of the base's records that no longer count, withdrawn_count x HASHVEIL_RECORD_ID_BYTES,
     * in rising byte order, all different; at most as many as it has records. Borrowed. */
    const uint8_t *withdrawn;
    size_t withdrawn_count;
    /** Keeps what is done in "PATH.partial" until all is: sealing that was ended at any moment goes
     * on from there when it is called with the same input again, with the same seed, epoch and time
     * where none are given. As secret as the seed; only its owner may read it. */
    bool is_resumable;
    hashveil_seal_start_fn *on_start; /**< told once, where it is resumable; may be NULL */
    unsigned workers;                 /**< threads; 0 for one a processor */
    hashveil_progress_fn *progress;   /**< in tokens; may be NULL */
    void *progress_context;           /**< for on_start, too */
} hashveil_seal_options;

/** What became of the entries. */
typedef struct hashveil_seal_summary {
    uint64_t records;         /**< near-duplicates, and what is of one item, share one */
    uint64_t labels_left_out; /**< for which a record had no room */
    uint64_t tokens_lost;     /**< of hashes x masks: another record has them */
} hashveil_seal_summary;

/**
 * Seals entries into a new database file.
 *
 * Pictures that are at most HASHVEIL_PDQ_MATCH_BITS apart and share a token, and entries with the
 * same record id, become one record, with the lists of all and up to HASHVEIL_MAX_LABELS of their
 * labels.
 *
 * The numbers of records, of hashes and of digests are each padded to a power of two, at least
 * 1024, so that the file's size tells them only that coarsely; a database without digests has no
 * table of them. Memory: about 250 bytes an entry, and 48 an entry and worker.
 *
 * path         replaced by rename when all is written; whatever was there stays until then
 * entries      borrowed for the call; labels and lists go into the records
 * summary_out  filled on success; may be NULL
 *
 * Errors: ERR_ARGUMENT, ERR_EMPTY (no entries, and none withdrawn), ERR_LIMIT (more than 2^24,
 * digests included), ERR_KEY (not an evaluator's secret key, not the base's, shares of another, or
 * answers that were not evaluated under it), ERR_PROTOCOL and ERR_VERSION (of answers), those of
 * exchange, ERR_BUSY (another process seals to this path), ERR_NO_MEMORY, and those of writing a
 * file.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_sealed_db_build(const char *path, const hashveil_entries *entries,
                         const hashveil_seal_options *options, hashveil_seal_summary *summary_out);

/** What became of a list since a database was sealed from it. Starts as {0}. */
typedef struct hashveil_delta {
    hashveil_entries entries; /**< to be sealed into a segment */
    uint8_t *withdrawn;       /**< owned; for hashveil_seal_options */
    size_t withdrawn_count;
} hashveil_delta;

/**
 * Finds what a segment on top of base must hold: entries that are new, and those whose record has
 * to be made anew since it lost an entry or has other lists or labels now.
 *
 * base    what was sealed from before
 * before  exactly the entries that it was sealed from; borrowed for the call
 * now     the entries of today, with the same sources in the same places; borrowed for the call
 * out     filled on success; released by hashveil_delta_clear
 *
 * Errors: ERR_ARGUMENT (base is itself a segment, or is not of these entries), ERR_NO_MEMORY.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_delta_find(const hashveil_sealed_db *base,
                                                                   const hashveil_entries *before,
                                                                   const hashveil_entries *now,
                                                                   hashveil_delta *out);

HASHVEIL_API void hashveil_delta_clear(hashveil_delta *delta);

/** What the manifest says. */
typedef struct hashveil_sealed_db_info {
    uint32_t version;
    uint64_t epoch;
    uint64_t token_epoch; /**< what goes into tokens: of a segment its base's epoch */
    uint64_t created_s;   /**< seconds since 1970 */
    uint64_t expires_s;   /**< likewise; 0 for never */
    bool is_segment;      /**< goes on top of the database that the next field names */
    uint8_t base_digest[HASHVEIL_DIGEST_BYTES];
    uint64_t withdrawn_count; /**< records of the base that no longer count, and padding */
    uint8_t evaluator_public[HASHVEIL_KEY_BYTES];
    hashveil_mask_params mask_params;
    uint64_t padded_count; /**< records, real and padding */
    uint64_t
        padded_exact_count; /**< digests, real and padding; 0 where there is no table of them */
    uint64_t file_bytes;
    size_t list_count;
    char list_names[HASHVEIL_MAX_LISTS][HASHVEIL_LIST_NAME_MAX_LEN + 1];
    size_t curator_count;
    uint8_t curator_keys[HASHVEIL_MAX_CURATORS][HASHVEIL_KEY_BYTES];
    size_t signature_count; /**< each of them holds, and is of one of the curators above */
    uint8_t signed_by[HASHVEIL_MAX_CURATORS][HASHVEIL_KEY_BYTES]; /**< rising */
    uint8_t digest[HASHVEIL_DIGEST_BYTES]; /**< SHA-256 of the manifest: names this edition */
} hashveil_sealed_db_info;

/**
 * Maps a database and checks every field's range, and the digests of all but the tables and the
 * records: their pages are checked when they are first read. So opening takes as long for a large
 * database as for a small one, and nothing is used that was not checked.
 *
 * where_out  on failure a static text naming the damaged part ("manifest", "pages", ...), or ""
 *
 * Errors: ERR_EMPTY, ERR_UNSUPPORTED (not such a file), ERR_VERSION, ERR_TRUNCATED, ERR_FORMAT,
 * ERR_DIGEST, ERR_KEY (a signature that does not hold), ERR_NO_MEMORY, and those of reading a file.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_sealed_db_open(const char *path,
                                                                       hashveil_sealed_db **out,
                                                                       const char **where_out);

/**
 * Checks all pages of tables and records, as whoever takes a database over should do once.
 *
 * where_out  as of hashveil_sealed_db_open
 *
 * Errors: ERR_DIGEST.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_sealed_db_check(const hashveil_sealed_db *db, const char **where_out);

/**
 * Adds a curator's signature (Ed25519, RFC 8032) to a database, whose manifest must name the
 * curator, and checks all of the database before. Signing again changes nothing. Curators who sign
 * at the same moment wait for each other.
 *
 * path       replaced by rename when all is written, with the same permissions; whatever was there
 *            stays until then. Of a link it is the file behind it
 * curator    with its secret
 * where_out  as of hashveil_sealed_db_open
 *
 * Errors: ERR_KEY (not a curator's secret key, or of a curator that the manifest does not name),
 * those of opening and checking a database, and those of writing a file.
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_sealed_db_sign(const char *path,
                                                                       const hashveil_key *curator,
                                                                       const char **where_out);

/** As hashveil_sealed_db_open, from memory. bytes: borrowed until close. */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status hashveil_sealed_db_open_bytes(
    const uint8_t *bytes, size_t len, hashveil_sealed_db **out, const char **where_out);

/**
 * Puts a segment on top of its base: from then on the two are searched as one, and a record of the
 * base that the segment withdraws does not count. Newer segments of one base hold all that older
 * ones do, so one is enough; several, as of several curators, may be put on.
 *
 * db       a whole database, not yet shared between threads
 * segment  on success owned by db, and closed with it
 *
 * Errors: ERR_ARGUMENT (db is itself a segment, or segment is none), ERR_KEY (a segment of another
 * database), ERR_LIMIT (above HASHVEIL_MAX_SEGMENTS).
 */
HASHVEIL_API HASHVEIL_MUST_USE hashveil_status
hashveil_sealed_db_attach(hashveil_sealed_db *db, hashveil_sealed_db *segment);

/** Returns what the manifest says; borrowed until close. */
HASHVEIL_API const hashveil_sealed_db_info *
hashveil_sealed_db_describe(const hashveil_sealed_db *db);

/** Returns how many parts are searched: the database itself and its segments. */
HASHVEIL_API size_t hashveil_sealed_db_part_count(const hashveil_sealed_db *db);

/** Returns what a part's manifest says, NULL where there is no such part: 0 is the database itself,
 * then come segments as they were put on; borrowed until close. */
HASHVEIL_API const hashveil_sealed_db_info *
hashveil_sealed_db_describe_part(const hashveil_sealed_db *db, size_t part);

/** Returns whether any part lists digests. */
HASHVEIL_API bool hashveil_sealed_db_lists_digests(const hashveil_sealed_db *db);

/** Closes. Accepts NULL. */
HASHVEIL_API void hashveil_sealed_db_close(hashveil_sealed_db *db);

#ifdef __cplusplus
}
#endif

#endif
