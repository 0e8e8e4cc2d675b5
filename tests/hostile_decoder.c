/* SPDX-License-Identifier: Apache-2.0 */
/* A decoder that has been taken over: does what the file's bytes name. Built twice, in the sandbox
 * and, for the tests of the tests, out of it. An act that succeeds gives a result of quality 1. */
#include "sandbox/channel.h"
#include "sandbox/lockdown.h"
#include "sandbox/serve.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef IS_FREE
static const bool is_free = true;
#else
static const bool is_free = false;
#endif

static bool open_file(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool make_file(void)
{
    const int file = memfd_create("hostile", 0);
    return file >= 0 && write(file, "x", 1) == 1;
}

static bool make_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool fork_process(void)
{
    const pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    return child > 0 && waitpid(child, NULL, 0) == child;
}

static bool start_program(void)
{
    char name[] = "true";
    char *const arguments[] = {name, NULL};
    pid_t child;
    return posix_spawn(&child, "/bin/true", NULL, NULL, arguments, NULL) == 0 &&
           waitpid(child, NULL, 0) == child;
}

static bool trace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static bool signal_parent(void)
{
    return kill(getppid(), 0) == 0;
}

static bool map_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}

static bool make_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool write_elsewhere(void)
{
    return write(STDOUT_FILENO, "x", 1) == 1;
}

static bool raise_limits(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_AS, &limit) == 0 && setrlimit(RLIMIT_AS, &limit) == 0;
}

static bool read_clock(void)
{
    struct timespec now;
    return clock_gettime(CLOCK_MONOTONIC, &now) == 0;
}

static bool allocate_without_end(void)
{
    enum { STEP = 16 << 20, ENOUGH = 16 };
    for (int i = 0; i < ENOUGH; i++) {
        volatile uint8_t *block = malloc(STEP);
        if (!block) {
            return false;
        }
        for (size_t at = 0; at < STEP; at += 4096) {
            block[at] = 1;
        }
    }
    return true;
}

static bool loop_without_end(void)
{
    for (volatile unsigned i = 0;; i++) {
    }
    return false;
}

static bool wait_without_end(void)
{
    static int word;
    syscall(SYS_futex, &word, 0 /* FUTEX_WAIT */, 0, NULL, NULL, 0);
    return false;
}

static bool read_nowhere(void)
{
    signal(SIGSEGV, SIG_DFL); /* sanitizers take it */
    raise(SIGSEGV);
    return false;
}

static bool give_up(void)
{
    abort();
}

static bool leave(void)
{
    _exit(0);
}

/* Closes nothing else: the other side is to see it all the same. */
static bool hide(void)
{
    close(HV_CHANNEL_SOCKET);
    return loop_without_end();
}

static void *run_thread(void *argument)
{
    return argument;
}

/* Decoders of HEIF do. */
static bool start_thread(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, run_thread, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static bool do_nothing(void)
{
    return true;
}

static const struct {
    const char *name;
    bool (*act)(void);
} acts[] = {
    {"open a file", open_file},
    {"make a file", make_file},
    {"make a socket", make_socket},
    {"fork", fork_process},
    {"start a program", start_program},
    {"trace", trace},
    {"signal the parent", signal_parent},
    {"map code", map_code},
    {"make code", make_code},
    {"write elsewhere", write_elsewhere},
    {"raise limits", raise_limits},
    {"read the clock", read_clock},
    {"allocate without end", allocate_without_end},
    {"loop without end", loop_without_end},
    {"wait without end", wait_without_end},
    {"read nowhere", read_nowhere},
    {"abort", give_up},
    {"leave", leave},
    {"hide", hide},
    {"start a thread", start_thread},
    {"nothing", do_nothing},
};

/* Results that no decoder gives. */
static bool lie(const uint8_t *bytes, size_t len, hashveil_fingerprint *out,
                hashveil_status *status_out)
{
    static const char *const lies[] = {"quality 101", "bit without margin", "margin NaN",
                                       "unknown status", "status of a peer"};
    size_t i = 0;
    while (i < 5 && (strlen(lies[i]) != len || memcmp(lies[i], bytes, len) != 0)) {
        i++;
    }
    *out = (hashveil_fingerprint){.quality = i == 0 ? 101 : 1};
    out->hash.word[0] = i == 1;
    out->margin[0] = i == 2 ? NAN : 0;
    *status_out = i == 3 ? (hashveil_status)1000 : i == 4 ? HASHVEIL_ERR_UNREACHABLE : HASHVEIL_OK;
    return i < 5;
}

static hashveil_status decode(const uint8_t *bytes, size_t len,
                              const hashveil_fingerprint_options *options, uint32_t forms,
                              hashveil_fingerprint *out)
{
    hashveil_status status = HASHVEIL_ERR_FORMAT;
    (void)options;
    (void)forms;
    if (lie(bytes, len, out, &status)) {
        return status;
    }
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (strlen(acts[i].name) == len && memcmp(acts[i].name, bytes, len) == 0) {
            *out = (hashveil_fingerprint){.quality = 1};
            status = acts[i].act() ? HASHVEIL_OK : HASHVEIL_ERR_NO_MEMORY;
        }
    }
    return status;
}

static hashveil_status lock_nothing(int descriptor, uint64_t max_memory_bytes)
{
    (void)descriptor;
    (void)max_memory_bytes;
    return HASHVEIL_OK;
}

int main(void)
{
    _exit(hv_serve(is_free ? lock_nothing : hv_lock_down, decode));
}
