/* SPDX-License-Identifier: Apache-2.0 */
/* Items of lists, filled from what lists say in text. */
#ifndef HV_HASHDB_LISTS_LIST_ITEM_H
#define HV_HASHDB_LISTS_LIST_ITEM_H

#include "hashdb/lists/list_format.h"

/* Reads the 64 hex digits of a PDQ hash, and gives it the greatest quality. Errors: ERR_FORMAT,
 * also for a second hash. */
HASHVEIL_MUST_USE hashveil_status hv_list_item_add_hash(struct hv_list_item *item, const char *hex,
                                                        size_t len);

/* Reads the hex digits of a digest. Errors: ERR_FORMAT, also for a second one of the kind;
 * ERR_EMPTY: it is that of an empty file, and would be found wherever there is one. */
HASHVEIL_MUST_USE hashveil_status hv_list_item_add_digest(struct hv_list_item *item,
                                                          hashveil_digest_kind kind,
                                                          const char *hex, size_t len);

/* Reads the hex digits of a value of the kind that a list calls so, in any case: "pdq", "md5",
 * "sha1", "sha-1", "sha256", "sha-256". Errors: those above; ERR_UNSUPPORTED (another kind). */
HASHVEIL_MUST_USE hashveil_status hv_list_item_add_value(struct hv_list_item *item,
                                                         const char *kind, size_t kind_len,
                                                         const char *hex, size_t len);

/* Whether it has a hash or a digest. */
bool hv_list_item_has_value(const struct hv_list_item *item);

/* For the hex digits of any value and a NUL. */
enum { HV_LIST_HEX_ROOM = HASHVEIL_PDQ_HEX_LEN + 1 };

/* Writes the hex digits of a digest, or "" where the item has none of the kind. */
void hv_list_item_digest_hex(const struct hv_list_item *item, hashveil_digest_kind kind,
                             char out[HV_LIST_HEX_ROOM]);

/* What writers print where a format wants a file's name: the id, or a word for none. */
const char *hv_list_item_name(const struct hv_list_item *item);

/* Copies a text into its place of room bytes, with a NUL. Errors: ERR_LIMIT (no room), ERR_FORMAT
 * (not plain); out is then untouched. */
HASHVEIL_MUST_USE hashveil_status hv_list_text_copy(const char *text, size_t len, char *out,
                                                    size_t room);

#endif
