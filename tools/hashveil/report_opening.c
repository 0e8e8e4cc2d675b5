/* SPDX-License-Identifier: Apache-2.0 */
#include "report_opening.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ENVELOPE_COLUMNS "id, account, threshold, point, share, content"

hashveil_status report_opening_init(struct report_store *store, report_judge_fn *judge,
                                    void *context, struct report_opening *out)
{
    *out = (struct report_opening){.store = store, .judge = judge, .context = context};
    const struct {
        struct sql_statement **statement;
        const char *text;
    } rows[] = {
        {&out->of.keep, "INSERT INTO envelopes (" ENVELOPE_COLUMNS ", received_s)"
                        " VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT (id) DO NOTHING"},
        {&out->of.mark_opened, "UPDATE envelopes SET content = NULL WHERE id = $1"},
        {&out->of.secret, "SELECT secret FROM accounts WHERE account = $1"},
        {&out->of.keep_secret, "INSERT INTO accounts (account, secret) VALUES ($1,$2)"},
        {&out->of.closed, "SELECT " ENVELOPE_COLUMNS " FROM envelopes"
                          " WHERE account = $1 AND content IS NOT NULL ORDER BY sequence"},
        {&out->of.shares, "SELECT " ENVELOPE_COLUMNS " FROM envelopes AS own"
                          " WHERE account = $1 AND sequence = (SELECT min(sequence) FROM envelopes"
                          " WHERE account = own.account AND point = own.point)"
                          " ORDER BY sequence DESC LIMIT $2"},
    };
    hashveil_status status = HASHVEIL_OK;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && status == HASHVEIL_OK; i++) {
        status = sql_prepare(report_store_sql(store), rows[i].text, rows[i].statement);
    }
    return status;
}

void report_opening_clear(struct report_opening *opening)
{
    sql_release(opening->of.keep);
    sql_release(opening->of.mark_opened);
    sql_release(opening->of.secret);
    sql_release(opening->of.keep_secret);
    sql_release(opening->of.closed);
    sql_release(opening->of.shares);
}

hashveil_status report_opening_begin(struct report_opening *opening)
{
    return sql_begin(report_store_sql(opening->store), "accounts");
}

hashveil_status report_opening_end(struct report_opening *opening, hashveil_status status)
{
    return sql_end(report_store_sql(opening->store), status);
}

/* The content is all zero where it was opened. */
static bool read_envelope(const struct sql_statement *row, hashveil_envelope *out)
{
    *out = (hashveil_envelope){.threshold = (unsigned)sql_number(row, 2)};
    return sql_bytes(row, 0, out->id, sizeof out->id) &&
           sql_bytes(row, 1, out->account, sizeof out->account) &&
           sql_bytes(row, 3, out->point, sizeof out->point) &&
           sql_bytes(row, 4, out->share, sizeof out->share) &&
           (sql_is_null(row, 5) || sql_bytes(row, 5, out->content, sizeof out->content));
}

struct envelopes {
    hashveil_envelope *list; /* owned */
    size_t count;
};

/* Those of an account that a statement selects; at most most of them, 0 for all. Errors:
 * ERR_FORMAT, ERR_NO_MEMORY, ERR_IO. */
static hashveil_status load(struct sql_statement *rows, const hashveil_envelope *of, unsigned most,
                            struct envelopes *out)
{
    hashveil_status status = HASHVEIL_OK;
    *out = (struct envelopes){0};
    sql_bind_bytes(rows, 1, of->account, sizeof of->account);
    if (most > 0) {
        sql_bind_number(rows, 2, most);
    }
    while (status == HASHVEIL_OK && sql_step(rows)) {
        hashveil_envelope *longer = reallocarray(out->list, out->count + 1, sizeof *out->list);
        if (!longer) {
            status = HASHVEIL_ERR_NO_MEMORY;
            break;
        }
        out->list = longer;
        status = read_envelope(rows, &out->list[out->count++]) ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
    }
    const hashveil_status read = sql_reset(rows);
    status = status == HASHVEIL_OK ? read : status;
    if (status != HASHVEIL_OK) {
        free(out->list);
        *out = (struct envelopes){0};
    }
    return status;
}

