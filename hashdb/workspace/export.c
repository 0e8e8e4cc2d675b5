/* SPDX-License-Identifier: Apache-2.0 */
/* A workspace's claims back to a list: what one source says of one item, an item. */
#include <hashveil/curation.h>

#include <stdio.h>
#include <string.h>

#include "base/sqlite_status.h"
#include "hashdb/lists/list_format.h"
#include "hashdb/lists/list_item.h"
#include "hashdb/workspace/rows.h"

/* Of claims on one value that have ended only the last, where none holds. Not those of allow-lists:
 * what is withdrawn in a list is what it named. */
static const char items_sql[] =
    HV_CLAIM_ROWS " AND (removed IS NULL OR (source < 64 AND NOT EXISTS (SELECT 1 FROM claim AS"
                  " later WHERE later.kind = claim.kind AND later.value = claim.value"
                  " AND later.source = claim.source AND later.added > claim.added)))"
                  " ORDER BY record, source, kind, value";

/* Rows on their way to items: the row that the next item begins with has been read. */
struct rows {
    hashveil_workspace *workspace;
    sqlite3_stmt *statement;
    bool has_row;
    hashveil_claim row;
};

static hashveil_status step(struct rows *rows)
{
    const int result = sqlite3_step(rows->statement);
    rows->has_row = result == SQLITE_ROW;
    return rows->has_row ? hv_row_claim(rows->statement, &rows->row)
                         : hv_status_of_sqlite(rows->workspace->db, result);
}

static enum hv_list_claim claim_of(const hashveil_claim *row)
{
    if (row->removed.number > 0) {
        return HV_LIST_WITHDRAWS;
    }
    return row->is_allowing ? HV_LIST_ALLOWS : HV_LIST_NAMES;
}

static bool has_value(const struct hv_list_item *item, const hashveil_value *value)
{
    return value->is_digest ? item->has_digest[value->digest.kind] : item->has_hash;
}

static void add_value(const hashveil_value *value, struct hv_list_item *item)
{
    if (!value->is_digest) {
        item->has_hash = true;
        item->hash = value->hash;
        item->quality = HV_LIST_MAX_QUALITY;
        return;
    }
    uint8_t *const places[HASHVEIL_DIGEST_KINDS] = {
        [HASHVEIL_DIGEST_MD5] = item->digests.md5,
        [HASHVEIL_DIGEST_SHA1] = item->digests.sha1,
        [HASHVEIL_DIGEST_SHA256] = item->digests.sha256,
    };
    item->has_digest[value->digest.kind] = true;
    memcpy(places[value->digest.kind], value->digest.bytes,
           hashveil_digest_len(value->digest.kind));
}

/* An import puts the suffix behind the member again. */
static void set_member(const hashveil_claim *row, struct hv_list_item *item)
{
    const size_t suffix_len = strlen(HV_ALLOWED_SUFFIX);
    size_t len = strlen(row->source);
    if (row->is_allowing && len > suffix_len &&
        strcmp(row->source + len - suffix_len, HV_ALLOWED_SUFFIX) == 0) {
        len -= suffix_len;
    }
    snprintf(item->member, sizeof item->member, "%.*s", (int)len, row->source);
}

/* What tells items apart, of the first of its rows. */
struct origin {
    uint8_t record[HASHVEIL_RECORD_ID_BYTES];
    char source[HASHVEIL_LIST_NAME_MAX_LEN + 1];
};

static bool is_of(const struct hv_list_item *item, const struct origin *origin,
                  const hashveil_claim *row)
{
    return memcmp(origin->record, row->record_id, sizeof origin->record) == 0 &&
           strcmp(origin->source, row->source) == 0 && strcmp(item->label, row->label) == 0 &&
           strcmp(item->id, row->item) == 0 && item->claim == claim_of(row) &&
           !has_value(item, &row->value);
}

/* Supplies a writer. */
static hashveil_status next_item(void *context, struct hv_list_item *out, bool *has_out)
{
    struct rows *rows = context;
    struct origin origin;
    hashveil_status status = HASHVEIL_OK;
    *has_out = rows->has_row;
    if (!rows->has_row) {
        return HASHVEIL_OK;
    }
    *out = (struct hv_list_item){.claim = claim_of(&rows->row), .time_s = rows->row.added.time_s};
    set_member(&rows->row, out);
    snprintf(out->label, sizeof out->label, "%s", rows->row.label);
    snprintf(out->id, sizeof out->id, "%s", rows->row.item);
    memcpy(origin.record, rows->row.record_id, sizeof origin.record);
    snprintf(origin.source, sizeof origin.source, "%s", rows->row.source);
    do {
        add_value(&rows->row.value, out);
        status = step(rows);
    } while (status == HASHVEIL_OK && rows->has_row && is_of(out, &origin, &rows->row));
    return status;
}

hashveil_status hashveil_workspace_export(hashveil_workspace *workspace,
                                          const hashveil_claim_filter *filter, const char *format,
                                          FILE *out, uint64_t *left_out_out)
{
    const struct hv_list_format *writer = hv_list_format_named(format);
    struct rows rows = {.workspace = workspace};
    const struct hv_list_supply supply = {next_item, &rows};
    *left_out_out = 0;
    if (!writer || !writer->write) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    hashveil_status status = hv_rows_begin(workspace, filter, items_sql, &rows.statement);
    if (status == HASHVEIL_OK) {
        status = step(&rows);
    }
    if (status == HASHVEIL_OK) {
        status = writer->write(out, &supply, left_out_out);
    }
    sqlite3_finalize(rows.statement);
    return status;
}
