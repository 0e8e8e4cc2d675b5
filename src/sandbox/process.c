/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/process.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <hashveil/hashveil.h>

#include "base/files.h"
#include "sandbox/environment.h"

enum {
    START_LIMIT_MS = 30000, /* a loaded machine is slow to start a program */
    DEATH_LIMIT_MS = 1000,
    /* More of a file than this is given back to the system once it is decoded. */
    KEPT_BYTES = 4 << 20,
    MS_A_SECOND = 1000,
    NS_A_MS = 1000000
};

/* The descriptors that the child will have, and the parent's own. -1 where there is none. */
struct descriptors {
    int parent_socket, child_socket;
    int file, file_to_read;
    int results;
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
    *out = (struct descriptors){-1, -1, -1, -1, -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0) {
        out->parent_socket = sockets[0];
        out->child_socket = sockets[1];
        out->file = make_memory("hashveil file", file_room);
        out->results = make_memory("hashveil results", sizeof(struct hv_channel_results));
    }
    if (out->file >= 0) {
        out->file_to_read = reopen_to_read(out->file);
    }
    return out->file_to_read >= 0 && out->results >= 0 ? HASHVEIL_OK : hv_status_of_errno(errno);
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
    const int moved = fcntl(*descriptor, F_DUPFD_CLOEXEC, HV_CHANNEL_RESULTS + 1);
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
        {all->results, HV_CHANNEL_RESULTS},     {STDIN_FILENO, STDOUT_FILENO},
        {STDIN_FILENO, STDERR_FILENO},
    };
    const size_t count = sizeof moves / sizeof moves[0] - HV_SANDBOX_IS_SANITIZED;
    int failure = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
    for (size_t i = 0; i < count && !failure; i++) {
        failure = posix_spawn_file_actions_adddup2(actions, moves[i].from, moves[i].to);
    }
    return failure ? failure
                   : posix_spawn_file_actions_addclosefrom_np(actions, HV_CHANNEL_RESULTS + 1);
}

/* A program of its own, so that its memory holds nothing of this process: no keys, no pictures. */
static hashveil_status spawn(const char *path, struct descriptors *all, pid_t *pid_out)
{
    char name[] = "hashveil-decoder";
    char *const arguments[] = {name, NULL};
    posix_spawn_file_actions_t actions;
    if (!move_away(&all->child_socket) || !move_away(&all->file_to_read) ||
        !move_away(&all->results)) {
        return hv_status_of_errno(errno);
    }
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return HASHVEIL_ERR_NO_MEMORY;
    }
    int failure = add_actions(&actions, all);
    if (!failure) {
        failure = posix_spawn(pid_out, path, &actions, NULL, arguments, hv_sandbox_environment);
    }
    posix_spawn_file_actions_destroy(&actions);
    return failure ? hv_status_of_errno(failure) : HASHVEIL_OK;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MS_A_SECOND + now.tv_nsec / NS_A_MS;
}

