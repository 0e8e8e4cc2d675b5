/* SPDX-License-Identifier: Apache-2.0 */
#include "hashdb/lists/csv_rows.h"

#include <string.h>

/* Every line's end makes a row, also of an empty line, so that only an open quote leaves one
 * incomplete. */
enum { OPTIONS = CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL };

static void begin_row(struct hv_csv_row *row)
{
    row->count = 0;
    row->used = 0;
    row->is_complete = false;
    row->has_too_many = false;
}

/* A row's fields are together no longer than its lines, for which there was room. */
static void on_field(void *text, size_t len, void *context)
{
    struct hv_csv_row *row = context;
    if (row->count == HV_CSV_MAX_FIELDS || len > sizeof row->bytes - row->used) {
        row->has_too_many = true;
        return;
    }
    memcpy(row->bytes + row->used, text, len);
    row->fields[row->count].start = row->used;
    row->fields[row->count].len = len;
    row->used += len;
    row->count++;
}

static void on_row(int end, void *context)
{
    struct hv_csv_row *row = context;
    (void)end;
    row->is_complete = true;
}

static hashveil_status feed(struct csv_parser *parser, const char *text, size_t len,
                            struct hv_csv_row *row)
{
    if (csv_parse(parser, text, len, on_field, on_row, row) == len) {
        return row->has_too_many ? HASHVEIL_ERR_LIMIT : HASHVEIL_OK;
    }
    return csv_error(parser) == CSV_EPARSE ? HASHVEIL_ERR_FORMAT : HASHVEIL_ERR_NO_MEMORY;
}

hashveil_status hv_csv_init(struct hv_csv *csv, FILE *in)
{
    csv->source = (struct hv_lines){.in = in};
    csv->count = 0;
    csv->lines_done = 0;
    return csv_init(&csv->parser, OPTIONS) == 0 ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
}

void hv_csv_clear(struct hv_csv *csv)
{
    csv_free(&csv->parser);
}

static size_t start_of(const struct hv_csv *csv, size_t line)
{
    return line == 0 ? 0 : csv->lines[line - 1].end;
}

static void drop_lines(struct hv_csv *csv, size_t count)
{
    const size_t len = start_of(csv, count);
    memmove(csv->bytes, csv->bytes + len, start_of(csv, csv->count) - len);
    for (size_t i = count; i < csv->count; i++) {
        csv->lines[i - count].end = csv->lines[i].end - len;
        csv->lines[i - count].is_too_long = csv->lines[i].is_too_long;
    }
    csv->count -= count;
    csv->lines_done += count;
}

/* Whether there is room for one more line, however long. */
static bool has_room(const struct hv_csv *csv)
{
    return csv->count < HV_CSV_MAX_LINES &&
           sizeof csv->bytes - start_of(csv, csv->count) > HV_LINE_MAX_BYTES;
}

static bool add_line(struct hv_csv *csv)
{
    struct hv_line line;
    if (!hv_lines_next(&csv->source, &line)) {
        return false;
    }
    const size_t start = start_of(csv, csv->count);
    memcpy(csv->bytes + start, line.text, line.len);
    csv->bytes[start + line.len] = '\n';
    csv->lines[csv->count].end = start + line.len + 1;
    csv->lines[csv->count].is_too_long = line.is_too_long;
    csv->count++;
    return true;
}

/* Takes lines until they are a row; fed counts them. */
static hashveil_status join_lines(struct hv_csv *csv, size_t *fed)
{
    while (!csv->row.is_complete) {
        if (*fed == csv->count && !has_room(csv)) {
            return HASHVEIL_ERR_LIMIT;
        }
        if (*fed == csv->count && !add_line(csv)) {
            return ferror(csv->source.in) ? HASHVEIL_ERR_IO : HASHVEIL_ERR_FORMAT;
        }
        const size_t start = start_of(csv, *fed);
        const hashveil_status status =
            csv->lines[*fed].is_too_long
                ? HASHVEIL_ERR_LIMIT
                : feed(&csv->parser, csv->bytes + start, csv->lines[*fed].end - start, &csv->row);
        if (status != HASHVEIL_OK) {
            return status;
        }
        ++*fed;
    }
    return HASHVEIL_OK;
}

hashveil_status hv_csv_next(struct hv_csv *csv, uint64_t *line_out, bool *has_out)
{
    size_t fed = 0;
    begin_row(&csv->row);
    *line_out = csv->lines_done + 1;
    *has_out = csv->count > 0 || add_line(csv);
    if (!*has_out) {
        return ferror(csv->source.in) ? HASHVEIL_ERR_IO : HASHVEIL_OK;
    }
    const hashveil_status status = join_lines(csv, &fed);
    if (status == HASHVEIL_OK) {
        drop_lines(csv, fed);
        return HASHVEIL_OK;
    }
    drop_lines(csv, 1);
    csv_free(&csv->parser);
    return csv_init(&csv->parser, OPTIONS) == 0 ? status : HASHVEIL_ERR_NO_MEMORY;
}

bool hv_csv_split(const struct hv_line *line, struct hv_csv_row *out)
{
    struct csv_parser parser;
    begin_row(out);
    if (line->is_too_long || csv_init(&parser, OPTIONS) != 0) {
        return false;
    }
    const bool is_read = feed(&parser, line->text, line->len, out) == HASHVEIL_OK &&
                         csv_fini(&parser, on_field, on_row, out) == 0;
    csv_free(&parser);
    return is_read && !out->has_too_many;
}
