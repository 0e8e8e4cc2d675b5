/* SPDX-License-Identifier: Apache-2.0 */
/* A file's bytes, for whoever will ask for its fingerprint. */
#ifndef HV_FILES_CONTENT_H
#define HV_FILES_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hashveil/fingerprint.h>

/* Starts as {0}. */
struct hv_content {
    uint8_t *bytes; /* owned */
    size_t len;
};

/* Reads a file that is not larger than the options allow.
 *
 * Errors: ERR_LIMIT (a larger file, and a picture: its first bytes tell), ERR_UNSUPPORTED (a larger
 * file, and none); those of reading a file, which are never these two. */
HASHVEIL_MUST_USE hashveil_status hv_content_read(const char *path,
                                                  const hashveil_fingerprint_options *options,
                                                  struct hv_content *out);

/* Whether reading failed because the file is too large; all but its fingerprint can be had. */
bool hv_content_is_giant(hashveil_status status);

void hv_content_clear(struct hv_content *content);

#endif
