/* SPDX-License-Identifier: Apache-2.0 */
/* Lists with one item a line. */
#ifndef HV_HASHDB_LISTS_TEXT_LINES_H
#define HV_HASHDB_LISTS_TEXT_LINES_H

#include "hashdb/lists/list_format.h"

enum {
    HV_LINE_MAX_BYTES = 8192, /* a hash, a quality and the longest path */
    HV_LINES_ROOM = 65536,
    HV_LINES_PROGRESS = 4096 /* lines after which the progress is told */
};

/* A text being read line by line. Starts as {.in = FILE}. */
struct hv_lines {
    FILE *in;
    size_t begin, end; /* what is read and not yet given */
    bool is_at_end;
    char bytes[HV_LINES_ROOM];
};

/* A line without its end, LF or CRLF; of the first one without a byte order mark. */
struct hv_line {
    const char *text; /* borrowed until the next line is asked for */
    size_t len;       /* up to HV_LINE_MAX_BYTES */
    bool is_too_long; /* the rest of it was passed over */
};

/* Gives the first line of a text that begins so. */
struct hv_line hv_first_line(const uint8_t *start, size_t len);

/* Returns false at the end of the file, and where reading fails: ferror tells. */
bool hv_lines_next(struct hv_lines *lines, struct hv_line *out);

/* Reads one line into a cleared item. An item left without value and id is none: the line was about
 * the list. Errors: those to be told of the line. */
typedef hashveil_status hv_line_parse_fn(void *context, const char *text, size_t len,
                                         struct hv_list_item *out);

/* Passes over empty lines and lines that begin with '#'. Errors: the sink's, ERR_IO. */
HASHVEIL_MUST_USE hashveil_status hv_text_lines_read(FILE *in, hv_line_parse_fn *parse,
                                                     void *context,
                                                     const struct hv_list_sink *sink);

/* Whether a text is to be read by this function, hv_pdq_line_parse or another of its kind: the
 * first line that any of them can read is its. No line is two formats'. */
bool hv_text_lines_begin_as(const uint8_t *start, size_t len, hv_line_parse_fn *parse);

/* Without context, and of one value a line. Errors: ERR_FORMAT, ERR_EMPTY. */
hv_line_parse_fn hv_pdq_line_parse, hv_pdq_fields_line_parse, hv_checksum_line_parse;

/* Reads "100", the quality of a hash. Errors: ERR_FORMAT. */
HASHVEIL_MUST_USE hashveil_status hv_quality_parse(const char *text, size_t len, unsigned *out);

/* Writes what a format can say of an item. Returns false where it can say nothing. */
typedef bool hv_line_print_fn(void *context, FILE *out, const struct hv_list_item *item);

/* As hv_list_format's write. */
HASHVEIL_MUST_USE hashveil_status hv_text_lines_write(FILE *out,
                                                      const struct hv_list_supply *supply,
                                                      hv_line_print_fn *print, void *context,
                                                      uint64_t *left_out);

#endif
