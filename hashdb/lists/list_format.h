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
#include <hashveil/status.h>

/* What a list names. */
struct hv_list_item {
    bool is_digest;
    hashveil_digest digest; /* where it is one, else the next two */
    hashveil_pdq hash;
    unsigned quality;
};

/* Where a reader puts what it finds. A function that fails ends the reading with its status. */
struct hv_list_sink {
    hashveil_status (*take)(void *context, const struct hv_list_item *item);
    hashveil_status (*problem)(void *context, uint64_t line, hashveil_status problem);
    void (*progress)(void *context, uint64_t lines);
    void *context;
};

struct hv_list_format {
    const char *name;
    /* Whether a file that begins so is of this format; len is HV_LIST_START_BYTES, or all of it. */
    bool (*recognise)(const uint8_t *start, size_t len);
    /* Streams: memory does not grow with the file. Errors: the sink's, ERR_IO. */
    hashveil_status (*read)(FILE *in, const struct hv_list_sink *sink);
};

enum { HV_LIST_START_BYTES = 16384 };

extern const struct hv_list_format hv_list_checksums;
extern const struct hv_list_format hv_list_pdq_text;

/* Returns the format of a file that begins so, or NULL. */
const struct hv_list_format *hv_list_recognise(const uint8_t *start, size_t len);

/* Reads a list of any known format. Errors: those of the format, ERR_UNSUPPORTED, ERR_EMPTY, and
 * those of opening a file. */
HASHVEIL_MUST_USE hashveil_status hv_list_read(const char *path, const struct hv_list_sink *sink);

#endif
