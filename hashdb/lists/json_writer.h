/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in JSON, written with yajl: one document, an item a line. */
#ifndef HV_HASHDB_LISTS_JSON_WRITER_H
#define HV_HASHDB_LISTS_JSON_WRITER_H

#include <yajl/yajl_gen.h>

#include "hashdb/lists/text_lines.h"

/* Starts as {.list = NAME}. */
struct hv_json_writer {
    const char *list; /* the name of the array of items */
    FILE *out;
    yajl_gen generator;
    bool has_begun;
};

/* Writes the list, with print called for each item; context is the writer, or what begins with it.
 * Errors: as hv_list_format's write, and ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_json_write(struct hv_json_writer *writer, FILE *out,
                                                const struct hv_list_supply *supply,
                                                hv_line_print_fn *print, uint64_t *left_out);

/* Begins the document, if that is not yet done; the name and the text come before the list, NULL
 * for none. */
void hv_json_begin(struct hv_json_writer *writer, const char *name, const char *text);

void hv_json_open_item(struct hv_json_writer *writer);
void hv_json_close_item(struct hv_json_writer *writer);

/* Write a member of the object that is open; nothing where the text is "". */
void hv_json_name(struct hv_json_writer *writer, const char *name);
void hv_json_text(struct hv_json_writer *writer, const char *name, const char *text);
void hv_json_number(struct hv_json_writer *writer, const char *name, uint64_t number);

/* Writes the quality of the item's hash, where it is not the greatest. */
void hv_json_quality(struct hv_json_writer *writer, const char *name,
                     const struct hv_list_item *item);

#endif
