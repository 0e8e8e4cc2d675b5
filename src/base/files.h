/* SPDX-License-Identifier: Apache-2.0 */
/* Files: read whole under a limit, mapped read-only, or replaced by rename. */
#ifndef HV_BASE_FILES_H
#define HV_BASE_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <hashveil/status.h>

/* The status for an errno value of a file operation. */
hashveil_status hv_status_of_errno(int error);

/* Reads a regular file. out is owned, released with free, never NULL on success; an empty file
 * gives len_out 0. A named pipe or device is refused without waiting for it.
 * Errors: ERR_NOT_FOUND, ERR_ACCESS, ERR_NOT_A_FILE, ERR_LIMIT (above max_bytes), ERR_IO,
 * ERR_NO_MEMORY. */
HASHVEIL_MUST_USE hashveil_status hv_read_file(const char *path, uint64_t max_bytes, uint8_t **out,
                                               size_t *len_out);

/* Reads at most the first max_bytes of a regular file, however large it is; else as hv_read_file.
 */
HASHVEIL_MUST_USE hashveil_status hv_read_file_start(const char *path, size_t max_bytes,
                                                     uint8_t **out, size_t *len_out);

/* Takes the next bytes of a file; another status than OK ends the reading. */
typedef hashveil_status hv_piece_fn(void *context, const uint8_t *bytes, size_t len);

/* Reads a regular file to its end, however large, piece by piece. Errors: as hv_read_file but for
 * ERR_LIMIT, and those of take. */
HASHVEIL_MUST_USE hashveil_status hv_read_pieces(const char *path, hv_piece_fn *take,
                                                 void *context);

/* A file mapped read-only. Starts as {0}. */
struct hv_mapping {
    const uint8_t *bytes; /* owned; NULL when the file is empty */
    size_t len;
};

HASHVEIL_MUST_USE hashveil_status hv_map_file(const char *path, struct hv_mapping *out);
void hv_unmap_file(struct hv_mapping *mapping);

/* Reads or writes all of len bytes at a position, also beyond the end.
 * Errors: ERR_TRUNCATED (fewer to be read), ERR_NO_SPACE, ERR_IO. */
HASHVEIL_MUST_USE hashveil_status hv_read_at(int fd, void *bytes, size_t len, uint64_t offset);
HASHVEIL_MUST_USE hashveil_status hv_write_at(int fd, const void *bytes, size_t len,
                                              uint64_t offset);

/* A file being written beside the one that it will replace. Starts as {0}: then clear does
 * nothing, so that an error path may always call it. */
struct hv_new_file {
    int fd;         /* valid from init to commit, while path is set */
    char *path;     /* owned; the final name */
    char *path_new; /* owned; where it is written until commit */
};

/* Creates the file with this mode, less the process's umask. */
HASHVEIL_MUST_USE hashveil_status hv_new_file_init(const char *path, mode_t mode,
                                                   struct hv_new_file *out);
/* Writes at a position; the file may be written in any order. */
HASHVEIL_MUST_USE hashveil_status hv_new_file_write(const struct hv_new_file *file,
                                                    const void *bytes, size_t len, uint64_t offset);
/* Flushes to the device and renames, so that path holds the old content or the new one, whenever
 * the machine stops. Replaces an existing file. */
HASHVEIL_MUST_USE hashveil_status hv_new_file_commit(struct hv_new_file *file);
/* As commit, but ERR_EXISTS when there is a file of that name. */
HASHVEIL_MUST_USE hashveil_status hv_new_file_commit_exclusive(struct hv_new_file *file);
/* Releases; removes what was written unless it was committed. */
void hv_new_file_clear(struct hv_new_file *file);

#endif