static hashveil_status send_message(const struct hv_process *process, const void *message,
                                    size_t len)
{
    ssize_t sent;
    do {
        sent = send(process->socket, message, len, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)len ? HASHVEIL_OK : HASHVEIL_ERR_CRASHED;
}

/* Errors: ERR_TOO_SLOW, ERR_CRASHED (it has closed its end, or sends something else). */
static hashveil_status receive_message(const struct hv_process *process, uint32_t limit_ms,
                                       void *out, size_t len)
{
    const int64_t end_ms = now_ms() + limit_ms;
    struct pollfd wait = {.fd = process->socket, .events = POLLIN};
    int ready;
    do {
        const int64_t left_ms = end_ms - now_ms();
        ready = poll(&wait, 1, left_ms > 0 ? (int)left_ms : 0);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0) {
        return HASHVEIL_ERR_TOO_SLOW;
    }
    return ready > 0 && recv(process->socket, out, len, MSG_DONTWAIT | MSG_TRUNC) == (ssize_t)len
               ? HASHVEIL_OK
               : HASHVEIL_ERR_CRASHED;
}

static hashveil_status set_up(const struct hv_process *process,
                              const hashveil_sandbox_options *options)
{
    const struct hv_channel_setup setup = {.max_file_bytes = process->file_room,
                                           .max_memory_bytes = options->max_memory_bytes};
    struct hv_channel_ready ready;
    hashveil_status status = send_message(process, &setup, sizeof setup);
    if (status == HASHVEIL_OK) {
        status = receive_message(process, START_LIMIT_MS, &ready, sizeof ready);
    }
    if (status == HASHVEIL_ERR_CRASHED) {
        return HASHVEIL_ERR_VERSION; /* some other program */
    }
    if (status != HASHVEIL_OK) {
        return status;
    }
    if (strncmp(ready.version, HASHVEIL_VERSION_TEXT, sizeof ready.version) != 0 ||
        ready.options_bytes != sizeof(hashveil_fingerprint_options)) {
        return HASHVEIL_ERR_VERSION;
    }
    return ready.status == HASHVEIL_OK ? HASHVEIL_OK : HASHVEIL_ERR_UNSUPPORTED;
}

hashveil_status hv_process_start(const hashveil_sandbox_options *options, struct hv_process *out)
{
    struct descriptors all;
    const size_t file_room = options->max_file_bytes;
    hashveil_status status = make_descriptors(file_room, &all);
    *out = (struct hv_process){.socket = -1};
    if (status == HASHVEIL_OK) {
        status = map(out, &all, file_room);
    }
    if (status == HASHVEIL_OK) {
        status = spawn(options->decoder_path, &all, &out->pid);
    }
    if (status == HASHVEIL_OK) {
        out->socket = all.parent_socket;
        all.parent_socket = -1;
    }
    close_all(&all);
    if (status == HASHVEIL_OK) {
        status = set_up(out, options);
    }
    if (status != HASHVEIL_OK) {
        hv_process_end(out);
    }
    return status;
}

/* Kills it, where it has not ended by itself, and waits. Returns its state as waitpid gives it. */
static int reap(pid_t pid)
{
    int state = 0;
    kill(pid, SIGKILL);
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR) {
    }
    return state;
}

void hv_process_end(struct hv_process *process)
{
    if (process->pid > 0) {
        reap(process->pid);
    }
    if (process->file) {
        munmap(process->file, process->file_room);
    }
    if (process->results) {
        munmap((void *)process->results, sizeof *process->results);
    }
    if (process->socket >= 0) {
        close(process->socket);
    }
    *process = (struct hv_process){.socket = -1};
}

bool hv_process_is_alive(struct hv_process *process)
{
    struct pollfd end = {.fd = process->socket, .events = POLLIN};
    if (process->pid > 0 && poll(&end, 1, 0) != 0) { /* between files it says nothing */
        hv_process_end(process);
    }
    return process->pid > 0;
}

/* Its end of the socket is closed, so it is dead or dying. Returns what of. */
static hashveil_status bury(struct hv_process *process)
{
    struct pollfd death = {.fd = pidfd_open(process->pid, 0), .events = POLLIN};
    if (death.fd >= 0) {
        poll(&death, 1, DEATH_LIMIT_MS);
        close(death.fd);
    }
    const int state = reap(process->pid);
    process->pid = 0;
    hv_process_end(process);
    if (WIFSIGNALED(state) && WTERMSIG(state) == SIGSYS) {
        return HASHVEIL_ERR_FORBIDDEN;
    }
    return WIFSIGNALED(state) && WTERMSIG(state) == SIGXCPU ? HASHVEIL_ERR_TOO_SLOW
                                                            : HASHVEIL_ERR_CRASHED;
}

/* It may use as many seconds of a processor as it has on the clock, should nobody be left to watch
 * that. */
