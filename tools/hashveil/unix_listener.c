/* SPDX-License-Identifier: Apache-2.0 */
#include "unix_listener.h"

#include "errno_status.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct sockaddr *generic(const struct sockaddr_un *address)
{
    return (const struct sockaddr *)address;
}

static hashveil_status parse_address(const char *text, struct sockaddr_un *out)
{
    static const char scheme[] = "unix:";
    const size_t scheme_len = sizeof scheme - 1;
    const bool has_scheme = strncmp(text, scheme, scheme_len) == 0;
    const size_t len = has_scheme ? strlen(text + scheme_len) : 0;

    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (len == 0 || len >= sizeof out->sun_path) {
        return HASHVEIL_ERR_ARGUMENT;
    }
    memcpy(out->sun_path, text + scheme_len, len + 1);
    return HASHVEIL_OK;
}

/* Removes the socket file of a server that is gone. */
static hashveil_status remove_stale(const struct sockaddr_un *address)
{
    struct stat info;
    if (lstat(address->sun_path, &info) != 0) {
        return errno == ENOENT ? HASHVEIL_OK : status_of_errno(errno);
    }
    if (!S_ISSOCK(info.st_mode)) {
        return HASHVEIL_ERR_EXISTS;
    }
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return status_of_errno(errno);
    }
    const int error = connect(fd, generic(address), sizeof *address) == 0 ? 0 : errno;
    close(fd);
    if (error != ECONNREFUSED) { /* EAGAIN is a server with a full queue */
        return error == EACCES ? HASHVEIL_ERR_ACCESS : HASHVEIL_ERR_BUSY;
    }
    return unlink(address->sun_path) == 0 ? HASHVEIL_OK : status_of_errno(errno);
}

static hashveil_status bind_and_listen(struct unix_listener *listener)
{
    struct stat info;
    const mode_t umask_before = umask(0177); /* bind gives the file its mode */
    const int bound = bind(listener->fd, generic(&listener->address), sizeof listener->address);
    const int error = errno;
    umask(umask_before);
    if (bound != 0) {
        return error == EADDRINUSE ? HASHVEIL_ERR_BUSY : status_of_errno(error);
    }
    if (listen(listener->fd, SOMAXCONN) != 0 || lstat(listener->address.sun_path, &info) != 0) {
        return status_of_errno(errno);
    }
    listener->device = info.st_dev;
    listener->inode = info.st_ino;
    return HASHVEIL_OK;
}

hashveil_status unix_listener_init(const char *address, struct unix_listener *out)
{
    *out = (struct unix_listener){.fd = -1};
    hashveil_status status = parse_address(address, &out->address);
    if (status == HASHVEIL_OK) {
        status = remove_stale(&out->address);
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    out->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (out->fd < 0) {
        return status_of_errno(errno);
    }
    status = bind_and_listen(out);
    if (status != HASHVEIL_OK) {
        close(out->fd);
        out->fd = -1;
    }
    return status;
}

void unix_listener_clear(struct unix_listener *listener)
{
    struct stat info;
    if (listener->fd < 0) {
        return;
    }
    if (lstat(listener->address.sun_path, &info) == 0 && info.st_dev == listener->device &&
        info.st_ino == listener->inode) {
        unlink(listener->address.sun_path);
    }
    close(listener->fd);
    listener->fd = -1;
}
