/* SPDX-License-Identifier: Apache-2.0 */
#include "report_store.h"

#include "output.h"
#include "sqlite_status.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct report_store {
    sqlite3 *db;
    sqlite3_stmt *add; /* NULL before the first */
};

static const char *const state_texts[] = {
#define X(name, text) text,
    REPORT_STATE_TABLE(X)
#undef X
};

bool report_state_is_known(const char *text)
{
    size_t i = 0;
    while (i < sizeof state_texts / sizeof *state_texts && strcmp(text, state_texts[i]) != 0) {
        i++;
    }
    return i < sizeof state_texts / sizeof *state_texts;
}

/* An id makes a report one report, however often it is sent. Numbers above 2^63 are kept as the
 * negative numbers of the same bits. */
const struct sqlite_file_kind report_store_kind = {
    .application_id = 0x48565253, /* "HVRS" */
    .version = 3,
    .schema = "CREATE TABLE envelopes ("
              " id BLOB PRIMARY KEY NOT NULL,"
              " account BLOB NOT NULL,"
              " threshold INTEGER NOT NULL,"
              " point BLOB NOT NULL,"
              " share BLOB NOT NULL,"
              " content BLOB," /* NULL when it was opened, and is among the reports */
              " received_s INTEGER NOT NULL);"
              "CREATE INDEX envelopes_of_account ON envelopes (account, point);"
              "CREATE TABLE accounts ("
              " account BLOB PRIMARY KEY NOT NULL,"
              " secret BLOB NOT NULL) WITHOUT ROWID;"
              "CREATE TABLE reports ("
              " id TEXT PRIMARY KEY NOT NULL,"
              " received_s INTEGER NOT NULL,"
              " time_s INTEGER NOT NULL,"
              " epoch INTEGER NOT NULL,"
              " database_digest TEXT NOT NULL,"
              " record TEXT NOT NULL,"
              " labels TEXT NOT NULL," /* a line each */
              " lists INTEGER NOT NULL,"
              " hash TEXT," /* NULL where it was no picture */
              " quality INTEGER,"
              " state TEXT NOT NULL,"
              " distance_bits INTEGER,"
              " matched_by TEXT NOT NULL,"
              " confirmed_by TEXT NOT NULL,"
              " md5 TEXT," /* NULL where no digest matched */
              " sha1 TEXT,"
              " sha256 TEXT,"
              " account TEXT NOT NULL);",
};

hashveil_status report_store_open(const char *path, enum sqlite_file_mode mode,
                                  struct report_store **out)
{
    struct report_store *store = calloc(1, sizeof *store);
    *out = NULL;
    if (!store) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const hashveil_status status = sqlite_file_open(path, mode, &report_store_kind, &store->db);
    if (status != HASHVEIL_OK) {
        free(store);
        return status;
    }
    *out = store;
    return HASHVEIL_OK;
}

void report_store_close(struct report_store *store)
{
    if (store) {
        sqlite3_finalize(store->add);
        sqlite3_close(store->db);
        free(store);
    }
}

static void bind_hex(sqlite3_stmt *statement, int column, const uint8_t *bytes, size_t len)
{
    char text[2 * HASHVEIL_DIGEST_BYTES + 1];
    format_hex(bytes, len, text);
    sqlite3_bind_text(statement, column, text, -1, SQLITE_TRANSIENT);
}

static void bind_labels(sqlite3_stmt *statement, int column, const hashveil_record *record)
{
    char text[sizeof record->labels] = "";
    size_t len = 0;
    for (size_t i = 0; i < HASHVEIL_MAX_LABELS && record->labels[i][0] != '\0'; i++) {
        if (i > 0) {
            text[len++] = REPORT_LABEL_SEPARATOR;
        }
        const size_t label_len = strlen(record->labels[i]);
        memcpy(text + len, record->labels[i], label_len);
        len += label_len;
    }
    sqlite3_bind_text(statement, column, text, (int)len, SQLITE_TRANSIENT);
}

static void bind_signals(sqlite3_stmt *statement, const hashveil_report *report)
{
    char hash[HASHVEIL_PDQ_HEX_LEN + 1];
    if (report->has_picture) {
        hashveil_pdq_to_hex(&report->hash, hash);
        sqlite3_bind_text(statement, 9, hash, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int64(statement, 10, report->quality);
    }
    for (unsigned i = 0; report->has_digests && i < HASHVEIL_DIGEST_KINDS; i++) {
        const hashveil_digest digest =
            hashveil_digests_get(&report->digests, (hashveil_digest_kind)i);
        bind_hex(statement, 15 + (int)i, digest.bytes, hashveil_digest_len(digest.kind));
    }
    sqlite3_bind_text(statement, 13, hashveil_signal_text(report->matched_by), -1, SQLITE_STATIC);
}

static void bind_report(sqlite3_stmt *statement, const hashveil_envelope *envelope,
                        const hashveil_report *report, const struct report_judgement *judgement)
{
    bind_hex(statement, 1, report->id, sizeof report->id);
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)time(NULL));
    sqlite3_bind_int64(statement, 3, (sqlite3_int64)report->time_s);
    sqlite3_bind_int64(statement, 4, (sqlite3_int64)report->epoch);
    bind_hex(statement, 5, report->database_digest, sizeof report->database_digest);
    bind_hex(statement, 6, report->record.id, sizeof report->record.id);
    bind_labels(statement, 7, &report->record);
    sqlite3_bind_int64(statement, 8, (sqlite3_int64)report->record.lists);
    bind_signals(statement, report);
    sqlite3_bind_text(statement, 11, state_texts[judgement->state], -1, SQLITE_STATIC);
    if (judgement->has_distance) {
        sqlite3_bind_int64(statement, 12, judgement->distance_bits);
    }
    sqlite3_bind_text(statement, 14, hashveil_signal_text(judgement->confirmed_by), -1,
                      SQLITE_STATIC);
    bind_hex(statement, 18, envelope->account, sizeof envelope->account);
}