static void limit_processor_time(pid_t pid, uint32_t time_limit_ms)
{
    clockid_t clock;
    struct timespec used;
    struct rlimit limit;
    if (clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &used) == 0 &&
        prlimit(pid, RLIMIT_CPU, NULL, &limit) == 0) {
        limit.rlim_cur = (rlim_t)used.tv_sec + 2 + time_limit_ms / MS_A_SECOND;
        prlimit(pid, RLIMIT_CPU, &limit, NULL);
    }
}

/* What a process gives may be anything. */
static bool is_sound(const hashveil_fingerprint *fingerprint)
{
    bool is_sound = fingerprint->quality <= 100;
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        const bool bit = fingerprint->hash.word[i / 64] >> (i % 64) & 1;
        is_sound =
            is_sound && isfinite(fingerprint->margin[i]) && bit == (fingerprint->margin[i] > 0);
    }
    return is_sound;
}

/* Copies first and looks then: the process could change them between the two. */
static hashveil_status take_results(const struct hv_process *process, uint32_t forms,
                                    hashveil_fingerprint *out)
{
    memcpy(out, process->results->forms, forms * sizeof *out);
    for (uint32_t i = 0; i < forms; i++) {
        if (!is_sound(&out[i])) {
            memset(out, 0, forms * sizeof *out);
            return HASHVEIL_ERR_PROTOCOL;
        }
    }
    return HASHVEIL_OK;
}

/* What a decoder may say of a file. */
static bool is_verdict(int32_t status)
{
    static const hashveil_status verdicts[] = {
        HASHVEIL_OK,        HASHVEIL_ERR_ARGUMENT,  HASHVEIL_ERR_NO_MEMORY,
        HASHVEIL_ERR_EMPTY, HASHVEIL_ERR_FORMAT,    HASHVEIL_ERR_UNSUPPORTED,
        HASHVEIL_ERR_LIMIT, HASHVEIL_ERR_TRUNCATED,
    };
    bool is_one = false;
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        is_one = is_one || status == (int32_t)verdicts[i];
    }
    return is_one;
}

/* verdict_out: filled on success, and what hashveil_fingerprint_file in this process returns.
 * Errors: as receive_message; ERR_PROTOCOL (it lies). */
static hashveil_status take_answer(const struct hv_process *process,
                                   const hashveil_sandbox_options *options,
                                   const struct hv_channel_request *request,
                                   hashveil_fingerprint *out, hashveil_status *verdict_out)
{
    struct hv_channel_answer answer;
    const hashveil_status status =
        receive_message(process, options->time_limit_ms, &answer, sizeof answer);
    if (status != HASHVEIL_OK) {
        return status;
    }
    if (!is_verdict(answer.status)) {
        return HASHVEIL_ERR_PROTOCOL;
    }
    *verdict_out = (hashveil_status)answer.status;
    if (*verdict_out == HASHVEIL_ERR_NO_MEMORY) {
        *verdict_out = HASHVEIL_ERR_LIMIT; /* of the memory that it may have */
    }
    return *verdict_out == HASHVEIL_OK ? take_results(process, request->forms, out) : HASHVEIL_OK;
}

hashveil_status hv_process_run(struct hv_process *process, const hashveil_sandbox_options *options,
                               const uint8_t *bytes, const struct hv_channel_request *request,
                               hashveil_fingerprint *out)
{
    hashveil_status verdict = HASHVEIL_OK;
    memcpy(process->file, bytes, request->len);
    limit_processor_time(process->pid, options->time_limit_ms);
    hashveil_status status = send_message(process, request, sizeof *request);
    if (status == HASHVEIL_OK) {
        status = take_answer(process, options, request, out, &verdict);
    }
    if (status == HASHVEIL_ERR_CRASHED) {
        return bury(process);
    }
    if (status != HASHVEIL_OK) {
        hv_process_end(process);
        return status == HASHVEIL_ERR_PROTOCOL ? HASHVEIL_ERR_CRASHED : status;
    }
    if (request->len > KEPT_BYTES) {
        madvise(process->file, request->len, MADV_REMOVE);
    }
    return verdict;
}
