/* SPDX-License-Identifier: Apache-2.0 */
/* List formats: one const object a format, in its own file; lists.c has the table of them. */
#ifndef HV_HASHDB_LISTS_LIST_FORMAT_H
#define HV_HASHDB_LISTS_LIST_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <hashveil/digest.h>
#include <hashveil/pdq.h>
#include <hashveil/sealed_db.h>
#include <hashveil/status.h>

enum { HV_LIST_ID_MAX_LEN = 63, HV_LIST_MAX_QUALITY = 100 };

enum hv_list_claim {
    HV_LIST_NAMES,     /* the source lists it */
    HV_LIST_WITHDRAWS, /* the source does so no longer: a tombstone, or a record marked deleted */
    HV_LIST_ALLOWS,    /* known to be good, or disputed: must never be sealed */
};

/* One item: all that a list says of one file. Texts end in NUL and are plain UTF-8, "" where the
 * list says nothing. It has a hash, a digest or, where it is withdrawn, an id. */
struct hv_list_item {
    enum hv_list_claim claim;
    bool has_hash, has_digest[HASHVEIL_DIGEST_KINDS];
    hashveil_pdq hash;
    unsigned quality; /* of the hash, 0..HV_LIST_MAX_QUALITY, which stands for none given */
    hashveil_digests digests;
    char member[HASHVEIL_LIST_NAME_MAX_LEN + 1]; /* who says so, in a list of several */
    char id[HV_LIST_ID_MAX_LEN + 1];             /* the source's own name of the item */
    char label[HASHVEIL_LABEL_MAX_LEN + 1];      /* "SCHEME:VALUE" as "VIC_US:1", or "VALUE" */
    uint64_t time_s;                             /* since 1970; 0 where the list says nothing */
};

/* Where a reader puts what it finds. A function that fails ends the reading with its status. */
struct hv_list_sink {
    hashveil_status (*take)(void *context, const struct hv_list_item *item);
    hashveil_status (*problem)(void *context, uint64_t line, hashveil_status problem);
    void (*progress)(void *context, uint64_t lines);
    void *context;
};

/* Where a writer gets items. At the end has_out is false, and out untouched. */
struct hv_list_supply {
    hashveil_status (*next)(void *context, struct hv_list_item *out, bool *has_out);
    void *context;
};

/* Readers and writers stream: memory does not grow with the list. */
struct hv_list_format {
    const char *name;    /* by which options name it: "pdq" */
    const char *meaning; /* a line for people */
    /* Whether a file that begins so is of this format; len is HV_LIST_START_BYTES, or all of it. */
    bool (*recognise)(const uint8_t *start, size_t len);
    /* A problem costs one item. Errors: the sink's, ERR_IO, ERR_NO_MEMORY, and ERR_FORMAT where
     * nothing behind a place can be understood. */
    hashveil_status (*read)(FILE *in, const struct hv_list_sink *sink);
    /* NULL for a format that is only read. left_out: how many items have something that this format
     * cannot say, a claim or all of their values; they are not written. Errors: the supply's,
     * ERR_IO, ERR_NO_SPACE. */
    hashveil_status (*write)(FILE *out, const struct hv_list_supply *supply, uint64_t *left_out);
};

enum { HV_LIST_START_BYTES = 16384 };

extern const struct hv_list_format hv_list_checksums;
extern const struct hv_list_format hv_list_hash_sharing_xml;
extern const struct hv_list_format hv_list_hashdeep;
extern const struct hv_list_format hv_list_json_records;
extern const struct hv_list_format hv_list_json_results;
extern const struct hv_list_format hv_list_odata;
extern const struct hv_list_format hv_list_pdq_fields;
extern const struct hv_list_format hv_list_pdq_text;
extern const struct hv_list_format hv_list_signals_csv;

/* The most particular first; NULL behind the last. */
extern const struct hv_list_format *const hv_list_formats[];

/* Returns the format of a file that begins so, or NULL. */
const struct hv_list_format *hv_list_recognise(const uint8_t *start, size_t len);

/* Returns the format of this name, or NULL. */
const struct hv_list_format *hv_list_format_named(const char *name);

/* Reads a list: of this format, or with NULL of the one that its first bytes tell. Errors: those of
 * the format, ERR_UNSUPPORTED (none tells), ERR_EMPTY, and those of opening a file. */
HASHVEIL_MUST_USE hashveil_status hv_list_read(const char *path,
                                               const struct hv_list_format *format,
                                               const struct hv_list_sink *sink);

#endif
