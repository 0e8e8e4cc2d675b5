/* SPDX-License-Identifier: Apache-2.0 */
#include "report_store.h"

#include "output.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct report_store {
    struct sql *sql;
    struct sql_statement *add; /* NULL before the first */
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

/* An id makes a report one report, however often it is sent. reports.sql has the same tables. */
const struct sqlite_file_kind report_store_kind = {
    .application_id = 0x48565253, /* "HVRS" */
    .version = 3,
    .schema = "CREATE TABLE envelopes ("
              " sequence INTEGER PRIMARY KEY," /* the order in which they came */
              " id BLOB NOT NULL UNIQUE,"
              " account BLOB NOT NULL,"
              " threshold INTEGER NOT NULL,"
              " point BLOB NOT NULL,"
              " share BLOB NOT NULL,"
              " content BLOB," /* NULL when it was opened, and is among the reports */
              " received_s INTEGER NOT NULL);"
              "CREATE INDEX envelopes_of_account ON envelopes (account, point, sequence);"
              "CREATE TABLE accounts ("
              " account BLOB PRIMARY KEY NOT NULL,"
              " secret BLOB NOT NULL) WITHOUT ROWID;"
              "CREATE TABLE reports ("
              " sequence INTEGER PRIMARY KEY,"
              " id TEXT NOT NULL UNIQUE,"
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
              " account TEXT NOT NULL);"
              "CREATE TABLE review ("
              " report TEXT PRIMARY KEY NOT NULL,"
              " state TEXT NOT NULL,"
              " time_s INTEGER NOT NULL);",
};

hashveil_status report_store_open(const char *address, enum sqlite_file_mode mode,
                                  struct report_store **out)
{
    struct report_store *store = calloc(1, sizeof *store);
    *out = NULL;
    if (!store) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const hashveil_status status = sql_open(address, mode, &report_store_kind, &store->sql);
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
        sql_release(store->add);
        sql_close(store->sql);
        free(store);
    }
}

static void bind_hex(struct sql_statement *statement, int column, const uint8_t *bytes, size_t len)
{
    char text[2 * HASHVEIL_DIGEST_BYTES + 1];
    format_hex(bytes, len, text);
    sql_bind_text(statement, column, text);
}

static void bind_labels(struct sql_statement *statement, int column, const hashveil_record *record)
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
    sql_bind_text(statement, column, text);
}

static void bind_signals(struct sql_statement *statement, const hashveil_report *report)
{
    char hash[HASHVEIL_PDQ_HEX_LEN + 1];
    if (report->has_picture) {
        hashveil_pdq_to_hex(&report->hash, hash);
        sql_bind_text(statement, 9, hash);
        sql_bind_number(statement, 10, report->quality);
    }
    for (unsigned i = 0; report->has_digests && i < HASHVEIL_DIGEST_KINDS; i++) {
        const hashveil_digest digest =
            hashveil_digests_get(&report->digests, (hashveil_digest_kind)i);
        bind_hex(statement, 15 + (int)i, digest.bytes, hashveil_digest_len(digest.kind));
    }
    sql_bind_text(statement, 13, hashveil_signal_text(report->matched_by));
}

static void bind_report(struct sql_statement *statement, const hashveil_envelope *envelope,
                        const hashveil_report *report, const struct report_judgement *judgement)
{
    bind_hex(statement, 1, report->id, sizeof report->id);
    sql_bind_number(statement, 2, (uint64_t)time(NULL));
    sql_bind_number(statement, 3, report->time_s);
    sql_bind_number(statement, 4, report->epoch);
    bind_hex(statement, 5, report->database_digest, sizeof report->database_digest);
    bind_hex(statement, 6, report->record.id, sizeof report->record.id);
    bind_labels(statement, 7, &report->record);
    sql_bind_number(statement, 8, report->record.lists);
    bind_signals(statement, report);
    sql_bind_text(statement, 11, state_texts[judgement->state]);
    if (judgement->has_distance) {
        sql_bind_number(statement, 12, judgement->distance_bits);
    }
    sql_bind_text(statement, 14, hashveil_signal_text(judgement->confirmed_by));
    bind_hex(statement, 18, envelope->account, sizeof envelope->account);
}

