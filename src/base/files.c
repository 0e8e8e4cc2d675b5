/* SPDX-License-Identifier: Apache-2.0 */
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum { PIECE_BYTES = 1 << 20 };

static const struct {
    int error;
    hashveil_status status;
} errno_statuses[] = {
    {ENOENT, HASHVEIL_ERR_NOT_FOUND},  {ENOTDIR, HASHVEIL_ERR_NOT_FOUND},
    {EACCES, HASHVEIL_ERR_ACCESS},     {EPERM, HASHVEIL_ERR_ACCESS},
    {EROFS, HASHVEIL_ERR_ACCESS},      {ENOMEM, HASHVEIL_ERR_NO_MEMORY},
    {ENOSPC, HASHVEIL_ERR_NO_SPACE},   {EDQUOT, HASHVEIL_ERR_NO_SPACE},
    {EFBIG, HASHVEIL_ERR_NO_SPACE},    {EEXIST, HASHVEIL_ERR_EXISTS},
    {EISDIR, HASHVEIL_ERR_NOT_A_FILE}, {ENXIO, HASHVEIL_ERR_NOT_A_FILE},
    {ELOOP, HASHVEIL_ERR_NOT_A_FILE},  {EBUSY, HASHVEIL_ERR_BUSY},
};

hashveil_status hv_status_of_errno(int error)
{
    for (size_t i = 0; i < sizeof errno_statuses / sizeof errno_statuses[0]; i++) {
        if (errno_statuses[i].error == error) {
            return errno_statuses[i].status;
        }
    }
    return HASHVEIL_ERR_IO;
}

/* Opens a regular file. O_NONBLOCK: a named pipe must not make us wait for a writer. */
static hashveil_status open_regular(const char *path, int *fd_out, off_t *size_out)
{
    struct stat info;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return hv_status_of_errno(errno);
    }
    if (fstat(fd, &info) != 0) {
        const hashveil_status status = hv_status_of_errno(errno);
        close(fd);
        return status;
    }
    if (!S_ISREG(info.st_mode)) {
        close(fd);
        return HASHVEIL_ERR_NOT_A_FILE;
    }
    *fd_out = fd;
    *size_out = info.st_size;
    return HASHVEIL_OK;
}

