/* SPDX-License-Identifier: Apache-2.0 */
#include "base/locked_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

/* For writing: network file systems lock no others. A named pipe must not make us wait. */
static hashveil_status open_and_lock(const char *path, struct hv_locked_file *out)
{
    struct stat info;
    int result;
    struct hv_locked_file file = {.path = realpath(path, NULL)};
    if (!file.path) {
        return hv_status_of_errno(errno);
    }
    hashveil_status status = HASHVEIL_OK;
    file.fd = open(file.path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file.fd < 0) {
        status = hv_status_of_errno(errno);
        free(file.path);
        return status;
    }
    do {
        result = fstat(file.fd, &info) != 0 ? -1 : flock(file.fd, LOCK_EX);
    } while (result != 0 && errno == EINTR);
    if (result != 0 || !S_ISREG(info.st_mode)) {
        status = result != 0 ? hv_status_of_errno(errno) : HASHVEIL_ERR_NOT_A_FILE;
        hv_locked_file_close(&file);
        return status;
    }
    file.mode = info.st_mode & 07777;
    *out = file;
    return HASHVEIL_OK;
}

/* Whether the file was replaced while we waited: then the lock is on what nobody finds any more. */
static hashveil_status is_still_there(const struct hv_locked_file *file, const char *path,
                                      bool *out)
{
    struct stat held;
    struct stat named;
    if (fstat(file->fd, &held) != 0 || stat(path, &named) != 0) {
        return hv_status_of_errno(errno);
    }
    *out = held.st_dev == named.st_dev && held.st_ino == named.st_ino;
    return HASHVEIL_OK;
}

hashveil_status hv_locked_file_open(const char *path, struct hv_locked_file *out)
{
    bool is_there = false;
    hashveil_status status = HASHVEIL_OK;
    while (status == HASHVEIL_OK && !is_there) {
        status = open_and_lock(path, out);
        if (status == HASHVEIL_OK) {
            status = is_still_there(out, path, &is_there);
            if (!is_there) {
                hv_locked_file_close(out);
            }
        }
    }
    return status;
}

void hv_locked_file_close(struct hv_locked_file *file)
{
    if (file->path) {
        close(file->fd);
        free(file->path);
    }
    *file = (struct hv_locked_file){0};
}
