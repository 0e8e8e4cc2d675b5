/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/process.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <hashveil/hashveil.h>

#include "sandbox/spawn.h"

enum {
    START_LIMIT_MS = 30000, /* a loaded machine is slow to start a program */
    DEATH_LIMIT_MS = 1000,
    /* More of a file than this is given back to the system once it is decoded. */
    KEPT_BYTES = 4 << 20,
    MS_A_SECOND = 1000,
    NS_A_MS = 1000000
};

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
        ready = poll(&wait, 1, left_ms <= 0 ? 0 : left_ms < INT_MAX ? (int)left_ms : INT_MAX);
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
        ready.request_bytes != sizeof(struct hv_channel_request)) {
        return HASHVEIL_ERR_VERSION;
    }
    return ready.status == HASHVEIL_OK ? HASHVEIL_OK : HASHVEIL_ERR_UNSUPPORTED;
}

hashveil_status hv_process_start(const hashveil_sandbox_options *options, struct hv_process *out)
{
    hashveil_status status = hv_process_spawn(options, out);
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
    if (process->life >= 0) {
        close(process->life);
    }
    *process = (struct hv_process){.socket = -1, .life = -1};
}

bool hv_process_is_alive(struct hv_process *process)
{
    struct pollfd end = {.fd = process->socket, .events = POLLIN};
    if (process->pid > 0 && poll(&end, 1, 0) != 0) { /* between files it says nothing */
        hv_process_end(process);
    }
    return process->pid > 0;
}

/* Its end of the socket is closed, so it is dead or dying. */
static int await_death(pid_t pid)
{
    const struct timespec pause = {.tv_nsec = NS_A_MS};
    int state;
    for (int waited_ms = 0; waited_ms < DEATH_LIMIT_MS; waited_ms++) {
        if (waitpid(pid, &state, WNOHANG) == pid) {
            return state;
        }
        nanosleep(&pause, NULL);
    }
    return reap(pid);
}

/* Returns what it died of. */
static hashveil_status bury(struct hv_process *process)
{
    const int state = await_death(process->pid);
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

/* The transform keeps the length of the 64 x 64 luma plane, so no coefficient is above 64 x 255. */
static bool is_possible(float coefficient_or_margin)
{
    return fabsf(coefficient_or_margin) <= 2 * 64 * 255; /* and no NaN */
}

/* What a process gives may be anything. */
static bool is_sound(const hashveil_fingerprint *fingerprint)
{
    bool is_sound = fingerprint->quality <= 100 && is_possible(fingerprint->median);
    for (size_t i = 0; i < HASHVEIL_PDQ_BITS; i++) {
        const bool bit = fingerprint->hash.word[i / 64] >> (i % 64) & 1;
        is_sound =
            is_sound && is_possible(fingerprint->margin[i]) && bit == (fingerprint->margin[i] > 0);
    }
    return is_sound;
}

/* Copies first and looks then: the process could change them between the two. */
static hashveil_status take_results(const struct hv_process *process, uint32_t forms,
                                    hashveil_fingerprint *out)
{
    memcpy(out, process->results->forms, forms * sizeof *out);
    atomic_signal_fence(memory_order_seq_cst); /* nor may the compiler look at the first again */
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
    if (request->len > 0) { /* else bytes may be NULL */
        memcpy(process->file, bytes, request->len);
    }
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