#define COLUMNS                                                                                    \
    "id, received_s, time_s, epoch, database_digest, record, labels, lists, hash, quality, state," \
    " distance_bits, matched_by, confirmed_by, md5, sha1, sha256, account"

hashveil_status report_store_add(struct report_store *store, const hashveil_envelope *envelope,
                                 const hashveil_report *report,
                                 const struct report_judgement *judgement)
{
    static const char text[] = "INSERT INTO reports (" COLUMNS ") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,"
                               "$9,$10,$11,$12,$13,$14,$15,$16,$17,$18)";
    if (!store->add) {
        const hashveil_status status = sql_prepare(store->sql, text, &store->add);
        if (status != HASHVEIL_OK) {
            return status;
        }
    }
    bind_report(store->add, envelope, report, judgement);
    return sql_run(store->add, NULL);
}

struct sql *report_store_sql(const struct report_store *store)
{
    return store->sql;
}

static bool tell_account(const struct sql_statement *row, stored_account_fn *tell, void *context,
                         bool *goes_on)
{
    uint8_t name[HASHVEIL_ACCOUNT_ID_BYTES];
    struct stored_account account = {.threshold = sql_number(row, 1),
                                     .records = sql_number(row, 2),
                                     .reports = sql_number(row, 3),
                                     .opened = sql_number(row, 4),
                                     .last_s = sql_number(row, 5)};
    if (!sql_bytes(row, 0, name, sizeof name)) {
        return false;
    }
    format_hex(name, sizeof name, account.name);
    *goes_on = tell(context, &account);
    return true;
}

hashveil_status report_store_accounts(struct report_store *store, stored_account_fn *tell,
                                      void *context)
{
    static const char text[] =
        "SELECT account, max(threshold), count(DISTINCT point), count(*),"
        " count(*) - count(content), max(received_s)"
        " FROM envelopes GROUP BY account ORDER BY max(received_s) DESC, account";
    struct sql_statement *rows = NULL;
    bool goes_on = true;
    hashveil_status status = sql_prepare(store->sql, text, &rows);
    if (status != HASHVEIL_OK) {
        return status;
    }
    while (goes_on && sql_step(rows)) {
        if (!tell_account(rows, tell, context, &goes_on)) {
            status = HASHVEIL_ERR_FORMAT;
            break;
        }
    }
    const hashveil_status read = sql_reset(rows);
    sql_release(rows);
    return status == HASHVEIL_OK ? read : status;
}

static struct stored_report report_of(const struct sql_statement *row)
{
    return (struct stored_report){
        .id = sql_text(row, 0),
        .received_s = sql_number(row, 1),
        .time_s = sql_number(row, 2),
        .epoch = sql_number(row, 3),
        .database = sql_text(row, 4),
        .record = sql_text(row, 5),
        .labels = sql_text(row, 6),
        .lists = sql_number(row, 7),
        .hash = sql_text(row, 8),
        .quality = sql_number(row, 9),
        .state = sql_text(row, 10),
        .has_distance = !sql_is_null(row, 11),
        .distance_bits = (unsigned)sql_number(row, 11),
        .matched_by = sql_text(row, 12),
        .confirmed_by = sql_text(row, 13),
        .digests = {sql_text(row, 14), sql_text(row, 15), sql_text(row, 16)},
        .account = sql_text(row, 17),
    };
}

hashveil_status report_store_list(struct report_store *store, stored_report_fn *tell, void *context)
{
    struct sql_statement *rows = NULL;
    bool goes_on = true;
    hashveil_status status =
        sql_prepare(store->sql, "SELECT " COLUMNS " FROM reports ORDER BY sequence", &rows);
    if (status != HASHVEIL_OK) {
        return status;
    }
    while (goes_on && sql_step(rows)) {
        const struct stored_report report = report_of(rows);
        goes_on = tell(context, &report);
    }
    status = sql_reset(rows);
    sql_release(rows);
    return status;
}
