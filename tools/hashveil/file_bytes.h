/* SPDX-License-Identifier: Apache-2.0 */
/* A file as bytes in memory. */
#ifndef HASHVEIL_TOOLS_FILE_BYTES_H
#define HASHVEIL_TOOLS_FILE_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include <hashveil/status.h>

/* Reads a regular file. out: owned, released with free; NULL on failure. A named pipe is refused
 * without waiting for it.
 * Errors: ERR_NOT_FOUND, ERR_ACCESS, ERR_NOT_A_FILE, ERR_LIMIT (above max_bytes), ERR_IO,
 * ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status file_bytes_read(const char *path, uint64_t max_bytes,
                                                  uint8_t **out, size_t *len_out);

#endif
