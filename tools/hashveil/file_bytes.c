/* SPDX-License-Identifier: Apache-2.0 */
#include "file_bytes.h"

#include "errno_status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads what the file holds now, which may be less than it held at stat. */
static hashveil_status fill(int fd, uint8_t *bytes, size_t *len)
{
    size_t used = 0;
    while (used < *len) {
        const ssize_t got = read(fd, bytes + used, *len - used);
        if (got < 0 && errno != EINTR) {
            return status_of_errno(errno);
        }
        if (got == 0) {
            break;
        }
        used += got > 0 ? (size_t)got : 0;
    }
    *len = used;
    return HASHVEIL_OK;
}

static hashveil_status read_open_file(int fd, uint64_t max_bytes, uint8_t **out, size_t *len_out)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return status_of_errno(errno);
    }
    if (!S_ISREG(info.st_mode)) {
        return HASHVEIL_ERR_NOT_A_FILE;
    }
    if ((uint64_t)info.st_size > max_bytes) {
        return HASHVEIL_ERR_LIMIT;
    }
    size_t len = (size_t)info.st_size;
    uint8_t *bytes = malloc(len > 0 ? len : 1);
    if (!bytes) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const hashveil_status status = fill(fd, bytes, &len);
    if (status != HASHVEIL_OK) {
        free(bytes);
        return status;
    }
    *out = bytes;
    *len_out = len;
    return HASHVEIL_OK;
}

hashveil_status file_bytes_read(const char *path, uint64_t max_bytes, uint8_t **out,
                                size_t *len_out)
{
    *out = NULL;
    *len_out = 0;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return status_of_errno(errno);
    }
    const hashveil_status status = read_open_file(fd, max_bytes, out, len_out);
    close(fd);
    return status;
}
