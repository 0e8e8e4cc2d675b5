/* SPDX-License-Identifier: Apache-2.0 */
#include "private_service.h"

#include "errno_status.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <hashveil/transport.h>

enum {
    STEP_MS = 5,
    READY_STEPS = 60 * 1000 / STEP_MS, /* a reporter may have a long list to read */
    STOP_STEPS = 10 * 1000 / STEP_MS,
    ASK_TIMEOUT_MS = 1000,
    EXIT_NO_EXEC = 127
};

static void pause_step(void)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000L * 1000};
    nanosleep(&step, NULL);
}

/* The name must leave room for the socket in its address, which has 108 bytes. */
static bool make_folder_in(const char *parent, char out[PRIVATE_FOLDER_BYTES])
{
    const int len = snprintf(out, PRIVATE_FOLDER_BYTES, "%s/hashveil-XXXXXX", parent);
    if (parent[0] == '/' && len < PRIVATE_FOLDER_BYTES && mkdtemp(out)) { /* mode 0700 */
        return true;
    }
    out[0] = '\0';
    return false;
}

static hashveil_status make_folder(struct private_service *out)
{
    const char *runtime_folder = getenv("XDG_RUNTIME_DIR");
    if (!(runtime_folder && make_folder_in(runtime_folder, out->folder)) &&
        !make_folder_in("/tmp", out->folder)) {
        return status_of_errno(errno);
    }
    snprintf(out->socket, sizeof out->socket, "%s/socket", out->folder);
    snprintf(out->address, sizeof out->address, "unix:%s", out->socket);
    return HASHVEIL_OK;
}

/* In the child, after fork. argv: ends with NULL. */
static void become_service(char **argv, pid_t parent)
{
    /* Its own process group: Ctrl-C is for the parent, which still needs the service then. */
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || nothing < 0 ||
        dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDOUT_FILENO) < 0) {
        _exit(EXIT_NO_EXEC);
    }
    if (getppid() == parent) { /* else it died before the signal was asked for */
        execv("/proc/self/exe", argv);
    }
    _exit(EXIT_NO_EXEC);
}

/* arguments: becomes the vector "hashveil ARGUMENTS --config /dev/null --listen ADDRESS",
 * borrowed: what a file says of services is about others. */
static hashveil_status spawn(const char *const *arguments, struct private_service *service)
{
    char program[] = "hashveil";
    char config_option[] = "--config=/dev/null";
    char option[] = "--listen";
    char *argv[PRIVATE_SERVICE_MAX_ARGUMENTS + 5] = {program};
    size_t count = 1;
    for (; arguments[count - 1] && count <= PRIVATE_SERVICE_MAX_ARGUMENTS; count++) {
        /* exec takes what is not const, and only reads it */
        memcpy(&argv[count], &arguments[count - 1], sizeof *argv);
    }
    argv[count++] = config_option;
    argv[count++] = option;
    argv[count] = service->address;

    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0) {
        return status_of_errno(errno);
    }
    if (pid == 0) {
        become_service(argv, parent);
    }
    service->pid = pid;
    return HASHVEIL_OK;
}

static bool has_ended(struct private_service *service)
{
    const pid_t pid = waitpid(service->pid, NULL, WNOHANG);
    if (pid == service->pid || (pid < 0 && errno == ECHILD)) {
        service->pid = 0;
    }
    return service->pid == 0;
}

static bool answers(hashveil_connection *connection)
{
    uint8_t answer[64];
    size_t len = 0;
    return hashveil_connection_exchange(connection, HASHVEIL_PATH_HEALTH, NULL, 0, answer,
                                        sizeof answer, &len) == HASHVEIL_OK;
}

static hashveil_status wait_until_ready(struct private_service *service,
                                        const atomic_bool *is_cancelled)
{
    const hashveil_peer peer = {.address = service->address, .timeout_ms = ASK_TIMEOUT_MS};
    hashveil_connection *connection = NULL;
    hashveil_status status = hashveil_connection_open(&peer, &connection);
    if (status != HASHVEIL_OK) {
        return status;
    }
    status = HASHVEIL_ERR_TIMEOUT;
    for (int step = 0; step < READY_STEPS && status == HASHVEIL_ERR_TIMEOUT; step++) {
        if (answers(connection)) {
            status = HASHVEIL_OK;
        } else if (has_ended(service)) {
            status = HASHVEIL_ERR_UNREACHABLE;
        } else if (atomic_load(is_cancelled)) {
            status = HASHVEIL_ERR_CANCELLED;
        } else {
            pause_step();
        }
    }
    hashveil_connection_close(connection);
    return status;
}

hashveil_status private_service_start(const char *const *arguments, const atomic_bool *is_cancelled,
                                      struct private_service *out)
{
    *out = (struct private_service){0};
    hashveil_status status = make_folder(out);
    if (status == HASHVEIL_OK) {
        status = spawn(arguments, out);
    }
    if (status == HASHVEIL_OK) {
        status = wait_until_ready(out, is_cancelled);
    }
    if (status != HASHVEIL_OK) {
        private_service_stop(out);
    }
    return status;
}

static void stop_process(struct private_service *service)
{
    kill(service->pid, SIGTERM);
    for (int step = 0; step < STOP_STEPS && !has_ended(service); step++) {
        pause_step();
    }
    if (service->pid > 0) {
        kill(service->pid, SIGKILL);
        waitpid(service->pid, NULL, 0);
    }
}

void private_service_stop(struct private_service *service)
{
    if (service->pid > 0) {
        stop_process(service);
    }
    if (service->folder[0]) {
        unlink(service->socket); /* there only when the service had no chance to remove it */
        rmdir(service->folder);
    }
    *service = (struct private_service){0};
}
