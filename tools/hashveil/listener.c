/* SPDX-License-Identifier: Apache-2.0 */
#include "listener.h"

#include "errno_status.h"
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { HOST_BYTES = 256, PORT_BYTES = 6 };

static const char unix_scheme[] = "unix:";
static const char plain_scheme[] = "http://";
static const char tls_scheme[] = "https://";

/* "HOST:PORT", with brackets around an IPv6 address. */
struct endpoint {
    char host[HOST_BYTES];
    char port[PORT_BYTES];
};

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool is_port(const char *text)
{
    char *end;
    const unsigned long port = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && port <= UINT16_MAX;
}

static bool split(const char *text, struct endpoint *out)
{
    const char *colon = strrchr(text, ':');
    const bool has_brackets = *text == '[';
    if (!colon || !is_port(colon + 1) || strlen(colon + 1) >= PORT_BYTES) {
        return false;
    }
    const char *host = has_brackets ? text + 1 : text;
    const char *host_end = has_brackets ? colon - 1 : colon;
    if (host_end <= host || host_end - host >= HOST_BYTES || (has_brackets && *host_end != ']') ||
        (!has_brackets && memchr(host, ':', (size_t)(host_end - host)))) {
        return false;
    }
    snprintf(out->host, sizeof out->host, "%.*s", (int)(host_end - host), host);
    snprintf(out->port, sizeof out->port, "%s", colon + 1);
    return true;
}

static bool is_local_name(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
           strcmp(host, "::1") == 0;
}

bool listener_is_address(const char *text)
{
    struct endpoint endpoint;
    struct sockaddr_un name;
    if (starts_with(text, unix_scheme)) {
        const size_t len = strlen(text + strlen(unix_scheme));
        return len > 0 && len < sizeof name.sun_path;
    }
    if (starts_with(text, tls_scheme)) {
        return split(text + strlen(tls_scheme), &endpoint);
    }
    return strcmp(text, "systemd") == 0 ||
           (starts_with(text, plain_scheme) && split(text + strlen(plain_scheme), &endpoint) &&
            is_local_name(endpoint.host));
}

static bool open_unix(const char *address, struct listener *out)
{
    const hashveil_status status = unix_listener_init(address, &out->unix_socket);
    if (status == HASHVEIL_ERR_BUSY) {
        complain(address, "another server is listening there");
    } else if (status == HASHVEIL_ERR_EXISTS) {
        complain(address, "there is a file of that name, and it is no socket");
    } else if (status != HASHVEIL_OK) {
        complain_status(address, status);
    }
    out->is_unix = true;
    out->fd = out->unix_socket.fd;
    snprintf(out->address, sizeof out->address, "%s", address);
    return status == HASHVEIL_OK;
}

static int bind_to(const struct addrinfo *found)
{
    const int yes = 1;
    const int fd = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                          found->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
        const int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* The port that a socket is bound to; 0 where it has none. */
static unsigned port_of(int fd)
{
    struct sockaddr_storage name = {0};
    socklen_t len = sizeof name;
    uint16_t port = 0;
    if (getsockname(fd, (struct sockaddr *)&name, &len) == 0 &&
        (name.ss_family == AF_INET || name.ss_family == AF_INET6)) {
        /* Both kinds of address have it at the same place. */
        memcpy(&port, (const char *)&name + offsetof(struct sockaddr_in, sin_port), sizeof port);
    }
    return ntohs(port);
}

static bool open_port(const char *address, struct listener *out)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    const char *scheme = out->is_tls ? tls_scheme : plain_scheme;
    struct addrinfo *found = NULL;
    struct endpoint endpoint;
    if (!split(address + strlen(scheme), &endpoint)) {
        complain(address, "not an address to listen on");
        return false;
    }
    const int error = getaddrinfo(endpoint.host, endpoint.port, &wanted, &found);
    if (error != 0) {
        complain(address, "%s", gai_strerror(error));
        return false;
    }
    for (const struct addrinfo *one = found; one && out->fd < 0; one = one->ai_next) {
        out->fd = bind_to(one);
    }
    freeaddrinfo(found);
    if (out->fd < 0) {
        complain(address, "cannot listen there: %s", strerror(errno));
        return false;
    }
    const bool is_v6 = strchr(endpoint.host, ':') != NULL;
    snprintf(out->address, sizeof out->address, "%s%s%s%s:%u", scheme, is_v6 ? "[" : "",
             endpoint.host, is_v6 ? "]" : "", port_of(out->fd));
    return true;
}

bool listener_open(const char *address, struct listener *out)
{
    *out = (struct listener){.fd = -1, .is_tls = starts_with(address, tls_scheme)};
    return starts_with(address, unix_scheme) ? open_unix(address, out) : open_port(address, out);
}

/* Returns whether a socket can be reached from other machines. */
static bool is_remote(const struct sockaddr_storage *name)
{
    static const struct in6_addr loopback_v6 = IN6ADDR_LOOPBACK_INIT;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    switch (name->ss_family) {
    case AF_UNIX:
        return false;
    case AF_INET:
        memcpy(&v4, name, sizeof v4);
        return ntohl(v4.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET;
    case AF_INET6:
        memcpy(&v6, name, sizeof v6);
        return memcmp(&v6.sin6_addr, &loopback_v6, sizeof loopback_v6) != 0;
    default:
        return true;
    }
}

static bool take(int fd, struct listener *out)
{
    struct sockaddr_storage name = {0};
    socklen_t len = sizeof name;
    const int flags = fcntl(fd, F_GETFL);
    *out = (struct listener){.fd = fd};
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        getsockname(fd, (struct sockaddr *)&name, &len) != 0 ||
        sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0) {
        complain("systemd", "descriptor %d is no socket to listen on", fd);
        return false;
    }
    out->is_tls = is_remote(&name);
    snprintf(out->address, sizeof out->address, "systemd:%d", fd);
    return true;
}

int listener_take(struct listener *out, size_t room)
{
    const int count = sd_listen_fds(1);
    if (count <= 0 || (size_t)count > room) {
        complain("systemd", count > 0 ? "it hands over too many sockets"
                                      : "it hands over no sockets: start this by a socket unit");
        return -1;
    }
    for (int i = 0; i < count; i++) {
        if (!take(SD_LISTEN_FDS_START + i, &out[i])) {
            return -1;
        }
    }
    return count;
}

void listener_close(struct listener *listener)
{
    if (listener->is_unix) {
        unix_listener_clear(&listener->unix_socket);
    } else if (listener->fd >= 0) {
        close(listener->fd);
    }
    listener->fd = -1;
}
