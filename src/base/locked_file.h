/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is to be replaced by another that is made from it. */
#ifndef HV_BASE_LOCKED_FILE_H
#define HV_BASE_LOCKED_FILE_H

#include <sys/types.h>

#include <hashveil/status.h>

/* Starts as {0}: then close does nothing. */
struct hv_locked_file {
    char *path; /* owned; links are followed, so that it is not a link that gets replaced */
    int fd;     /* valid while path is set */
    mode_t mode;
};

/* Waits until no other process holds the file under this name, whichever file has it by then. So of
 * several that replace it each goes on from what the one before has made.
 * Errors: ERR_ACCESS (it may not be written), ERR_NOT_A_FILE, and those of opening a file. */
HASHVEIL_MUST_USE hashveil_status hv_locked_file_open(const char *path, struct hv_locked_file *out);

void hv_locked_file_close(struct hv_locked_file *file);

#endif
