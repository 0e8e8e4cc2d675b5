/* SPDX-License-Identifier: Apache-2.0 */
/* Items of a list in JSON, read one by one with yajl: an object with an array of items, which are
 * objects of texts and may have arrays of smaller ones in them. Documents may follow one another,
 * as pages do that were saved into one file. */
#ifndef HV_HASHDB_LISTS_JSON_ITEMS_H
#define HV_HASHDB_LISTS_JSON_ITEMS_H

#include "hashdb/lists/said_text.h"

enum {
    HV_JSON_MAX_DEPTH = 32,
    HV_JSON_MAX_TOKEN_BYTES = 1 << 20, /* yajl holds a string that is not yet complete */
    HV_JSON_MAX_TEXTS = 12
};

/* Where a text stands: {DOCUMENT: .., LIST: [{ITEM: .., PARTS: [{PART: ..}]}]}. */
enum hv_json_place { HV_JSON_ELSEWHERE, HV_JSON_DOCUMENT, HV_JSON_ITEM, HV_JSON_PART };

/* What a format names a text, in any case; slot is where it is kept. */
struct hv_json_field {
    const char *name;
    enum hv_json_place place;
    unsigned slot;
};

/* The texts of a document so far: of the item and of the part being read, and the document's. */
struct hv_json_texts {
    struct hv_said_text slots[HV_JSON_MAX_TEXTS];
};

struct hv_json_shape {
    const char *list;
    const char *const *parts; /* NULL behind the last; NULL for none */
    const struct hv_json_field *fields;
    size_t field_count;
    /* Adds a part to the item, which is cleared before the first. NULL for a format without. */
    hashveil_status (*take_part)(const struct hv_json_texts *texts, struct hv_list_item *item);
    /* Completes the item. Errors of both: those to be told of it. */
    hashveil_status (*take_item)(const struct hv_json_texts *texts, struct hv_list_item *item);
};

/* As hv_list_format's read. */
HASHVEIL_MUST_USE hashveil_status hv_json_items_read(FILE *in, const struct hv_json_shape *shape,
                                                     const struct hv_list_sink *sink);

/* Whether a text begins as a JSON object that has the name in it. */
bool hv_json_begins_with(const uint8_t *start, size_t len, const char *name);

#endif
