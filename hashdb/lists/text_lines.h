/* SPDX-License-Identifier: Apache-2.0 */
/* Lists with one item a line. Empty lines and lines that begin with '#' are passed over, and so is
 * a byte order mark. */
#ifndef HV_HASHDB_LISTS_TEXT_LINES_H
#define HV_HASHDB_LISTS_TEXT_LINES_H

#include "hashdb/lists/list_format.h"

/* Reads one line without its end. Errors: those to be told of the line. */
typedef hashveil_status hv_line_parse_fn(const char *text, size_t len, struct hv_list_item *out);

/* Errors: the sink's, ERR_IO. */
HASHVEIL_MUST_USE hashveil_status hv_text_lines_read(FILE *in, hv_line_parse_fn *parse,
                                                     const struct hv_list_sink *sink);

/* Finds the first line that one of the two can read. Returns whether it is the first of them, also
 * where both can; false where there is no such line. */
bool hv_text_lines_begin_as(const uint8_t *start, size_t len, hv_line_parse_fn *parse,
                            hv_line_parse_fn *other);

/* "HASH", "HASH,QUALITY" or "HASH,QUALITY,NAME". Errors: ERR_FORMAT. */
hv_line_parse_fn hv_pdq_line_parse;

#endif