/* Reads up to len bytes; a file that shrinks meanwhile gives fewer. */
static hashveil_status read_up_to(int fd, uint8_t *bytes, size_t len, size_t *len_out)
{
    size_t done = 0;
    while (done < len) {
        const ssize_t got = read(fd, bytes + done, len - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return hv_status_of_errno(errno);
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    *len_out = done;
    return HASHVEIL_OK;
}

/* Closes fd. */
static hashveil_status read_and_close(int fd, size_t len, uint8_t **out, size_t *len_out)
{
    uint8_t *bytes = hv_alloc_array(len, 1);
    const hashveil_status status =
        bytes ? read_up_to(fd, bytes, len, len_out) : HASHVEIL_ERR_NO_MEMORY;
    close(fd);
    if (status != HASHVEIL_OK) {
        free(bytes);
        return status;
    }
    *out = bytes;
    return HASHVEIL_OK;
}

hashveil_status hv_read_file(const char *path, uint64_t max_bytes, uint8_t **out, size_t *len_out)
{
    int fd = -1;
    off_t size = 0;
    const hashveil_status status = open_regular(path, &fd, &size);
    if (status != HASHVEIL_OK) {
        return status;
    }
    if ((uint64_t)size > max_bytes) {
        close(fd);
        return HASHVEIL_ERR_LIMIT;
    }
    return read_and_close(fd, (size_t)size, out, len_out);
}

hashveil_status hv_read_file_start(const char *path, size_t max_bytes, uint8_t **out,
                                   size_t *len_out)
{
    int fd = -1;
    off_t size = 0;
    const hashveil_status status = open_regular(path, &fd, &size);
    if (status != HASHVEIL_OK) {
        return status;
    }
    const size_t len = (uint64_t)size < max_bytes ? (size_t)size : max_bytes;
    return read_and_close(fd, len, out, len_out);
}

hashveil_status hv_read_pieces(const char *path, hv_piece_fn *take, void *context)
{
    int fd = -1;
    off_t size = 0;
    size_t len = 0;
    hashveil_status status = open_regular(path, &fd, &size);
    if (status != HASHVEIL_OK) {
        return status;
    }
    uint8_t *piece = hv_alloc_array(PIECE_BYTES, 1);
    status = piece ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
    while (status == HASHVEIL_OK) {
        status = read_up_to(fd, piece, PIECE_BYTES, &len);
        if (status != HASHVEIL_OK || len == 0) {
            break;
        }
        status = take(context, piece, len);
    }
    free(piece);
    close(fd);
    return status;
}

hashveil_status hv_map_file(const char *path, struct hv_mapping *out)
{
    int fd = -1;
    off_t size = 0;
    const hashveil_status status = open_regular(path, &fd, &size);
    if (status != HASHVEIL_OK) {
        return status;
    }
    if (size == 0) {
        close(fd);
        *out = (struct hv_mapping){0};
        return HASHVEIL_OK;
    }
    void *bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
    const int error = errno;
    close(fd);
    if (bytes == MAP_FAILED) {
        return hv_status_of_errno(error);
    }
    *out = (struct hv_mapping){.bytes = bytes, .len = (size_t)size};
    return HASHVEIL_OK;
}

void hv_unmap_file(struct hv_mapping *mapping)
{
    if (mapping->bytes) {
        munmap((void *)mapping->bytes, mapping->len);
    }
    *mapping = (struct hv_mapping){0};
}

hashveil_status hv_read_at(int fd, void *bytes, size_t len, uint64_t offset)
{
    uint8_t *next = bytes;
    while (len > 0) {
        const ssize_t got = pread(fd, next, len, (off_t)offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got == 0 ? HASHVEIL_ERR_TRUNCATED : hv_status_of_errno(errno);
        }
        next += got;
        offset += (uint64_t)got;
        len -= (size_t)got;
    }
    return HASHVEIL_OK;
}

hashveil_status hv_write_at(int fd, const void *bytes, size_t len, uint64_t offset)
{
    const uint8_t *next = bytes;
    while (len > 0) {
        const ssize_t put = pwrite(fd, next, len, (off_t)offset);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return hv_status_of_errno(errno);
        }
        next += put;
        offset += (uint64_t)put;
        len -= (size_t)put;
    }
    return HASHVEIL_OK;
}

hashveil_status hv_new_file_init(const char *path, mode_t mode, struct hv_new_file *out)
{
    struct hv_new_file file = {.fd = -1};
    hashveil_status status = HASHVEIL_ERR_NO_MEMORY;
    uint32_t unique;

    if (getentropy(&unique, sizeof unique) != 0) {
        return HASHVEIL_ERR_IO;
    }
    file.path = strdup(path);
    if (!file.path || asprintf(&file.path_new, "%s.new-%08x", path, unique) < 0) {
        file.path_new = NULL;
        goto done;
    }
    file.fd = open(file.path_new, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (file.fd < 0) {
        status = hv_status_of_errno(errno);
        goto done;
    }
    *out = file;
    return HASHVEIL_OK;
done:
    free(file.path);
    free(file.path_new);
    return status;
}

hashveil_status hv_new_file_write(const struct hv_new_file *file, const void *bytes, size_t len,
                                  uint64_t offset)
{
    return hv_write_at(file->fd, bytes, len, offset);
}

/* Makes a rename survive a power cut: the name lives in the folder. */
static hashveil_status sync_folder_of(char *path)
{
    const int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return hv_status_of_errno(errno);
    }
    /* Some file systems do not sync folders and say EINVAL: then there is nothing to wait for. */
    const bool failed = fsync(fd) != 0 && errno != EINVAL;
    const hashveil_status status = failed ? hv_status_of_errno(errno) : HASHVEIL_OK;
    close(fd);
    return status;
}

static hashveil_status commit(struct hv_new_file *file, bool replaces)
{
    if (fsync(file->fd) != 0) {
        return hv_status_of_errno(errno);
    }
    /* Before the file has its name: closing any descriptor of a file drops all locks that this
     * process has on it, those of SQLite in another thread too. */
    close(file->fd);
    file->fd = -1;
    if (replaces ? rename(file->path_new, file->path) : link(file->path_new, file->path)) {
        return hv_status_of_errno(errno);
    }
    if (!replaces) {
        unlink(file->path_new);
    }
    const hashveil_status status = sync_folder_of(file->path);
    free(file->path);
    free(file->path_new);
    *file = (struct hv_new_file){0};
    return status;
}

hashveil_status hv_new_file_commit(struct hv_new_file *file)
{
    return commit(file, true);
}

hashveil_status hv_new_file_commit_exclusive(struct hv_new_file *file)
{
    return commit(file, false);
}

void hv_new_file_clear(struct hv_new_file *file)
{
    if (!file->path) {
        return;
    }
    if (file->fd >= 0) {
        close(file->fd);
    }
    unlink(file->path_new);
    free(file->path);
    free(file->path_new);
    *file = (struct hv_new_file){0};
}
