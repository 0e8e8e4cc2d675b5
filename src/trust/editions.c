/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/trust.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/memory.h"
#include "base/sqlite_file.h"
#include "base/sqlite_status.h"

static const char domain[] = "hashveil/v1/series";

enum { SERIES_BYTES = crypto_hash_sha256_BYTES };

/* Epochs above 2^63 are kept as the negative numbers of the same bits, and compared shifted. */
static const struct hv_sqlite_kind kind = {
    .application_id = 0x48564544, /* "HVED" */
    .version = 2,
    .schema = "CREATE TABLE edition ("
              "  series BLOB PRIMARY KEY CHECK (typeof(series) = 'blob' AND length(series) = 32),"
              "  epoch INTEGER NOT NULL CHECK (typeof(epoch) = 'integer')"
              ") WITHOUT ROWID;"
              "CREATE TABLE log ("
              "  key BLOB PRIMARY KEY CHECK (typeof(key) = 'blob' AND length(key) = 32),"
              "  size INTEGER NOT NULL CHECK (typeof(size) = 'integer' AND size > 0),"
              "  root BLOB NOT NULL CHECK (typeof(root) = 'blob' AND length(root) = 32)"
              ") WITHOUT ROWID;",
};

static const uint64_t lowest = UINT64_C(1) << 63;

struct hashveil_editions {
    sqlite3 *db; /* owned */
};

hashveil_status hashveil_editions_open(const char *path, hashveil_editions **out)
{
    *out = hv_alloc_array(1, sizeof **out);
    if (!*out) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const hashveil_status status = hv_sqlite_open(path, &kind, HV_SQLITE_WRITE, &(*out)->db);
    if (status != HASHVEIL_OK) {
        hashveil_editions_close(*out);
        *out = NULL;
    }
    return status;
}

void hashveil_editions_close(hashveil_editions *editions)
{
    if (editions) {
        sqlite3_close(editions->db);
        free(editions);
    }
}

static int compare_keys(const void *a, const void *b)
{
    return memcmp(a, b, HASHVEIL_KEY_BYTES);
}

/* The evaluator's key and the pinned ones in order, whatever order they were given in. */
static hashveil_status series_of(const hashveil_sealed_db *db, const hashveil_trust *trust,
                                 uint8_t out[SERIES_BYTES])
{
    crypto_hash_sha256_state hashing;
    uint8_t(*keys)[HASHVEIL_KEY_BYTES] = hv_alloc_array(trust->curator_count, sizeof *keys);
    if (!keys) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < trust->curator_count; i++) {
        memcpy(keys[i], trust->curators[i].public_bytes, sizeof keys[i]);
    }
    qsort(keys, trust->curator_count, sizeof *keys, compare_keys);
    crypto_hash_sha256_init(&hashing);
    crypto_hash_sha256_update(&hashing, (const uint8_t *)domain, sizeof domain - 1);
    crypto_hash_sha256_update(&hashing, hashveil_sealed_db_describe(db)->evaluator_public,
                              HASHVEIL_KEY_BYTES);
    crypto_hash_sha256_update(&hashing, (const uint8_t *)keys, trust->curator_count * sizeof *keys);
    crypto_hash_sha256_final(&hashing, out);
    free(keys);
    return HASHVEIL_OK;
}

/* Runs a statement whose first parameter is the series, and whose second, if any, is the epoch.
 * epoch_out: the first column of a row, untouched without one; may be NULL. */
static hashveil_status run(hashveil_editions *editions, const char *sql,
                           const uint8_t series[SERIES_BYTES], uint64_t epoch, uint64_t *epoch_out)
{
    sqlite3_stmt *statement = NULL;
    hashveil_status status = hv_status_of_sqlite(
        editions->db, sqlite3_prepare_v2(editions->db, sql, -1, &statement, NULL));
    if (status == HASHVEIL_OK) {
        sqlite3_bind_blob(statement, 1, series, SERIES_BYTES, SQLITE_STATIC);
        if (sqlite3_bind_parameter_count(statement) > 1) {
            sqlite3_bind_int64(statement, 2, (sqlite3_int64)(epoch - lowest));
        }
        const int result = sqlite3_step(statement);
        status = hv_status_of_sqlite(editions->db, result);
        if (result == SQLITE_ROW && epoch_out) {
            *epoch_out = (uint64_t)sqlite3_column_int64(statement, 0) + lowest;
        }
    }
    sqlite3_finalize(statement);
    return status;
}

hashveil_status hashveil_editions_newest(hashveil_editions *editions, const hashveil_sealed_db *db,
                                         const hashveil_trust *trust, uint64_t *out)
{
    uint8_t series[SERIES_BYTES];
    *out = 0;
    const hashveil_status status = series_of(db, trust, series);
    return status == HASHVEIL_OK
               ? run(editions, "SELECT epoch FROM edition WHERE series = ?", series, 0, out)
               : status;
}

hashveil_status hashveil_editions_note(hashveil_editions *editions, const hashveil_sealed_db *db,
                                       const hashveil_trust *trust)
{
    uint8_t series[SERIES_BYTES];
    const hashveil_status status = series_of(db, trust, series);
    return status == HASHVEIL_OK
               ? run(editions,
                     "INSERT INTO edition (series, epoch) VALUES (?, ?) ON CONFLICT (series)"
                     " DO UPDATE SET epoch = excluded.epoch WHERE excluded.epoch > epoch",
                     series, hv_epoch_of(db), NULL)
               : status;
}

hashveil_status hashveil_editions_log(hashveil_editions *editions,
                                      const uint8_t log_key[HASHVEIL_KEY_BYTES],
                                      hashveil_seen_log *out)
{
    sqlite3_stmt *statement = NULL;
    *out = (hashveil_seen_log){0};
    int result = sqlite3_prepare_v2(editions->db, "SELECT size, root FROM log WHERE key = ?", -1,
                                    &statement, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_blob(statement, 1, log_key, HASHVEIL_KEY_BYTES, SQLITE_STATIC);
        result = sqlite3_step(statement);
    }
    hashveil_status status = hv_status_of_sqlite(editions->db, result);
    if (result == SQLITE_ROW) {
        const void *root = sqlite3_column_blob(statement, 1);
        if (root && sqlite3_column_bytes(statement, 1) == (int)sizeof out->root) {
            out->size = (uint64_t)sqlite3_column_int64(statement, 0);
            memcpy(out->root, root, sizeof out->root);
        } else {
            status = HASHVEIL_ERR_FORMAT;
        }
    }
    sqlite3_finalize(statement);
    return status;
}

hashveil_status hashveil_editions_note_log(hashveil_editions *editions,
                                           const uint8_t log_key[HASHVEIL_KEY_BYTES],
                                           const hashveil_seen_log *seen)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(
        editions->db,
        "INSERT INTO log (key, size, root) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE"
        " SET size = excluded.size, root = excluded.root WHERE excluded.size > size",
        -1, &statement, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_blob(statement, 1, log_key, HASHVEIL_KEY_BYTES, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 2, (sqlite3_int64)seen->size);
        sqlite3_bind_blob(statement, 3, seen->root, sizeof seen->root, SQLITE_STATIC);
        result = sqlite3_step(statement);
    }
    const hashveil_status status = hv_status_of_sqlite(editions->db, result);
    sqlite3_finalize(statement);
    return status;
}
