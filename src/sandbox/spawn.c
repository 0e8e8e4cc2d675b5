/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/files.h"
#include "sandbox/environment.h"

/* The descriptors that the child will have, and the parent's own. -1 where there is none. */
struct descriptors {
    int parent_socket, child_socket;
    int file, file_to_read;
    int results;
    int parent_life, child_life;
};

static void close_one(int *descriptor)
{
    if (*descriptor >= 0) {
        close(*descriptor);
        *descriptor = -1;
    }
}

static void close_all(struct descriptors *all)
{
    close_one(&all->parent_socket);
    close_one(&all->child_socket);
    close_one(&all->file);
    close_one(&all->file_to_read);
    close_one(&all->results);
    close_one(&all->parent_life);
    close_one(&all->child_life);
}

/* Memory with a name for descriptors alone, of a size that nobody can change any more: a mapping
 * cannot be cut off from under its reader. */
static int make_memory(const char *name, size_t len)
{
    int descriptor = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (descriptor >= 0 &&
        (ftruncate(descriptor, (off_t)len) != 0 ||
         fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)) {
        close_one(&descriptor);
    }
    return descriptor;
}

/* The same memory by a descriptor that cannot write: no mapping made from it ever will. */
static int reopen_to_read(int descriptor)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static hashveil_status make_descriptors(size_t file_room, struct descriptors *out)
{
    int sockets[2];
    int life[2];
    *out = (struct descriptors){-1, -1, -1, -1, -1, -1, -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0) {
        out->parent_socket = sockets[0];
        out->child_socket = sockets[1];
        out->file = make_memory("hashveil file", file_room);
        out->results = make_memory("hashveil results", sizeof(struct hv_channel_results));
    }
    if (out->file >= 0) {
        out->file_to_read = reopen_to_read(out->file);
    }
    if (out->file_to_read >= 0 && out->results >= 0 && pipe2(life, O_CLOEXEC) == 0) {
        out->child_life = life[0];
        out->parent_life = life[1];
    }
    return out->parent_life >= 0 ? HASHVEIL_OK : hv_status_of_errno(errno);
}

static hashveil_status map(struct hv_process *process, const struct descriptors *all,
                           size_t file_room)
{
    void *file =
        mmap(NULL, file_room, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, all->file, 0);
    if (file == MAP_FAILED) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    process->file = file;
    process->file_room = file_room;
    void *results = mmap(NULL, sizeof *process->results, PROT_READ, MAP_SHARED, all->results, 0);
    if (results == MAP_FAILED) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    process->results = results;
    return HASHVEIL_OK;
}

/* What the child shall have under a number of its own must not have another one's here. */
static bool move_away(int *descriptor)
{
    const int moved = fcntl(*descriptor, F_DUPFD_CLOEXEC, HV_CHANNEL_END);
    close_one(descriptor);
    *descriptor = moved;
    return moved >= 0;
}

static int add_actions(posix_spawn_file_actions_t *actions, const struct descriptors *all)
{
    const struct {
        int from, to;
    } moves[] = {
        {all->child_socket, HV_CHANNEL_SOCKET}, {all->file_to_read, HV_CHANNEL_FILE},
        {all->results, HV_CHANNEL_RESULTS},     {all->child_life, HV_CHANNEL_LIFE},
        {STDIN_FILENO, STDOUT_FILENO},          {STDIN_FILENO, STDERR_FILENO},
    };
    const size_t count = sizeof moves / sizeof moves[0] - HV_SANDBOX_IS_SANITIZED;
    int failure = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
    for (size_t i = 0; i < count && !failure; i++) {
        failure = posix_spawn_file_actions_adddup2(actions, moves[i].from, moves[i].to);
    }
    return failure ? failure : posix_spawn_file_actions_addclosefrom_np(actions, HV_CHANNEL_END);
}

/* Signals that this process ignores or holds back are not to be the child's. Those that a terminal
 * sends to this one's group are held back for good: what to do then is for this side to say, and
 * one of them may come while the child is still of that group. */
static int add_attributes(posix_spawnattr_t *attributes)
{
    static const int signals_of_a_terminal[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
    const size_t count = sizeof signals_of_a_terminal / sizeof signals_of_a_terminal[0];
    sigset_t held_back;
    sigset_t all;
    sigemptyset(&held_back);
    for (size_t i = 0; i < count; i++) {
        sigaddset(&held_back, signals_of_a_terminal[i]);
    }
    sigfillset(&all);
    int failure = posix_spawnattr_setsigmask(attributes, &held_back);
    if (!failure) {
        failure = posix_spawnattr_setsigdefault(attributes, &all);
    }
    if (!failure) {
        failure = posix_spawnattr_setpgroup(attributes, 0);
    }
    return failure ? failure
                   : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
                                                              POSIX_SPAWN_SETSIGDEF |
                                                              POSIX_SPAWN_SETPGROUP);
}

/* A program of its own, so that its memory holds nothing of this process: no keys, no pictures. */
static int spawn(const char *path, const struct descriptors *all, pid_t *pid_out)
{
    char name[] = "hashveil-decoder";
    char *const arguments[] = {name, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure) {
        return failure;
    }
    failure = posix_spawnattr_init(&attributes);
    if (failure) {
        posix_spawn_file_actions_destroy(&actions);
        return failure;
    }
    failure = add_actions(&actions, all);
    if (!failure) {
        failure = add_attributes(&attributes);
    }
    if (!failure) {
        failure =
            posix_spawn(pid_out, path, &actions, &attributes, arguments, hv_sandbox_environment);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

static hashveil_status spawn_away(const char *path, struct descriptors *all, pid_t *pid_out)
{
    if (access(path, X_OK) != 0 || /* not all systems tell the parent why exec failed */
        !move_away(&all->child_socket) || !move_away(&all->file_to_read) ||
        !move_away(&all->results) || !move_away(&all->child_life)) {
        return hv_status_of_errno(errno);
    }
    const int failure = spawn(path, all, pid_out);
    return failure ? hv_status_of_errno(failure) : HASHVEIL_OK;
}

hashveil_status hv_process_spawn(const hashveil_sandbox_options *options, struct hv_process *out)
{
    struct descriptors all;
    hashveil_status status = make_descriptors(options->max_file_bytes, &all);
    *out = (struct hv_process){.socket = -1, .life = -1};
    if (status == HASHVEIL_OK) {
        status = map(out, &all, options->max_file_bytes);
    }
    if (status == HASHVEIL_OK) {
        status = spawn_away(options->decoder_path, &all, &out->pid);
    }
    if (status == HASHVEIL_OK) {
        out->socket = all.parent_socket;
        out->life = all.parent_life;
        all.parent_socket = -1;
        all.parent_life = -1;
    }
    close_all(&all);
    return status;
}
