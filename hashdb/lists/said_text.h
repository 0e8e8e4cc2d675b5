/* SPDX-License-Identifier: Apache-2.0 */
/* What lists in XML and JSON say of an item: short texts, gathered until the item is complete. */
#ifndef HV_HASHDB_LISTS_SAID_TEXT_H
#define HV_HASHDB_LISTS_SAID_TEXT_H

#include "hashdb/lists/list_format.h"

enum { HV_SAID_TEXT_ROOM = 256 };

/* One text; starts as {0}. */
struct hv_said_text {
    bool is_said;            /* also of null, which says it with no bytes */
    hashveil_status problem; /* ERR_LIMIT: too long; ERR_FORMAT: said twice */
    size_t len;
    char bytes[HV_SAID_TEXT_ROOM];
};

/* Begins a text, once for an item. */
void hv_said_text_begin(struct hv_said_text *text);

/* Goes on with a text that has begun. */
void hv_said_text_append(struct hv_said_text *text, const char *bytes, size_t len);

/* Whether it says this word, in any case. */
bool hv_said_text_is(const struct hv_said_text *text, const char *word);

/* Copies it into a place of room bytes, "" where nothing is said. Errors: ERR_LIMIT, ERR_FORMAT
 * (not plain, or said twice). */
HASHVEIL_MUST_USE hashveil_status hv_said_text_copy(const struct hv_said_text *text, char *out,
                                                    size_t room);

/* Reads seconds since 1970, or a date and time (RFC 3339, with or without a zone). Times before
 * 1970 stand for none in lists, and give 0. Errors: ERR_FORMAT, ERR_LIMIT. */
HASHVEIL_MUST_USE hashveil_status hv_said_text_time(const struct hv_said_text *text, uint64_t *out);

/* Adds a value of the kind that the list calls so; passes over an empty one, and over kinds that we
 * have no use for. Errors: those of hv_list_item_add_value but ERR_UNSUPPORTED, ERR_LIMIT. */
HASHVEIL_MUST_USE hashveil_status hv_said_text_value(const struct hv_said_text *text,
                                                     const char *kind, size_t kind_len,
                                                     struct hv_list_item *item);

/* Reads the quality that a list gives the item's hash; says nothing of an item without one. Errors:
 * ERR_FORMAT, ERR_LIMIT. */
HASHVEIL_MUST_USE hashveil_status hv_said_text_quality(const struct hv_said_text *text,
                                                       struct hv_list_item *item);

/* Puts scheme and value together, unless the value has its scheme with it. Errors: as copy. */
HASHVEIL_MUST_USE hashveil_status hv_said_text_label(const struct hv_said_text *text,
                                                     const char *scheme,
                                                     char out[HASHVEIL_LABEL_MAX_LEN + 1]);

/* Gives what such a reader makes this label of: its value where that is enough under the scheme,
 * else all of it; NULL where no text gives it, as the label has no scheme. */
const char *hv_label_to_say(const char *label, const char *scheme);

/* Whether an item says enough. Errors: ERR_UNSUPPORTED (no value that we have a use for),
 * ERR_FORMAT (withdrawn, with neither value nor id). */
HASHVEIL_MUST_USE hashveil_status hv_list_item_check(const struct hv_list_item *item);

enum { HV_TIME_ROOM = 32 };

/* Writes "2026-01-31T12:00:00Z", or "" for no time. */
void hv_time_to_say(uint64_t time_s, char out[HV_TIME_ROOM]);

/* Tells what ends the reading of a document, and where. Returns ERR_FORMAT, or the sink's. */
HASHVEIL_MUST_USE hashveil_status hv_document_problem(const struct hv_list_sink *sink,
                                                      uint64_t line, hashveil_status problem);

/* Ends the writing of a document. Errors: ERR_IO, ERR_NO_SPACE. */
HASHVEIL_MUST_USE hashveil_status hv_document_end(FILE *out);

#endif
