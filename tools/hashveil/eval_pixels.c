/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_pixels.h"

#include "errno_status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static hashveil_status decode_stream(FILE *file, size_t len, const hashveil_image_options *options,
                                     hashveil_image *out)
{
    uint8_t *bytes = malloc(len > 0 ? len : 1);
    if (!bytes) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    const size_t got = fread(bytes, 1, len, file);
    const hashveil_status status =
        ferror(file) ? HASHVEIL_ERR_IO : hashveil_image_decode(bytes, got, options, out);
    free(bytes);
    return status;
}

hashveil_status eval_pixels_read(const char *path, const hashveil_image_options *options,
                                 hashveil_image *out)
{
    struct stat info;
    hashveil_status status = HASHVEIL_ERR_LIMIT;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (!file || fstat(fd, &info) != 0) {
        status = status_of_errno(errno);
    } else if (!S_ISREG(info.st_mode)) {
        status = HASHVEIL_ERR_NOT_A_FILE;
    } else if ((uint64_t)info.st_size <= options->limits.max_file_bytes) {
        status = decode_stream(file, (size_t)info.st_size, options, out);
    }
    if (file) {
        fclose(file);
    } else if (fd >= 0) {
        close(fd);
    }
    return status;
}
