/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a CSV file (RFC 4180), split by libcsv. A row may go over several lines; where it cannot
 * end, as behind a quote that is never closed, its first line alone is lost. */
#ifndef HV_HASHDB_LISTS_CSV_ROWS_H
#define HV_HASHDB_LISTS_CSV_ROWS_H

#include <csv.h>

#include "hashdb/lists/text_lines.h"

enum {
    HV_CSV_MAX_FIELDS = 64,
    HV_CSV_MAX_LINES = 32, /* of one row */
    HV_CSV_ROOM = 4 * (HV_LINE_MAX_BYTES + 1)
};

struct hv_csv_row {
    struct {
        size_t start, len; /* in bytes */
    } fields[HV_CSV_MAX_FIELDS];
    size_t count;
    bool is_complete, has_too_many;
    size_t used;
    char bytes[HV_CSV_ROOM];
};

/* A file being read. Its lines wait here until they are known to make a row. */
struct hv_csv {
    struct hv_lines source;
    struct csv_parser parser;
    struct {
        size_t end; /* in bytes */
        bool is_too_long;
    } lines[HV_CSV_MAX_LINES];
    size_t count;
    uint64_t lines_done;
    char bytes[HV_CSV_ROOM];
    struct hv_csv_row row;
};

/* Errors: ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_csv_init(struct hv_csv *csv, FILE *in);
void hv_csv_clear(struct hv_csv *csv);

/* Reads the next row, which may be empty, into csv->row. has_out is false at the end of the file;
 * line_out is the line where the row begins. Errors: ERR_FORMAT, ERR_LIMIT, of this row alone;
 * ERR_IO, ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_csv_next(struct hv_csv *csv, uint64_t *line_out,
                                              bool *has_out);

/* Splits a line that is a whole row. Returns false where it is none. */
bool hv_csv_split(const struct hv_line *line, struct hv_csv_row *out);

#endif