#define COLUMNS                                                                                    \
    "id, received_s, time_s, epoch, database_digest, record, labels, lists, hash, quality, state," \
    " distance_bits, matched_by, confirmed_by, md5, sha1, sha256, account"

hashveil_status report_store_add(struct report_store *store, const hashveil_envelope *envelope,
                                 const hashveil_report *report,
                                 const struct report_judgement *judgement)
{
    static const char sql[] = "INSERT INTO reports (" COLUMNS ")"
                              " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
    int code = SQLITE_OK;
    if (!store->add) {
        code = sqlite3_prepare_v2(store->db, sql, -1, &store->add, NULL);
    }
    if (code == SQLITE_OK) {
        bind_report(store->add, envelope, report, judgement);
        sqlite3_step(store->add);
        code = sqlite3_reset(store->add);
        sqlite3_clear_bindings(store->add);
    }
    return status_of_sqlite(code);
}

sqlite3 *report_store_database(const struct report_store *store)
{
    return store->db;
}

hashveil_status report_store_accounts(struct report_store *store, stored_account_fn *tell,
                                      void *context)
{
    static const char sql[] =
        "SELECT account, max(threshold), count(DISTINCT point), count(*), sum(content IS NULL),"
        " max(received_s) FROM envelopes GROUP BY account ORDER BY max(received_s) DESC, account";
    sqlite3_stmt *rows = NULL;
    int code = sqlite3_prepare_v2(store->db, sql, -1, &rows, NULL);
    bool goes_on = code == SQLITE_OK;
    while (goes_on && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        struct stored_account account = {.threshold = (uint64_t)sqlite3_column_int64(rows, 1),
                                         .records = (uint64_t)sqlite3_column_int64(rows, 2),
                                         .reports = (uint64_t)sqlite3_column_int64(rows, 3),
                                         .opened = (uint64_t)sqlite3_column_int64(rows, 4),
                                         .last_s = (uint64_t)sqlite3_column_int64(rows, 5)};
        const void *name = sqlite3_column_blob(rows, 0);
        if (!name || sqlite3_column_bytes(rows, 0) != HASHVEIL_ACCOUNT_ID_BYTES) {
            code = SQLITE_CORRUPT;
            break;
        }
        format_hex(name, HASHVEIL_ACCOUNT_ID_BYTES, account.name);
        goes_on = tell(context, &account);
    }
    sqlite3_finalize(rows);
    return status_of_sqlite(code);
}

static const char *text_of(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

static struct stored_report report_of(sqlite3_stmt *statement)
{
    return (struct stored_report){
        .id = text_of(statement, 0),
        .received_s = (uint64_t)sqlite3_column_int64(statement, 1),
        .time_s = (uint64_t)sqlite3_column_int64(statement, 2),
        .epoch = (uint64_t)sqlite3_column_int64(statement, 3),
        .database = text_of(statement, 4),
        .record = text_of(statement, 5),
        .labels = text_of(statement, 6),
        .lists = (uint64_t)sqlite3_column_int64(statement, 7),
        .hash = text_of(statement, 8),
        .quality = (uint64_t)sqlite3_column_int64(statement, 9),
        .state = text_of(statement, 10),
        .has_distance = sqlite3_column_type(statement, 11) != SQLITE_NULL,
        .distance_bits = (unsigned)sqlite3_column_int(statement, 11),
        .matched_by = text_of(statement, 12),
        .confirmed_by = text_of(statement, 13),
        .digests = {text_of(statement, 14), text_of(statement, 15), text_of(statement, 16)},
        .account = text_of(statement, 17),
    };
}

hashveil_status report_store_list(struct report_store *store, stored_report_fn *tell, void *context)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->db, "SELECT " COLUMNS " FROM reports ORDER BY rowid", -1,
                                  &statement, NULL);
    bool goes_on = code == SQLITE_OK;
    while (goes_on) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW) {
            const struct stored_report report = report_of(statement);
            goes_on = tell(context, &report);
        } else {
            goes_on = false;
        }
    }
    sqlite3_finalize(statement);
    return status_of_sqlite(code);
}
