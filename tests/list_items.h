/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in memory: text to items and back, and items in words. */
#ifndef HV_TESTS_LIST_ITEMS_H
#define HV_TESTS_LIST_ITEMS_H

#include "hashdb/lists/list_format.h"

enum { LIST_ITEMS_ROOM = 64, LIST_ITEMS_LOG_BYTES = 4000 };

/* What a reader told, in order. */
struct list_items {
    hashveil_status status;
    size_t count;
    struct hv_list_item items[LIST_ITEMS_ROOM]; /* the first of them */
    /* "names pdq=f8f8f0ce/87 md5=9dd4e461 id=7 label=A:1; 3: malformed or damaged; ", values by
     * their first bytes */
    char log[LIST_ITEMS_LOG_BYTES];
    size_t log_len;
    size_t problems;
    uint64_t last_problem_line;
    uint64_t lines; /* the last progress */
};

/* Aborts where the reader's calls are out of order. Returns the status. */
hashveil_status list_items_read(const struct hv_list_format *format, const char *text, size_t len,
                                struct list_items *out);

/* Returns the status; text_out is owned and ends in a NUL, released with free. */
hashveil_status list_items_write(const struct hv_list_format *format,
                                 const struct hv_list_item *items, size_t count, char **text_out,
                                 size_t *len_out, uint64_t *left_out);

hashveil_status list_items_write_to(const struct hv_list_format *format,
                                    const struct hv_list_item *items, size_t count, FILE *out,
                                    uint64_t *left_out);

/* Whether two say the same. */
bool list_items_are_same(const struct hv_list_item *a, const struct hv_list_item *b);

/* Aborts where an item says what none may, or what is written of them is not read again. */
void list_items_check_again(const struct hv_list_format *format, const struct list_items *items);

/* Reads a document of any content, and does that; aborts where it ends with any but ERR_FORMAT. */
void list_items_check_format(const struct hv_list_format *format, const uint8_t *bytes, size_t len);

#endif