static hashveil_status keep(struct report_opening *opening, const hashveil_envelope *envelope,
                            bool *is_new_out)
{
    struct sql_statement *statement = opening->of.keep;
    uint64_t changed = 0;
    sql_bind_bytes(statement, 1, envelope->id, sizeof envelope->id);
    sql_bind_bytes(statement, 2, envelope->account, sizeof envelope->account);
    sql_bind_number(statement, 3, envelope->threshold);
    sql_bind_bytes(statement, 4, envelope->point, sizeof envelope->point);
    sql_bind_bytes(statement, 5, envelope->share, sizeof envelope->share);
    sql_bind_bytes(statement, 6, envelope->content, sizeof envelope->content);
    sql_bind_number(statement, 7, (uint64_t)time(NULL));
    const hashveil_status status = sql_run(statement, &changed);
    *is_new_out = changed == 1;
    return status;
}

/* What cannot be opened stays closed: nobody but its own device is to blame. */
static hashveil_status open_one(struct report_opening *opening, const hashveil_envelope *envelope,
                                const uint8_t secret[HASHVEIL_SHARE_BYTES])
{
    hashveil_report report;
    if (hashveil_report_open(envelope, secret, &report) != HASHVEIL_OK) {
        return HASHVEIL_OK;
    }
    const struct report_judgement judgement = opening->judge(opening->context, &report);
    const hashveil_status status = report_store_add(opening->store, envelope, &report, &judgement);
    if (status != HASHVEIL_OK) {
        return status;
    }
    sql_bind_bytes(opening->of.mark_opened, 1, envelope->id, sizeof envelope->id);
    return sql_run(opening->of.mark_opened, NULL);
}

static hashveil_status find_secret(struct report_opening *opening,
                                   const hashveil_envelope *envelope,
                                   uint8_t out[HASHVEIL_SHARE_BYTES], bool *has_out)
{
    struct sql_statement *row = opening->of.secret;
    sql_bind_bytes(row, 1, envelope->account, sizeof envelope->account);
    *has_out = sql_step(row);
    const bool is_read = !*has_out || sql_bytes(row, 0, out, HASHVEIL_SHARE_BYTES);
    const hashveil_status status = sql_reset(row);
    return status == HASHVEIL_OK && !is_read ? HASHVEIL_ERR_FORMAT : status;
}

/* Of the shares that came last, for all before were tried when they came: one false share hides the
 * secret only until enough right ones have come behind it. Returns whether what they give opens one
 * of their own reports. */
static bool recover(const struct envelopes *shares, uint8_t out[HASHVEIL_SHARE_BYTES])
{
    const hashveil_envelope *used[HASHVEIL_MAX_THRESHOLD];
    hashveil_report report;
    for (size_t i = 0; i < shares->count; i++) {
        used[i] = &shares->list[i];
    }
    return hashveil_account_recover(used, shares->count, out) == HASHVEIL_OK &&
           hashveil_report_open(used[0], out, &report) == HASHVEIL_OK;
}

static hashveil_status open_all(struct report_opening *opening, const hashveil_envelope *of,
                                const uint8_t secret[HASHVEIL_SHARE_BYTES])
{
    struct envelopes closed;
    sql_bind_bytes(opening->of.keep_secret, 1, of->account, sizeof of->account);
    sql_bind_bytes(opening->of.keep_secret, 2, secret, HASHVEIL_SHARE_BYTES);
    hashveil_status status = sql_run(opening->of.keep_secret, NULL);
    if (status == HASHVEIL_OK) {
        status = load(opening->of.closed, of, 0, &closed);
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    for (size_t i = 0; i < closed.count && status == HASHVEIL_OK; i++) {
        status = open_one(opening, &closed.list[i], secret);
    }
    free(closed.list);
    return status;
}

hashveil_status report_opening_take(struct report_opening *opening,
                                    const hashveil_envelope *envelope)
{
    uint8_t secret[HASHVEIL_SHARE_BYTES];
    struct envelopes shares;
    bool is_new = false;
    bool has_secret = false;
    hashveil_status status = keep(opening, envelope, &is_new);
    if (status != HASHVEIL_OK || !is_new) {
        return status;
    }
    status = find_secret(opening, envelope, secret, &has_secret);
    if (status != HASHVEIL_OK || has_secret) {
        return status == HASHVEIL_OK ? open_one(opening, envelope, secret) : status;
    }
    status = load(opening->of.shares, envelope, envelope->threshold, &shares);
    if (status == HASHVEIL_OK && recover(&shares, secret)) {
        status = open_all(opening, envelope, secret);
    }
    free(shares.list);
    explicit_bzero(secret, sizeof secret);
    return status;
}
